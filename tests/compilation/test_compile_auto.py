"""The choice between back ends, and what is around a recording: native code never ends what
works."""

import gc
import threading

import numpy as np
import pytest

import admodes as ad
from admodes.compilation import backends, compile
from admodes.compilation.backends import measured
from admodes.compilation.protocol import MISS

X = np.array([0.3, 0.5, 0.8])


def _runs(*results):
    """A back end that gives these results in turn, and notes how often it was run."""
    calls = []

    def run(*leaves):
        calls.append(leaves)
        result = results[min(len(calls), len(results)) - 1]
        if isinstance(result, Exception):
            raise result
        return result

    run.calls = calls
    run.source = "text"
    return run


def test_native_code_that_cannot_be_built_or_run_is_a_note():
    def failing():
        raise RuntimeError("no such instruction")

    for build, said in (
        (failing, "no native code (RuntimeError: no such instruction)"),
        (lambda: _runs(MemoryError("full")), "no native code (MemoryError: full)"),
    ):
        notes = []
        first = _runs([1.0])
        run = measured(first, build, 0.0, notes)
        assert [run(2.0) for _ in range(3)] == [[1.0]] * 3
        assert notes == [said]


def test_nothing_to_build_keeps_the_first():
    first = _runs([1.0])
    run = measured(first, lambda: None, 0.0, [])
    assert run(2.0) == run(3.0) == [1.0]
    assert run.source == "text"


def test_a_miss_is_passed_on_and_nothing_is_timed_on_it():
    built = []
    run = measured(_runs(MISS, [1.0]), lambda: built.append(1), 0.0, [])
    assert run(2.0) is MISS
    assert not built
    assert run(2.0) == [1.0]
    assert built == [1]


def test_threads_while_native_code_is_chosen(monkeypatch):
    pytest.importorskip("llvmlite", reason="needs admodes[llvm]")
    monkeypatch.setattr(backends, "FIXED", 0.0)
    monkeypatch.setattr(backends, "PER_ROW", 0.0)
    w = np.random.default_rng(0).normal(size=(9, 9))
    f = ad.grad(lambda x: np.tanh(w @ x).sum() * (1.0 if x[0] > 0 else 2.0) + (x**2).sum())
    compiled = compile(f)
    points = np.random.default_rng(1).normal(size=(12, 9))
    expected = [f(x) for x in points]
    wrong = []

    def work(k):
        for r in range(60):
            i = (k * 5 + r) % len(points)
            y = compiled(points[i])
            if not np.allclose(y, expected[i], rtol=1e-11):
                wrong.append(i)
            y[:] = np.nan

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong
    assert not compiled.notes


@pytest.mark.parametrize("enabled", [True, False])
def test_the_collector_is_as_it_was(enabled):
    seen = []

    def f(x):
        seen.append(gc.isenabled())
        raise LookupError("nothing there")

    before = gc.isenabled()
    try:
        (gc.enable if enabled else gc.disable)()
        compile(lambda x: x * 2.0)(X)
        assert gc.isenabled() is enabled
        with pytest.raises(LookupError, match="nothing there"):
            compile(f)(X)
        assert gc.isenabled() is enabled
        assert not seen[0]
    finally:
        (gc.enable if before else gc.disable)()


def test_an_interrupt_leaves_it_usable():
    runs = []

    def f(x):
        runs.append(1)
        if len(runs) == 1:
            raise KeyboardInterrupt
        return x * 2.0

    compiled = compile(f)
    with pytest.raises(KeyboardInterrupt):
        compiled(1.0)
    assert compiled(1.0) == 2.0
    assert gc.isenabled()
