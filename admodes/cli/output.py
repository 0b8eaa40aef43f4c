"""Where the result of a command goes, and in which format: --format, --save (-o), --fragment
and --math have the same words for every command. A command that `prints` marks takes an Output in
the place of these options.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from admodes.cli.options import optional
from admodes.cli.running import NARROWEST, STDOUT, Failure, emit, page_width, writing
from admodes.cli.several import Call, calls_of, joined
from admodes.core.waiting import silence, waiting
from admodes.errors import nearest
from admodes.views.files import write_atomically
from admodes.views.result import Result


class Format(StrEnum):
    text = "text"
    markdown = "markdown"
    latex = "latex"
    html = "html"
    csv = "csv"
    json = "json"
    pdf = "pdf"
    svg = "svg"
    png = "png"
    dot = "dot"
    mermaid = "mermaid"
    tikz = "tikz"


TABLES = (Format.text, Format.markdown, Format.latex, Format.html, Format.csv, Format.json)
PAGES = (*TABLES, Format.pdf)
FIGURES = (Format.svg, Format.png, Format.pdf)
GRAPHS = (Format.svg, Format.png, Format.dot, Format.mermaid)
"""What results, plots and graphs are written as."""

ENDINGS = {
    ".txt": Format.text,
    ".md": Format.markdown,
    ".tex": Format.latex,
    ".html": Format.html,
    ".csv": Format.csv,
    ".json": Format.json,
    ".pdf": Format.pdf,
    ".svg": Format.svg,
    ".png": Format.png,
    ".dot": Format.dot,
    ".mmd": Format.mermaid,
}
"""The format that the ending of a file asks for."""

_ENDING = {format: ending for ending, format in ENDINGS.items()}
_BINARY = (Format.pdf, Format.png)


@dataclass(frozen=True)
class Output:
    """Where the result goes, in which format. folder: the place, where that is to be a folder;
    columns: the width that was asked for; texts: where to gather what is printed instead;
    begin: what to call before something is printed."""

    format: Format
    save: Path | None = None
    fragment: bool = False
    math: bool = False
    drawn: tuple[Format, ...] = ()
    folder: Path | None = None
    columns: int | None = None
    texts: list[str] | None = None
    begin: Callable[[], None] = silence

    def show(
        self, result: Result, draw: Callable[[Path], Any] | None = None, **options: Any
    ) -> None:
        """Print or write a result, with options of its tables. draw(path) writes its picture in the
        format of the path's ending."""
        if self.format in self.drawn and draw is not None:
            self.deliver(self._drawing(draw))
            return
        options |= {"fragment": True} if self.fragment else {}
        options |= {"math": True} if self.math else {}
        if self.format is Format.pdf:
            from admodes.sheets.printing import pdf

            self.deliver(pdf(lambda format: result.to_table(format, **options)))
            return
        self.deliver(result.to_table(self.format.value, width=self.width, **options))

    @property
    def width(self) -> int:
        """Columns at which text folds."""
        return page_width(self.save, self.columns)

    def deliver(self, data: str | bytes) -> None:
        """Print or write what is made."""
        if self.texts is not None and isinstance(data, str):
            self.texts.append(data)
            return
        self.begin()
        if isinstance(data, str):
            emit(data, self.save)
            return
        save = self.save or Path("-")
        with writing(save):
            write_atomically(save, lambda path: path.write_bytes(data))

    def _drawing(self, draw: Callable[[Path], Any]) -> str | bytes:
        """The picture, drawn into a file whose ending says the format."""
        with tempfile.TemporaryDirectory(prefix="admodes-") as folder:
            path = Path(folder) / f"picture{_ENDING[self.format]}"
            draw(path)
            data = path.read_bytes()
        return data if self.format in _BINARY else data.decode("utf-8")


