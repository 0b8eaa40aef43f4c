"""How far a run is, on standard error where that is a terminal: points done, and the time left."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def progress(what: str) -> Iterator[Callable[[int, int, str], None]]:
    """What run_points takes as show=. Where standard error is no terminal it shows nothing."""
    if not sys.stderr.isatty():
        yield lambda done, total, label: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        *(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()),
        *(TimeRemainingColumn(), TextColumn("{task.fields[label]}", markup=False)),
    )
    # It is drawn when a point is done: a thread that draws meanwhile would be timed as well.
    console = Console(file=sys.stderr)
    with Progress(
        *columns, console=console, auto_refresh=False, redirect_stdout=False, transient=True
    ) as bar:
        task = bar.add_task(what, total=None, label="")

        def show(done: int, total: int, label: str) -> None:
            bar.update(task, completed=done, total=total, label=label, refresh=True)

        yield show
