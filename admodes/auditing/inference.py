"""Which rounding a document follows: the one that leaves the fewest mistakes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, replace

from admodes.auditing.derivation import Derivation
from admodes.auditing.numbers import Number
from admodes.auditing.quantity import Quantity
from admodes.auditing.rounding import FULL, Rounding, candidates, handicap, ways
from admodes.auditing.slots import Slot
from admodes.auditing.verdicts import Judgement

FOLLOWING = 0.3
"""How much a number that follows counts against a rounding, beside one that is wrong."""

MOST_FOLLOWING = 4
"""How many of these count so much: from a mistake at the start all the others may follow."""

FURTHER = 0.12
"""How much each further one counts: under a wrong rounding more numbers seem to follow."""

SEVERAL = 2
"""How many mistakes more are too many, however little follows from them."""

MIXED = 0.4
"""How much each further kind of digits counts against the roundings of a document."""

LATER = 1e-3
"""How much a kind of digits counts against a rounding for each that comes before it."""

Roundings = dict[int, Rounding]
"""The rounding of each table."""


def judgement_of(derivation: Derivation, slots: Mapping[Slot, Quantity]) -> Judgement:
    """The verdicts under the rounding that leaves the fewest mistakes: one way of rounding for the
    whole document, with the digits of each table; of equals the simplest."""
    tables: dict[int, list[Slot]] = defaultdict(list)
    for slot in slots:
        tables[slot.table].append(slot)
    inputs = {Quantity("value", row) for row in derivation.inputs.values()}
    common = _candidates(slots, slots, inputs)
    options = {
        t: _options(derivation, {s: slots[s] for s in found}, common, inputs)
        for t, found in tables.items()
    }
    first, *others = _digits(derivation, slots, tables, options)
    best = _Trial(Judgement(derivation, slots, first), _doubt(first, options))
    best.go_on()
    if not best.wrong:
        return best.judgement
    trials = [
        {
            t: replace(base, cuts=way.cuts, carry=way.carry, partials=way.partials)
            for t, base in some.items()
        }
        for some in (first, *others)
        for way in ways(Rounding("decimals"))
    ]
    for roundings in sorted(trials, key=lambda trial: _doubt(trial, options)):
        trial = _Trial(Judgement(derivation, slots, roundings), _doubt(roundings, options))
        if trial.go_on(best):
            best = trial
    return best.judgement


@dataclass
class _Trial:
    """A rounding being tried: the verdicts, what speaks against it before any number is judged, and
    how many numbers are wrong or follow so far."""

    judgement: Judgement
    doubt: float
    wrong: int = 0
    follow: int = 0

    def score(self) -> float:
        """How badly the rounding explains the document so far: by what is wrong, and less by what
        follows."""
        further = max(self.follow - MOST_FOLLOWING, 0)
        followed = FOLLOWING * min(self.follow, MOST_FOLLOWING) + FURTHER * further
        return self.doubt + self.wrong + followed

    def go_on(self, best: _Trial | None = None) -> bool:
        """Whether the rounding explains the document better than the best one; it is given up where
        it cannot, or has several mistakes more, however little follows."""
        for ruling in self.judgement.verdicts():
            if best is not None and (
                self.score() >= best.score() or self.wrong >= best.wrong + SEVERAL
            ):
                return False
            self.wrong += ruling.verdict == "wrong"
            self.follow += ruling.verdict == "follows"
        return best is None or (self.score() < best.score() and self.wrong < best.wrong + SEVERAL)


def _doubt(roundings: Roundings, options: Mapping[int, list[Rounding]]) -> float:
    """How much speaks against the roundings of the tables before any number is judged."""
    digits = {t: replace(r, cuts=False, carry="end", partials=False) for t, r in roundings.items()}
    later = sum(options[t].index(base) for t, base in digits.items())
    mixed = len(set(digits.values())) - 1
    return max(map(handicap, roundings.values()), default=0.0) + MIXED * mixed + LATER * later


def _candidates(
    some: Iterable[Slot], slots: Mapping[Slot, Quantity], inputs: Container[Quantity]
) -> list[Rounding]:
    """The roundings that some of the numbers can have by their digits."""
    numbers: dict[bool, list[Number]] = {True: [], False: []}
    for slot in some:
        numbers[slots[slot] in inputs].append(slot.number)
    return candidates(numbers[False], numbers[True])


def _options(
    derivation: Derivation,
    table: Mapping[Slot, Quantity],
    common: list[Rounding],
    inputs: Container[Quantity],
) -> list[Rounding]:
    """The roundings that a table may have: those of the document before its own, which more than
    one number must need, or its only one if it has more than one digit."""
    own = _candidates(table, table, inputs)
    if all(base.digits in (0, FULL) for base in own):
        return common

    def fitting(roundings: Iterable[Rounding]) -> set[Slot]:
        ways = [replace(base, cuts=cuts) for base in roundings for cuts in (False, True)]
        return {s for s in table if any(w.fits(derivation.right[table[s]], s.number) for w in ways)}

    plain = fitting(base for base in common if base.unit != "as written")
    alone = len(table) == 1 and all(slot.number.digits > 1 for slot in table)
    needed = [base for base in own if len(fitting([base]) - plain) >= (1 if alone else 2)]
    return list(dict.fromkeys([*common, *needed]))


def _at_end(
    derivation: Derivation,
    slots: Mapping[Slot, Quantity],
    table: list[Slot],
    options: list[Rounding],
) -> Rounding:
    """The digits of a table, by what is right when rounded at the end, or else cut."""

    def misses(rounding: Rounding) -> float:
        missed = min(
            sum(not way.fits(derivation.right[slots[slot]], slot.number) for slot in table)
            for way in (rounding, replace(rounding, cuts=True))
        )
        return missed + handicap(rounding) + 0.9 * options.index(rounding) / len(options)

    return min(options, key=misses)


def _digits(
    derivation: Derivation,
    slots: Mapping[Slot, Quantity],
    tables: Mapping[int, list[Slot]],
    options: Mapping[int, list[Rounding]],
) -> list[Roundings]:
    """The digits that tables may have: what fits each best at the end; all tables by decimals, by
    significant digits, or each number as it is written; and one and the same for all that may
    have it, which counts where numbers are carried and none fits at the end."""
    best = {t: _at_end(derivation, slots, tables[t], options[t]) for t in tables}
    found = [best]
    for unit in ("decimals", "significant digits", "as written"):
        of_unit = {t: [o for o in options[t] if o.unit == unit] for t in tables}
        found.append(
            {
                t: _at_end(derivation, slots, tables[t], of_unit[t]) if of_unit[t] else best[t]
                for t in tables
            }
        )
    for base in dict.fromkeys(base for own in options.values() for base in own):
        found.append({t: base if base in options[t] else best[t] for t in tables})
    distinct: list[Roundings] = []
    for option in found:
        if option not in distinct:
            distinct.append(option)
    return distinct
