"""Entries that are added into zeros: along one vector of places, which NumPy does fastest, with the
bits of np.add.at, and so that compiled code gathers and adds by one call each."""

import numpy as np
import pytest

import admodes as ad
from admodes.core.op import REGISTRY
from admodes.ops.indexing import picked_entries, picked_rows

RNG = np.random.default_rng(0)
SHAPE = (6, 5, 4)
INDICES = {
    "rows": RNG.integers(-6, 6, size=40),
    "a table of rows": RNG.integers(6, size=(7, 9)),
    "two axes": (RNG.integers(6, size=40), RNG.integers(-5, 5, size=(2, 1))),
    "entries": tuple(RNG.integers(n, size=100) for n in SHAPE),
    "none": np.zeros(0, int),
    "unsigned": RNG.integers(6, size=30).astype(np.uint8),
    "a mask": RNG.uniform(size=6) < 0.5,
    "between slices": (slice(1, 5), RNG.integers(5, size=30)),
}


@pytest.mark.parametrize("index", INDICES.values(), ids=INDICES)
def test_sums_have_the_bits_of_add_at(index):
    w = RNG.normal(size=np.zeros(SHAPE)[index].shape)
    expected = np.zeros(SHAPE)
    np.add.at(expected, index, w)
    np.testing.assert_array_equal(REGISTRY["place"](w, index=index, shape=SHAPE), expected)


@pytest.mark.parametrize("index", INDICES.values(), ids=INDICES)
def test_compiled_gathers_and_their_gradients(index):
    x = RNG.normal(size=SHAPE)
    c = RNG.normal(size=x[index].shape)

    def f(x):
        return np.sum(c * x[index] ** 2)

    compiled = ad.compile(ad.value_and_grad(f), backend="numpy", exact=True)
    value, gradient = compiled(x)
    np.testing.assert_allclose(value, f(x), rtol=1e-14)
    expected = np.zeros(SHAPE)
    np.add.at(expected, index, c * (2 * x[index]))
    np.testing.assert_allclose(gradient, expected, rtol=1e-14, atol=1e-14)
    other = np.asfortranarray(RNG.normal(size=SHAPE))
    np.testing.assert_allclose(compiled(other)[0], f(other), rtol=1e-14)


def test_compiled_code_adds_and_gathers_by_one_call():
    rows = INDICES["a table of rows"]
    compiled = ad.compile(ad.grad(lambda x: np.sum(np.sin(x[rows]))), backend="numpy")
    compiled(np.ones((6, 3)))
    source = compiled.source()
    assert source.count("= summed") == 1
    assert source.count(".take(") == 1
    assert "place_array" not in source


def test_rows_and_entries_that_an_index_picks():
    x = np.arange(np.prod(SHAPE)).reshape(SHAPE)
    for index in INDICES.values():
        entries = picked_entries(index, SHAPE)
        if entries is not None:
            np.testing.assert_array_equal(x.ravel()[entries].ravel(), x[index].ravel())
    assert picked_rows(INDICES["a mask"], SHAPE) is None
    assert picked_rows(INDICES["between slices"], SHAPE) is None
    assert picked_rows((), SHAPE) is None
    assert picked_rows(np.zeros(0, int), (0, 3)) is None
