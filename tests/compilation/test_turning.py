"""Loops that are met while a function is recorded run by generated code, and to the same values."""

import numpy as np
import pytest

import admodes as ad
from admodes.compilation.turning import FEWEST, Turning
from admodes.core.record import record
from admodes.loops import running
from admodes.loops.operations import loop
from admodes.loops.rolling import rolled


def region_of(f, *args):
    """The region of the only loop in f, recorded at args."""
    (step,) = (s for s in rolled(record(f, *args)).steps if s.op is loop)
    return step.params["region"]


def decay(x):
    for _ in range(FEWEST):
        x = x - 0.01 * np.sin(x) * np.sum(x)
    return np.sum(x)


def stopped(x):
    for _ in range(FEWEST):
        x = 0.99 * x
        if x < 0.0:
            x = -x
    return x


def given(region, rng):
    return [rng.normal(size=shape) if shape else float(rng.normal()) for shape in region.arguments]


def test_code_and_rows_give_the_same():
    region = region_of(decay, np.linspace(0.1, 1.0, 5))
    args = given(region, np.random.default_rng(0))
    found = Turning()(region, args)
    np.testing.assert_array_equal(found, running.row_by_row(region, args, np.dtype(float)))


def test_results_are_no_buffers():
    region = region_of(decay, np.linspace(0.1, 1.0, 5))
    turning, args = Turning(), given(region, np.random.default_rng(0))
    first = turning(region, args)
    kept = first.copy()
    turning(region, given(region, np.random.default_rng(1)))
    np.testing.assert_array_equal(first, kept)


def test_no_memory_is_kept():
    region = region_of(decay, np.linspace(0.1, 1.0, 5))
    turning = Turning()
    found = turning(region, given(region, np.random.default_rng(0)))
    kept, names = found.copy(), turning.runs[region].__globals__
    turning.drop()
    assert not names
    np.testing.assert_array_equal(found, kept)


def test_another_branch_is_left_to_the_rows():
    region = region_of(stopped, 1.0)
    assert Turning()(region, [1.0]) is not None
    assert Turning()(region, [-1.0]) is None


def test_few_turns_are_left_to_the_rows():
    region = region_of(lambda x: [x := np.sin(x) * x for _ in range(FEWEST - 1)][-1], 0.5)
    assert Turning()(region, given(region, np.random.default_rng(0))) is None


@pytest.mark.parametrize("order", [1, 2])
def test_a_derivative_is_recorded_without_running_rows(order, monkeypatch):
    def f(x):
        for _ in range(3000):
            x = x - 0.001 * np.sin(x)
        return np.sum(x)

    derivative = f if order == 1 else lambda x: np.sum(ad.grad(f)(x) ** 2)
    x = np.linspace(0.1, 1.0, 4)
    wanted = ad.grad(derivative)(x)
    asked = []
    monkeypatch.setattr(running, "_written", lambda region: asked.append(region))
    found = ad.compile(ad.grad(derivative))(x)
    assert not asked
    np.testing.assert_allclose(found, wanted, rtol=1e-12)


def test_what_runs_loops_is_asked_in_this_recording_alone():
    asked = []
    region = region_of(decay, np.linspace(0.1, 1.0, 5))
    args = given(region, np.random.default_rng(0))
    with running.running_through(lambda region, xs: asked.append(region)):
        running.run(*args, region=region)
    running.run(*args, region=region)
    assert asked == [region]


@pytest.mark.parametrize(("turns", "runs"), [(20, 1), (6000, 0)])
def test_what_a_long_list_gives_is_not_computed_again_in_the_first_call(turns, runs):
    def f(x):
        for _ in range(turns):
            x = 0.5 * np.sin(x) + 0.5 * x
        return np.sum(x)

    compiled = ad.compile(ad.grad(f), "numpy")
    x = np.linspace(0.1, 1.0, 3)
    first = compiled(x)
    (case,) = compiled.specialisations
    assert case.runs == runs
    np.testing.assert_allclose(compiled(x), first, rtol=1e-12)
    assert case.runs == runs + 1
