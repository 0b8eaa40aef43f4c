"""What is printed, and what compiled functions compute, is what tests/data/goldens holds."""

import importlib.util

import goldens
import numpy as np
import pytest
from golden_points import NEED_SCIPY, POINTS
from golden_programs import called

import admodes as ad


@pytest.mark.parametrize("name", goldens.GOLDENS)
def test_golden(name):
    reason = goldens.missing(name)
    if reason:
        pytest.skip(reason)
    found = goldens.difference(name)
    assert not found, found


def test_every_file_is_one_of_the_goldens():
    assert {path.stem for path in goldens.DATA.iterdir()} == set(goldens.GOLDENS)


def leaves(result):
    """The arrays of a result that is one, or a tuple or list of such results."""
    parts = result if isinstance(result, tuple | list) else [result]
    if parts is result:
        return [leaf for part in parts for leaf in leaves(part)]
    return [np.asarray(result)]


@pytest.mark.parametrize("backend", ["numpy", "llvm"])
def test_compiled_functions_compute_what_the_functions_do(backend):
    if backend == "llvm":
        pytest.importorskip("llvmlite", reason="the back end llvm needs llvmlite")
    without = () if importlib.util.find_spec("scipy") else NEED_SCIPY
    wrong = []
    for name, (f, args) in called(without).items():
        # Functions by the exact passes alone, derivatives by the loose ones too.
        compiled = ad.compile(f, backend=backend, exact=name in POINTS)
        expected = leaves(f(*args))
        compiled(*args)
        for y, z in zip(leaves(compiled(*args)), expected, strict=True):
            scale = np.max(np.abs(z), initial=1.0)
            if y.shape != z.shape or y.dtype != z.dtype or not np.all(abs(y - z) <= 1e-12 * scale):
                wrong.append(f"{name}: {y.tolist()} instead of {z.tolist()}")
    assert not wrong, "\n".join(wrong)
