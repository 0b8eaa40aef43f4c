"""Page: what one experiment is written down as, and how it becomes files.

A page holds a result, what was expected of it, what was seen, and where the two differ. It becomes
Markdown and HTML with the picture, the picture as SVG and PNG, and the data as CSV and JSON with
the machine, the versions, the date and the command that they come from.
"""

from __future__ import annotations

import datetime
import html
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from admodes.lab.timing import describe, machine, versions_of
from admodes.views.documents import document
from admodes.views.files import write_text
from admodes.views.render import render
from admodes.views.result import Result, json_text, plain

SCHEMA = "admodes.experiment/1"

COMMAND = "admodes report --experiments"

PACKAGES = ("admodes", "sympy", "scipy", "autograd", "jax", "torch", "casadi", "numdifftools")


@dataclass
class Page:
    """One experiment. name: of the files; plot: draws the picture into a path; expected, seen and
    differs are paragraphs; command: what runs this experiment alone."""

    name: str
    title: str
    result: Result
    plot: Callable[[Path], Path] | None
    expected: str
    seen: str
    differs: str
    command: str

    def paragraphs(self) -> list[tuple[str, str]]:
        """The words, each with what it is."""
        words = (
            ("Expected", self.expected),
            ("Seen", self.seen),
            ("Where they differ", self.differs),
        )
        return [(head, text) for head, text in words if text]

    def write(self, folder: Path) -> list[Path]:
        """Write all files into a folder; each appears whole or not at all. Raises MissingPlots
        where matplotlib is not installed, OSError where the folder cannot be written."""
        origin = {
            "command": COMMAND,
            "alone": self.command,
            "date": datetime.date.today().isoformat(),
            "machine": machine(),
            "load": _load(),
            "versions": versions_of(PACKAGES),
        }
        data = {"schema": SCHEMA, "name": self.name, **origin, "data": self.result.to_dict()}
        pictures = []
        if self.plot is not None:
            pictures = [self.plot(folder / f"{self.name}{end}") for end in (".svg", ".png")]
        return [
            *pictures,
            write_text(folder / f"{self.name}.json", json_text(plain(data)) + "\n"),
            write_text(folder / f"{self.name}.csv", self.result.to_table("csv")),
            write_text(folder / f"{self.name}.md", self.markdown(origin)),
            write_text(folder / f"{self.name}.html", self.html(origin)),
        ]

    def markdown(self, origin: dict[str, Any]) -> str:
        """The page as Markdown."""
        parts = [f"# {self.title}\n"]
        parts += [f"**{head}.** {text}\n" for head, text in self.paragraphs()]
        if self.plot is not None:
            parts.append(f"![{self.title}]({self.name}.svg)\n")
        parts.append(render(self.result.tables("markdown"), "markdown"))
        data = f"[{self.name}.csv]({self.name}.csv), [{self.name}.json]({self.name}.json)"
        parts.append(f"Data: {data}. {_origin(origin)}\n")
        return "\n".join(parts)

    def html(self, origin: dict[str, Any]) -> str:
        """The page as HTML."""
        parts = [f"<h1>{html.escape(self.title)}</h1>"]
        parts += [
            f"<p><strong>{head}.</strong> {html.escape(text)}</p>"
            for head, text in self.paragraphs()
        ]
        if self.plot is not None:
            alt = html.escape(f"{self.title}: plot of the table below")
            parts.append(f'<p><img src="{self.name}.svg" alt="{alt}" width="100%"></p>')
        parts.append(render(self.result.tables("html"), "html", fragment=True))
        links = " ".join(f'<a href="{self.name}.{end}">{end}</a>' for end in ("csv", "json"))
        where = re.sub(r"`([^`]*)`", r"<code>\1</code>", html.escape(_origin(origin)))
        parts.append(f"<p>Data: {links}. {where}</p>")
        style = (
            "table { display: block; overflow-x: auto; }\nimg { max-width: 60rem; }\n"
            "td:last-child { overflow-wrap: anywhere; }\n"
        )
        return document("\n".join(parts), "html", self.title, style)


def _load() -> float | None:
    """How many programs wanted to run at a time in the last five minutes, which tells how far times
    are to be trusted; None where the system does not say (Windows)."""
    return round(os.getloadavg()[1], 1) if hasattr(os, "getloadavg") else None


def _origin(origin: dict[str, Any]) -> str:
    """Where figures come from, in a sentence."""
    load = "" if origin["load"] is None else f", load {origin['load']:g}"
    known = ", ".join(f"{name} {version}" for name, version in origin["versions"].items())
    return (
        f"Written on {origin['date']} by `{origin['command']}` (this page alone: "
        f"`{origin['alone']}`); {describe(origin['machine'])}{load}; {known}."
    )
