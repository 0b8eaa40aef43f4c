"""The sixty functions on which the adviser is judged are what their names say, and none is one of
those that its estimates were fitted to."""

import sys
from pathlib import Path

import numpy as np
import pytest

import admodes as ad

pytest.importorskip("scipy", reason="the fit and sparse routes need scipy")
sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.advice.__main__ import judged, missed
from benchmarks.advice.calibration import Sample, cases, fitted
from benchmarks.advice.functions import functions


def test_the_functions_have_the_sizes_in_their_names():
    found = functions()
    assert len(found) == 60
    for name, (f, x) in found.items():
        inputs, outputs = name.rsplit(", ", 1)[1].split(" → ")
        y = np.asarray(f(x))
        assert (x.size, y.size) == (int(inputs), int(outputs)), name
        assert np.all(np.isfinite(y)), name


def test_estimates_are_fitted_to_other_functions():
    codes = {getattr(f, "func", f).__code__ for f, _ in functions().values()}
    assert not codes & {getattr(f, "func", f).__code__ for _, f, _ in cases()}


def test_a_choice_is_judged_by_measured_times():
    f, x = functions()["Lorenz, 3 → 3"]
    row = judged("Lorenz", ad.advise(f, x, measure=True))
    assert row["relative"] >= 1.0
    assert row["fastest"] in row["times"]
    assert f"{row['relative']:.2f} times the fastest" in missed(row)


def test_a_fit_finds_the_weights_of_times_made_of_them():
    counts = [{"a": float(k), "b": float(k * k % 7 + 1)} for k in range(1, 9)]
    samples = [Sample("", "", c, 2e-6 * c["a"] + 5e-7 * c["b"] + 1e-6, 1e-6) for c in counts]
    weights, error = fitted(samples)
    assert weights == pytest.approx({"a": 2e-6, "b": 5e-7}, rel=1e-2)
    assert error < 1e-2
