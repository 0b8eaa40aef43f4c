"""Cases of a compiled function that differ by decisions alone, as a tree: each case hangs from one
that it agrees with up to a certain decision. A run that fails tells at which decision, so that the
call goes on with the cases that took it the other way, and with no others.

Where a case misses at its decision k, the run agreed with it on all decisions before k. So it
agreed with what the case hangs from, if it left that before k, and a case that left either of them
earlier need not be tried.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from admodes.compilation.cases import Specialisation
from admodes.compilation.protocol import MISS, RAISED, Miss

LEAST, ROWS = 1 / 32, 16_000
"""A case that differs from others by decisions alone counts as its share of so many rows, which
take some 20 MB, and at least as this share of a case."""


@dataclass(eq=False)
class Node:
    """A case in the tree. It took the decision `at` otherwise than its parent, and those before
    alike. children: the cases that hang from it, by the decision; deepest: of itself and all below
    it, the one with the most decisions, which may tell the most of another run."""

    case: Specialisation
    parent: Node | None = None
    at: int = -1
    children: dict[int, list[Node]] = field(default_factory=dict)
    deepest: Node = field(init=False)

    def __post_init__(self) -> None:
        self.deepest = self

    @property
    def depth(self) -> int:
        """How many decisions the case took."""
        return len(self.case.program.guards)

    def base(self, k: int) -> Node:
        """What a case hangs from that agrees with this one up to decision k and not beyond it."""
        node = self
        while node.parent is not None and node.at >= k:
            node = node.parent
        return node

    def otherwise(self, k: int) -> list[Node]:
        """Cases that agree with this one up to decision k, and take that in another way: one for
        each way that it was taken in."""
        base, way = self.base(k), self
        while way is not base and way.parent is not base:
            assert way.parent is not None
            way = way.parent
        children = base.children.get(k, [])
        found = [child.deepest for child in children if child is not way]
        return [*found, base.beyond(k)] if way in children else found

    def beyond(self, k: int) -> Node:
        """The case with the most decisions of those that take decision k as this one does."""
        later = [child.deepest for at in self.children if at > k for child in self.children[at]]
        return max([self, *later], key=lambda node: node.depth)


class Near(NamedTuple):
    """Where a call parts from the cases of a family: the case that agrees with it the longest, and
    the decision up to which it does."""

    family: Family
    case: Specialisation
    decision: int


class Family:
    """Cases that differ by decisions alone. latest: the one used last; weight: as how many cases
    they count against the limit."""

    def __init__(self, case: Specialisation) -> None:
        self.nodes = {case: Node(case)}
        self.latest = case
        self.weight = 1.0

    def add(self, case: Specialisation, beside: Specialisation, k: int) -> None:
        """Enter a case that agrees with another one up to decision k."""
        base = self.nodes[beside].base(k)
        node = self.nodes[case] = Node(case, base, k)
        base.children.setdefault(k, []).append(node)
        above: Node | None = base
        while above is not None and above.deepest.depth < node.depth:
            above.deepest = node
            above = above.parent
        self.latest = case
        self.weight += min(1.0, max(LEAST, len(case.program.steps) / ROWS))

    @property
    def cases(self) -> list[Specialisation]:
        """All of them, the one used last first, then those recorded last."""
        latest = self.latest
        return [latest, *(case for case in reversed(list(self.nodes)) if case is not latest)]

    def without(self, case: Specialisation) -> list[Family]:
        """What is left of the family without a case: families of one case each, since nothing is
        known of where they part."""
        return [Family(other) for other in list(self.nodes) if other is not case]

    def followed(
        self, case: Specialisation, miss: Miss, run: Callable[[Specialisation], Any]
    ) -> tuple[Specialisation, Any]:
        """What run gives for the case that fits, and that case; where none does, the case that
        agrees the longest with the run, and the Miss at which they part. case missed already."""
        if miss.guard is None:
            return (case, miss) if miss is MISS else self._any(case, run)
        waiting = self.nodes[case].otherwise(miss.guard)
        while waiting:
            node = waiting.pop()
            found = run(node.case)
            if found.__class__ is not Miss:
                self.latest = node.case
                return node.case, found
            if found.guard is not None and found.guard > miss.guard:
                case, miss = node.case, found
                waiting = node.otherwise(found.guard)
        return case, miss

    def _any(self, case: Specialisation, run: Callable) -> tuple[Specialisation, Any]:
        """The same where an operation of the case raised before it was known whether it fits."""
        for other in list(self.nodes):
            found = RAISED if other is case else run(other)
            if found.__class__ is not Miss:
                self.latest = other
                return other, found
        return case, MISS


def entered(
    families: tuple[Family, ...], case: Specialisation, near: Near | None
) -> tuple[Family, ...]:
    """The families with one more case, at the front, where it joins those that it is near to."""
    if near is None or near.family not in families or near.case not in near.family.nodes:
        return (Family(case), *families)
    near.family.add(case, near.case, near.decision)
    return (near.family, *(family for family in families if family is not near.family))


def without(families: tuple[Family, ...], case: Specialisation) -> tuple[Family, ...]:
    """The families without a case."""
    parts = (f.without(case) if case in f.nodes else [f] for f in families)
    return tuple(family for kept in parts for family in kept)
