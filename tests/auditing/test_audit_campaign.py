"""A sample of the campaigns: worked tables in many layouts, with mistakes of which all is known.

More of them: python tests/support/audit_campaign.py --tables 1000 --mistakes 1 --seed 3
"""

from __future__ import annotations

import pytest
from audit_campaign import campaign, summary

SEEDS = range(15_000_000, 15_000_048)


@pytest.fixture(scope="module")
def figures():
    return {mistakes: summary(campaign(SEEDS, mistakes)) for mistakes in (0, 1, 2)}


@pytest.mark.parametrize("mistakes", [0, 1, 2])
def test_nearly_every_number_has_a_verdict(figures, mistakes):
    assert figures[mistakes]["errors"] == 0
    assert figures[mistakes]["numbers without a cell"] <= 0.01 * figures[mistakes]["numbers"]


def test_right_tables_have_no_false_alarm(figures):
    assert figures[0]["false alarms"] == 0


def test_one_mistake_is_found_and_its_cause_named(figures):
    assert figures[1]["found"] == figures[1]["mistakes"]
    assert figures[1]["cause named"] >= 0.95 * figures[1]["mistakes"]


def test_of_two_mistakes_both_are_found(figures):
    assert figures[2]["tables with all found"] >= 0.95 * figures[2]["tables"]


@pytest.mark.parametrize("mistakes", [1, 2])
def test_what_follows_from_a_mistake_is_told_apart(figures, mistakes):
    assert figures[mistakes]["judged so"] >= 0.9 * figures[mistakes]["cells that follow"]
