"""The command `scale`."""

from __future__ import annotations

import contextlib
import inspect
import re
import shlex
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

import typer

from admodes.cli.options import Debug, optional
from admodes.cli.output import Output, prints
from admodes.cli.python_functions import function_of, python_target
from admodes.cli.running import Failure

FAMILY = "Families (admodes scale -h lists them) or file.py:function; all families unless given."


class FileFunction:
    """A function of a user's file, which other processes find again by file and name."""

    def __init__(self, where: str, name: str) -> None:
        self.where, self.name = where, name
        self.__signature__ = _signature(where, name)

    def __reduce__(self) -> tuple:
        return FileFunction, (self.where, self.name)

    def __call__(self, **sizes: int) -> Any:
        return _loaded(self.where, self.name)(**sizes)


@lru_cache(maxsize=8)
def _loaded(where: str, name: str) -> Any:
    return function_of(where, name)


def _signature(where: str, name: str) -> Any:
    function = _loaded(where, name)
    try:
        return inspect.signature(function)
    except (TypeError, ValueError) as error:
        raise Failure(f"{name} in {where} does not say what sizes it takes") from error


@prints(shows_progress=True)
def scale(
    functions: Annotated[
        list[str] | None, typer.Argument(metavar="[FAMILY...]", help=FAMILY, show_default=False)
    ] = None,
    sizes: Annotated[
        list[str] | None,
        optional(help="Values that sizes take in turn: 1,2,4,8 for all, or n=1,2,4,8,m=3."),
    ] = None,
    repeats: Annotated[int | None, optional(min=1, help="Timing rounds.")] = None,
    times: Annotated[
        bool, typer.Option("--times/--no-times", help="Measure times beside exact counts.")
    ] = True,
    results: Annotated[
        Path | None,
        optional(help="Keep points in this file as they come, and go on from those in it."),
    ] = None,
    limit: Annotated[float, typer.Option(help="Seconds that one point may take.")] = 60.0,
    workers: Annotated[
        int, typer.Option(min=1, help="Processes that count side by side; times run alone.")
    ] = 1,
    dask: Annotated[
        str | None, optional(help="Run on the workers of the dask scheduler at this address.")
    ] = None,
    report: Annotated[
        Path | None, optional(help="Write tables, CSV, JSON and plots to this folder.")
    ] = None,
    pyperf: Annotated[
        Path | None, optional(help="Write the times to this file, for pyperf compare_to.")
    ] = None,
    *,
    output: Output,
    debug: Debug = False,
) -> None:
    """Measure how the cost of a Jacobian grows with its size.

    With inputs n, outputs m and length.

    Exact operations, live bytes and times of f, forward and reverse mode, symbolic derivative,
    finite differences and complex step, with fitted slopes beside theory and the crossover.
    Families: speelpenning, dense, mlp, runge-kutta, stencil, small-network. A function of yours
    takes sizes and returns (function, arguments).

    \b
    admodes scale speelpenning --sizes 4,8,16
    admodes scale mine.py:f --sizes n=1,2,4,8 --results points.jsonl
    admodes scale --report reports
    """
    from admodes.lab.experiments import scaling, scaling_files
    from admodes.lab.experiments.progress import progress

    options: dict[str, Any] = {"limit": limit, "workers": workers, "results": results}
    if sizes:
        options["sizes"] = sizes_of(",".join(sizes))
    options["repeats"] = (repeats or scaling.ROUNDS) if times else None
    options["functions"] = [_subject(text) for text in functions] if functions else None
    options["command"] = f"admodes {shlex.join(sys.argv[1:])}"
    with _place(dask) as place, progress("scale") as shown, _kept(results):
        result = scaling.scale(**options, **place, show=shown)
    for note in result.notes:
        print(f"admodes: {note}", file=sys.stderr)
    if report is not None:
        for path in scaling_files.write_reports(report, result):
            print(path, file=sys.stderr)
    if pyperf is not None:
        scaling_files.write_pyperf(pyperf, result)
    output.show(result)


def sizes_of(text: str) -> list[int] | dict[str, list[int]]:
    """The values of sizes.

    >>> sizes_of("4,8"), sizes_of("n=1,2,m=3")
    ([4, 8], {'n': [1, 2], 'm': [3]})
    """
    named: dict[str, list[int]] = {}
    plain: list[int] = []
    current = plain
    for part in text.split(","):
        match = re.fullmatch(r"\s*(?:([^\W\d]\w*)\s*=)?\s*([0-9]{1,18})\s*", part)
        if match is None or int(match[2]) < 1:
            raise Failure(
                f"--sizes {text!r}: give whole numbers from 1, as in --sizes 1,2,4,8 or n=1,2,4,8"
            )
        if match[1]:
            current = named.setdefault(match[1], [])
        current.append(int(match[2]))
    if plain and named:
        raise Failure(f"--sizes {text!r}: give numbers for all sizes, or names for each")
    return named or plain


def _subject(text: str) -> Any:
    from admodes.lab.experiments.families import UserFamily

    target = python_target(text)
    if target is None:
        return text
    where, name = target
    path = Path(where)
    identity = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else where
    function = FileFunction(where, name)
    return UserFamily(f"{path.name if path.is_file() else where}:{name}", function, identity)


@contextlib.contextmanager
def _place(dask: str | None) -> Iterator[dict[str, Any]]:
    if dask is None:
        yield {}
        return
    from admodes.lab.experiments.clusters import dask_executor

    with dask_executor(dask) as (executor, width):
        yield {"executor": executor, "width": width}


@contextlib.contextmanager
def _kept(results: Path | None) -> Iterator[None]:
    """Says after an interrupt where the points are, and which file cannot be written."""
    try:
        yield
    except OSError as error:
        raise Failure(f"cannot write {error.filename or results}: {error.strerror}") from error
    except KeyboardInterrupt:
        hint = "with --results FILE the points that are done would be kept"
        if results is not None:
            hint = f"the points that are done are in {results}; the same command goes on from them"
        print(f"admodes: {hint}", file=sys.stderr)
        raise
