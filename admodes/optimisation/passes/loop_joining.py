"""Loops that carry the same states become one loop: such as the function's and that of its gradient
or its tangents, which calculates the same states again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from admodes.core.program import Ref, Step, WengertList
from admodes.core.pytree import flatten
from admodes.loops.operations import loop
from admodes.loops.region import Region
from admodes.optimisation.folding import Folding, dead
from admodes.optimisation.passes.loop_copies import LoopCopy, Vector, key_of_value, region_of


@dataclass
class Group:
    """Loops of a list that become one, by their rows: its region and arguments, and for each of
    them, for each result, which one of the region's results it is."""

    rows: list[int]
    region: Region
    args: list[Any]
    places: list[list[int]]


def joined(program: WengertList) -> WengertList:
    """The program in which loops of as many turns that share states are one, where what the later
    one takes is there before the earlier one."""
    groups = [g for g in _groups(program) if len(g.rows) > 1]
    return _Joining(program, groups).replaced() if groups else program


class _Joining(LoopCopy):
    def __init__(self, program: WengertList, groups: list[Group]) -> None:
        super().__init__(program)
        self.groups = {row: g for g in groups for row in g.rows}
        self.rows: dict[int, Ref] = {}

    def other(self, row: int, step: Step) -> Vector | None:
        group = self.groups.get(row)
        if group is None:
            return None
        first = group.rows[0]
        if row == first:
            self.rows[first] = self.loop(group.region, self.moved(tuple(group.args)))
        old = region_of(step).results
        places = group.places[group.rows.index(row)]
        return Vector(self.rows[first], group.region.results, old, places)


def _groups(program: WengertList) -> list[Group]:
    groups: list[Group] = []
    for row, step in enumerate(program.steps):
        if step.op is not loop:
            continue
        for k, group in enumerate(groups):
            there = all(a.row < group.rows[0] for a in step.args if isinstance(a, Ref))
            found = _with(program, group, row) if there else None
            if found is not None:
                groups[k] = found
                break
        else:
            groups.append(Group([row], region_of(step), list(step.args), []))
    return groups


def _with(program: WengertList, group: Group, row: int) -> Group | None:
    """The group with one more loop; None where that shares no states with it."""
    step = program.steps[row]
    region, one = region_of(step), group.region
    if (region.n, region.backwards) != (one.n, one.backwards):
        return None
    starts = set(map(key_of_value, group.args[: one.carried]))
    if starts.isdisjoint(map(key_of_value, step.args[: region.carried])):
        return None
    rows = [*group.rows, row]
    members = [(region_of(program.steps[r]), program.steps[r].args) for r in rows]
    found = _Union(members).solved()
    if found is None or found[0].carried >= one.carried + region.carried:
        return None
    return Group(rows, *found)


class _Union:
    """One loop for several. Leaves of the states that begin alike are taken to be alike, until a
    turn makes different ones of them.

    inputs: for each member, for each input of its body, the key of what it is in the union."""

    def __init__(self, members: Sequence[tuple[Region, tuple]]) -> None:
        self.members = members
        self.inputs: list[list[Any]] = []
        for region, args in members:
            kinds = [
                0 if k < region.carried else 1 if region.of_turns(k) else 2
                for k in range(len(args))
            ]
            keys = zip(kinds, map(key_of_value, args), strict=True)
            self.inputs.append(list(keys))

    def solved(self) -> tuple[Region, list[Any], list[list[int]]] | None:
        while True:
            order = self._order()
            body = self._body(order)
            news = iter(body.outputs)
            keys = [[key_of_value(next(news)) for _ in r.body.outputs] for r, _ in self.members]
            finer = [
                [(key, own[k]) if k < r.carried else key for k, key in enumerate(inputs)]
                for (r, _), inputs, own in zip(self.members, self.inputs, keys, strict=True)
            ]
            pairs = zip(self.members, finer, strict=True)
            classes = {x for (r, _), own in pairs for x in own[: r.carried]}
            if len(classes) == sum(key[0] == 0 for key in order):
                return self._region(order, body)
            self.inputs = [
                [(0, x) if k < r.carried else x for k, x in enumerate(own)]
                for (r, _), own in zip(self.members, finer, strict=True)
            ]

    def _order(self) -> list[Any]:
        """The inputs of the union: states, leaves of turns, constants."""
        every = dict.fromkeys(key for keys in self.inputs for key in keys)
        return sorted(every, key=lambda key: key[0])

    def _body(self, order: list[Any]) -> WengertList:
        at = {key: Ref(k) for k, key in enumerate(order)}
        first: dict[Any, Step] = {}
        for (region, _), keys in zip(self.members, self.inputs, strict=True):
            for key, x in zip(keys, region.body.inputs, strict=True):
                first.setdefault(key, region.body.steps[x.row])
        steps = [first[key] for key in order]
        outputs: list[Any] = []
        guards = []
        for (region, _), keys in zip(self.members, self.inputs, strict=True):
            body = region.body
            new = {x.row: at[key] for x, key in zip(body.inputs, keys, strict=True)}

            def moved(args: Sequence[Any], new: dict[int, Ref] = new) -> tuple:
                return tuple(new[a.row] if isinstance(a, Ref) else a for a in args)

            for row, step in enumerate(body.steps):
                if row not in new:
                    steps.append(replace(step, args=moved(step.args)))
                    new[row] = Ref(len(steps) - 1)
            outputs += moved(body.outputs)
            guards += [replace(g, args=moved(g.args)) for g in body.guards]
        inputs = [at[key] for key in order]
        union = WengertList(steps, inputs, outputs, flatten([*outputs])[1], guards)
        return dead(Folding(union, common=True).folded())

    def _region(
        self, order: list[Any], body: WengertList
    ) -> tuple[Region, list[Any], list[list[int]]]:
        """The region, its arguments, and where the results of the members are among its own."""
        carried = sum(key[0] == 0 for key in order)
        states: dict[Any, Any] = {}
        results: dict[Any, Any] = {}
        args: dict[Any, Any] = {}
        news = iter(body.outputs)
        wanted: list[list[Any]] = []
        for (region, given), keys in zip(self.members, self.inputs, strict=True):
            args.update(zip(keys, given, strict=True))
            own: list[Any] = []
            for k in range(len(region.body.outputs)):
                y = next(news)
                if k < region.carried:
                    states[keys[k]] = y
                    own.append(keys[k])
                else:
                    results[key_of_value(y)] = y
                    own.append(key_of_value(y))
            wanted.append(own)
        at: list[Any] = [*order[:carried], *results]
        outputs = [*(states[key] for key in order[:carried]), *results.values()]
        body = replace(body, outputs=outputs, out_tree=flatten([*outputs])[1])
        one = self.members[0][0]
        per_turn = sum(key[0] == 1 for key in order)
        region = Region(body, one.n, carried, per_turn, one.backwards)
        places = [[at.index(key) for key in own] for own in wanted]
        return region, [args[key] for key in order], places
