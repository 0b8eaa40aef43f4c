"""What every result of the package can be turned into: plain data, JSON, tables in six formats, and
what a notebook shows."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Container
from typing import Any

import numpy as np

from admodes.errors import BadValue
from admodes.views import render
from admodes.views.dialects import MATHEMATICS, scalar_text
from admodes.views.tables import Table

FORMATS = (*render.FORMATS, "json")

PAGES = {
    "text/html": "_repr_html_",
    "text/latex": "_repr_latex_",
    "text/markdown": "_repr_markdown_",
    "image/svg+xml": "_repr_svg_",
}
"""What a notebook shows, and the method of a result that makes it."""


class Result(ABC):
    """The base class of results. A subclass says what it holds, in `_data`, and how people read it,
    in `tables`; title, where it has one, stands above the tables.

    >>> class Root(Result):
    ...     def _data(self):
    ...         return {"x": np.sqrt(2.0)}
    ...     def tables(self, format="text", digits=6):
    ...         return [Table("Root", ["x"], [[scalar_text(2.0**0.5, digits)]], [False])]
    >>> Root().to_dict(), Root().to_table("csv", digits=2)
    ({'x': 1.4142135623730951}, 'Root,x\\nRoot,1.41\\n')
    """

    title: str = ""

    @abstractmethod
    def _data(self) -> dict[str, Any]:
        """Everything that is computed, by names; arrays and numbers of NumPy may be among it."""

    @abstractmethod
    def tables(self, *args: Any, **options: Any) -> list[Table]:
        """The tables for a format: formulas are LaTeX for "latex" and plain text otherwise."""

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data at full precision: lists, dicts, numbers and texts, nan and infinities as
        the texts "nan", "inf" and "-inf"."""
        data: dict[str, Any] = plain(self._data())
        return data

    def to_json(self) -> str:
        """to_dict() as JSON text."""
        return json_text(self.to_dict())

    def to_table(
        self,
        format: str = "text",
        *,
        width: int = 80,
        fragment: bool = False,
        math: bool = False,
        **options: Any,
    ) -> str:
        """The result in a format: text, markdown, latex, html, csv or json (all of it, whatever the
        options).

        width: columns at which text folds. fragment: LaTeX and HTML without the document around
        them. math: Markdown with its formulas between dollar signs, as GitHub shows them. options:
        those of tables(). Raises ValueError for an unknown format or word.
        """
        render.check_format(format, FORMATS)
        if math and format != "markdown":
            raise BadValue(f"math is for markdown, and the format is {format}")
        format = MATHEMATICS if math else format
        if format == "json":
            return json_text(plain(self._asked(**options))) + "\n"
        text = self._written(format, width, fragment, options)
        if text is not None:
            return text
        tables = self.tables(format, **options)
        return render.render(tables, format, title=self.title, width=width, fragment=fragment)

    def _asked(self, **options: Any) -> dict[str, Any]:
        """The data under the options of to_table: all, whatever they are."""
        return self._data()

    def _written(
        self, format: str, width: int, fragment: bool, options: dict[str, Any]
    ) -> str | None:
        """What stands in the place of the tables, if anything does."""
        return None

    def __str__(self) -> str:
        return self.to_table()

    def _repr_mimebundle_(
        self, include: Container[str] | None = None, exclude: Container[str] = ()
    ) -> dict[str, str]:
        """What a notebook is given to choose from: plain text, and every page that there is.
        include, exclude: the kinds that are asked for, and those that are not."""
        pages = {"text/plain": self.__str__}
        pages |= {mime: getattr(self, name) for mime, name in PAGES.items() if hasattr(self, name)}
        asked = [m for m in pages if (not include or m in include) and m not in (exclude or ())]
        return {mime: pages[mime]() for mime in asked}

    def _repr_html_(self) -> str:
        return self.to_table("html", fragment=True)

    def _repr_latex_(self) -> str:
        return self.to_table("latex", fragment=True)

    def _repr_markdown_(self) -> str:
        return self.to_table("markdown")


class Listing(Result):
    """Tables that are all there is, as a result: its data are a dict for each row, under the heads
    of the columns."""

    def __init__(self, schema: str, make: Callable[[str], list[Table]]) -> None:
        self.schema, self.make = schema, make

    def _data(self) -> dict[str, Any]:
        tables = [
            {"title": t.title, "rows": [dict(zip(t.head, row, strict=True)) for row in t.rows]}
            for t in self.tables()
        ]
        return {"schema": self.schema, "tables": tables}

    def tables(self, format: str = "text") -> list[Table]:
        """The tables in a format."""
        return self.make(format)


def json_text(data: Any) -> str:
    """Plain data as strict JSON, which has no nan and no infinities."""
    return json.dumps(data, ensure_ascii=False, indent=2, allow_nan=False)


def plain(x: Any) -> Any:
    """x as JSON data: arrays as nested lists, numbers of NumPy as Python's; complex numbers, nan
    and infinities as texts.

    >>> plain({"y": np.array([1.0, np.inf])})
    {'y': [1.0, 'inf']}
    """
    if isinstance(x, dict):
        return {k: plain(v) for k, v in x.items()}
    if isinstance(x, (list, tuple)):
        return [plain(v) for v in x]
    if isinstance(x, np.ndarray):
        return plain(x.tolist())
    if isinstance(x, np.generic):
        return plain(x.item())
    if isinstance(x, complex):
        return scalar_text(x, None)
    if isinstance(x, float) and not np.isfinite(x):
        return str(x)
    return x
