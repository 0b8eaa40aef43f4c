"""The command gradbench."""

from __future__ import annotations

from typing import Annotated

import typer

from admodes.cli.options import Debug


def gradbench(
    timeout: Annotated[
        float,
        typer.Option(
            min=0.001, help="Seconds that preparing a function, or one run of it, may take."
        ),
    ] = 600.0,
    debug: Debug = False,
) -> None:
    """Be a tool of GradBench: answer its messages.

    One JSON object a line, from standard input on standard output, until standard input ends.

    \b
    gradbench run --eval "uv run python/gradbench/gradbench/evals/lse/run.py" \\
        --tool "admodes gradbench"
    admodes gradbench --timeout 60 < messages.jsonl
    """
    from admodes.lab.gradbench.streams import speak

    speak(timeout)
