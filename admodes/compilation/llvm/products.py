"""Products of small matrices as loops of native code: BLAS takes longer to begin than such a
product takes. Every entry is added up in the order of its terms, whatever the strides, each term
with one rounding where the processor can do that, so that it is within k u |a| |b| of the exact one
for an inner length k, as that of BLAS.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from admodes.compilation.llvm.emission import Emitted, emitted_of
from admodes.compilation.llvm.groups import Product, Sides
from admodes.compilation.llvm.loops import stacked
from admodes.compilation.llvm.lowerings import literal
from admodes.compilation.llvm.places import ITEM, Region

LARGEST, LARGEST_VECTOR = 1 << 14, 1 << 10
"""Multiplications of a product up to which native code is faster than BLAS: of two matrices 0.2 to
0.4 of its time at 64, 0.7 at 16,384, about as long at 32,768; where one is a vector 0.9 at 400,
about as long at 4,096."""

WIDEST, ROWS, REGISTERS = 8, 8, 32
"""Columns, rows and entries of a block, which is kept in registers."""

NEXT = ITEM["d"]
"""The stride of entries that lie one after the other."""

ZERO = literal(0.0)


def product(a: Region, b: Region, out: Region) -> Product | None:
    """The group of np.matmul of vectors, matrices, and stacks whose leading axes are gone through
    in one stride; None where there is nothing to add up, for large ones, and for lists of
    positions."""
    given = (a, b, out)
    if any(p.positions is not None or p.kind != "d" for p in given):
        return None
    rows, columns = len(a.shape) > 1, len(b.shape) > 1
    m = a.shape[-2] if rows else 1
    n = b.shape[-1] if columns else 1
    k = a.shape[-1]
    lead = out.shape[: len(out.shape) - rows - columns]
    most = LARGEST if m > 1 and n > 1 else LARGEST_VECTOR
    if not 0 < m * k * n <= most or 0 in lead:
        return None
    stacks = stacked(given, lead, (1 + rows, 1 + columns, rows + columns))
    if stacks is None:
        return None
    made = out.strides[len(lead) :]
    inner = (
        (a.strides[-2] if rows else 0, a.strides[-1]),
        (b.strides[-2:] if columns else (b.strides[-1], 0)),
        (made[0] if rows else 0, made[-1] if columns else 0),
    )
    x, y, z = (Sides(s, *own) for s, own in zip(stacks[1], inner, strict=True))
    return Product(given, (stacks[0], m, k, n), (x, y, z))


def emit_product(group: Product) -> Emitted:
    """The function of a product."""
    return emitted_of(group.places, "xyz", ["start:", *_Text(group).lines, "ret i64 0"])


def _oriented(group: Product) -> tuple[tuple[int, int, int], tuple[Sides, Sides, Sides]]:
    """Lengths and strides of the product, or of the transposed one, a @ b = (b.T @ a.T).T: that
    whose second factor, and then whose result, has the entries of a row one after the other."""
    _, m, k, n = group.lengths
    x, y, z = group.sides
    straight = (n > 1, y.second == NEXT, z.second == NEXT)
    turned = (m > 1, x.first == NEXT, z.first == NEXT)
    if straight[:2] >= turned[:2]:
        return (m, k, n), (x, y, z)
    return (n, k, m), (y.turned, x.turned, z.turned)


class _Text:
    """The lines of a product: one block of rows and columns, with a loop over its terms, in loops
    over the blocks. What is left over is a block too, of which some entries were made before."""

    def __init__(self, group: Product) -> None:
        self.lines: list[str] = []
        self.count = 0
        self.label = "start"
        (m, self.terms, n), self.sides = _oriented(group)
        self.names = ("x", "y") if self.sides[0] is group.sides[0] else ("y", "x")
        wide = _power(min(n, WIDEST))
        high = _power(min(m, ROWS, REGISTERS // wide))
        with (
            self._loop(group.lengths[0]) as (stack, _),
            self._loop(-(-m // high)) as (i, _),
            self._loop(-(-n // wide)) as (j, _),
        ):
            rows, columns = self._start(i, high, m), self._start(j, wide, n)
            self._block(stack, (rows, high), (columns, wide))

    def _start(self, index: str, size: int, length: int) -> str:
        """Where a block begins: the last one so that it ends with the whole."""
        if size == length:
            return "0"
        start = self._line(f"mul nsw i64 {index}, {size}")
        if length % size == 0:
            return start
        before = self._line(f"icmp ult i64 {start}, {length - size}")
        return self._line(f"select i1 {before}, i64 {start}, i64 {length - size}")

    def _block(self, stack: str, rows: tuple[str, int], columns: tuple[str, int]) -> None:
        """The rows and columns from a first one on, so many of them."""
        (top, high), (first, wide) = rows, columns
        x, y, z = self.sides
        left, right = self.names
        a = self._at(left, (stack, x.stack), (top, x.first))
        b = self._at(right, (stack, y.stack), (first, y.second))
        out = self._at("z", (stack, z.stack), (top, z.first), (first, z.second))
        kind = _kind(wide)
        with self._loop(self.terms, [kind] * high) as (k, sums):
            row = self._loaded(self._at(b, (k, y.first)), wide, y.second)
            a = self._at(a, (k, x.second))
            for r, old, new in zip(range(high), *sums, strict=True):
                entry = self._spread(self._at(a, (str(r), x.first)), wide)
                name = f"llvm.fmuladd.{f'v{wide}' if wide > 1 else ''}f64"
                given = f"{kind} {entry}, {kind} {row}, {kind} {old}"
                self.lines.append(f"{new} = call {kind} @{name}({given})")
        for r, total in enumerate(sums[1]):
            self._store(total, self._at(out, (str(r), z.first)), wide, z.second)

    @contextmanager
    def _loop(
        self, times: int, kinds: Sequence[str] = ()
    ) -> Iterator[tuple[str, tuple[list[str], list[str]]]]:
        """Lines that are run so many times: the index, and registers of some kinds, of which each
        has 0 at first, by the names before and after a turn."""
        n = self.count = self.count + 1
        after = [f"%r{n}_{q}" for q in range(len(kinds))]
        starts = [ZERO if kind == "double" else "zeroinitializer" for kind in kinds]
        if times == 1:
            yield "0", (starts, after)
            return
        before = [f"%q{n}_{q}" for q in range(len(kinds))]
        self.lines += [f"br label %h{n}", f"h{n}:"]
        self.lines.append(f"%i{n} = phi i64 [ 0, %{self.label} ], [ %n{n}, %e{n} ]")
        for kind, start, old, new in zip(kinds, starts, before, after, strict=True):
            self.lines.append(f"{old} = phi {kind} [ {start}, %{self.label} ], [ {new}, %e{n} ]")
        self.label = f"h{n}"
        yield f"%i{n}", (before, after)
        self.lines += [f"br label %e{n}", f"e{n}:", f"%n{n} = add nuw nsw i64 %i{n}, 1"]
        self.lines.append(f"%d{n} = icmp eq i64 %n{n}, {times}")
        self.lines += [f"br i1 %d{n}, label %f{n}, label %h{n}", f"f{n}:"]
        self.label = f"f{n}"

    def _line(self, text: str) -> str:
        self.count += 1
        self.lines.append(f"%t{self.count} = {text}")
        return f"%t{self.count}"

    def _at(self, pointer: str, *moves: tuple[str, int]) -> str:
        """A pointer moved by indices times strides."""
        found = pointer if pointer.startswith("%") else f"%{pointer}"
        for index, stride in moves:
            if index == "0" or stride == 0:
                continue
            if index.startswith("%"):
                by = self._line(f"mul nsw i64 {index}, {stride}")
            else:
                by = str(int(index) * stride)
            found = self._line(f"getelementptr i8, ptr {found}, i64 {by}")
        return found

    def _loaded(self, pointer: str, wide: int, stride: int) -> str:
        """Entries at a stride as one register."""
        if wide == 1 or stride == NEXT:
            return self._line(f"load {_kind(wide)}, ptr {pointer}, align {NEXT}")
        found = "poison"
        for q in range(wide):
            entry = self._line(f"load double, ptr {self._at(pointer, (str(q), stride))}")
            found = self._line(f"insertelement <{wide} x double> {found}, double {entry}, i64 {q}")
        return found

    def _spread(self, pointer: str, wide: int) -> str:
        """One entry as all those of a register."""
        entry = self._line(f"load double, ptr {pointer}, align {NEXT}")
        if wide == 1:
            return entry
        kind = _kind(wide)
        one = self._line(f"insertelement {kind} poison, double {entry}, i64 0")
        return self._line(
            f"shufflevector {kind} {one}, {kind} poison, <{wide} x i32> zeroinitializer"
        )

    def _store(self, register: str, pointer: str, wide: int, stride: int) -> None:
        if wide == 1 or stride == NEXT:
            self.lines.append(f"store {_kind(wide)} {register}, ptr {pointer}, align {NEXT}")
            return
        for q in range(wide):
            entry = self._line(f"extractelement <{wide} x double> {register}, i64 {q}")
            at = self._at(pointer, (str(q), stride))
            self.lines.append(f"store double {entry}, ptr {at}, align {NEXT}")


def _kind(wide: int) -> str:
    return "double" if wide == 1 else f"<{wide} x double>"


def _power(most: int) -> int:
    """The largest power of two up to a number."""
    return int(1 << (most.bit_length() - 1))
