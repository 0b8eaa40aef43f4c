"""Scores in a gradebook that Canvas exported: its rows go in, and come out with one column filled.
No student is added, and none is guessed at.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from admodes.errors import BadValue, choices, one_line
from admodes.grading.graded import Graded
from admodes.views.dialects import scalar_text
from admodes.views.render import harmless

IDENTITIES = ("ID", "SIS User ID", "SIS Login ID", "Integration ID")
"""The columns of Canvas that tell a student besides the name, which is in the column Student."""

LARGEST = 20_000_000
"""Bytes of a gradebook."""


@dataclass
class Gradebook:
    """An exported gradebook. head and rows are its cells as text; filled: which submission went
    into which row; notes: what was not matched, and why."""

    head: list[str]
    rows: list[list[str]]
    delimiter: str = ","
    marked: bool = False
    """Whether the file begins with the mark of its encoding, as that of Canvas does."""

    filled: dict[int, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    """The students of whom there is no submission."""

    @property
    def students(self) -> list[int]:
        """The positions of the rows of students: that of points possible is none, and that of the
        student whom Canvas makes up to try things."""
        name = self.head.index("Student")
        others = ("", "points possible", "student, test", "test student")
        return [k for k, row in enumerate(self.rows) if _plain(row[name]) not in others]

    def fill(self, column: str, graded: Sequence[Graded]) -> None:
        """Write the scores into a column, which is added where the gradebook has none of this name.

        column: its title, as it stands there or without the number that Canvas adds in brackets. A
        score is scaled to the points possible that the gradebook states for the column.
        """
        place = self._place(column)
        possible = self._possible(place)
        of_row: dict[int, list[Graded]] = {}
        for one in graded:
            found = self.matches(one)
            if len(found) == 1:
                of_row.setdefault(found[0], []).append(one)
            else:
                why = "several students match" if found else "no student matches"
                self.notes.append(f"{one.submission.name}: {why}; its score is in no row")
        for row, several in of_row.items():
            if len(several) > 1:
                names = ", ".join(one.submission.name for one in several)
                self.notes.append(f"{self._name(row)}: several submissions match ({names}); none is"
                                  " entered")  # fmt: skip
                continue
            one = several[0]
            scale = 1.0 if possible is None or not one.points else possible / one.points
            self.rows[row][place] = scalar_text(round(one.score * scale, 2), 2)
            self.filled[row] = one.submission.name
        self.left = [self._name(row) for row in self.students if row not in of_row]
        if self.left:
            self.notes.append(f"no submission of {'; '.join(self.left)}: the cell is as it was")

    def matches(self, one: Graded) -> list[int]:
        """The rows of students that a submission may be of: by an ID where one is that, otherwise
        by the letters of the name in either order."""
        told = {_plain(x) for x in (one.submission.identity, one.submission.name) if x}
        by_id = [row for row in self.students if told & self._identities(row)]
        if by_id or one.submission.identity:
            return by_id or self._by_name(one)
        return self._by_name(one)

    def _by_name(self, one: Graded) -> list[int]:
        name = _letters(one.submission.student)
        return [row for row in self.students if name and name in _orders(self._name(row))]

    def _identities(self, row: int) -> set[str]:
        cells = [self.rows[row][k] for k, title in enumerate(self.head) if title in IDENTITIES]
        found = {_plain(cell) for cell in cells} | {_plain(c.partition("@")[0]) for c in cells}
        return found - {""}

    def _name(self, row: int) -> str:
        return self.rows[row][self.head.index("Student")].strip()

    def _place(self, column: str) -> int:
        """The position of a column."""
        if column in ("Student", "Section", *IDENTITIES) or not column.strip():
            raise BadValue(f"column {column!r} is none of scores; {choices(column, self.head)}")
        exact = [k for k, title in enumerate(self.head) if title == column]
        bare = [k for k, title in enumerate(self.head)
                if re.sub(r" \(\d+\)$", "", title) == column]  # fmt: skip
        found = exact or bare
        if len(found) > 1:
            titles = ", ".join(self.head[k] for k in found)
            raise BadValue(f"column {column!r}: the gradebook has several: {titles}")
        if found:
            return found[0]
        self.head.append(column)
        for row in self.rows:
            row.append("")
        self.notes.append(f"the gradebook had no column {column!r}: it was added at the end")
        return len(self.head) - 1

    def _possible(self, place: int) -> float | None:
        """The points possible of a column, where the gradebook states a number above 0."""
        for row in self.rows:
            if row[self.head.index("Student")].strip().casefold() == "points possible":
                try:
                    points = float(row[place])
                except ValueError:
                    return None
                return points if 0 < points < 1e9 else None
        return None

    def text(self) -> str:
        """The gradebook as CSV; no cell is taken for a formula by a spreadsheet."""
        stream = io.StringIO()
        writer = csv.writer(stream, delimiter=self.delimiter, lineterminator="\n")
        writer.writerows([list(map(harmless, row)) for row in (self.head, *self.rows)])
        return ("\ufeff" if self.marked else "") + stream.getvalue()


def read_gradebook(path: str | Path) -> Gradebook:
    """The gradebook in a CSV file of Canvas. Raises ValueError where it is none, OSError where it
    cannot be read."""
    path = Path(path)
    data = path.read_bytes()
    if len(data) > LARGEST:
        raise BadValue(f"{path} has more than {LARGEST // 1_000_000} MB: it is no gradebook")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadValue(f"{path} is no text in UTF-8: export it from Canvas again") from error
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    try:
        lines = list(csv.reader(io.StringIO(text), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise BadValue(f"{path} is no CSV: {one_line(error)}") from error
    lines = [line for line in lines if any(line)]
    if not lines or "Student" not in lines[0]:
        raise BadValue(f"{path} has no column Student: it is no gradebook that Canvas exported")
    head = lines[0]
    rows = [(line + [""] * len(head))[: max(len(head), len(line))] for line in lines[1:]]
    wide = max([len(head), *map(len, rows)])
    rows = [row + [""] * (wide - len(row)) for row in rows]
    return Gradebook(
        head + [""] * (wide - len(head)), rows, delimiter, data.startswith(b"\xef\xbb\xbf")
    )


def _plain(text: str) -> str:
    return text.strip().casefold()


def _letters(text: str) -> str:
    """The letters and digits of a name, without accents and case."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in apart if c.isalnum())


def _orders(name: str) -> set[str]:
    """A name as it may be written: "Lovelace, Ada" as lovelaceada and adalovelace."""
    last, comma, first = name.partition(",")
    words = name.replace(",", " ").split()
    orders = {_letters(name), _letters("".join([*words[1:], *words[:1]]))}
    if len(words) > 1:
        orders.add(_letters("".join([words[-1], *words[:-1]])))
    return orders | ({_letters(first + last)} if comma else set())
