"""Accumulations along an axis: eight lines of entries are gone through side by side, since each
sum has to wait for the one before it in its line, and with the sums in registers. The bits are
those of NumPy, which takes the entries of a line in their order too.
"""

from __future__ import annotations

from collections.abc import Iterator

from admodes.compilation.llvm.emission import Emitted, emitted_of
from admodes.compilation.llvm.groups import Scan
from admodes.compilation.llvm.loops import collapsed
from admodes.compilation.llvm.lowerings import ENTRIES, Lowering
from admodes.compilation.llvm.places import ITEM, Region
from admodes.core.record import Step

LINES = 8
"""Lines that are gone through side by side."""


def lowering_of(step: Step) -> Lowering | None:
    """What combines two entries; None where there are no instructions for it."""
    params = step.params or {}
    of = {"cumsum": "add", "cumprod": "multiply"}.get(step.op.name, params.get("of"))
    found = ENTRIES.get(of) if of is not None else None
    return found if found is not None and (found.takes, found.gives) == ("dd", "d") else None


def scan(step: Step, source: Region, out: Region) -> Scan | None:
    """The group of an accumulation; None where its lines are at no regular distance."""
    lowering, axis = lowering_of(step), (step.params or {})["axis"]
    shape = source.shape
    if lowering is None or source.positions is not None or 0 in shape:
        return None
    rest = [k for k in range(len(shape)) if k != axis]
    lines, moves = collapsed(
        tuple(shape[k] for k in rest), [tuple(p.strides[k] for k in rest) for p in (source, out)]
    )
    if len(lines) > 1:
        return None
    along = source.strides[axis], out.strides[axis]
    count, move = (lines[0], moves[0]) if lines else (1, (0, 0))
    return Scan(lowering, (source, out), shape[axis], count, along, move)


def emit_scan(group: Scan) -> Emitted:
    """The function of an accumulation."""
    whole = group.lines - group.lines % LINES
    after = "rest" if whole < group.lines else "done"
    body = [*_nest(group, "wide", LINES, 0, whole, after)] if whole else []
    if whole < group.lines:
        body += _nest(group, "rest", 1, whole, group.lines, "done")
    lines = [
        f"start:\nbr label %{'wide' if whole else 'rest'}",
        *body,
        "done:\nret i64 0",
    ]
    return emitted_of(group.places, "xy", lines)


def _nest(group: Scan, name: str, width: int, start: int, stop: int, after: str) -> Iterator[str]:
    """The lines from start to stop, so many at a time; then it goes on at the label after."""
    n = name[0]
    every = range(width)
    yield f"{name}:\nbr label %{name}.line\n{name}.line:"
    yield f"%{n}i = phi i64 [ {start}, %{name} ], [ %{n}in, %{name}.end ]"
    for k in every:
        yield f"%{n}l{k} = add nsw i64 %{n}i, {k}"
        for p, move in zip("xy", group.moves, strict=True):
            yield f"%{n}{p}o{k} = mul nsw i64 %{n}l{k}, {move}"
            yield f"%{n}{p}{k} = getelementptr i8, ptr %{p}, i64 %{n}{p}o{k}"
        yield f"%{n}f{k} = load double, ptr %{n}x{k}, align {ITEM['d']}"
        yield f"store double %{n}f{k}, ptr %{n}y{k}, align {ITEM['d']}"
    more = f"br label %{name}.entry" if group.length > 1 else f"br label %{name}.end"
    yield f"{more}\n{name}.entry:"
    yield f"%{n}j = phi i64 [ 1, %{name}.line ], [ %{n}jn, %{name}.entry ]"
    for k in every:
        yield f"%{n}a{k} = phi double [ %{n}f{k}, %{name}.line ], [ %{n}v{k}, %{name}.entry ]"
    for p, step in zip("xy", group.along, strict=True):
        yield f"%{n}{p}j = mul nsw i64 %{n}j, {step}"
    for k in every:
        for p in "xy":
            yield f"%{n}{p}p{k} = getelementptr i8, ptr %{n}{p}{k}, i64 %{n}{p}j"
        yield f"%{n}b{k} = load double, ptr %{n}xp{k}, align {ITEM['d']}"
        yield group.lowering.text.format(f"%{n}a{k}", f"%{n}b{k}", y=f"{n}v{k}", t="double")
        yield f"store double %{n}v{k}, ptr %{n}yp{k}, align {ITEM['d']}"
    yield f"%{n}jn = add nuw nsw i64 %{n}j, 1"
    yield f"%{n}je = icmp eq i64 %{n}jn, {max(group.length, 2)}"
    yield f"br i1 %{n}je, label %{name}.end, label %{name}.entry\n{name}.end:"
    yield f"%{n}in = add nuw nsw i64 %{n}i, {width}"
    yield f"%{n}ie = icmp eq i64 %{n}in, {stop}"
    yield f"br i1 %{n}ie, label %{after}, label %{name}.line"
