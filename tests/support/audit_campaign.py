"""Worked tables through the audit: python tests/support/audit_campaign.py --mistakes 1 --seed 3

Draws documents by worked_cases.py, audits each by ad.audit and compares what its contract says with
what was seeded. --only SEED prints one document, its mistakes and the verdicts.
"""

from __future__ import annotations

import argparse
import collections
import html
import json
import re
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from derivation_formats import Place
from worked_cases import FORMS, Case, Mistake, draw

import admodes as ad
from admodes.errors import Error as AdmodesError

Key = tuple[int, str, str]


@dataclass
class Outcome:
    """Of one case. missing: numbers that have no cell in the audit. mistakes: of each seeded one
    whether it was found, whether its cause was named, and whether named first. alarms: cells
    called wrong that are not; follows: of those that are mistaken only because of another, how
    many there are and which have another verdict or another cause."""

    case: Case
    seconds: float = 0.0
    error: str = ""
    missing: list[Place] = field(default_factory=list)
    mistakes: list[tuple[Place, Mistake, bool, bool, bool, Any]] = field(default_factory=list)
    alarms: list[dict[str, Any]] = field(default_factory=list)
    following: int = 0
    strayed: list[dict[str, Any]] = field(default_factory=list)

    @property
    def perfect(self) -> bool:
        named = all(found and cause for _, _, found, cause, _, _ in self.mistakes)
        return named and not (self.error or self.missing or self.alarms or self.strayed)


def _plain(text: object) -> str:
    """A cell or title without what the format adds."""
    words = html.unescape(re.sub(r"</?\w[^>]*>", "", str(text)))
    return re.sub(r"[\s$\\()]", "", words).replace("−", "-")


def _key(table: int, row: object, column: object) -> Key:
    return table, _plain(row), _plain(column)


def audited(case: Case, folder: Path) -> dict[str, Any]:
    """What the audit says of the document; every other one comes as a file."""
    f = None if case.expressions is None else ad.parse(*case.expressions, inputs=case.graph.inputs)
    point = () if f is None else case.point
    document: Path | str = case.text
    if case.seed % 2 or case.form == "notebook":
        document = folder / f"derivation{case.suffix}"
        document.write_text(case.text, encoding="utf-8")
    result: dict[str, Any] = ad.audit(document, f, *point).to_dict()
    return result


def _near(case: Case, a: str, b: str) -> bool:
    """Whether two numbers differ by no more than a unit of the last place."""
    places = max(len(t.partition(".")[2]) for t in (a, b))
    if not case.rounding.significant:
        places = case.rounding.digits
    return abs(Decimal(a) - Decimal(b)) <= Decimal(1).scaleb(-places)


class _Cells:
    """The cells of an audit, from which the places of a document take theirs in reading order."""

    def __init__(self, audit: dict[str, Any]) -> None:
        self.left: dict[int, list[dict[str, Any]]] = collections.defaultdict(list)
        self.last: dict[int, int] = collections.defaultdict(int)
        for cell in audit["cells"]:
            self.left[cell["table"]].append(cell)

    def take(self, place: Place, given: str, loose: bool) -> dict[str, Any] | None:
        """The cell at a place. loose: where the contract does not say how a cell is written
        (markup of pages, matrices in brackets) the next one with the same number in the same
        table will do."""
        cells = self.left[place.table]
        wanted = _key(place.table, place.row, place.column)
        fitting = [c for c in cells if _number(c["given"]) == Decimal(given)]
        exact = [c for c in fitting if _key(c["table"], c["row"], c["column"]) == wanted]
        after = [c for c in fitting if cells.index(c) >= self.last[place.table]] or fitting
        column = [c for c in after if _plain(c["column"]) == wanted[2]]
        for cell in exact or ((column or after) if loose else []):
            self.last[place.table] = cells.index(cell)
            cells.remove(cell)
            return cell
        return None


def _loose(case: Case, place: Place) -> bool:
    """Whether a place has no names that are sure: a title over the one column of a Jacobian without
    labels may as well be its head."""
    return case.loose or (place.part.kind == "entry" and place.column in (0, ""))


def judged(case: Case, audit: dict[str, Any], outcome: Outcome) -> None:
    """Compares the audit with what was seeded, cell by cell."""
    cells = _Cells(audit)
    seeded = {m.part: m for m in case.mistakes}
    taken = [
        (place, given, right, cells.take(place, given, _loose(case, place)))
        for place, given, right in zip(case.places, case.given, case.right, strict=True)
    ]
    sources = {
        _key(cell["table"], cell["row"], cell["column"])
        for place, _, _, cell in taken
        if cell is not None and place.part in seeded
    }
    for place, given, right, cell in taken:
        if cell is None:
            outcome.missing.append(place)
            continue
        if place.part in seeded:
            mistake = seeded[place.part]
            causes = cell["cause"] or []
            found = cell["verdict"] == "wrong"
            named = found and bool(set(causes) & set(mistake.causes))
            first = named and causes[0] in mistake.causes
            outcome.mistakes.append((place, mistake, found, named, first, cell))
        elif Decimal(given) == Decimal(right):
            if cell["verdict"] in ("wrong", "follows"):
                outcome.alarms.append(cell)
        else:
            outcome.following += 1
            if not _follows(case, place, cell, sources, given, right, seeded):
                outcome.strayed.append(cell)
    rest = [c for same in cells.left.values() for c in same]
    outcome.alarms += [c for c in rest if c["verdict"] in ("wrong", "follows")]


def _number(text: object) -> Decimal | None:
    try:
        return Decimal(_plain(text))
    except InvalidOperation:
        return None


