"""All experiments, run and written into a folder with a page that lists them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path

from admodes.errors import BadValue, choices
from admodes.lab.pages.page import COMMAND, Page
from admodes.views.files import write_text

EXPERIMENTS = ("scaling", "libraries", "accuracy", "swell", "kinks", "elimination")
"""The modules of this package that hold one page each, in the order of the list."""


def write_pages(folder: str | Path, only: Sequence[str] = ()) -> Iterator[Path]:
    """Run the experiments, all of them or those that only names, and write each into a folder as
    soon as it is done: the paths that were written, one after the other; last README.md, a list of
    all pages that there are.

    Raises ValueError for an unknown name, MissingPlots where matplotlib is not installed, OSError
    where the folder cannot be written.

    >>> import tempfile
    >>> from admodes.lab.pages.writing import write_pages
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     next(iter(write_pages(folder, ["swell"]))).name
    'swell.svg'
    """
    for name in only:
        if name not in EXPERIMENTS:
            raise BadValue(f"experiment {name!r}: {choices(name, EXPERIMENTS)}")
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name in only or EXPERIMENTS:
        page: Page = import_module(f"admodes.lab.pages.{name}").page()
        yield from page.write(folder)
    yield write_text(folder / "README.md", _index(folder))


def _index(folder: Path) -> str:
    """The list of the pages in a folder, by their first lines: those of the experiments, then what
    else lies there."""
    lines = []
    for name in EXPERIMENTS:
        path = folder / f"{name}.md"
        if path.exists():
            title = path.read_text("utf-8").partition("\n")[0].removeprefix("# ")
            lines.append(f"- [{title}]({name}.md) ([page]({name}.html), [data]({name}.json))")
    for path in sorted(folder.glob("*.md")):
        if path.stem not in (*EXPERIMENTS, "README"):
            title = path.read_text("utf-8").partition("\n")[0].lstrip("# ")
            lines.append(f"- [{title}]({path.name})")
    listed = "\n".join(lines)
    return f"# Experiments\n\n{listed}\n\n`{COMMAND}` writes these pages anew.\n"
