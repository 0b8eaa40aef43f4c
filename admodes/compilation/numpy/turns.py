"""TurnWriter, the writer of a turn of a loop: where the states lie, what comes from the stacks, and
where the results of turns go.

Memory is set up once, outside of the turns: temporary arrays; the states, which lie where the
loop's vector has the last one, and are overwritten where the old one is no longer read, or, where
every turn leaves its state behind as a result, in that result's place; and the views that turns
have of stacks. Numbers are variables.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain, cycle
from typing import Any

import numpy as np

from admodes.compilation.numpy.placement import is_array, is_view
from admodes.compilation.numpy.writer import STAYS, NumpyWriter
from admodes.core.record import Ref, Step
from admodes.loops.region import Region, size
from admodes.optimisation.optimised import Optimised

LISTED = 5_000
"""Turns up to which the views of a stack are made once and kept, at 150 bytes each."""


class TurnWriter(NumpyWriter):
    """The body of a loop while it is written. The function that runs the loop is made by another,
    which takes what stays from run to run, among it `y`, the vector of the loop's results.

    head, tail: lines before the first turn and after the last one. streams: what every turn takes
    from sequences, as a name, or several, and the sequence. views: for each row that comes from a
    list of views made once, that list. places: where rows are written that are a new state or a
    result of turns; resting: the results of turns that are there without being written. numbers:
    the leaves of the state that are numbers; round: those that lie in several places in turn.
    """

    def __init__(self, outer: NumpyWriter, region: Region, body: Optimised) -> None:
        super().__init__(replace(body, loose=outer.loose), outer.overwrites, outer)
        self.region = region
        self.head: list[str] = []
        self.tail: list[str] = []
        self.streams: list[tuple[str, str]] = []
        self.views: dict[int, str] = {}
        self.places: dict[int, str] = {}
        self.resting: set[int] = set()
        self.numbers: dict[int, str] = {}
        self.round: set[int] = set()
        self.first = region.carried
        self.shapes = region.results
        self.copyto = self.function(np.copyto)

    def _returned(self) -> dict[int, int]:
        return {}

    @property
    def whole(self) -> str:
        return "None"

    def target(
        self, i: int, step: Step, overwrites: bool = False, dense: bool = False
    ) -> str | None:
        place = self.places.get(i)
        if place is None:
            return super().target(i, step, overwrites, dense)
        self.texts[i] = place
        self.layouts[i] = np.empty(step.shape)
        if place[0] == "s":
            self.static.add(i)
        return place

    def view(self, i: int, step: Step, text: str) -> None:
        source = step.args[0]
        views = self.views.get(source.row) if isinstance(source, Ref) else None
        if views is None:
            super().view(i, step, text)
            return
        self.layouts[i] = step.op.array(self.layout(source), **(step.params or {}))
        self.texts[i] = f"v{i}"
        self.views[i] = f"l{i}"
        self.setup.append(f"l{i} = [{text} for {self.text(source)} in {views}]")
        again = any(name == f"cycle({views})" for _, name in self.streams)
        self.streams.append((f"v{i}", f"cycle(l{i})" if again else f"l{i}"))

    def piece(self, k: int) -> str:
        """The place of a result of the loop in its vector, what belongs to turns in the order in
        which they run."""
        shape = self.shapes[k]
        text = self.slot(k)
        if len(shape) != 1:
            text += f".reshape({shape})"
        return f"{text}[::-1]" if self.region.backwards and k >= self.first else text

    def slot(self, k: int) -> str:
        start = size(self.shapes[:k])
        return f"y[{start}:{start + size(self.shapes[k : k + 1])}]"

    def stack(self, name: str, *parts: str, row: int = -1) -> None:
        """Every turn takes an array, under this name, of arrays that stay; row: that it is."""
        if self.region.n > LISTED:
            join = (
                parts[0] if len(parts) == 1 else f"{self.use('chain', chain)}({', '.join(parts)})"
            )
            self.streams.append((name, join))
            return
        self.setup.append(f"l_{name} = [{', '.join(f'*{part}' for part in parts)}]")
        self.streams.append((name, f"l_{name}"))
        if row >= 0:
            self.views[row] = f"l_{name}"

    def states(self) -> None:
        """The leaves of the state, and where new ones are written; u<k> is the first one."""
        outputs = self.program.outputs
        leaves = self.program.inputs[: self.first]
        arrays = [k for k, x in enumerate(leaves) if is_array(self.steps[x.row].like)]
        after = {k: j for j in arrays for k in arrays if k != j and alike(outputs[j], leaves[k])}
        for k, x in enumerate(leaves):
            row, new = x.row, outputs[k]
            self.texts[row] = f"v{row}"
            if k not in arrays:
                self.head.append(f"v{row} = u{k}")
                continue
            self.layouts[row] = np.empty(self.steps[row].shape)
            self.setup.append(f"s{k} = {self.piece(k)}")
        follows = set(after.values())
        for k in sorted(arrays, key=follows.__contains__):
            row, new = leaves[k].row, outputs[k]
            left = [
                j
                for j in self._free_results()
                if alike(outputs[j], leaves[k]) or alike(outputs[j], new)
            ]
            if k in self.round:
                continue
            if left and not alike(leaves[k], new):
                self._moving(k, left[0], row, new)
            elif self._in_place(row, new) or not self._goes_round(k, after):
                self.texts[row] = f"s{k}"
                self.static.add(row)
                self.head.append(f"{self.copyto}(s{k}, u{k})")
                if self._in_place(row, new):
                    self.places[new.row] = f"s{k}"

    def _goes_round(self, k: int, after: dict[int, int]) -> bool:
        """Whether leaf k lies in one place after another, in a round, and with it the leaf that is
        this one as it was, and so on (after); so nothing is copied."""
        outputs, leaves = self.program.outputs, self.program.inputs
        if any(alike(outputs[k], x) for x in leaves[: self.first]):
            return False
        members = [k]
        while members[-1] in after:
            members.append(after[members[-1]])
        kept = [outputs[j] for j in self._free_results()]
        if any(alike(y, leaves[j]) for y in kept for j in members):
            return False
        count, n = len(members) + 1, self.region.n
        names = {(n - d) % count: f"s{j}" for d, j in enumerate(members)}
        spare = names.setdefault(next(m for m in range(count) if m not in names), f"w{k}")
        self.setup.append(f"{spare} = {self.function(np.empty)}({self.shapes[k]})")
        self.workspace.inside += 8 * size([self.shapes[k]])
        cycle_ = self.use("cycle", cycle)
        for d, j in enumerate([*members, k]):
            # The last one is where the next leaf k is written.
            turn = 1 if d == len(members) else -d
            row, name = leaves[j].row, f"n{k}" if d == len(members) else f"v{leaves[j].row}"
            order = ", ".join(names[(i + turn) % count] for i in range(count))
            self.setup.append(f"l_{name} = [{order}]")
            self.streams.append((name, f"{cycle_}(l_{name})"))
            if d < len(members):
                self.views[row] = f"l_{name}"
                self.head.append(f"{self.copyto}({names[turn % count]}, u{j})")
                self.round.add(j)
        if self._is_made(outputs[k]):
            self.places[outputs[k].row] = f"n{k}"
        return True

    def _free_results(self) -> Iterator[int]:
        return (j for j in range(self.first, len(self.shapes)) if j not in self.resting)

    def _moving(self, k: int, j: int, row: int, new: Any) -> None:
        """A state that every turn leaves behind as its result j, as it was before or after it."""
        self.resting.add(j)
        self.setup.append(f"q{k} = {self.piece(j)}")
        if alike(self.program.outputs[j], Ref(row)):
            self.stack(f"v{row}", f"q{k}", row=row)
            self.stack(f"n{k}", f"q{k}[1:]", f"(s{k},)")
            self.head.append(f"{self.copyto}(q{k}[0], u{k})")
        else:
            self.stack(f"v{row}", f"(s{k},)", f"q{k}[:-1]", row=row)
            self.stack(f"n{k}", f"q{k}")
            self.head.append(f"{self.copyto}(s{k}, u{k})")
            self.tail.append(f"{self.copyto}(s{k}, q{k}[-1])")
        if self._is_made(new):
            self.places[new.row] = f"n{k}"

    def _is_made(self, y: Any) -> bool:
        """Whether an output is memory of its own, for a statement to write."""
        if not isinstance(y, Ref) or y.row in self.places or y.row in self.skipped:
            return False
        step = self.steps[y.row]
        own = step.op not in STAYS and not is_view(step)
        return own and self.lifetimes.roots[y.row] == {y.row}

    def _in_place(self, row: int, new: Any) -> bool:
        """Whether the new state may be written where the old one lies."""
        last = self.lifetimes.last[row]
        if not self._is_made(new) or last > new.row:
            return False
        step, placed = self.steps[new.row], self.absorbed.get(new.row)
        if last < new.row:
            return True
        args = step.args if placed is None else (placed[0], placed[3])
        read = [a for a in args if isinstance(a, Ref) and row in self.lifetimes.roots[a.row]]
        if placed is not None:
            return alike(placed[0], Ref(row)) and len(read) == 1
        return set(read) == {Ref(row)} and self.overwrites(step, self.values(step))

    def results(self) -> None:
        """The places of what turns result in, arrays that are written there at once."""
        for j in self._free_results():
            if len(self.shapes[j]) > 1:
                self.stack(f"o{j}", self.piece(j))
                y = self.program.outputs[j]
                if self._is_made(y):
                    self.places[y.row] = f"o{j}"

    def finish(self, handed: Sequence[int], filled: Sequence[int]) -> None:
        """The end of a turn: what is not in its place yet, and numbers. handed: the results that
        go on from turn to turn of a later loop as numbers; filled: those that are read in y."""
        outputs = self.program.outputs
        if handed:
            self.head += ["kept = []", "keep = kept.append"]
            self.body.append(f"keep(({', '.join(self.text(outputs[j]) for j in handed)},))")
        for j in self._free_results():
            text = self.text(outputs[j])
            if len(self.shapes[j]) > 1:
                if text != f"o{j}":
                    self.body.append(f"{self.copyto}(o{j}, {text})")
            elif j in filled:
                turned = "[::-1]" if self.region.backwards else ""
                numbers = f"o{j}"
                if j in handed:
                    numbers = f"[t[{handed.index(j)}] for t in kept]"
                else:
                    self.head += [f"o{j} = []", f"o{j}_add = o{j}.append"]
                    self.body.append(f"o{j}_add({text})")
                self.tail.append(f"{self.slot(j)} = {numbers}{turned}")
        self._new_arrays()
        self._new_numbers(filled)

    def _new_arrays(self) -> None:
        """States that are not in their places yet: each is written when no other is to be read
        there, after a copy of one where they go round in a circle."""
        states = list(enumerate(self.program.inputs[: self.first]))
        waiting: dict[int, tuple[str, frozenset[int]]] = {}
        for k, x in states:
            y = self.program.outputs[k]
            place = f"n{k}" if (f"v{x.row}" == self.texts[x.row]) else f"s{k}"
            follows = k in self.round and any(alike(y, z) for _, z in states)
            same = alike(x, y) or follows or self.text(y) == place
            if not is_array(self.steps[x.row].like) or same:
                continue
            roots = self.lifetimes.roots[y.row] if isinstance(y, Ref) else frozenset()
            reads = frozenset(
                m for m, z in states if z.row in roots and self.texts[z.row][0] == "s"
            )
            if place[0] == "n":
                self.body.append(f"{self.copyto}({place}, {self.text(y)})")
            else:
                waiting[k] = self.text(y), reads
        while waiting:
            ready = [
                k for k in waiting if not any(k in r for m, (_, r) in waiting.items() if m != k)
            ]
            k = ready[0] if ready else min(waiting)
            text, reads = waiting.pop(k)
            if ready:
                self.body.append(f"{self.copyto}(s{k}, {text})")
            else:
                self.body.append(f"w{k} = {text}.copy()")
                waiting[k] = f"w{k}", frozenset()

    def _new_numbers(self, filled: Sequence[int]) -> None:
        changed: list[tuple[str, str]] = []
        for k, x in enumerate(self.program.inputs[: self.first]):
            if is_array(self.steps[x.row].like):
                continue
            name, text = f"v{x.row}", self.text(self.program.outputs[k])
            self.numbers[k] = name
            if k in filled:
                self.tail.append(f"y[{size(self.shapes[:k])}] = {name}")
            if name != text:
                changed.append((name, text))
        if changed:
            names, texts = zip(*changed, strict=True)
            self.body.append(f"{', '.join(names)} = {', '.join(texts)}")


def alike(a: Any, b: Any) -> bool:
    """Whether two outputs are one row."""
    return isinstance(a, Ref) and isinstance(b, Ref) and a == b
