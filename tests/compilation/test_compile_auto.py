"""The choice between back ends, and what is around a recording: native code never ends what
works."""

import gc
import math
import os
import subprocess
import sys
import threading
import time
import weakref
from time import perf_counter

import numpy as np
import pytest

import admodes as ad
from admodes.compilation import backends, beside, compile
from admodes.compilation import compiled as compiled_module
from admodes.compilation.beside import INTERVAL, Awaited, measured
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
        raise ImportError("no such instruction")

    for build, said in (
        (failing, "no native code (ImportError: no such instruction)"),
        (lambda: _runs(MemoryError("full")), "no native code (MemoryError: full)"),
    ):
        notes = []
        first = _runs([1.0])
        run = measured(first, build, 0.0, notes)
        assert run(2.0) == [1.0]
        assert run.wait()
        assert [run(2.0) for _ in range(3)] == [[1.0]] * 3
        assert notes == [said]


def test_nothing_to_build_keeps_the_first():
    first = _runs([1.0])
    run = measured(first, lambda: None, 0.0, [])
    assert run(2.0) == run(3.0) == [1.0]
    assert run.wait()
    assert run(2.0) == run(3.0) == [1.0]
    assert run.source == "text"


def test_a_miss_is_passed_on_and_nothing_is_timed_on_it():
    built = []
    run = measured(_runs(MISS, [1.0]), lambda: built.append(1), 0.0, [])
    assert run(2.0) is MISS
    assert run.wait()
    assert not built
    assert run(2.0) == [1.0]
    assert run.wait()
    assert built == [1]


def test_calls_go_on_while_something_is_built_and_the_faster_one_stays():
    go_on = threading.Event()
    slow, quick = _runs([1.0]), _runs([2.0])

    def first(*leaves):
        deadline = perf_counter() + 1e-3
        while perf_counter() < deadline:
            pass
        return slow(*leaves)

    def build():
        assert go_on.wait(60)
        return quick

    first.source = "first"
    run = measured(first, build, 0.0, [])
    assert [run(k) for k in range(20)] == [[1.0]] * 20
    assert not run.wait(0.0)
    assert run.source == "first"
    go_on.set()
    assert run.wait()
    assert [run(k) for k in range(10)] == [[2.0], [1.0]] * 5
    assert run(5.0) == [2.0]
    assert len(slow.calls) == 25
    assert run.source() == "text"


def test_a_long_list_is_run_as_recorded_until_its_code_is_there():
    go_on = threading.Event()
    slow, quick = _runs([1.0]), _runs([2.0])

    def build():
        assert go_on.wait(60)
        return quick

    run = Awaited(slow, build, [])
    assert [run(k) for k in range(3)] == [[1.0]] * 3
    assert not run.is_there
    assert not run.wait(0.0)
    go_on.set()
    assert run.source() == "text"
    assert run.is_there
    assert run(5.0) == [2.0]
    assert len(slow.calls) == 3


def test_code_that_cannot_be_built_is_a_note():
    def failing():
        raise MemoryError("full")

    notes = []
    run = Awaited(_runs([1.0]), failing, notes)
    assert run.wait()
    assert [run(2.0) for _ in range(3)] == [[1.0]] * 3
    assert notes == ["no code (MemoryError: full)"]


def test_calls_while_a_long_list_is_built_are_those_of_the_function(monkeypatch):
    monkeypatch.setattr(backends, "LONG", 20)
    w = np.random.default_rng(1).normal(size=(3, 3))
    f = ad.grad(lambda x: np.tanh(w @ x).sum() * (1.0 if x[0] > 0 else 2.0) + (x**2).sum())
    compiled = compile(f)
    for _ in range(3):
        for x in (X, -X):
            np.testing.assert_array_almost_equal_nulp(compiled(x), f(x), 8)
    assert compiled.wait()
    for x in (X, -X):
        np.testing.assert_array_almost_equal_nulp(compiled(x), f(x), 8)
    assert "def run(" in compiled.source()


