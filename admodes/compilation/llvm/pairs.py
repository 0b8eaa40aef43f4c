"""A x and Aᵀ w in one pass over a matrix A, both of which the derivative of a form x·A x takes:
what such products wait for is the matrix. Four rows are gone through side by side, and each entry
is a factor in the sum of its row and in that of its column. These are added up in another order
than by NumPy, so that this is for lists whose sums may be taken in any.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from admodes.compilation.llvm.emission import Emitted, emitted_of
from admodes.compilation.llvm.groups import Groups, Pair, Value
from admodes.compilation.llvm.loops import LoopCall, loop_of
from admodes.compilation.llvm.places import ITEM, Region, new_place
from admodes.core.op import REGISTRY
from admodes.core.record import Ref, Step, WengertList
from admodes.core.values import shape_of
from admodes.optimisation.optimised import Optimised
from admodes.programs.rewriting import Copy

LEAST = 1 << 14
"""Entries of a matrix for which the passes over it are what takes the time."""
NEAR = 200
"""By so many rows the two products may be apart."""
ROWS, WIDTH = 4, 8
"""Rows that are gone through side by side, and entries that are taken at once."""


class _Matrix(NamedTuple):
    """A matrix A with n rows of m entries, each row from the one before by so many bytes, as a
    product reads it: A x, or, if it is turned, Aᵀ x."""

    place: Region
    n: int
    m: int
    row: int
    turned: bool

    def pairs(self, other: _Matrix | None) -> bool:
        """Whether the other product is that with the transpose."""
        if other is None or self.turned == other.turned:
            return False
        one, two = self.place, other.place
        same = one.buffer is two.buffer and one.offset == two.offset
        return same and self[1:4] == other[1:4]


def _matrix(place: Region | None, right: bool) -> _Matrix | None:
    """A matrix that is the left or the right factor of a product with a vector."""
    if place is None or place.kind != "d" or place.positions is not None:
        return None
    (n, m), (row, entry), turned = place.shape, place.strides, right
    if entry != ITEM["d"]:
        n, m, row, entry, turned = m, n, entry, row, not turned
    if entry != ITEM["d"] or row < m * entry or n * m < LEAST or min(n, m) < WIDTH:
        return None
    return _Matrix(place, n, m, row, turned)


def side_by_side(program: WengertList) -> WengertList:
    """The program in which of a product A x and one Aᵀ w that does not need it the second follows
    the first, after what only the second needs."""
    partner = _partners(program) if Optimised.of(program).loose else {}
    if not partner:
        return program
    decided = {a.row for guard in program.guards for a in guard.args if isinstance(a, Ref)}
    order: dict[int, None] = {}
    for row in range(len(program.steps)):
        if row in partner and row not in order and decided.isdisjoint(partner[row]):
            *before, second = partner[row]
            order |= dict.fromkeys((*before, row, second))
        order.setdefault(row)
    return _in_order(program, order)


def _partners(program: WengertList) -> dict[int, list[int]]:
    """For the first row of each pair the second one, and before it the rows between that this one
    needs."""
    found: dict[int, list[int]] = {}
    waiting: dict[tuple[int, bool], int] = {}
    for row, step in enumerate(program.steps):
        read = _factor(program, step)
        if read is None:
            continue
        first = waiting.pop((read[0], not read[1]), None)
        between = None if first is None or row - first > NEAR else _between(program, first, row)
        if first is None or between is None:
            waiting[read] = row
        else:
            found[first] = [*between, row]
    return found


def _between(program: WengertList, first: int, second: int) -> list[int] | None:
    """The rows after the first that the second needs; None where it needs the first."""
    wanted = {second}
    for row in range(second, first, -1):
        if row in wanted:
            wanted.update(a.row for a in program.steps[row].args if isinstance(a, Ref))
    return None if first in wanted else sorted(k for k in wanted if first < k < second)


def _factor(program: WengertList, step: Step) -> tuple[int, bool] | None:
    """The row of the large matrix A in a product of it and a vector, and whether Aᵀ x is taken."""
    if step.op is not REGISTRY["matmul"]:
        return None
    shapes = [shape_of(like) for like in program.likes(step)]
    ranks = [len(shape) for shape in shapes]
    if sorted(ranks) != [1, 2] or math.prod(shapes[ranks.index(2)]) < LEAST:
        return None
    turned = ranks[1] == 2
    matrix = step.args[ranks.index(2)]
    while isinstance(matrix, Ref) and program.steps[matrix.row].op is REGISTRY["transpose"]:
        matrix, turned = program.steps[matrix.row].args[0], not turned
    return (matrix.row, turned) if isinstance(matrix, Ref) else None


def _in_order(program: WengertList, order: Iterable[int]) -> WengertList:
    copy = Copy(program)
    copy.new = [None] * len(program.steps)
    for row in order:
        step = program.steps[row]
        copy.new[row] = copy.keep(step, copy.moved(step.args))
    return copy.finished()


def paired(groups: Groups, args: list[Value], shape: tuple[int, ...]) -> Value | None:
    """The product of a matrix and a vector, where the last group is that with the transpose and
    could have this one as well: it becomes the pair of both."""
    ranks, at = [len(a.shape) for a in args], len(groups.all) - 1
    if sorted(ranks) != [1, 2] or at < groups.floor:
        return None
    right, group = ranks.index(2), groups.all[at]
    own, vector = _matrix(args[right].place, right == 1), args[1 - right]
    stored = vector.place is None or vector.place.is_whole
    if own is None or vector.is_number or vector.kind != "d" or not stored:
        return None
    made = [own.place.buffer.writer]
    made += [vector.place.buffer.writer] if vector.place is not None else []
    made += [vector.entry.group] if vector.entry is not None else []
    if max(made) >= at or not isinstance(group, LoopCall) or group.loop != loop_of(np.matmul):
        return None
    *given, out = group.operands
    if sorted(len(p.shape) for p in given) != [1, 2]:
        return None
    k = int(len(given[1].shape) == 2)
    one = given[1 - k]
    if not (own.pairs(_matrix(given[k], k == 1)) and one.is_whole and out.is_whole):
        return None
    place = new_place("d", shape)
    both = [(groups.stored(vector), place), (one, out)]
    (x, y), (w, z) = both[::-1] if own.turned else both
    groups.all[at] = Pair((own.n, own.m), own.row, (own.place, x, w, y, z))
    both[0][0].buffer.read(at)
    place.buffer.written(at)
    return Value("d", shape, place=place)


def emit_pair(group: Pair) -> Emitted:
    """The function of a pair."""
    n, m = group.shape
    whole = n - n % ROWS
    after = "rest" if whole < n else "done"
    lines = [
        "start:\nbr label %clear\nclear:",
        "%c = phi i64 [ 0, %start ], [ %cn, %clear ]",
        "%cz = getelementptr double, ptr %z, i64 %c",
        f"store double 0.0, ptr %cz, align {ITEM['d']}",
        "%cn = add nuw nsw i64 %c, 1",
        f"%ce = icmp eq i64 %cn, {m}",
        "br i1 %ce, label %wide, label %clear",
        *_rows(group, "wide", ROWS, 0, whole, after),
        *(_rows(group, "rest", 1, whole, n, "done") if whole < n else ()),
        "done:\nret i64 0",
    ]
    return emitted_of(group.places, "axwyz", lines)


def _rows(group: Pair, name: str, count: int, start: int, stop: int, after: str) -> Iterator[str]:
    """The rows from start to stop, so many at a time; then it goes on at the label after."""
    m, n = group.shape[1], name[0]
    whole = m - m % WIDTH
    yield f"{name}:\nbr label %{name}.row\n{name}.row:"
    yield f"%{n}i = phi i64 [ {start}, %{name} ], [ %{n}in, %{name}.end ]"
    for k in range(count):
        yield f"%{n}i{k} = add nuw nsw i64 %{n}i, {k}"
        yield f"%{n}o{k} = mul nsw i64 %{n}i{k}, {group.row}"
        yield f"%{n}a{k} = getelementptr i8, ptr %a, i64 %{n}o{k}"
        yield f"%{n}wp{k} = getelementptr double, ptr %w, i64 %{n}i{k}"
        yield f"%{n}w{k} = load double, ptr %{n}wp{k}, align {ITEM['d']}"
    sums = ["0.0"] * count
    for part, width, first, last in (("m", WIDTH, 0, whole), ("l", 1, whole, m)):
        if first < last:
            label = f"{name}.{part}"
            yield from _entries(f"{n}{part}", label, width, first, last, sums)
            made = "y" if width > 1 else "t"
            sums = [f"%{n}{part}{made}{k}" for k in range(count)]
    for k in range(count):
        yield f"%{n}yp{k} = getelementptr double, ptr %y, i64 %{n}i{k}"
        yield f"store double {sums[k]}, ptr %{n}yp{k}, align {ITEM['d']}"
    yield f"br label %{name}.end\n{name}.end:"
    yield f"%{n}in = add nuw nsw i64 %{n}i, {count}"
    yield f"%{n}ie = icmp eq i64 %{n}in, {stop}"
    yield f"br i1 %{n}ie, label %{after}, label %{name}.row"


def _entries(
    n: str, label: str, width: int, first: int, last: int, sums: list[str]
) -> Iterator[str]:
    """The entries from first to last of some rows, so many at a time: they add to the sums of the
    rows, and to those of the columns in z."""
    row, every = n[0], range(len(sums))
    kind = "double" if width == 1 else f"<{width} x double>"
    for k in every:
        if width == 1:
            continue
        yield f"%{n}u{k} = insertelement {kind} poison, double %{row}w{k}, i32 0"
        lanes = f"<{width} x i32> zeroinitializer"
        yield f"%{n}w{k} = shufflevector {kind} %{n}u{k}, {kind} poison, {lanes}"
    factor = f"%{row}w" if width == 1 else f"%{n}w"
    yield f"br label %{label}.go\n{label}.go:\nbr label %{label}\n{label}:"
    yield f"%{n}j = phi i64 [ {first}, %{label}.go ], [ %{n}jn, %{label} ]"
    for k, total in enumerate(sums):
        begin = total if width == 1 else "zeroinitializer"
        yield f"%{n}s{k} = phi {kind} [ {begin}, %{label}.go ], [ %{n}t{k}, %{label} ]"
    for p in "xz":
        yield f"%{n}{p}p = getelementptr double, ptr %{p}, i64 %{n}j"
        yield f"%{n}{p} = load {kind}, ptr %{n}{p}p, align {ITEM['d']}"
    column = f"%{n}z"
    for k in every:
        yield f"%{n}ap{k} = getelementptr double, ptr %{row}a{k}, i64 %{n}j"
        yield f"%{n}a{k} = load {kind}, ptr %{n}ap{k}, align {ITEM['d']}"
        yield f"%{n}p{k} = fmul contract {kind} %{n}a{k}, %{n}x"
        yield f"%{n}t{k} = fadd contract {kind} %{n}s{k}, %{n}p{k}"
        yield f"%{n}q{k} = fmul contract {kind} %{n}a{k}, {factor}{k}"
        yield f"%{n}z{k} = fadd contract {kind} {column}, %{n}q{k}"
        column = f"%{n}z{k}"
    yield f"store {kind} {column}, ptr %{n}zp, align {ITEM['d']}"
    yield f"%{n}jn = add nuw nsw i64 %{n}j, {width}"
    yield f"%{n}je = icmp eq i64 %{n}jn, {last}"
    yield f"br i1 %{n}je, label %{label}.end, label %{label}\n{label}.end:"
    for k in every:
        yield from _added(n, k, width)


def _added(n: str, k: int, width: int) -> Iterator[str]:
    """The sum of the parts of a vector, halves at a time; a number as it is."""
    found, vector = f"%{n}t{k}", width > 1
    while width > 1:
        half, kind = width // 2, f"<{width} x double>"
        for part, start in (("b", 0), ("c", half)):
            lanes = ", ".join(f"i32 {start + i}" for i in range(half))
            yield (
                f"%{n}{part}{width}x{k} = shufflevector {kind} {found}, {kind} poison, "
                f"<{half} x i32> <{lanes}>"
            )
        made = f"%{n}d{width}x{k}"
        yield f"{made} = fadd <{half} x double> %{n}b{width}x{k}, %{n}c{width}x{k}"
        found, width = made, half
    if vector:
        yield f"%{n}y{k} = extractelement <1 x double> {found}, i32 0"
