"""Which numbers a column holds: slots go in; the quantity that each is about comes out.

The numbers of one column that bear one kind of mark are a track. What a track holds (values,
tangents for an input, adjoints for an output, partials, entries of the Jacobian) is what its marks
allow, what titles and headings say, and what agrees best with the right numbers.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from admodes.auditing.agreement import agreement, distance
from admodes.auditing.labels import Label, Title, label_of, title_of
from admodes.auditing.naming import Naming
from admodes.auditing.quantity import Quantity
from admodes.auditing.slots import ADDS, Slot
from admodes.auditing.worked_table import WorkedTable

Meaning = tuple[str, str]
"""The kind of quantity, and its direction: a name, or * where each label says it."""

TITLE, HEADING, TURN = 0.5, 0.3, 0.25
"""How much the title of a column, a heading (or the titles of other columns, against theirs), and
the order of passes speak for a meaning, beside the agreement of all numbers."""


@dataclass
class Track:
    """Numbers of one column under one kind of mark. turn: how many such tracks come before it;
    bare: whether it has no mark where other numbers of the column have one, so that it is values;
    beside: the kinds of numbers that titles of other columns name; meaning: what was chosen for
    them; agreement: which part of them is near the right numbers."""

    slots: list[Slot]
    heading: Title
    turn: int = 0
    bare: bool = False
    beside: frozenset[str] = frozenset()
    meaning: Meaning | None = None
    agreement: float = 0.0
    notes: list[str] = field(default_factory=list)

    @property
    def column(self) -> tuple[int, int, str]:
        """The table, the column and the mark, of which it may be one of several passes."""
        slot = self.slots[0]
        return slot.table, slot.column, "" if slot.label is None else slot.label.form


def tracks_of(
    tables: Sequence[WorkedTable], slots: Sequence[Slot], known: frozenset[str], naming: Naming
) -> list[Track]:
    """The slots by column and mark. Where a label comes again, another pass begins: the same rows
    for another direction."""
    headings = {t.position: title_of(t.heading, known) for t in tables}
    groups: dict[tuple, list[Slot]] = defaultdict(list)
    passes: dict[tuple, int] = defaultdict(int)
    seen: dict[tuple, set[Label | None]] = defaultdict(set)
    for slot in slots:
        form = slot.label.form if slot.label is not None else "none"
        key = slot.table, slot.column, form, slot.adds
        if form not in ("quotient", "none") and not slot.adds:
            if slot.label in seen[key]:
                begun = _already_begun(slot, groups[(*key, passes[key])], naming)
                passes[key] += 1
                groups[(*key, passes[key])] += begun
                seen[key] = {other.label for other in begun}
            seen[key].add(slot.label)
        groups[(*key, passes[key])].append(slot)
    told = {(slot.table, slot.column): _kinds(slot.says) for slot in slots}
    tracks, turns = [], Counter[str]()
    marked = {key[:2] for key in groups if key[2] in ("dot", "bar", "quotient")}
    for key in sorted(groups, key=lambda key: (key[0], key[-1], key[1])):
        bare = key[2] == "plain" and key[:2] in marked
        others = [kinds for place, kinds in told.items() if place[0] == key[0] and place != key[:2]]
        beside = frozenset().union(*others)
        tracks.append(Track(groups[key], headings[key[0]], turns[key[2]], bare, beside))
        turns[key[2]] += 1
    return tracks


def _already_begun(slot: Slot, before: list[Slot], naming: Naming) -> list[Slot]:
    """The last adjoints of a pass that belong to the next one, in which a label comes again: those
    of rows after its row, and of outputs after an input, with which the sweep of another output
    began. They are taken from the pass."""
    inputs, ends = naming.derivation.inputs.values(), naming.derivation.outputs.values()

    def row(other: Slot) -> int:
        place = naming.row(other.label.name) if other.label is not None else None
        return -1 if place is None else place

    begun: list[Slot] = []
    if slot.label is not None and slot.label.form == "bar":
        while len(before) > 1 and (
            row(before[-1]) > row(slot)
            or (row(before[-1]) in ends and any(row(other) in inputs for other in before[:-1]))
        ):
            begun.insert(0, before.pop())
    return begun


def quantities_of(
    track: Track,
    naming: Naming,
    placed: Mapping[Slot, Quantity],
    taken: Container[Meaning] = (),
) -> dict[Slot, Quantity]:
    """The quantity of each slot of a track, by the meaning that fits best; sets that meaning.
    placed: those of tracks before it. taken: what passes before it in its column mean, which it
    only means if all of it agrees."""
    choices: dict[Slot, dict[Meaning, Quantity]] = {}
    options: dict[Meaning, dict[Slot, Quantity]] = defaultdict(dict)
    for slot in track.slots:
        choices[slot] = {}
        for meaning, quantity in meanings(slot, naming, track.heading):
            if quantity in naming.derivation.right:
                choices[slot].setdefault(meaning, quantity)
                options[meaning].setdefault(slot, quantity)
    if not options:
        return {}
    most = max(map(len, options.values()))
    agreements = {
        meaning: agreement(chosen, naming.derivation, placed) for meaning, chosen in options.items()
    }

    def score(meaning: Meaning) -> float:
        chosen = options[meaning]
        alone = sum(len(choices[slot]) == 1 for slot in chosen)
        agreed = agreements[meaning]
        return (
            agreed * (0.4 + 0.6 * len(chosen) / most)
            - (meaning in taken and agreed < 1 - 1e-9)
            + _hint(track, meaning, naming)
            + (0.3 * alone / len(chosen) if meaning[1] == "*" else 0.0)
        )

    scores = {meaning: score(meaning) for meaning in options}
    best = max(scores, key=lambda meaning: scores[meaning])
    if best[1] == "*":
        chosen = {
            slot: mine[max(mine, key=lambda meaning: scores[meaning])]
            for slot, mine in choices.items()
            if mine
        }
    else:
        chosen = options[best]
    track.meaning, track.agreement = best, agreement(chosen, naming.derivation, placed)
    return {} if track.heading.seeded and best[0] in ("tangent", "adjoint") else chosen


def meanings(slot: Slot, naming: Naming, heading: Title) -> Iterator[tuple[Meaning, Quantity]]:
    """What a number can be, by its label and the title of its column."""
    label, says = slot.label, slot.says
    if label is None or slot.parts:
        return
    if label.form == "quotient":
        yield from _quotient(label, naming)
        return
    row = naming.row(label.name)
    if label.form in ("dot", "derivative"):
        yield from _tangents(row, naming)
    if label.form in ("bar", "derivative"):
        yield from _adjoints(slot, row, naming)
    if label.form == "plain":
        derived = says.label is not None or says.kinds & {"tangent", "adjoint", "partial"}
        if slot.leads and not derived and row is not None and row >= 0:
            yield ("value", ""), Quantity("value", row)
        else:
            yield from _plain(label, says, row, naming, heading)


def _tangents(row: int | None, naming: Naming) -> Iterator[tuple[Meaning, Quantity]]:
    if row is not None:
        for x in naming.derivation.trace.seeds["forward"]:
            yield ("tangent", x), Quantity("tangent", row, x)


def _adjoints(slot: Slot, row: int | None, naming: Naming) -> Iterator[tuple[Meaning, Quantity]]:
    if row is None:
        return
    for y in naming.derivation.trace.seeds["reverse"]:
        q = Quantity("adjoint", row, y)
        if slot.adds:
            part = contribution(slot.formula, q, naming)
            if part is not None:
                yield ("adjoint", y), part
        else:
            yield ("adjoint", y), q


def contribution(formula: str, q: Quantity, naming: Naming) -> Quantity | None:
    """The contribution to an adjoint that a text such as `v̄1 += v̄4 ∂v4/∂v1` adds."""
    factors = naming.derivation.contributions(q)
    if not factors:
        return q
    words = re.findall(r"[\w̄̂₋]+", ADDS.split(formula, maxsplit=1)[1])
    labels = [label_of(word) for word in words]
    sources = {naming.row(x.name) for x in labels if x is not None and x.form == "bar"}
    fitting = [k for k, factor in enumerate(factors) if factor.incoming.row in sources]
    return q._replace(argument=fitting[0]) if len(fitting) == 1 else None


def _quotient(label: Label, naming: Naming) -> Iterator[tuple[Meaning, Quantity]]:
    top, below = naming.row(label.name), naming.row(label.by)
    x, y = naming.input(label.by), naming.output(label.name)
    if top is not None and below is not None and top >= 0:
        args = naming.derivation.trace.rows[top].args
        places = [k for k, a in enumerate(args) if a.get("row") == below]
        if places:
            yield ("partial", "*"), Quantity("partial", top, "", places[0])
    if x is not None and top is not None:
        yield ("tangent", "*"), Quantity("tangent", top, x)
    if y is not None and below is not None:
        yield ("adjoint", "*"), Quantity("adjoint", below, y)
    if x is not None and y is not None:
        yield ("entry", "*"), Quantity("entry", naming.derivation.outputs[y], x)


def _plain(
    label: Label, says: Title, row: int | None, naming: Naming, heading: Title
) -> Iterator[tuple[Meaning, Quantity]]:
    """A number under the bare name of its row: the title of the column says what it is."""
    derivation = naming.derivation
    y = naming.output(label.name)
    entries = list(_entry_meanings(label, says, naming, heading)) if says.label is None else []
    yield from entries
    if entries and not says.kinds & {"tangent", "adjoint"}:
        return
    title = says.label
    if title is not None and title.form == "quotient":
        by, top = naming.input(title.by), naming.output(title.name)
        if by is not None and row is not None:
            yield ("tangent", by), Quantity("tangent", row, by)
        if top is not None and row is not None:
            yield ("adjoint", top), Quantity("adjoint", row, top)
        if by is not None and y is not None:
            yield ("entry", "*"), Quantity("entry", derivation.outputs[y], by)
        if by is not None or top is not None:
            return
    if row is None or row < 0:
        return
    yield ("value", ""), Quantity("value", row)
    if title is None or title.form != "bar":
        for d in derivation.trace.seeds["forward"]:
            yield ("tangent", d), Quantity("tangent", row, d)
    if title is None or title.form != "dot":
        for d in derivation.trace.seeds["reverse"]:
            yield ("adjoint", d), Quantity("adjoint", row, d)
    if len(derivation.trace.rows[row].partials) and "partial" in says.kinds | heading.kinds:
        places = [k for k, p in enumerate(derivation.trace.rows[row].partials) if p is not None]
        if len(places) == 1:
            yield ("partial", ""), Quantity("partial", row, "", places[0])


def _entry_meanings(
    label: Label, says: Title, naming: Naming, heading: Title
) -> Iterator[tuple[Meaning, Quantity]]:
    """An entry of the Jacobian, in the row of an output and the column of an input or the other way
    round."""
    outputs = naming.derivation.outputs
    x, y = naming.input(label.name), naming.output(label.name)
    for name in says.names:
        by, end = naming.input(name), naming.output(name)
        if y is not None and by is not None and name in naming.derivation.inputs:
            yield ("entry", "*"), Quantity("entry", outputs[y], by)
        elif (
            x is not None
            and end is not None
            and (naming.row(name) is not None or "entry" in heading.kinds)
        ):
            yield ("entry", "*"), Quantity("entry", outputs[end], x)


def _hint(track: Track, meaning: Meaning, naming: Naming) -> float:
    """How much titles and headings speak for a meaning."""
    kind, direction = meaning
    title, heading = track.slots[0].says, track.heading
    score = 0.0
    told = _kinds(title)
    for says, weight in ((title, TITLE), (heading, HEADING)):
        kinds = _kinds(says)
        if kind in kinds and not (says is heading and told and kind not in told):
            score += weight / (1 if len(kinds) == 1 else 1.5)
        named = [naming.inputs.get(n) or naming.outputs.get(n) for n in says.names]
        if direction not in ("", "*") and any(named):
            score += weight if direction in named else -2 * weight
    ends = {"tangent": naming.derivation.inputs, "adjoint": naming.derivation.outputs}.get(kind)
    if ends and direction in ends and list(ends).index(direction) == track.turn:
        score += TURN
    score -= HEADING * (not told and kind in track.beside)
    score += 1.0 * (track.bare and kind == "value")
    if kind == "value" and not title.kinds and title.label is None:
        score += 0.15
    if track.slots[0].label is not None and track.slots[0].label.form == "plain":
        score += 0.1 * (kind == "value")
    return score + 0.02 * (kind in ("tangent", "adjoint") and direction == "*")


def _kinds(says: Title) -> set[str]:
    """The kinds of numbers that a title names, in words or by a mark."""
    form = "" if says.label is None else says.label.form
    return set(says.kinds) | {"dot": {"tangent"}, "bar": {"adjoint"}}.get(form, set())


def bare_tables(tables: Sequence[WorkedTable], slots: Sequence[Slot]) -> list[WorkedTable]:
    """The tables that are nothing but numbers."""
    entries: dict[int, list[Slot]] = defaultdict(list)
    for slot in slots:
        entries[slot.table].append(slot)
    return [table for table in tables if _bare(table, entries[table.position])]


def matrices(
    tables: Sequence[WorkedTable],
    slots: Sequence[Slot],
    naming: Naming,
    placed: Mapping[Slot, Quantity],
) -> tuple[dict[Slot, Quantity], list[str]]:
    """Jacobians without labels: the entries, and notes. tables: those that are nothing but numbers.
    The layout is the one that agrees better, with the right numbers and with those of the other
    tables, which are placed."""
    found: dict[Slot, Quantity] = {}
    notes = []
    outputs, inputs = list(naming.derivation.outputs), list(naming.derivation.inputs)
    for table in tables:
        entries = [slot for slot in slots if slot.table == table.position]
        layouts: dict[str, dict[Slot, Quantity]] = {}
        shape = len(table.rows), len(table.rows[0])
        for name, size, turn in (
            ("", (len(outputs), len(inputs)), lambda i, k: (i, k)),
            ("transposed", (len(inputs), len(outputs)), lambda i, k: (k, i)),
        ):
            if shape == size:
                layouts[name] = _entries(entries, turn, naming, outputs, inputs)
        if not layouts:
            continue
        d = naming.derivation
        scores = {
            name: (agreement(layout, d, placed), -distance(layout, d))
            for name, layout in layouts.items()
        }
        best = max(layouts, key=lambda name: scores[name])
        if best:
            notes.append(
                f"table {table.position}: the Jacobian has inputs as rows and outputs as columns"
            )
        found |= layouts[best]
    return found, notes


def _entries(
    entries: list[Slot],
    turn: Callable[[int, int], tuple[int, int]],
    naming: Naming,
    outputs: list[str],
    inputs: list[str],
) -> dict[Slot, Quantity]:
    rows = naming.derivation.outputs
    placed = {}
    for slot in entries:
        i, k = turn(slot.row, slot.column)
        placed[slot] = Quantity("entry", rows[outputs[i]], inputs[k])
    return placed


def _bare(table: WorkedTable, entries: list[Slot]) -> bool:
    """Whether a table is nothing but numbers."""
    cells = sum(len(row) for row in table.rows)
    return bool(table.rows) and cells == len(entries) and all(s.label is None for s in entries)
