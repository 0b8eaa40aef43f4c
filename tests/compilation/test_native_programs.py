"""What is around native code: rows of Python, guards, memory of the caller, threads, errors."""

import gc
import subprocess
import sys
import threading

import numpy as np
import pytest
from seeds import generator

pytest.importorskip("llvmlite", reason="the llvm back end needs llvmlite")

from native_harness import agrees, close, native, parts

import admodes as ad
from admodes.compilation.interpreter import interpret
from admodes.compilation.llvm import build, jit, text
from admodes.compilation.llvm.periods import cuts
from admodes.compilation.protocol import MISS
from admodes.core.record import record, record_leaves
from admodes.optimisation.optimised import Optimised

A = np.array([[4.0, 1.0, 0.5], [1.0, 3.0, 0.2], [0.5, 0.2, 2.0]])


def test_rows_without_a_lowering_run_between_native_segments():
    def f(a, b):
        y = np.linalg.solve(a + a.T, b * 2.0)
        return np.sum(np.sort(y) * np.arange(3)) + np.linalg.det(a) * y[1]

    b = np.array([1.0, -2.0, 0.5])
    run = native(ad.value_and_grad(f, (0, 1)), A, b)
    assert {"python", "native"} <= set(parts(run))
    for given in ((A, b), (A + 0.3, -b)):
        assert close(run.program, run(*given), interpret(run.program, given))


def test_objects_that_only_python_rows_read_stay_objects():
    def f(x):
        order = np.argsort(x)
        return np.take_along_axis(x * 2.0, order, axis=0) + order

    x = np.array([3.0, 1.0, 2.0])
    run = native(f, x)
    assert agrees(run, x)
    assert agrees(run, -x)


def test_guards_on_arrays_are_decided_in_python_and_others_natively():
    def f(x):
        if np.argmax(x) > 0:
            return np.sum(x)
        return x[0] * 2.0 if x[0] > 0.7 else np.sum(x * x)

    x = np.array([1.0, 0.5])
    run = native(f, x)
    assert parts(run).count("check") == 1
    assert run(x) == [2.0]
    assert run(x[::-1]) is MISS
    assert run(0.5 * x) is MISS
    assert run(x) == [2.0]


def branching(seed):
    """A function that branches at random on what it has made."""
    rng = generator(seed)
    plan = rng.integers(0, 5, 12).tolist()

    def f(x, y):
        for k in plan:
            if k == 0 and x > y:
                x, y = y, x * 0.5
            elif k == 1 and not y < 0.3:
                y = y - 0.7 * x
            elif k == 2:
                x = ad.sin(x) + y
            elif x == y:
                x = x * 2.0
            else:
                y = ad.maximum(y, x * 0.3) - 0.1
        return x * y

    return f


@pytest.mark.parametrize("seed", range(8))
def test_a_run_gives_the_value_of_the_function_or_a_miss(seed):
    f = branching(seed)
    run = native(f, 0.4, 0.2)
    hits = 0
    for x, y in generator(seed).normal(size=(60, 2)).tolist():
        assert agrees(run, x, y)
        found = run(x, y)
        hits += found is not MISS
        assert found is MISS or found == [f(x, y)]
    assert run(0.4, 0.2) == [f(0.4, 0.2)]


def test_the_results_are_the_callers_own():
    x, y = np.ones(5), np.arange(5.0)
    run = native(lambda x, y: (x, x, x[1:], y.T, y * 2.0, np.reshape(y, (5, 1))), x, y)
    first = run(x, y)
    kept = [a.copy() for a in first]
    for k, a in enumerate(first):
        assert not any(np.shares_memory(a, b) for b in (x, y, *first[:k], *first[k + 1 :]))
        assert a.flags.writeable
    run(x + 1.0, y - 7.0)
    for a, b in zip(first, kept, strict=True):
        np.testing.assert_array_equal(a, b)
    first[0][:] = 9.0
    assert run(x, y)[1].tolist() == [1.0] * 5