@pytest.mark.parametrize(("worth", "gone"), [(0.0, "built"), (math.inf, "first")])
def test_of_what_is_not_chosen_nothing_is_kept(monkeypatch, worth, gone):
    monkeypatch.setattr(beside, "WORTH", worth)
    monkeypatch.setattr(beside, "ROUNDS", 1)
    refs = {}

    def one(name):
        run = _runs([1.0])
        refs[name] = weakref.ref(run)
        return run

    run = measured(one("first"), lambda: one("built"), 0.0, [])
    assert run(1.0) == [1.0]
    assert run.wait()
    for _ in range(4):
        assert run(1.0) == [1.0]
    gc.collect()
    assert [name for name, ref in refs.items() if ref() is None] == [gone]


def in_a_process(text, *more):
    """What a program prints, in a process of its own that has to end well."""
    found = subprocess.run(
        [sys.executable, "-c", text, *more], capture_output=True, text=True, timeout=120
    )
    assert (found.returncode, found.stderr) == (0, "")
    return found.stdout


EXITING = """
import sys, time
import admodes as ad
from admodes.compilation import backends
backends.FIXED = backends.LATER = backends.PER_ROW = 0.0
backends.LONG = int(sys.argv[2])

@ad.compile
def f(x):
    for k in range(3000):
        x = 0.5 * ad.sin(x) + 0.1 * x * x + 0.1 * float(k % 7)
    return x

for _ in range(3):
    f(0.3)
time.sleep(float(sys.argv[1]))
print(f.wait(0.0))
"""


@pytest.mark.parametrize(("seconds", "rows"), [("0", "1"), ("0.2", "1"), ("0.2", "100000")])
def test_a_process_ends_while_something_is_built(seconds, rows):
    assert in_a_process(EXITING, seconds, rows) in ("False\n", "True\n")


FORKING = """
import os, sys
import admodes as ad
from admodes.compilation import backends
backends.FIXED = backends.LATER = backends.PER_ROW = 0.0
backends.LONG = int(sys.argv[1])

def f(x, n):
    for k in range(n):
        x = 0.5 * ad.sin(x) + 0.1 * x * x + 0.1 * float(k % 7)
    return x

c = ad.compile(lambda x: f(x, 1500))
own = ad.compile(lambda x: f(x, 50), "llvm")
c(0.3), c(0.3)
for _ in range(3):
    child = os.fork()
    if not child:
        same = [abs(c(0.3) - f(0.3, 1500)) < 1e-9 for _ in range(20)]
        same += [c.wait(), abs(c(0.3) - f(0.3, 1500)) < 1e-9, abs(own(0.3) - f(0.3, 50)) < 1e-9]
        os._exit(not all(same))
    assert os.waitpid(child, 0)[1] == 0
assert c.wait()
print([abs(c(0.3) - f(0.3, 1500)) < 1e-9 for _ in range(12)].count(True))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no processes are forked here")
@pytest.mark.parametrize("rows", ["1000", "100000"])
def test_a_child_that_is_forked_while_something_is_built_goes_on(rows):
    pytest.importorskip("llvmlite", reason="needs admodes[llvm]")
    assert in_a_process(FORKING, rows) == "12\n"


def test_turns_of_threads_are_as_long_as_before():
    before = sys.getswitchinterval()
    seen = []
    run = measured(_runs([1.0]), lambda: seen.append(sys.getswitchinterval()), 0.0, [])
    run(1.0), run(1.0)
    assert run.wait()
    assert seen == [min(before, INTERVAL)]
    assert sys.getswitchinterval() == before


def test_threads_while_native_code_is_chosen(monkeypatch):
    pytest.importorskip("llvmlite", reason="needs admodes[llvm]")
    monkeypatch.setattr(backends, "FIXED", 0.0)
    monkeypatch.setattr(backends, "LATER", 0.0)
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


def test_a_long_first_call_says_on_a_terminal_that_it_goes_on(monkeypatch, capsys):
    def f(x):
        time.sleep(0.1)
        return x * 2.0

    monkeypatch.setattr(compiled_module, "SLOW", 0.01)
    assert ad.compile(f)(1.0) == 2.0
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert ad.compile(f)(1.0) == 2.0
    err = capsys.readouterr().err
    assert err.startswith("\radmodes: compile f (recording): at work for 0 s")
    assert not err.split("\r")[-2].strip()
