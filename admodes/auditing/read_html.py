"""HTML as tables: formulas in MathML, in the elements sub and sup, or in LaTeX that a script of the
page would typeset. Mathematics becomes LaTeX, which is read as everywhere. Scripts are never run,
and no entity is expanded but those that HTML knows.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser

from admodes.auditing.drafts import Draft, check_size
from admodes.auditing.mathml_latex import latex_of_element, token_latex
from admodes.auditing.plain_mathematics import plain_text
from admodes.auditing.read_latex import is_latex, latex_tables
from admodes.auditing.worked_table import WorkedCell

_HIDDEN = {"script", "style", "template", "svg", "head", "annotation", "annotation-xml", "noscript"}
_VOID = {
    "br",
    "hr",
    "img",
    "input",
    "col",
    "wbr",
    "meta",
    "link",
    "area",
    "base",
    "embed",
    "source",
}
_BLOCKS = {"p", "div", "li", "ul", "ol", "section", "body", "pre", "article", "main", "dd", "dt"}
_HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6", "caption", "figcaption"}
_MOST_SPAN = 1000
_LONGEST_TAG = 10_000
_DEEPEST = 100
"""Elements inside each other up to which they are told apart."""


@dataclass
class _Table:
    """A table that is being read. titles: whether a line has titles alone. reaching: of columns
    into which a cell reaches down, the number of rows that are left."""

    place: int
    heading: str
    lines: list[list[WorkedCell]] = field(default_factory=list)
    titles: list[bool] = field(default_factory=list)
    reaching: dict[int, int] = field(default_factory=dict)


@dataclass
class _Element:
    """An element that is open. parts: the LaTeX of what is in it; seen: what is shown of it."""

    tag: str
    attributes: dict[str, str]
    parts: list[str] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    math: bool = False


def is_html(text: str) -> bool:
    return re.search(r"<(?:table|tr|math|html|body|div|p)\b", text, re.IGNORECASE) is not None


def html_tables(text: str) -> list[Draft]:
    """The tables of a page, and the equations of the text around them."""
    reader = _Page()
    reader.feed(_cleaned(text))
    reader.close()
    reader.finish()
    return [draft for _, draft in sorted(reader.drafts, key=lambda pair: pair[0])]


def cell_source(text: str) -> str:
    """The mathematics of a bit of HTML, as LaTeX."""
    reader = _Page()
    reader.feed(_cleaned(text))
    reader.close()
    while len(reader.stack) > 1:
        reader.pop()
    return "".join(reader.stack[0].parts)


def _cleaned(text: str) -> str:
    """Markup without comments and declarations, and with signs < that begin no tag as entities:
    what html.parser would search for the end of again and again."""
    text = re.sub(r"<!--(?s:.*?)(?:-->|\Z)", "", text)
    text = re.sub(r"<[!?][^>]*(?:>|\Z)", "", text)
    return re.sub(rf"<(?!/?[A-Za-z][^<>]{{0,{_LONGEST_TAG}}}>)", "&lt;", text)


class _Page(HTMLParser):
    """Reads a page from the top; self.stack has the elements that are open."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.stack = [_Element("", {})]
        self.tables: list[_Table] = []
        self.drafts: list[tuple[int, Draft]] = []
        self.count = 0
        self.cells = 0
        self.heading = ""
        self.hidden = 0
        self.open: Counter[str] = Counter()
        """How many elements of each kind are open."""

    # Events

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if self.hidden or tag in _HIDDEN or attributes.get("aria-hidden") == "true":
            self.hidden += tag not in _VOID
            return
        if tag in _VOID:
            self.add(" ", " ")
            return
        self.close_before(tag)
        if tag in _BLOCKS:
            self.add("\n", "\n")
        if tag == "table" and len(self.stack) < _DEEPEST:
            self.outside()
            self.tables.append(_Table(self.count, self.heading))
            self.count += 1
            self.heading = ""
        self.push(tag, attributes)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _VOID and tag not in _HIDDEN:
            self.handle_starttag(tag, attrs)
            self.handle_endtag(tag)
        elif tag in _VOID:
            self.add(" ", " ")

    def handle_endtag(self, tag: str) -> None:
        if self.hidden:
            self.hidden -= tag not in _VOID
            return
        if not self.open[tag]:
            return
        limit = 0 if tag == "table" else self.inside("table")
        if any(element.tag == tag for element in self.stack[max(limit, 1) :]):
            while self.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.add(token_latex(self.stack[-1].tag, data, self.stack[-1].attributes), data)

    # The elements that are open

    def push(self, tag: str, attributes: dict[str, str]) -> None:
        """Open an element; one that is too deep is passed over, and what is in it belongs to the
        one around it."""
        if len(self.stack) < _DEEPEST:
            self.stack.append(_Element(tag, attributes))
            self.open[tag] += 1

    def add(self, latex: str, seen: str) -> None:
        self.stack[-1].parts.append(latex)
        self.stack[-1].seen.append(seen)

    def inside(self, tag: str) -> int:
        """The place in the stack of the innermost element of a kind, 0 where there is none."""
        if not self.open[tag]:
            return 0
        return next((k for k in range(len(self.stack) - 1, 0, -1) if self.stack[k].tag == tag), 0)

    def close_before(self, tag: str) -> None:
        """Close what a cell or row ends that begins without the end of the one before."""
        ended = {"td": ("td", "th"), "th": ("td", "th"), "tr": ("tr",)}.get(tag, ())
        if tag in ("tbody", "thead", "tfoot"):
            ended = ("tbody", "thead", "tfoot")
        elif tag == "p":
            ended = ("p",)
        if not any(self.open[kind] for kind in ended):
            return
        limit = self.inside("table")
        if any(element.tag in ended for element in self.stack[limit + 1 :]):
            while self.pop() not in ended:
                pass

    def pop(self) -> str:
        """Close the innermost element, and give what is in it to the one around it."""
        element = self.stack.pop()
        self.open[element.tag] -= 1
        tag, latex = element.tag, latex_of_element(element.tag, element.parts, element.attributes)
        seen, table = "".join(element.seen), self.tables[-1] if self.tables else None
        parent = self.stack[-1]
        if tag in ("td", "th") and table is not None:
            self.end_cell(table, element, latex, seen)
        elif tag == "tr" and table is not None:
            table.reaching = {k: n - 1 for k, n in table.reaching.items() if n > 1}
        elif tag == "table" and table is not None:
            self.tables.pop()
            heads = table.titles.index(False) if False in table.titles else 0
            self.drafts.append((table.place, Draft(table.heading, table.lines, heads or None)))
        elif tag in _HEADINGS:
            self.end_heading(tag, latex)
        else:
            parent.parts.append(latex)
            parent.seen.append(seen)
            parent.math = parent.math or element.math or tag == "math"
        return tag

    def end_heading(self, tag: str, latex: str) -> None:
        if tag == "caption" and self.tables:
            self.tables[-1].heading = latex
        else:
            self.outside()
            self.heading = latex

    # Tables and what is around them

    def end_cell(self, table: _Table, element: _Element, latex: str, seen: str) -> None:
        """A cell more, in the row that is open, behind cells that reach down from above; those that
        it spans besides are empty, in a head the same."""
        row = self.inside("tr")
        if not row:
            self.push("tr", {})
            row = len(self.stack) - 1
        fresh = "line" not in self.stack[row].attributes
        if fresh:
            self.stack[row].attributes["line"] = ""
            table.lines.append([])
            table.titles.append(True)
        line = table.lines[-1]
        named = element.attributes.get("scope") == "row" and not self.inside("thead")
        head = element.tag == "th" and not named
        table.titles[-1] = table.titles[-1] and head
        text = plain_text(latex)
        cell = WorkedCell(text if element.math else " ".join(seen.split()), text)
        columns = _span(element.attributes.get("colspan", ""))
        rows = _span(element.attributes.get("rowspan", ""))
        self.cells += columns
        while table.reaching.get(len(line), 0) > 0:
            line.append(WorkedCell("", ""))
            self.cells += 1
        check_size(self.cells)
        for k in range(columns):
            if rows > 1:
                table.reaching[len(line)] = rows
            line.append(cell if k == 0 or head else WorkedCell("", ""))

    def outside(self) -> None:
        """Read the equations of the text before this place that stands in no table."""
        if self.tables:
            return
        text = "".join("".join(element.parts) for element in self.stack)
        for element in self.stack:
            element.parts.clear()
        if is_latex(text) or "$$" in text or "\\[" in text:
            for draft in latex_tables(text, self.heading):
                # The LaTeX is ours and not the page's, where MathML became it.
                shown = [[WorkedCell(c.text, c.text) for c in line] for line in draft.lines]
                self.drafts.append((self.count, Draft(draft.heading, shown, draft.heads)))
                self.count += 1

    def finish(self) -> None:
        while len(self.stack) > 1:
            self.pop()
        self.outside()


def _span(text: str) -> int:
    """How many columns or rows a cell spans, as browsers limit it."""
    match = re.fullmatch(r"\s*(\d{1,12})\s*", text)
    return min(max(int(match[1]), 1), _MOST_SPAN) if match else 1
