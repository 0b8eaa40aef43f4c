"""Tables as HTML: formulas as MathML, in tables that scroll where they are wider than the page."""

from __future__ import annotations

from admodes.views.documents import document, heading, page_prose, title_of
from admodes.views.mathml import mathml
from admodes.views.tables import Table, matrix_of


def html_tables(tables: list[Table], title: str, fragment: bool) -> str:
    """The tables in HTML, with the document around them unless fragment."""
    parts = [f"<h1>{title_of(title, 'html')}</h1>"] if title else []
    for table in tables:
        matrix = matrix_of(table)
        grid = f"<p>{mathml(matrix)}</p>" if matrix else _grid(table)
        notes = "".join(f"<li>{page_prose(note)}</li>" for note in table.notes)
        parts.append(
            f'{heading(table.title, "html")}<div class="wide">{grid}</div>'
            + (f"\n<ul>{notes}</ul>" if notes else "")
        )
    body = "\n".join(parts) + "\n"
    return body if fragment else document(body, "html", title)


def _grid(table: Table) -> str:
    def cell(text: str, math: bool) -> str:
        return f"<td>{mathml(text) if math and text else page_prose(text)}</td>"

    head = "".join(f"<th>{page_prose(text)}</th>" for text in table.head)
    rows = ("".join(map(cell, line, table.math)) for line in table.rows)
    body = "\n".join(f"<tr>{row}</tr>" for row in rows)
    return f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"
