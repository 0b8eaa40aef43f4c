"""Inverses of small matrices, and solutions of small systems, as straight lines of native code: as
LAPACK has them, by elimination with the largest pivot of a column, for which it takes longer to
begin than the elimination itself.

Whether a matrix has no inverse is not decided here: where a pivot is lost to rounding the function
ends the run, and the operation's own kernel has its say.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from admodes.compilation.llvm.emission import Emitted, emitted_of
from admodes.compilation.llvm.groups import Sides, Solution
from admodes.compilation.llvm.loops import stacked
from admodes.compilation.llvm.lowerings import literal
from admodes.compilation.llvm.places import ITEM, Region

LARGEST, MOST_COLUMNS = 4, 8
"""Rows of a matrix, and columns of a right side."""

LOST = literal(8.0 * sys.float_info.epsilon)
"""The share of the largest entry of a column up to which a pivot is lost to rounding."""

ONE, ZERO = literal(1.0), literal(0.0)


def solution(places: list[Region]) -> Solution | None:
    """The group of np.linalg.inv (matrices and results), or np.linalg.solve (matrices, right sides
    and results); None for large ones, none at all, and lists of positions."""
    out = places[-1]
    if any(len(p.shape) < 2 or p.positions is not None for p in places) or 0 in out.shape:
        return None
    n, columns = out.shape[-2:]
    stacks = stacked(places, out.shape[:-2], (2,) * len(places))
    if n > LARGEST or columns > MOST_COLUMNS or stacks is None:
        return None
    sides = [Sides(s, *p.strides[-2:]) for s, p in zip(stacks[1], places, strict=True)]
    return Solution(tuple(places), (stacks[0], n, columns), tuple(sides))


def emit_solution(group: Solution) -> Emitted:
    """The function of inverses or solutions: 1 where a matrix may have none."""
    names = "xz" if len(group.places) == 2 else "xyz"
    lines = [
        "start:\nbr label %one\none:",
        "%s = phi i64 [ 0, %start ], [ %sn, %one ]",
        "%f = phi i1 [ false, %start ], [ %fn, %one ]",
        *_Elimination(group, names).lines,
        "%sn = add nuw nsw i64 %s, 1",
        f"%se = icmp eq i64 %sn, {group.lengths[0]}",
        "br i1 %se, label %done, label %one\ndone:",
        "%lost = zext i1 %fn to i64\nret i64 %lost",
    ]
    return emitted_of(group.places, names, lines)


class _Elimination:
    """The lines for one matrix of the stack. rows: its rows, each with that of the right side."""

    def __init__(self, group: Solution, names: str) -> None:
        self.lines: list[str] = []
        self.count = 0
        _, self.n, columns = group.lengths
        self.group = group
        every = range(self.n)
        self.rows = [self._loaded(0, names[0], i, self.n) for i in every]
        for i, row in enumerate(self.rows):
            if names == "xz":
                row += [ONE if i == j else ZERO for j in range(columns)]
            else:
                row += self._loaded(1, "y", i, columns)
        scales = [self._largest(c) for c in every]
        lost = [self._eliminated(c, scales[c]) for c in every]
        for c in reversed(every):
            self._substituted(c)
        for i, row in enumerate(self.rows):
            for at, x in zip(self._entries(-1, "z", i, columns), row[self.n :], strict=True):
                self.lines.append(f"store double {x}, ptr {at}, align {ITEM['d']}")
        for k, name in enumerate(lost):
            before = f"%f{k - 1}" if k else "%f"
            after = "%fn" if k == self.n - 1 else f"%f{k}"
            self.lines.append(f"{after} = or i1 {before}, {name}")

    def _line(self, text: str) -> str:
        self.count += 1
        self.lines.append(f"%t{self.count} = {text}")
        return f"%t{self.count}"

    def _entries(self, which: int, name: str, i: int, columns: int) -> Iterator[str]:
        """Pointers to the entries of a row of a place."""
        side = self.group.sides[which]
        move = self._line(f"mul nsw i64 %s, {side.stack}")
        start = self._line(f"getelementptr i8, ptr %{name}, i64 {move}")
        for j in range(columns):
            at = i * side.first + j * side.second
            yield self._line(f"getelementptr i8, ptr {start}, i64 {at}")

    def _loaded(self, which: int, name: str, i: int, columns: int) -> list[str]:
        entries = self._entries(which, name, i, columns)
        return [self._line(f"load double, ptr {at}, align {ITEM['d']}") for at in entries]

    def _size(self, x: str) -> str:
        return self._line(f"call double @llvm.fabs.f64(double {x})")

    def _largest(self, c: int) -> str:
        """The size of the largest entry of a column."""
        found = self._size(self.rows[0][c])
        for row in self.rows[1:]:
            size = self._size(row[c])
            more = self._line(f"fcmp ogt double {size}, {found}")
            found = self._line(f"select i1 {more}, double {size}, double {found}")
        return found

    def _eliminated(self, c: int, scale: str) -> str:
        """Take a column out of the rows below; whether its pivot is lost."""
        for r in range(c + 1, self.n):
            self._ordered(c, r)
        pivot = self.rows[c][c]
        for row in self.rows[c + 1 :]:
            factor = self._line(f"fdiv double {row[c]}, {pivot}")
            factor = self._line(f"fneg double {factor}")
            for j in range(c + 1, len(row)):
                row[j] = self._sum(factor, self.rows[c][j], row[j])
        size = self._size(pivot)
        least = self._line(f"fmul double {scale}, {LOST}")
        return self._line(f"fcmp ole double {size}, {least}")

    def _ordered(self, c: int, r: int) -> None:
        """Swap two rows where the lower one has the larger entry in a column."""
        upper, lower = self.rows[c], self.rows[r]
        sizes = self._size(lower[c]), self._size(upper[c])
        more = self._line(f"fcmp ogt double {sizes[0]}, {sizes[1]}")
        for j in range(c, len(upper)):
            one, other = upper[j], lower[j]
            upper[j] = self._line(f"select i1 {more}, double {other}, double {one}")
            lower[j] = self._line(f"select i1 {more}, double {one}, double {other}")

    def _substituted(self, c: int) -> None:
        row = self.rows[c]
        for j in range(self.n, len(row)):
            for below in range(c + 1, self.n):
                factor = self._line(f"fneg double {row[below]}")
                row[j] = self._sum(factor, self.rows[below][j], row[j])
            row[j] = self._line(f"fdiv double {row[j]}, {row[c]}")

    def _sum(self, a: str, b: str, c: str) -> str:
        """a b + c."""
        return self._line(f"call double @llvm.fmuladd.f64(double {a}, double {b}, double {c})")
