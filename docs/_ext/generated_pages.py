"""The pages of the site that come from the program: commands, API, operations, pictures, notebooks
and reports. They are written when the site is built and are not kept."""

from __future__ import annotations

import re
import shlex
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jupytext
import nbformat
import typer
from gallery import PICTURES
from public_names import CHAPTERS

import admodes as ad
from admodes.cli import main
from admodes.cli.commands import app
from admodes.cli.helping import record_of

ROOT = Path(__file__).parents[2]
APPLICATION: Any = typer.main.get_command(app)
COMMANDS: dict[str, Any] = {
    name: APPLICATION.get_command(None, name) for name in APPLICATION.list_commands(None)
}
CHAPTERS_OF_API = [f"generated/api/{name}" for name in (*CHAPTERS, "operations")]


def write(folder: Path) -> None:
    """Write all pages. A page that has not changed keeps its date, so that Sphinx reads it no
    second time; what is left over of another version goes."""
    written = set()
    for name, content in (*commands(), *api(), *gallery(), *notebooks(), *reports(), *others()):
        path = folder / name
        written.add(path)
        if not path.exists() or path.read_bytes() != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    for path in folder.rglob("*.*"):
        if path not in written:
            path.unlink()


def page(name: str, *blocks: str) -> tuple[str, bytes]:
    return name, ("\n\n".join(blocks) + "\n").encode()


def fence(kind: str, text: str) -> str:
    return f"```{kind}\n{text}\n```"


def printed(command: str) -> str:
    """What a command prints."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "printed"
        ran(f"{command} -o {path}")
        return path.read_text("utf-8").strip()


def ran(command: str) -> None:
    """A command that has to succeed."""
    try:
        main(shlex.split(command)[1:])
    except SystemExit as stopped:
        if stopped.code:
            raise RuntimeError(f"{command}: exit status {stopped.code}") from stopped


def commands() -> Iterator[tuple[str, bytes]]:
    """A page for each command, from its help."""
    for name, command in COMMANDS.items():
        context: Any = command.context_class(command, info_name=f"admodes {name}")
        help_of = [(p.param_type_name, record_of(p, context)) for p in command.params]
        about, _, examples = command.help.partition("\n\n\b\n")
        usage = " ".join([context.info_name, *command.collect_usage_pieces(context)])
        blocks = [f"# admodes {name}", escaped(about), fence("text", usage)]
        if examples:
            blocks += ["## Examples", fence("sh", examples)]
        for kind, title in ("argument", "Arguments"), ("option", "Options"):
            records = [record for k, record in help_of if k == kind and record]
            if records:
                rows = [f"`{cell(option)}`\n: {escaped(text)}" for option, text in records]
                blocks += [f"## {title}", "\n\n".join(rows)]
        yield page(f"commands/{name}.md", *blocks)


def described_commands() -> list[tuple[str, str]]:
    """Every command with what it does, in one sentence."""
    return [(name, escaped(c.get_short_help_str(1000))) for name, c in COMMANDS.items()]


def cell(text: str) -> str:
    return " ".join(text.split())


def escaped(text: str) -> str:
    """Plain text as Markdown."""
    return re.sub(r"([*_<>|`$\[\]~\\])", r"\\\1", text)


def api() -> Iterator[tuple[str, bytes]]:
    """The public names by chapter, from their docstrings."""
    for name, (title, about, names) in CHAPTERS.items():
        head = [f"{title}\n{'=' * len(title)}", about, ".. currentmodule:: admodes"]
        yield page(f"api/{name}.rst", *head, *map(documented, names))
    table = printed("admodes ops --format markdown")
    yield page("api/operations.md", "# Operations", table.partition("\n")[2].strip())


def documented(name: str) -> str:
    """The directive by which autodoc documents a public name."""
    thing = getattr(ad, name)
    if not isinstance(thing, type):
        options = "" if callable(thing) else "\n   :no-value:"
        return f".. auto{'function' if callable(thing) else 'data'}:: {name}{options}"
    kind = "exception" if issubclass(thing, BaseException) else "class"
    return f".. auto{kind}:: {name}\n   :members:"


def gallery() -> Iterator[tuple[str, bytes]]:
    """Pictures, each with the command that has drawn it."""
    about = "Each picture was drawn by the command above it when this page was built."
    blocks = ["# Gallery", about]
    with tempfile.TemporaryDirectory() as folder:
        for name, (title, command) in PICTURES.items():
            ran(f"{command} -o {folder}/{name}.svg")
            yield f"{name}.svg", (Path(folder) / f"{name}.svg").read_bytes()
            shown = fence("sh", f"{command} -o {name}.svg")
            blocks += [f"## {title}", shown, f"![{title}]({name}.svg)"]
        ran(f"admodes explore @cpsc532s -o {folder}/page.html")
        yield "extra/explorer-cpsc532s.html", (Path(folder) / "page.html").read_bytes()
    yield page("gallery.md", *blocks)


def notebooks() -> Iterator[tuple[str, bytes]]:
    """The notebooks of examples, which run when the site is built."""
    for path in sorted((ROOT / "examples" / "notebooks").glob("*.py")):
        book = jupytext.read(path)
        for i, one in enumerate(book.cells):
            one["id"] = f"cell-{i}"
        yield f"notebooks/{path.stem}.ipynb", nbformat.writes(book).encode()


def others() -> Iterator[tuple[str, bytes]]:
    """Files of the repository that are pages too."""
    contributing = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    yield "contributing.md", contributing.replace("](docs/", "](../").encode()
    yield "changes.md", (ROOT / "CHANGELOG.md").read_bytes()


def reports() -> Iterator[tuple[str, bytes]]:
    """The last run of the experiments."""
    for path in sorted((ROOT / "reports").iterdir()):
        if path.suffix != ".png":
            yield f"reports/{path.name}", path.read_bytes()