def _follows(
    case: Case,
    place: Place,
    cell: dict[str, Any],
    sources: set[Key],
    given: str,
    right: str,
    seeded: dict[Any, Mistake],
) -> bool:
    """Whether a cell that goes on from a mistake is judged so. The mistaken number written again
    may count as wrong once more, and one that is off by its last digit as rounded."""
    if cell["verdict"] == "follows":
        source = cell["because_of"]
        return _key(source["table"], source["row"], source["column"]) in sources
    if cell["verdict"] == "wrong":
        return place.part._replace(copy=0) in seeded
    return _near(case, given, right)


def outcome_of(case: Case, folder: Path) -> Outcome:
    outcome = Outcome(case)
    start = time.perf_counter()
    try:
        audit = audited(case, folder)
    except Exception as problem:
        outcome.error = f"{type(problem).__name__}: {problem}"[:300]
    outcome.seconds = time.perf_counter() - start
    if not outcome.error:
        judged(case, audit, outcome)
    return outcome


def summary(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """The figures of a campaign."""
    mistakes = [m for o in outcomes for m in o.mistakes]
    seeded = sum(len(o.case.mistakes) for o in outcomes)
    following = sum(o.following for o in outcomes)
    return {
        "tables": len(outcomes),
        "errors": sum(bool(o.error) for o in outcomes),
        "numbers": sum(len(o.case.places) for o in outcomes),
        "numbers without a cell": sum(len(o.missing) for o in outcomes),
        "mistakes": seeded,
        "found": sum(found for _, _, found, _, _, _ in mistakes),
        "cause named": sum(named for _, _, _, named, _, _ in mistakes),
        "cause named first": sum(first for _, _, _, _, first, _ in mistakes),
        "tables with all found": sum(
            not o.error
            and len(o.mistakes) == len(o.case.mistakes)
            and all(found for _, _, found, _, _, _ in o.mistakes)
            for o in outcomes
        ),
        "false alarms": sum(len(o.alarms) for o in outcomes),
        "tables with false alarms": sum(bool(o.alarms) for o in outcomes),
        "cells that follow": following,
        "judged so": following - sum(len(o.strayed) for o in outcomes),
        "seconds per table": round(sum(o.seconds for o in outcomes) / max(1, len(outcomes)), 4),
        "longest": round(max((o.seconds for o in outcomes), default=0), 3),
    }


def _told(cell: dict[str, Any]) -> str:
    names = ("table", "row", "column", "given", "right", "verdict", "cause", "because_of")
    return json.dumps({name: cell[name] for name in names}, ensure_ascii=False)


def report(outcome: Outcome, number: int, given: str) -> None:
    """What went wrong with one case, and how to see it again."""
    case = outcome.case
    form = f" --layout {given}" if given else ""
    print(f"\n--only {case.seed} --mistakes {number}{form}: {case.about}")
    print(f"  {case.rounding}, f={case.expressions}")
    if outcome.error:
        print("  error:", outcome.error)
    if outcome.missing:
        print(f"  {len(outcome.missing)} without a cell, first", outcome.missing[0])
    for place, mistake, found, named, _, cell in outcome.mistakes:
        if not named:
            print("  not named:" if found else "  NOT FOUND:", mistake.causes, place.part)
            print("    ", _told(cell))
    for kind, cells in (("alarm", outcome.alarms), ("strayed", outcome.strayed)):
        for cell in cells[:3]:
            print(f"  {kind} ({len(cells)}):", _told(cell))


def campaign(seeds: Sequence[int], mistakes: int, form: str = "", loud: int = 0) -> list[Outcome]:
    """Audits the cases of the seeds; loud: how many of those with a miss are printed."""
    outcomes = []
    with tempfile.TemporaryDirectory() as folder:
        for seed in seeds:
            outcome = outcome_of(draw(seed, mistakes, form), Path(folder))
            outcomes.append(outcome)
            if loud and not outcome.perfect:
                loud -= 1
                report(outcome, mistakes, form)
    return outcomes


def _one(seed: int, mistakes: int, form: str) -> None:
    case = draw(seed, mistakes, form)
    print(case.text)
    for m in case.mistakes:
        print("seeded:", m.causes, m.part, m.slip.text, "follows" if case.follows else "")
    print("f:", case.expressions, "at", case.point)
    with tempfile.TemporaryDirectory() as folder:
        try:
            result = audited(case, Path(folder))
        except AdmodesError as problem:
            print(f"{type(problem).__name__}: {problem}")
            return
    print("rounding:", result["rounding"], "summary:", result["summary"])
    for cell in result["cells"]:
        print(_told(cell))


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--tables", type=int, default=1000)
    options.add_argument("--mistakes", type=int, choices=(0, 1, 2), default=1)
    options.add_argument("--seed", type=int, default=1, help="of the first million")
    options.add_argument("--layout", default="", choices=["", *FORMS], help="all in turn")
    options.add_argument("--only", type=int, help="print the case of this seed")
    options.add_argument("--loud", type=int, default=20, help="how many misses are printed")
    given = options.parse_args()
    if given.only is not None:
        _one(given.only, given.mistakes, given.layout)
        return 0
    first = given.seed * 1_000_000
    seeds = range(first, first + given.tables)
    outcomes = campaign(seeds, given.mistakes, given.layout, given.loud)
    print()
    for name, figure in summary(outcomes).items():
        print(f"{name:26} {figure}")
    by_cause = collections.Counter(
        (m.causes[0], named) for o in outcomes for _, m, _, named, _, _ in o.mistakes
    )
    for cause in sorted({cause for cause, _ in by_cause}):
        good, bad = by_cause[cause, True], by_cause[cause, False]
        print(f"  {cause:22} {good} of {good + bad} named")
    return int(not all(o.perfect for o in outcomes))


if __name__ == "__main__":
    sys.exit(main())
