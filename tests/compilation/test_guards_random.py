"""Random branching programs, functions of arrays that decide, and threads, on the back ends that
test_compile_front_branches and _threads leave out: llvm and the choice by measured cost."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest
from branching_programs import ARRAYS, NUMBERS, POINTS, SPECIAL, agree, eager, programs
from hypothesis import given
from hypothesis import strategies as st
from seeds import examples, generator
from threads import branching, together

import admodes as ad
from admodes.compilation import backends, beside

pytestmark = [
    pytest.mark.filterwarnings("ignore::admodes.compilation.CompileWarning"),
    pytest.mark.skipif(find_spec("llvmlite") is None, reason="the llvm back end needs llvmlite"),
]
BACKENDS = ("llvm", "auto")


class AtOnce(beside.Work):
    """Work that the call waits for which begins it."""

    def __init__(self, function):
        super().__init__(function)
        assert self.wait()


@pytest.fixture(autouse=True)
def native_code_at_once(monkeypatch):
    """The measured choice builds native code after the first run, and takes it."""
    monkeypatch.setattr(backends, "FIXED", 0.0)
    monkeypatch.setattr(backends, "LATER", 0.0)
    monkeypatch.setattr(backends, "PER_ROW", 0.0)
    monkeypatch.setattr(beside, "WORTH", 1e9)
    monkeypatch.setattr(beside, "ROUNDS", 1)
    monkeypatch.setattr(beside, "Work", AtOnce)


def calls(of, most):
    return st.lists(st.tuples(of, of), min_size=2, max_size=most)


@examples(60)
@given(programs(), calls(SPECIAL, 5), st.sampled_from(BACKENDS), st.booleans())
def test_random_branching_programs(f, points, backend, exact):
    c = ad.compile(f, backend, exact=exact)
    for args in [*points, *points]:
        agree(c(*args), eager(f, *args))


@pytest.mark.filterwarnings("ignore::admodes.KinkWarning")
@examples(40)
@given(programs(), calls(NUMBERS, 3), st.sampled_from(BACKENDS), st.integers(0, 4))
def test_derivatives_of_random_branching_programs(f, points, backend, k):
    both = (0, 1)
    g = (
        ad.grad(f, argnums=both),
        ad.jacobian(f, argnums=both, mode="forward"),
        ad.jacobian(f, argnums=both, mode="reverse"),
        ad.hessian(f, argnums=both),
        lambda x, y: ad.hvp(lambda z: f(*z), (x, y), (1.0, -0.5)),
    )[k]
    c = ad.compile(g, backend)
    for args in [*points, *points]:
        agree(c(*args), g(*args))


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("f", ARRAYS.values(), ids=list(ARRAYS))
def test_decisions_on_arrays(backend, f):
    c = ad.compile(f, backend, limit=32)
    g = ad.jacobian(f)
    cg = ad.compile(g, backend, limit=32)
    for x in [*POINTS, *POINTS[::2]]:
        with np.errstate(all="ignore"):
            agree(c(x), f(x))
        if not np.isnan(x).any():
            agree(cg(x), g(x))
    assert all(s.runs for s in c.specialisations)


@pytest.mark.parametrize("backend", BACKENDS)
def test_threads_with_other_inputs_and_branches(backend):
    c = ad.compile(branching, backend, limit=200)
    slope = ad.compile(ad.grad(lambda x, n: branching(x, n).sum()), backend, limit=200)

    def work(k):
        rng = generator(k)
        worst = 0.0
        for i in range(20):
            x = rng.normal(size=1 + (k + i) % 2) * 2
            worst = max(worst, np.abs(c(x, 2) - branching(x, 2)).max())
            g = ad.grad(lambda x: branching(x, 2).sum())(x)
            worst = max(worst, np.abs(slope(x, 2) - g).max() / (1 + np.abs(g).max()))
        return worst

    assert max(together(work)) < 1e-12


@pytest.mark.parametrize("backend", BACKENDS)
def test_results_of_threads_are_their_own(backend):
    f = ad.grad(lambda x: (np.sin(x) * x).sum() * x[0])
    c = ad.compile(f, backend)

    def work(k):
        x = np.full(500, 0.1 * (k + 1))
        found = [c(x) for _ in range(50)]
        expected = f(x)
        fine = all(np.allclose(y, expected, rtol=1e-13) for y in found)
        for y in found:
            y[:] = np.nan
        return fine and np.allclose(c(x), expected, rtol=1e-13)

    assert all(together(work))
