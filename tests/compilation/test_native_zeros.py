"""The sign of a zero in compiled programs is that of eager evaluation, where something tells it: an
angle, or the caller who looks at the result."""

import itertools
from importlib.util import find_spec

import numpy as np
import pytest

import admodes as ad
from admodes.core.op import REGISTRY

BACKENDS = ["numpy", *(["llvm"] if find_spec("llvmlite") else [])]
VALUES = (0.0, -0.0, 1.0, -1.0, 2.5)
NAMES = sorted(op.name for op in set(REGISTRY.values()) if op.elementwise and not op.custom)
PATTERNS = ([-0.0], [0.0], [-0.0, 0.0], [0.0, -0.0], [-0.0, -0.0, 0.0])
REDUCTIONS = {
    "sum": np.sum,
    "mean": np.mean,
    "max": np.max,
    "min": np.min,
    "sum over rows": lambda x: np.sum(x.reshape(2, -1), axis=0),
    "sum over columns": lambda x: np.sum(x.reshape(2, -1), axis=1),
    "mean over columns": lambda x: np.mean(x.reshape(2, -1), axis=1),
    "max over columns": lambda x: np.max(x.reshape(2, -1), axis=1),
    "running sums": np.cumsum,
    "product": np.prod,
    "rest": lambda x: x % 1,
    "rest of a negative": lambda x: x % -1.0,
    "floor": lambda x: x // 2,
    "sign": np.sign,
    "largest of x and 0": lambda x: np.maximum(x, 0),
    "smallest of 0 and x": lambda x: np.minimum(0, x),
    "relu": ad.relu,
    "minus": lambda x: -x,
}


@pytest.mark.parametrize("name", NAMES)
def test_operations_on_numbers(name):
    op = REGISTRY[name]

    def told(*args):
        return ad.atan2(op(*args), -1.0)

    runs = [ad.compile(told, backend=b) for b in BACKENDS]
    for args in itertools.product(VALUES, repeat=op.arity):
        for run in runs:
            np.testing.assert_allclose(run(*args), told(*args), rtol=1e-14, err_msg=str(args))


@pytest.mark.parametrize("name", REDUCTIONS)
def test_operations_on_arrays(name):
    f = REDUCTIONS[name]

    def told(x):
        return ad.atan2(f(x), -1.0)

    for n in (2, 4, 20):
        runs = [ad.compile(told, backend=b) for b in BACKENDS]
        seen = [ad.compile(lambda x: f(x), backend=b) for b in BACKENDS]
        for pattern in PATTERNS:
            x = np.resize(np.array(pattern), n)
            for run, see in zip(runs, seen, strict=True):
                np.testing.assert_array_equal(run(x), np.arctan2(f(x), -1.0))
                if not (name == "sum over columns" and n == 2):
                    np.testing.assert_array_equal(np.signbit(see(x)), np.signbit(f(x)))
