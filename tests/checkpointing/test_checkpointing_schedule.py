"""Binomial schedules against Griewank and Walther's formula, brute force, and each other's data."""

import json
from functools import cache
from math import comb

import pytest

from admodes.checkpointing import Revolve, revolve, schedule
from admodes.checkpointing.binomial import default_snapshots, states

SIZES = [(n, s) for n in range(1, 61) for s in range(1, 9)]


@cache
def least(n, s):
    """The fewest advances, by trying every first distance."""
    if n == 1:
        return 0
    if s == 0:
        return float("inf")
    return min(m + least(n - m, s - 1) + least(m, s) for m in range(1, n))


def formula(n, s):
    """r n - C(s + r, r - 1) with C(s + r - 1, r - 1) < n <= C(s + r, r), and r."""
    r = next(r for r in range(n) if (r == 0 or comb(s + r - 1, r - 1) < n) and n <= comb(s + r, r))
    return (r * n - comb(s + r, r - 1) if r else 0), r


def run(actions, n, s):
    """Carry a schedule out on bare numbers, checking that every action is possible. Returns the
    advances of each step and the most snapshots that were held at once."""
    state, slots, advanced, reversed_ = 0, {}, [0] * n, []
    for a in actions:
        if a.kind == "store":
            assert a.start == state
            slots[a.slot] = state
            assert a.slot in range(s)
        elif a.kind == "restore":
            state = slots[a.slot]
            assert state == a.start
        elif a.kind == "advance":
            assert a.start == state < a.stop
            for i in range(a.start, a.stop):
                advanced[i] += 1
            state = a.stop
        else:
            assert (a.kind, a.start, a.stop) == ("reverse", state, state + 1)
            reversed_.append(state)
    assert reversed_ == list(reversed(range(n)))
    return advanced


def test_schedules_are_possible_and_as_short_as_the_formula_and_brute_force():
    for n, s in SIZES:
        advanced = run(schedule(n, s), n, s)
        expected, r = formula(n, s)
        assert sum(advanced) == expected == least(n, s), (n, s)
        assert max(advanced) == r, (n, s)


def test_the_counts_are_those_of_the_schedule():
    for n, s in SIZES:
        found = revolve(n, s)
        expected, r = formula(n, s)
        assert (found.advances, found.repetition) == (expected, r)
        assert found.evaluations == expected + n + 1
        assert found.actions == schedule(n, s)


@pytest.mark.parametrize("s", [1, 2, 5, 9])
@pytest.mark.parametrize("r", [1, 2, 3, 4])
def test_a_binomial_number_of_steps_is_the_most_for_its_repetitions(r, s):
    n = comb(s + r, r)
    assert revolve(n, s).repetition == r
    assert revolve(n + 1, s).repetition == r + 1


def test_one_snapshot_begins_again_for_every_step_and_many_never():
    assert revolve(1000, 1).advances == 999 * 1000 // 2
    for s in (999, 1000, 5000):
        assert revolve(1000, s).advances == 999
        assert revolve(1000, s).states == 1000
    assert sum(run(schedule(3000, 5000), 3000, 5000)) == 2999


def test_long_loops_with_the_default():
    n = 4000
    found = revolve(n)
    assert found.snapshots == default_snapshots(n) == 12
    assert sum(run(found.actions, n, 12)) == found.advances == formula(n, 12)[0]
    assert found.factor < 6


def test_states_come_in_order_and_no_more_are_held_than_snapshots():
    class State:
        alive = most = 0

        def __init__(self, i):
            self.i = i
            State.alive += 1
            State.most = max(State.most, State.alive)

        def __del__(self):
            State.alive -= 1

    seen = []
    for i, state in states(40, 3, State(0), lambda state, i: State(i + 1)):
        assert state.i == i
        seen.append(i)
    assert seen == list(reversed(range(40)))
    # The snapshots, the current state, the next one while it is made, and this loop's.
    assert State.most <= 3 + 3


def test_nothing_to_do():
    assert schedule(0) == []
    assert (revolve(0).advances, revolve(0).evaluations, revolve(0).factor) == (0, 0, 0.0)
    assert [a.kind for a in schedule(1)] == ["reverse"]
    assert revolve(1, 1).evaluations == 2


@pytest.mark.parametrize(
    ("n", "snapshots", "error", "words"),
    [
        (-1, 2, ValueError, "n=-1"),
        (3, 0, ValueError, "at least one"),
        (2.5, 2, TypeError, "n=2.5"),
        (True, 2, TypeError, "integer"),
        (3, "2", TypeError, "snapshots='2'"),
    ],
)
def test_bad_numbers_are_named(n, snapshots, error, words):
    for f in (revolve, schedule):
        with pytest.raises(error, match=words):
            f(n, snapshots)


def test_the_data_and_the_table():
    found = revolve(100, 5)
    data = json.loads(json.dumps(found.to_dict()))
    assert data["advances"] == 316
    assert data["actions"][0] == {"kind": "store", "start": 0, "stop": 0, "slot": 0}
    table = str(found)
    assert "5 *" in table
    assert max(map(len, table.splitlines())) <= 80
    lines = found.to_table("csv").splitlines()
    rows = [line.split(",") for line in lines if line.split(",")[-1][:1].isdigit()]
    assert [row[1] for row in rows] == ["1", "2", "3", "5 *", "10", "20", "50", "99"]
    for row in rows:
        s = int(row[1].split()[0])
        assert int(row[5]) == formula(100, s)[0]
    for format in ("markdown", "latex", "html"):
        assert "417" in found.to_table(format)
    assert found._repr_html_().startswith("<")
    assert isinstance(found, Revolve)
    assert [str(a) for a in schedule(2, 1)] == [
        "store state 0 in snapshot 0",
        "advance from 0 to 1",
        "reverse step 1",
        "restore state 0 from snapshot 0",
        "reverse step 0",
    ]


@pytest.mark.parametrize(("n", "snapshots"), [(100, 5), (7, 1), (1, 1), (0, None)])
def test_the_picture(n, snapshots, tmp_path):
    pytest.importorskip("matplotlib", reason="pip install 'admodes[plots]'")
    from admodes.checkpointing.picture import lines

    found = revolve(n, snapshots)
    path = found.draw(tmp_path / "schedule.png")
    assert path.read_bytes().startswith(b"\x89PNG")
    first, second = (found.draw(tmp_path / name).read_bytes() for name in ("a.svg", "b.svg"))
    assert first == second
    with pytest.raises(ValueError, match="gif"):
        found.draw(tmp_path / "schedule.gif")
    drawn = lines(found.actions)
    lengths = [b[0] - a[0] for a, b in drawn["advance"]]
    assert sum(lengths) == found.advances
    assert len(drawn["reverse"]) == n
    for t in range(found.advances + n):
        held = sum(a[0] <= t < b[0] for a, b in drawn["snapshot"])
        assert held <= found.snapshots
