"""The script that compares growth: it has a call of every function that is covered, and names what
grows faster or costs too much."""

import math
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent))

from admodes.numpy_functions.coverage import DERIVATIVE, numpy_coverage
from benchmarks.growth.inputs import LEFT_OUT, Call, calls
from benchmarks.growth.measure import Growth, grown
from benchmarks.growth.reasons import REASONS

HERE = Path(__file__).parent.parent


def covered():
    """The functions that have a derivative, by the names that the script gives them. Methods of
    arrays are what functions of the same name are."""
    places = {"numpy": "", "numpy.linalg": "linalg.", "numpy.fft": "fft."}
    for row in numpy_coverage():
        if row["gives"] == DERIVATIVE and row["name"] not in LEFT_OUT:
            if row["module"] in places:
                yield places[row["module"]] + row["name"]
            elif row["module"] == "scipy.special":
                yield "special." + row["name"]
            elif row["module"] == "ufunc methods":
                yield "ufunc." + row["name"]


def test_every_function_that_is_covered_has_a_call():
    pytest.importorskip("scipy")
    names = {name for call in calls() for name in (call.name, call.name.partition(" ")[0])}
    assert set(covered()) <= names
    assert set(REASONS) <= names


def test_a_function_is_measured():
    call = next(c for c in calls() if c.name == "cumsum")
    found = grown(call, "numpy", 0.0, (10, 100))
    assert found.largest == 100
    assert not found.error
    assert set(found.f) == set(found.eager) == set(found.compiled) == {10, 100}


def test_what_is_named():
    def growth(f, eager, compiled):
        sizes = (100, 10_000)
        return Growth("f", *(dict(zip(sizes, times)) for times in (f, eager, compiled)))

    assert growth((1.0, 100.0), (4.0, 400.0), (1.0, 90.0)).verdict == ""
    assert growth((1.0, 100.0), (4.0, 4000.0), (1.0, 90.0)).verdict == "eager 40 × f"
    assert growth((1.0, 10.0), (1.0, 1.0), (0.1, 100.0)).verdict == "compiled grows faster"
    assert math.isclose(
        growth((1.0, 100.0), (1.0, 1.0), (1.0, 1.0)).exponent({100: 1, 10_000: 100}), 1
    )


def test_an_error_of_a_derivative_is_a_verdict():
    def f(x):
        raise ZeroDivisionError("no")

    found = grown(Call("f", f, lambda n, rng: (rng.normal(size=n),)), "numpy", 0.0, (10,))
    assert found.verdict.startswith("ZeroDivisionError")


def test_a_name_that_there_is_not():
    command = [sys.executable, "-m", "benchmarks.growth", "--only", "nonsense"]
    done = subprocess.run(command, cwd=HERE, capture_output=True, encoding="utf-8")
    assert done.returncode == 2
    assert "no function has" in done.stderr
