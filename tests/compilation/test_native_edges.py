"""Where native code must step back: values that are not finite, other builds of NumPy or of the C
library, memory that has changed."""

import ctypes
import ctypes.util
import weakref
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="the llvm back end needs llvmlite")

from admodes.compilation.llvm import build, jit, loops
from admodes.compilation.protocol import MISS
from admodes.core.record import record, record_leaves
from admodes.optimisation.optimised import Optimised


@pytest.mark.parametrize("one", [1.0, np.ones(3)])
def test_the_exact_program_answers_where_a_suspect_is_infinite(one):
    program = replace(Optimised.of(record(lambda x: x * x, one)), suspects=[0])
    run = build(program, record(lambda x: x + 1.0, one))
    np.testing.assert_array_equal(run(3.0 * one)[0], 9.0 * one)
    np.testing.assert_array_equal(run(1e200 * one)[0], 1e200 * one)


def test_a_structure_that_is_not_that_of_a_ufunc_has_no_loops(monkeypatch):
    class Other(ctypes.Structure):
        """Another NumPy, with one more word in front."""

        _fields_ = (("new", ctypes.c_void_p), *loops._Ufunc._fields_[:-1])

    assert loops._structure(np.add) is not None
    monkeypatch.setattr(loops, "_Ufunc", Other)
    assert loops._structure(np.add) is None
    monkeypatch.undo()
    monkeypatch.setattr("sys.implementation.name", "pypy")
    assert loops._structure(np.add) is None


def test_rows_run_in_python_where_there_are_no_loops(monkeypatch):
    monkeypatch.setattr(loops, "loop_of", lambda ufunc: None)
    x = np.linspace(0.1, 1.0, 12).reshape(3, 4)

    def f(x):
        return np.sin(x) * 2.0 + (x @ x.T).sum() + np.max(x, axis=0)

    np.testing.assert_array_equal(build(record(f, x))(x)[0], f(x))


def test_an_array_that_has_become_smaller_is_not_read_beyond_its_end():
    a = np.ones(10_000)
    program = record_leaves(lambda x: a * x + 1.0, [2.0], len, held={id(a): a})
    run = build(program)
    np.testing.assert_array_equal(run(3.0)[0], np.full(10_000, 4.0))
    a.resize(10, refcheck=False)
    with pytest.raises(ValueError, match="has changed its size"):
        run(3.0)


def test_a_miss_keeps_no_array_of_the_caller():
    run = build(record(lambda x: x * 2.0 if x[0] > 0 else -x, np.ones(10_000)))
    x = -np.ones(10_000)
    alive = weakref.ref(x)
    assert run(x) is MISS
    del x
    assert alive() is None


def test_what_the_c_library_lacks_is_said(monkeypatch):
    assert jit._address("erf")
    monkeypatch.setattr(ctypes.util, "find_library", lambda name: None)
    with pytest.raises(ImportError, match="finds no erf in the C library: use backend='numpy'"):
        jit._address("erf")
