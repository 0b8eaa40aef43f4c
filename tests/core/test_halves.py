"""Half and single precision: counts do not overflow, and the results are as precise as NumPy's."""

from __future__ import annotations

import numpy as np
import pytest

import admodes as ad

N = 70_000
HALVES = np.random.default_rng(0).uniform(0.5, 1.5, N).astype(np.float16)
EVERY = np.ones(N, bool)
AVERAGES = {
    "mean": np.mean,
    "mean of a mask": lambda x: np.mean(x, where=EVERY),
    "nanmean": np.nanmean,
    "average": np.average,
    "weighted average": lambda x: np.average(x, weights=np.ones(N, np.float16)),
    "var": np.var,
    "var of a mask": lambda x: np.var(x, where=EVERY),
    "var with ddof": lambda x: np.var(x, ddof=1),
    "nanvar": np.nanvar,
    "std": np.std,
    "nanstd": np.nanstd,
    "method": lambda x: x.mean() + x.var() + x.std(),
    "median": np.median,
    "quantile": lambda x: np.quantile(x, 0.3),
    "max": np.max,
}


@pytest.mark.parametrize("name", AVERAGES)
def test_averages_of_many_halves_are_those_of_doubles(name):
    f, wide = AVERAGES[name], HALVES.astype(float)
    wanted, slope = ad.value_and_grad(f)(wide)
    for value, found in (
        ad.value_and_grad(f)(HALVES),
        ad.compile(ad.value_and_grad(f), backend="numpy")(HALVES),
    ):
        assert np.asarray(value).dtype == found.dtype == np.float16
        assert float(value) == pytest.approx(wanted, rel=2e-3)
        np.testing.assert_allclose(found.astype(float), slope, rtol=2e-2, atol=2e-7)
    out, tangent = ad.jvp(f, (HALVES,), (np.ones_like(HALVES),))
    assert out.dtype == tangent.dtype == np.float16
    assert float(out) == pytest.approx(wanted, rel=2e-3)
    exact = ad.jvp(f, (wide,), (np.ones_like(wide),))[1]
    assert float(tangent) == pytest.approx(exact, rel=1e-2, abs=2e-3)


@pytest.mark.parametrize("kind", [np.float16, np.float32])
def test_covariances_are_in_double_precision(kind):
    x = np.arange(12.0).reshape(3, 4).astype(kind) ** 2
    for f in (np.cov, np.corrcoef):
        value, pullback = ad.vjp(f, x)
        assert value.dtype == f(x).dtype == np.float64
        np.testing.assert_allclose(value, f(x), rtol=1e-12)
        assert pullback(np.ones((3, 3)))[0].dtype == kind