def test_captured_arrays_are_read_at_each_run():
    for n in (3, 100):
        weights = np.arange(float(n * n)).reshape(n, n).copy()
        x = np.ones(n)

        def f(x, w=weights):
            return np.sum(np.tanh(w @ x / 10_000.0)) + np.sum(w[1] * x[0])

        held = {id(weights): weights}
        program = record_leaves(f, [x], f, held=held)
        assert next(iter(program.captured.values())) is weights
        run = build(program)
        assert run(x) == [f(x)]
        weights *= -0.5
        assert run(x) == [f(x)]


def test_threads_share_no_memory():
    def f(x, s):
        for _ in range(6):
            x = np.tanh(x * s) + np.roll(x, 1) * 0.5
        return np.sum(x), x

    x = generator(0).normal(size=400)
    run = native(f, x, 0.3)
    inputs = [(x * k, 0.1 * k) for k in range(1, 7)]
    wanted = [run(*given) for given in inputs]
    wrong = []

    def work(k):
        for _ in range(150):
            total, y = run(*inputs[k])
            if total != wanted[k][0] or not np.array_equal(y, wanted[k][1]):
                wrong.append(k)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong
    assert len(run.pool) <= 6


def test_a_function_that_calls_itself_through_a_python_row_has_memory_of_its_own():
    inner = native(lambda x: np.sort(x * 2.0), np.ones(3))
    assert inner(np.array([3.0, 1.0, 2.0]))[0].tolist() == [2.0, 4.0, 6.0]
    assert len(inner.pool) == 1


def test_an_error_of_a_python_row_leaves_the_function_usable():
    run = native(lambda a: np.linalg.pinv(a * 1.0), A)
    with pytest.raises(ValueError):
        run(np.ones((2, 2)))
    assert agrees(run, A)


@pytest.mark.parametrize("dtype", [np.float32, np.complex128])
def test_other_precisions_are_for_another_back_end(dtype):
    assert build(record(lambda x: np.sum(x.astype(dtype)), np.ones(3))) is None


def test_what_would_have_no_native_row_is_for_another_back_end():
    assert build(record(np.linalg.pinv, A)) is None


def test_the_exact_program_answers_where_a_suspect_is_nan():
    fast = Optimised.of(record(lambda x: x * np.inf, 1.0))
    fast.suspects = [0]
    exact = record(lambda x: ad.where(x == 0.0, 0.0, x * np.inf), 1.0)
    run = build(fast, exact)
    assert run(0.0) == [0.0]
    assert run(2.0) == [np.inf]


def test_the_text_is_that_of_the_compiled_functions():
    shown = text(record(lambda x, y: (ad.sin(x) * y, np.sum(y * x)), 2.0, np.ones(3)))
    assert shown.count("call double @sin") == 1
    assert "fmul double" in shown
    assert "call double @sin" in native(lambda x: ad.sin(x), 2.0).source
    assert text(record(np.linalg.pinv, A)) == ""


def test_code_is_compiled_once_and_freed_when_nobody_uses_it():
    def f(x):
        return (x * 0.123 - 4.56) * x

    one, two = native(f, 2.0), native(f, 3.0)
    assert one.built.codes[0] is two.built.codes[0]
    names = set(jit._known)
    del one, two
    gc.collect()
    assert set(jit._known) < names


def test_periods_are_found_in_loops_within_loops():
    def f(x):
        for _ in range(60):
            for _ in range(3):
                x = ad.sin(x) * 0.5
            x = x + 1.0
        return x

    found = sorted(cuts(record(f, 0.3), 70))
    assert set(np.diff(found[:-1])) == {70}
    assert not cuts(record(lambda x: ad.sin(x) * x, 0.3), 70)


def test_without_llvmlite_a_hint_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "llvmlite", None)
    with pytest.raises(ImportError, match=r"pip install 'admodes\[llvm\]'"):
        build(record(lambda x: x * x, 2.0))


def test_importing_the_back_end_does_not_import_llvmlite():
    code = "import sys, admodes.compilation.llvm; sys.exit('llvmlite' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
