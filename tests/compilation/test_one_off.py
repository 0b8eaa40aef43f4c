"""What compiling costs once: the work of each stage, counted, grows as the list does."""

import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

import admodes as ad
from admodes import optimisation
from admodes.compilation.numpy.backend import write
from admodes.compilation.numpy.placement import Buffers
from admodes.core.op import REGISTRY
from admodes.core.pytree import LEAF
from admodes.core.record import Step, WengertList, record
from admodes.loops.rolling import may_roll
from admodes.optimisation import optimise

sys.path.insert(0, str(Path(__file__).parent.parent.parent))

from benchmarks.one_off import KINDS, arguments, irregular

HALVES = np.full(8, 0.5)


class Compared(int):
    """A number that counts how often it is compared with another."""

    count = 0

    def __lt__(self, other):
        Compared.count += 1
        return int(self) < int(other)

    def __le__(self, other):
        Compared.count += 1
        return int(self) <= int(other)

    def __gt__(self, other):
        Compared.count += 1
        return int(self) > int(other)

    __hash__ = int.__hash__


def test_a_buffer_is_chosen_without_a_look_at_the_others():
    buffers = Buffers()
    numbers = [buffers.need(Compared(8 * k)) for k in range(1, 1001) for _ in range(4)]
    for number in numbers:
        buffers.free(number)
    Compared.count = 0
    again = [buffers.need(Compared(8 * k)) for k in range(1, 1001) for _ in range(4)]
    assert sorted(again) == sorted(numbers)
    assert Compared.count < 4000 * 14


def test_a_buffer_serves_for_half_of_its_size_and_no_less():
    buffers = Buffers()
    large, small = buffers.need(96), buffers.need(40)
    buffers.free(large)
    buffers.free(small)
    assert buffers.need(24) == small
    assert buffers.need(24) not in (small, large)
    assert buffers.need(50) == large


def test_arrays_that_lie_in_one_place_have_one_name():
    program = optimise(record(ad.grad(irregular(500)), HALVES, 1.5 * HALVES), exact=False)
    code = write(program)
    names = [line for line in code.text.splitlines() if " = ndarray(" in line]
    assert len(names) == len(code.workspace.sizes) < len(program.steps) / 3


def test_python_compiles_few_lines_for_a_long_list_of_arrays():
    f = ad.grad(irregular(1000))
    program = optimise(record(f, HALVES, 1.5 * HALVES), exact=False)
    code = write(program)
    assert sum(map(len, code.tables.values())) > 0.95 * len(program.steps)
    (run,) = [c for c in code.module.co_consts if hasattr(c, "co_lines")]
    assert len({line for *_, line in run.co_lines()}) < len(program.steps) / 30
    compiled = ad.compile(f, backend="numpy")
    np.testing.assert_allclose(
        compiled(HALVES, 1.5 * HALVES), f(HALVES, 1.5 * HALVES), rtol=1e-9, atol=1e-12
    )


def calls_of(kind, backend, operations):
    """How many functions Python calls, its own and those of C, at the first call of a gradient."""
    compiled = ad.compile(ad.grad(irregular(operations)), backend)
    args = arguments(kind)
    found = 0

    def count(frame, event, function):
        nonlocal found
        found += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        compiled(*args)
    finally:
        sys.setprofile(before)
    return found


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("backend", ["numpy", *(["llvm"] if find_spec("llvmlite") else [])])
def test_the_work_of_all_stages_grows_as_the_list_does(backend, kind):
    calls_of(kind, backend, 20)
    less, more, most = (calls_of(kind, backend, n) for n in (100, 200, 300))
    assert 0.9 < (most - more) / (more - less) < 1.1


@pytest.mark.parametrize(("entries", "collects"), [(8, False), (2000, True)])
def test_like_terms_are_looked_for_in_long_lists_only_where_arrays_are_large(
    monkeypatch, entries, collects
):
    seen = []
    monkeypatch.setattr(optimisation, "LONG", 100)
    monkeypatch.setattr(optimisation, "collected", lambda program: seen.append(1) or program)
    f, x = ad.grad(irregular(50)), np.full(entries, 0.5)
    optimise(record(f, x, 1.5 * x), exact=False)
    assert bool(seen) == collects


def test_a_list_without_repetition_is_not_searched_for_loops():
    def repeated(x, y):
        for _ in range(60):
            x = ad.sin(x) * y + ad.cos(y) * x
        return x

    assert may_roll(record(ad.grad(repeated), 0.3, 0.7))
    assert not may_roll(record(ad.grad(irregular(1000)), 0.3, 0.7))


def test_runs_of_operations_that_occur_again_by_chance_are_no_repetition():
    ops = [REGISTRY[name] for name in ("add", "subtract", "multiply", "divide", "sin")]
    kinds = np.random.default_rng(0).integers(5, size=20_000).tolist()
    # Of each kind of operation a sweep back makes the same few rows.
    steps = [Step(ops[(k + j) % 5], (), None, 0.0) for k in kinds for j in range(4)]
    assert not may_roll(WengertList(steps, [], [], LEAF))
