"""Threads that share a compiled function, and the time at which things are recorded."""

import queue

import numpy as np
import pytest
from threads import branching, together

import admodes as ad
from admodes.compilation import compile

pytestmark = pytest.mark.filterwarnings("ignore::admodes.compilation.CompileWarning")

BACKENDS = ("interpreter", "numpy")


@pytest.mark.parametrize("backend", BACKENDS)
def test_threads_with_other_inputs_and_branches(backend):
    c = compile(branching, backend, limit=200)
    slope = compile(ad.grad(lambda x, n: branching(x, n).sum()), backend, limit=200)

    def work(k):
        rng = np.random.default_rng(k)
        worst = 0.0
        for i in range(40):
            x = rng.normal(size=1 + (k + i) % 3) * 3
            n = 1 + i % 2
            expected = branching(x, n)
            worst = max(worst, np.abs(c(x, n) - expected).max())
            g = ad.grad(lambda x: branching(x, n).sum())(x)
            worst = max(worst, np.abs(slope(x, n) - g).max() / (1 + np.abs(g).max()))
        return worst

    assert max(together(work)) < 1e-12
    cases = [
        (s.signature.described(), [g.expected for g in s.program.guards]) for s in c.specialisations
    ]
    assert len(set(map(str, cases))) == len(cases), "a case was recorded twice"


@pytest.mark.parametrize("backend", BACKENDS)
def test_one_recording_for_threads_that_begin_together(backend):
    ran = queue.SimpleQueue()

    def f(x):
        ran.put(1)
        return x * 2 + np.ones(3)

    c = compile(f, backend)
    results = together(lambda k: [c(np.full(3, float(k + i))) for i in range(20)])
    for k, found in enumerate(results):
        assert [y.tolist() for y in found] == [[2.0 * (k + i) + 1] * 3 for i in range(20)]
    assert len(c.specialisations) == ran.qsize() == 1


@pytest.mark.parametrize("backend", BACKENDS)
def test_results_of_threads_are_their_own(backend):
    c = compile(ad.grad(lambda x: (np.sin(x) * x).sum()), backend)

    def work(k):
        x = np.full(500, 0.1 * (k + 1))
        found = [c(x) for _ in range(50)]
        expected = ad.grad(lambda x: (np.sin(x) * x).sum())(x)
        fine = all(np.allclose(y, expected, rtol=1e-13) for y in found)
        for y in found:
            y[:] = np.nan
        return fine and np.allclose(c(x), expected, rtol=1e-13)

    assert all(together(work))


def test_a_function_that_calls_itself():
    @compile
    def power(x, n):
        return x * power(x, n - 1) if n else 1.0

    assert power(2.0, 5) == 32.0
    assert power(3.0, 5) == 243.0

    @compile
    def constant(n):
        return float(n) if n < 2 else constant(n - 1) + constant(n - 2)

    assert constant(12) == 144.0


def test_an_error_in_the_function_leaves_no_trace():
    def f(x):
        if x.sum() > 3:
            raise LookupError("too large")
        return x * 2

    c = compile(f)
    for _ in range(2):
        with pytest.raises(LookupError, match="too large"):
            c(np.full(3, 2.0))
        assert c(np.ones(3)).tolist() == [2.0] * 3
    assert len(c.specialisations) == 1
