"""What happens around every command: arguments go in, text and an exit status come out; errors of
the user's function become one line, and output is written whole or not at all.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import typer

from admodes.cli.helping import misuse
from admodes.cli.inputs import resolve
from admodes.cli.target import Target, in_line, raised
from admodes.errors import Error, LostDerivative, one_line
from admodes.programs.arrays import program_of
from admodes.programs.names import NamedProgram
from admodes.views.files import write_text
from admodes.views.visible import visible

STDOUT = (None, Path("-"), Path("/dev/stdout"))
"""Where -o prints: /dev/stdout may be a file that others write to, which no one may replace."""

INTERRUPTED = 130
"""The exit status that shells give a command that Ctrl-C ended."""


class Failure(Error):
    """A message for the user; the command ends with exit status 2."""


def target_of(targets: list[str], at: list[str] | None) -> Target:
    """The function and its point; several --at are one."""
    return resolve(targets, None if at is None else ",".join(part for part in at if part.strip()))


def run(job: Callable[[], Any], target: Target) -> Any:
    """job(), where an exception of the user's function is a message that names it, and what the
    function prints stays out of the output."""
    try:
        with contextlib.redirect_stdout(sys.stderr):
            return job()
    except LostDerivative as error:
        raise Failure(f"{_name(target)}: {one_line(error)}{in_line(error)}") from error
    except (Error, MemoryError, KeyboardInterrupt):
        raise
    except BaseException as error:
        raise Failure(raised(_name(target), error)) from error


def recorded_of(target: Target, rows: str, **options: Any) -> NamedProgram:
    """What the function records at its point, with the names of the target. rows, options: those of
    program_of."""
    components = (target.names, target.output_names)

    def job() -> NamedProgram:
        return program_of(
            *(target.function, target.args, rows, target.arguments),
            components=components,
            **options,
        )

    recorded: NamedProgram = run(job, target)
    return recorded


def _name(target: Target) -> str:
    return getattr(target.function, "__name__", "the function")


NARROWEST = 40
"""Columns below which tables cannot be read."""


def page_width(save: Path | None, asked: int | None = None) -> int:
    """Columns at which tables fold: those that are asked for, otherwise COLUMNS where it is set and
    the terminal's; 80 in a pipe without it and in a file."""
    if asked is not None:
        return asked
    columns = os.environ.get("COLUMNS", "")
    told = columns.isdecimal() and int(columns) > 0
    if save not in STDOUT or not (told or sys.stdout.isatty()):
        return 80
    return max(NARROWEST, shutil.get_terminal_size((80, 24)).columns)


def emit(text: str, save: Path | None) -> None:
    """Print, or write the whole file at once so that a failure leaves no half of it. Nothing in
    the text steers a terminal."""
    text = visible(text)
    if save is None or save in STDOUT:
        sys.stdout.write(text)
        return
    with writing(save):
        write_text(save, text)


@contextlib.contextmanager
def writing(save: Path) -> Iterator[None]:
    """A file that cannot be written is one line."""
    try:
        yield
    except OSError as error:
        raise Failure(f"cannot write {save}: {error.strerror}") from error


def _protected(argv: list[str]) -> list[str]:
    """Arguments that begin with a minus but are no option, such as "-x1*x2", get a leading space,
    which an expression ignores."""
    option = re.compile(r"-[fho]?|--([a-z][a-z-]*(=.*)?)?", re.DOTALL)
    shown, rest = [], False
    for arg in argv:
        rest = rest or arg == "--"
        looks_like_one = not rest and arg.startswith("-") and not option.fullmatch(arg)
        shown.append(f" {arg}" if looks_like_one else arg)
    return shown


def run_app(app: typer.Typer, argv: list[str] | None) -> None:
    """Run the application and exit; errors are one message, with the traceback for --debug."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8")
    arguments = _protected(sys.argv[1:] if argv is None else argv)
    try:
        status = app(arguments, prog_name="admodes", standalone_mode=False) or 0
        if status == INTERRUPTED:  # typer has caught the interrupt
            raise KeyboardInterrupt
        sys.exit(status)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except (KeyboardInterrupt, typer.Abort):
        _say("interrupted", INTERRUPTED)
    except Exception as error:
        if hasattr(error, "format_message"):
            _say_misuse(error)
        if "--debug" in arguments:
            print(visible(traceback.format_exc()), file=sys.stderr, end="")
        expected = isinstance(error, Error)
        what = str(error) if expected else f"{type(error).__name__}: {error}"
        hint = "" if expected else " (--debug shows where)"
        _say(f"{what or type(error).__name__}{hint}", 2)


def _say_misuse(error: Any) -> NoReturn:
    """What typer has to say of the options and arguments, in one line."""
    context = getattr(error, "ctx", None)
    if type(error).__name__ == "NoArgsIsHelpError":
        error.show()
        sys.exit(2)
    command = "" if context is None else f"{context.info_name or ''} "
    command = "" if context is None or context.parent is None else command
    _say(f"{misuse(error.format_message())} (admodes {command}-h shows how)", 2)


def _say(what: str, status: int) -> NoReturn:
    print(f"admodes: {visible(what)}", file=sys.stderr)
    sys.exit(status)
