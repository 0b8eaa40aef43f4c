"""Two checkouts compared: this one with itself by quick workloads, and how times are summed up."""

import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.against.__main__ import HERE, LIMIT, PEER, figures, slower, turns


def compared(*arguments):
    command = [sys.executable, "-m", "benchmarks.against", *arguments]
    return subprocess.run(command, cwd=HERE, capture_output=True, encoding="utf-8")


def test_a_checkout_beside_itself():
    done = compared(str(HERE), "--only", "dual x", "--rounds", "1", "--pairs", "1")
    assert done.returncode in (0, 1), done.stderr
    heading, *lines = done.stdout.splitlines()
    assert "ratio" in heading
    assert [line.partition("  ")[0] for line in lines] == [
        "dual x * x + x",
        "dual x / (x + 2)",
        "dual x ** 3",
    ]


def test_what_cannot_be_compared(tmp_path):
    assert "matches no workload" in compared(str(HERE), "--only", "nonsense").stderr
    assert "holds no admodes" in compared(str(tmp_path)).stderr


def test_turns_are_taken_alternately_and_quick_ones_count():
    order = []
    times = iter([5.0, 9.0, 1.0, 2.0, 6.0, 9.0, 7.0, 7.0])

    def side(name):
        return lambda: (order.append(name), next(times))[1]

    assert turns([side("there"), side("here")], 4) == (1.0, 2.0)
    assert order == ["here", "there", "there", "here"] * 2


def test_a_ratio_above_the_limit_counts_but_for_the_peers():
    found = {"job": figures([(1.0, 1.01), (1.0, 1.2), (2.0, 2.1)]), PEER: figures([(1.0, 2.0)])}
    assert found["job"]["ratio"] == pytest.approx(1.05)
    assert found["job"]["ratio"] > LIMIT
    assert (found["job"]["least"], found["job"]["most"]) == (1.01, 1.2)
    assert slower(found) == ["job"]
