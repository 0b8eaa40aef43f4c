"""The command line: parse, call, print.

Exit status: 0 done, 1 a check failed (verify), 2 misuse or a function that raised,
130 interrupted.
"""

from admodes.cli.commands import app
from admodes.cli.running import run_app


def main(argv: list[str] | None = None) -> None:
    """Run the command line and exit with its status."""
    run_app(app, argv)
