"""What judges the audit is itself held against the trace: two ways to the same numbers."""

from __future__ import annotations

import re
from decimal import Decimal
from random import Random

import pytest
from derivation_functions import LECTURES, MP, random_graph
from derivations import Derivation, Part, Rounding, Slip
from preset_documents import PRESETS, Printed
from worked_cases import draw

import admodes as ad

GRAPHS = [*LECTURES.values(), *(random_graph(Random(seed)) for seed in range(30))]


@pytest.mark.parametrize("k", range(len(GRAPHS)))
def test_the_numbers_agree_with_the_trace(k):
    graph = GRAPHS[k]
    work = Derivation(graph, Rounding())
    f = ad.parse(*graph.expressions(every_row=True), inputs=graph.inputs)
    rows = ad.trace(f, *map(float, graph.point)).to_dict()["rows"]
    assert len(rows) == len(graph.nodes)
    for i, row in enumerate(rows):
        pairs = [(Part("value", i), row["value"])]
        pairs += [(Part("tangent", i, n), row["tangents"][x]) for n, x in enumerate(graph.inputs)]
        pairs += [(Part("adjoint", i, n), a) for n, a in enumerate(row["adjoints"].values())]
        for part, number in pairs:
            assert float(work.number(part)) == pytest.approx(number, rel=1e-9, abs=1e-11), part


@pytest.mark.parametrize("seed", range(40))
def test_a_seeded_mistake_is_visible_where_it_was_seeded(seed):
    case = draw(seed, 2)
    seeded = {m.part for m in case.mistakes}
    assert seeded
    for place, given, right in zip(case.places, case.given, case.right, strict=True):
        if place.part in seeded:
            seeded.remove(place.part)
        elif not case.follows and not place.part.copy:
            assert given == right
    assert not seeded


@pytest.mark.parametrize("preset", PRESETS)
def test_the_numbers_of_an_author_are_printed_in_a_preset(preset):
    printed = Printed(LECTURES["A"], preset, "markdown")
    part = printed.order()[-1]
    slip = Slip("777.125", MP.mpf("777.125"))
    work = Derivation(LECTURES["A"], Rounding(digits=3), {part: slip}, follows=False)
    text, places = printed.written(work)
    times = len(re.findall(r"777\.125 *\|", text))
    assert times == sum(p.part._replace(copy=0) == part for p in places)


def test_a_case_is_the_same_whenever_it_is_drawn():
    assert draw(7, 1) == draw(7, 1)


@pytest.mark.parametrize(
    ("rounding", "number", "text"),
    [
        (Rounding("end", 3), "2.0005", "2.001"),
        (Rounding("end", 3, even=True), "2.0005", "2"),
        (Rounding("end", 3, drop=False), "2.0004", "2.000"),
        (Rounding("truncated", 3), "-5.9399", "-5.939"),
        (Rounding("end", 3, significant=True), "0.0141120", "0.0141"),
        (Rounding("end", 4), "-0.00001", "0"),
    ],
)
def test_rounding_by_hand(rounding, number, text):
    assert Decimal(rounding.text(Decimal(number))) == Decimal(text)
    assert rounding.text(Decimal(number)) == text