def prints(
    *drawn: Format,
    pages: tuple[Format, ...] = PAGES,
    endings: Mapping[str, Format] | None = None,
    folder: bool = False,
    named: tuple[str, ...] = (),
    long: str = "",
    shows_progress: bool = False,
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command the options of its output in the place of its parameter `output`.

    drawn: the formats of its picture; pages: the others, the first of which is printed unless one
    is asked for; endings: those of files that this command alone writes; folder: whether a place
    without ending is a folder; named: more names of -o; long: why the work may take long;
    shows_progress: whether the command shows that itself. What a command does not write is refused
    before it begins.
    """
    given = {**ENDINGS, **(endings or {})}
    gives = tuple(dict.fromkeys((*pages, *drawn)))
    known = [ending for ending, format in given.items() if format in gives]

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        what = f"{command.__name__}, {long}" if long else command.__name__

        @functools.wraps(command)
        def wrapper(
            format: str | None,
            save: Path | None,
            fragment: bool,
            math: bool,
            width: int | None,
            progress: bool,
            **options: Any,
        ) -> None:
            place = save if folder and format is None and _is_folder(save) else None
            file = save if place is None else None
            chosen = _format(format, file, gives, {e: given[e] for e in known})
            _check_ways(chosen, file, fragment, math)
            calls = calls_of(options.get("targets") or (), options.get("at"))
            quiet = contextlib.nullcontext(silence)
            with quiet if shows_progress else waiting(what, progress) as end:
                output = Output(chosen, file, fragment, math, drawn, place, width, None, end)
                if len(calls) < 2 or "gradient" in options:
                    command(output=output, **options)
                else:
                    _print_each(command, output, calls, options)

        signature = inspect.signature(command, eval_str=True)
        shared = _shared(gives, known, named, "; a folder without one" if folder else "")
        parameters = [
            parameter
            for own in signature.parameters.values()
            for parameter in (shared if own.name == "output" else [own])
        ]
        # What typer reads; it would otherwise look at the command that is wrapped.
        wrapper.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
        wrapper.__annotations__ = {p.name: p.annotation for p in parameters}
        return wrapper

    return decorate


def _print_each(
    command: Callable[..., None], output: Output, calls: Sequence[Call], options: dict[str, Any]
) -> None:
    """Run a command for each of several functions and print the whole; the exit status is the
    worst."""
    if output.format not in TABLES or output.folder is not None:
        raise Failure(
            f"{len(calls)} functions in one call are printed as "
            f"{', '.join(TABLES)}: for {output.format.value} give one at a time"
        )
    is_page = output.format in (Format.latex, Format.html)
    texts: list[str] = []
    each = replace(output, fragment=output.fragment or is_page, texts=texts)
    status = 0
    for targets, at in calls:
        try:
            command(output=each, **options | {"targets": targets, "at": at})
        except typer.Exit as ended:
            status = max(status, ended.exit_code)
    output.begin()
    emit(joined(texts, output.format.value, output.fragment), output.save)
    if status:
        raise typer.Exit(status)


def _shared(
    gives: tuple[Format, ...], known: list[str], named: tuple[str, ...], otherwise: str
) -> list[inspect.Parameter]:
    """The options of the output, with what a command writes in their help."""
    words = [format.value for format in gives]
    how = typer.Option(
        "--format",
        "-f",
        help=f"How to print: {', '.join(words)}.",
        show_default=False,
        metavar="FORMAT",
        rich_help_panel=_PANEL,
    )
    where = f"Write to this file (- prints), as its ending says: {' '.join(known)}{otherwise}."
    place = optional("-o", "--save", *named, help=where, rich_help_panel=_PANEL)
    options: dict[str, tuple[Any, Any]] = {
        "format": (Annotated[str | None, how], None),
        "save": (Annotated[Path | None, place], None),
        "fragment": (Annotated[bool, _FRAGMENT], False),
        "math": (Annotated[bool, _MATH], False),
        "width": (Annotated[int | None, _WIDTH], None),
        "progress": (Annotated[bool, _PROGRESS], False),
    }
    return [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)
        for name, (kind, default) in options.items()
    ]


_PANEL = "Output"
_FRAGMENT = typer.Option(
    "--fragment",
    help="LaTeX and HTML without the document around them.",
    rich_help_panel=_PANEL,
)
_MATH = typer.Option(
    "--math", help="Formulas of Markdown between dollar signs.", rich_help_panel=_PANEL
)
_PROGRESS = typer.Option(
    "--progress",
    help="Say on standard error that long work goes on, also where that is no terminal.",
    rich_help_panel=_PANEL,
)
_WIDTH = optional(
    "--width",
    min=NARROWEST,
    help="Columns at which text folds; without it COLUMNS, the terminal's, or 80.",
    rich_help_panel=_PANEL,
)


def _format(
    word: str | None,
    save: Path | None,
    gives: tuple[Format, ...],
    known: Mapping[str, Format],
) -> Format:
    """The format that --format (word) or the ending of the file asks for. Refuses what the command
    does not give, and two that differ."""
    words = {format.value: format for format in gives}
    if word is not None and word not in words:
        meant = ENDINGS.get(f".{word}") or nearest(word, words)
        hint = f"; did you mean {meant}?" if meant else ""
        raise Failure(f"--format {word}: this command prints {', '.join(words)}{hint}")
    format = None if word is None else words[word]
    format = Format.latex if format is Format.tikz else format
    if save is None or _takes_anything(save):
        return format or gives[0]
    ending = save.suffix.lower()
    asked = known.get(ending)
    if asked is None and (format is None or ending in ENDINGS):
        other = "" if ending in ENDINGS else "; with --format any name will do"
        raise Failure(f"-o {save}: this command writes {', '.join(known)}{other}")
    if format is not None and asked is not None and format is not asked:
        raise Failure(f"-o {save} is {asked.value}, and --format says {format.value}: choose one")
    return format or asked or gives[0]


def _is_folder(save: Path | None) -> bool:
    return save is not None and not save.suffix and not _takes_anything(save)


def _takes_anything(save: Path) -> bool:
    """Whether a place is no file with a name of its own: standard output, a device, a pipe."""
    return save in STDOUT or (save.exists() and not save.is_file() and not save.is_dir())


def _check_ways(format: Format, save: Path | None, fragment: bool, math: bool) -> None:
    if format in _BINARY and save in STDOUT:
        raise Failure(f"{format.value} is written into a file: add -o NAME{_ENDING[format]}")
    if fragment and format not in (Format.latex, Format.html):
        raise Failure(f"--fragment is for latex and html, and this is {format.value}")
    if math and format is not Format.markdown:
        raise Failure(f"--math is for markdown, and this is {format.value}")
