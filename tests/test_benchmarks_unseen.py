"""The workloads of benchmarks/unseen at small sizes: their derivatives by hand against differences,
and admodes' against those; and what the report says of figures."""

import math
import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.compiled.case import COMPILED, EAGER, NUMPY, Contestant
from benchmarks.compiled.measure import measured, relative_error
from benchmarks.unseen import once, report, targets
from benchmarks.unseen.__main__ import CLOSE, FAMILIES
from benchmarks.unseen.kit import HELD_OUT, difference

MADE = {make.__name__: (make, small) for f in FAMILIES for make, _, small in f.SIZES}


@pytest.mark.parametrize("name", MADE)
def test_the_derivative_by_hand_is_that_of_f_and_ours(name):
    make, small = MADE[name]
    workload = make(*small)
    assert difference(workload) <= CLOSE
    expected = workload.arrays(workload.manual())
    for contestant in (EAGER, NUMPY):
        found = workload.contestants[contestant].prepare()()
        assert relative_error(workload.arrays(found), expected) <= workload.tolerance


def test_there_are_as_many_as_were_promised():
    assert len(MADE) == sum(len(family.SIZES) for family in FAMILIES) >= 50


def _run():
    """A measured workload without peers, one whose first call takes too long, and a figure that
    there is not."""
    make, small = MADE["powers"]
    workload = make(*small)

    def figures(contestants, limit=None):
        return measured(replace(workload, contestants=contestants), 1, limit)

    slow = Contestant(lambda: lambda: math.fsum(iter(lambda: 0.5, 1.0)))
    data = figures({name: workload.contestants[name] for name in (COMPILED, EAGER)})
    data["contestants"] |= figures({"slow": slow}, limit=0.3)["contestants"]
    return {
        "machine": {
            "implementation": "CPython",
            "python": "3",
            "numpy": "2",
            "cpu": "a CPU",
            "cores": 1,
            "system": "Linux",
        },
        "peers": {"jax": None},
        "workloads": {workload.name: data},
        "once": {"eager": 1.5, "import": "failed: no such module"},
    }


def test_the_report_names_what_was_reached_and_what_was_not():
    run = _run()
    (data,) = run["workloads"].values()
    assert data["contestants"]["slow"] == {"failed": "TimeoutError: more than 0.3 s"}
    lines = report.markdown(run).splitlines()
    assert any(line.startswith("| sum of powers 5 |") for line in lines)
    assert any(line.endswith("| 2.0 µs | 1.50 µs | ≤ 1.6 µs | met |") for line in lines)
    assert any("failed: no such module | ≤ 40 ms | MISSED" in line for line in lines)
    assert "sum of powers 5" in report.text(run)


def test_workloads_held_out_are_told_apart():
    run = _run()
    (data,) = run["workloads"].values()
    run["workloads"][HELD_OUT + "another"] = data
    mean, _, held = list(targets.rows(run))[:3]
    assert mean[2] == "1 workloads"
    assert held[0] is targets.HELD
    assert held[1].endswith("(another)")
    (line,) = (row for row in report.markdown(run).splitlines() if targets.HELD.title in row)
    assert line.endswith(" | – | no goal |")


def test_figures_of_all_workloads():
    assert targets.geometric_mean([0.5, 2.0, 1.0]) == pytest.approx(1.0)
    assert set(once.FIGURES) == set(targets.ONCE)
    assert targets.FIRST.met(85.0)
    assert not targets.WORST.met(2.1)
    assert once.irregular(40) > 0.0
    assert once.loop(40) > 0.0
