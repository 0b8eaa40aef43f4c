"""The optimiser: `optimise` takes a program and returns a cheaper one with the same result;
`effects` says what each pass saves.

The passes that look at a single row and the rows that it reads are local rules (`rules`,
`matrices`). They run together, in one sweep (`folding`), which also merges equal rows and drops
rows that nothing reads. Those that have to see more of a list are in `passes`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from admodes.core.costs import total
from admodes.core.op import Op
from admodes.core.record import Ref, WengertList
from admodes.optimisation.folding import Folding, LocalRule, Rules, Table, dead
from admodes.optimisation.matrices import (
    contractions,
    few_entries,
    gathers,
    householder,
    one_column,
    sparse_matrices,
    triangles,
)
from admodes.optimisation.optimised import Optimised
from admodes.optimisation.passes.collecting import collected
from admodes.optimisation.passes.gather_forwarding import forward_gathers
from admodes.optimisation.passes.loops import with_loops
from admodes.optimisation.passes.scalar_replacement import replace_arrays
from admodes.optimisation.passes.short_axes import sliced
from admodes.optimisation.passes.strong_products import plain_products
from admodes.optimisation.passes.structure_of_arrays import split_samples
from admodes.optimisation.passes.superword_packing import pack_scalars
from admodes.optimisation.passes.vector_parts import parts_forwarded
from admodes.optimisation.rules import (
    arithmetic,
    constants,
    directions,
    factoring,
    hyperbolic,
    layout,
    lowering,
    masks,
    products,
    sums,
)
from admodes.programs.costs import cost
from admodes.views import tables

__all__ = ["Effect", "effects", "effects_table", "lower", "optimise"]

LOCAL = ("common subexpressions", "constants", "identities", "structure", "strong products")
LOOSE = ("sums of products", "contractions")


LONG, SMALL = 10_000, 1000
"""A list of more rows is swept once where shorter ones are swept twice; and, where its arrays have
fewer entries, like terms of its sums are left as they are: finding them takes a quarter of the time
of a build, and of 31,671 rows of operations in random order it saves 200, each a microsecond."""


@functools.cache
def _rules(passes: tuple[str, ...]) -> Rules:
    """The rules of local passes."""
    everywhere: tuple[tuple[Callable[[Op], bool], LocalRule], ...] = ()
    both: list[Table] = []
    arrays: list[Table] = []
    if "identities" in passes:
        everywhere += ((_is_entrywise, layout.stretched_operand),)
        both += [arithmetic.TABLE, layout.TABLE]
        arrays += [layout.PLACES, sums.EXACT]
    if "structure" in passes:
        both += [masks.SUMS, products.SUMS]
        arrays += [products.STRUCTURE, directions.TABLE, masks.TABLE]
    if "strong products" in passes:
        both.append(products.STRONG)
    if "sums of products" in passes:
        both.append(sums.TABLE)
        arrays += [sums.FACTORS, factoring.TABLE]
    if "products with zeros" in passes:
        arrays.append(products.ZEROS)
    if "contractions" in passes:
        both += [contractions.TABLE, products.TRACES]
        arrays += [contractions.POWERS, products.CARRIED, triangles.TABLE, one_column.TABLE]
        arrays += [gathers.TABLE, sparse_matrices.TABLE, few_entries.TABLE]
    fold = None
    if "constants" in passes:
        fold = constants.fold
        everywhere += ((_is_entrywise, constants.uniform),)
    if "slopes" in passes:
        arrays.append(hyperbolic.TABLE)
    if "factors" in passes:
        arrays.append(householder.TABLE)
    if "lowering" in passes:
        everywhere += ((lowering.is_composed, lowering.composed),)
    return Rules(fold, everywhere, _merged(arrays + both), _merged(both))


def _is_entrywise(op: Op) -> bool:
    return op.entrywise


def _merged(tables: list[Table]) -> Table:
    merged: Table = {}
    for table in tables:
        for op, rules in table.items():
            merged[op] = merged.get(op, ()) + rules
    return merged


def local(
    program: WengertList, passes: tuple[str, ...] = LOCAL, again: bool = False
) -> WengertList:
    """One sweep of local passes; again: a second one where the first has shortened the list, and it
    is not so long that this would take more time than it may save."""
    copy = Folding(program, _rules(passes), LOCAL[0] in passes)
    found = dead(copy.folded())
    shorter = len(found.steps) < min(len(program.steps), LONG)
    return local(found, passes) if again and shorter else found


def optimise(program: WengertList, exact: bool = True) -> Optimised:
    """A program with the same results from fewer and cheaper rows.

    exact: every row has the value of the recorded one to the last bit, the signs of zeros apart.
    But NumPy adds up an array in the order in which it lies in memory, and where an operand of a
    sum lies otherwise than before, the sum may round otherwise, by at most n u Σ|terms|.

    Otherwise strong products are plain ones where that shows (see `strong_products`), and sums of
    products are taken in the cheapest order (see `sums` and `contractions`), within rounding:
    where an output among its suspects is not finite, the exact program has to be run.

    >>> from admodes.core.record import record
    >>> from admodes.optimisation import optimise
    >>> program = record(lambda x: 1.0 * x + (x - x) * 0.0 + -(-x), 2.0)
    >>> [step.op.name for step in optimise(program).steps[1:]]
    ['subtract', 'multiply', 'add', 'add']
    """
    program = constants.decided(constants.shared(program))
    program = parts_forwarded(program)
    for _, stage in _before(exact):
        program = stage(program)
    found = local(program) if exact else _loosely(program)
    found = Optimised.of(_packed(found, exact))
    found = Optimised.of(with_loops(found, lambda turn: optimise(turn, exact)))
    return found if exact else replace(found, loose=True)


def _before(exact: bool) -> list[tuple[str, Callable[[WengertList], WengertList]]]:
    """The passes that change what the list is made of; the local ones clean up after them."""
    found: list[tuple[str, Callable[[WengertList], WengertList]]] = [
        ("entries of arrays", replace_arrays),
        ("selections", forward_gathers),
    ]
    return found if exact else [*found, ("columns of samples", split_samples)]


def _loosely(program: WengertList) -> Optimised:
    """The program after all local passes; a long list of arrays, which is swept once, goes to that
    as it is: any of its outputs is suspect in the end, and so none becomes it by that."""
    long = len(program.steps) > LONG and _has_arrays(program)
    return _loose(dead(program) if long else local(program), LOOSE)


def _has_arrays(program: WengertList) -> bool:
    return any(step.like.__class__ is np.ndarray for step in program.steps)


def _is_long(program: WengertList) -> bool:
    """Whether there are many rows, and few entries in each."""
    n = len(program.steps)
    return n > LONG and sum(step.size for step in program.steps) < n * SMALL


def _loose(program: WengertList, passes: tuple[str, ...]) -> Optimised:
    """The program with plain products, and sums of products taken another way."""
    plain = plain_products(_without_zeros(program))
    # What is taken another way are sums and products of arrays.
    if not _has_arrays(plain):
        return plain
    taken = local(plain, LOCAL + passes, again=True)
    collects = LOOSE[0] in passes and not _is_long(taken)
    less = collected(taken) if collects else taken
    found = Optimised.of(taken if less is taken else local(less, LOCAL + passes))
    if [step.op for step in found.steps] != [step.op for step in plain.steps]:
        # Sums in another order may meet inf - inf, or overflow, elsewhere.
        found.suspects = [k for k, y in enumerate(found.outputs) if _is_float(found, y)]
    return found


def _without_zeros(program: WengertList) -> WengertList:
    """The program without products with zeros, before strong products become plain ones, which are
    not known to be 0 where a factor is."""
    found = any(
        step.op in products.ZEROS and any(map(products.is_zero, step.args))
        for step in program.steps
    )
    return local(program, (*LOCAL, "products with zeros")) if found else program


def _is_float(program: WengertList, y: Any) -> bool:
    return y.__class__ is Ref and program.steps[y.row].dtype.kind == "f"


def _packed(program: WengertList, exact: bool) -> WengertList:
    found = pack_scalars(program, exact)
    return program if found is program else local(found, LOCAL if exact else LOCAL + LOOSE)


def lower(program: WengertList, fused: bool = False) -> WengertList:
    """The program in ufuncs, for a generator of array code: operations whose kernel is several of
    NumPy's functions as their rows, and slices in the place of short axes, with the same bits; and,
    where the program is loose, slopes of tanh from tanh, and QR decompositions by LAPACK itself. It
    counts more operations than declared.
    fused: the code runs through entries in one loop."""
    program = sliced(program, fused)
    ops = {step.op for step in program.steps if step.like.__class__ is np.ndarray}
    loose = Optimised.of(program).loose
    wanted = {
        "lowering": any(op and lowering.is_composed(op) for op in ops),
        "slopes": loose and not fused and hyperbolic.COSH in ops,
        "factors": loose and householder.QR in ops,
    }
    passes = tuple(name for name, holds in wanted.items() if holds)
    return local(program, LOCAL + passes) if passes else program


@dataclass
class Effect:
    """What a pass did to a program: its rows without the inputs, and its operations by kind."""

    name: str
    rows_before: int
    rows_after: int
    before: dict[str, int]
    after: dict[str, int]


def effects(program: WengertList, exact: bool = True) -> list[Effect]:
    """What each pass saves beyond those before it."""
    made = [("dead rows", dead(program))]
    for name, stage in _before(exact):
        program = stage(program)
        made.append((name, dead(program)))
    made += [(name, local(program, LOCAL[:k])) for k, name in enumerate(LOCAL, 1)]
    if not exact:
        made.append(("plain for strong products", local(plain_products(made[-1][1]))))
        before = made[-2][1]
        made += [(name, _loose(before, LOOSE[:k])) for k, name in enumerate(LOOSE, 1)]
    made.append(("packed numbers", _packed(made[-1][1], exact)))
    found = []
    rows, counts = _size(program)
    for name, result in made:
        now = _size(result)
        found.append(Effect(name, rows, now[0], counts, now[1]))
        rows, counts = now
    return found


def effects_table(passes: Sequence[Effect]) -> tables.Table:
    """One line per pass of the optimiser, with the counts before and after it."""
    kinds = list(dict.fromkeys(k for e in passes for k in (*e.before, *e.after)))
    rows = [
        [
            e.name,
            _change(e.rows_before, e.rows_after),
            *(_change(e.before.get(k, 0), e.after.get(k, 0)) for k in kinds),
        ]
        for e in passes
    ]
    head = ["Pass", "rows", *kinds]
    notes = ["a → b: before and after the pass; each runs after those above it"]
    return tables.Table("Passes of the optimiser", head, rows, [False] * len(head), notes)


def _change(before: int, after: int) -> str:
    return str(after) if before == after else f"{before} → {after}"


def _size(program: WengertList) -> tuple[int, dict[str, int]]:
    steps = [step for step in program.steps if step.op is not None]
    return len(steps), total(cost(step, program) for step in steps)
