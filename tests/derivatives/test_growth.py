"""Derivatives cost as much as there are entries, told by what is calculated and not by time: the
entries of all rows of a recorded gradient, the entries that assignments copy, the bytes that are
in use at once."""

import gc
import tracemalloc

import numpy as np
import pytest
import scipy.sparse
from harness import replaced

import admodes as ad
from admodes.compilation.numpy.placement import is_view
from admodes.core.op import REGISTRY
from admodes.core.record import record
from admodes.ops.reductions import repeated

GENERATOR = np.random.default_rng(6)
KERNEL = GENERATOR.normal(size=8)


def differences(n):
    """A sparse matrix of n rows and columns."""
    return scipy.sparse.diags_array(
        [np.ones(n - 1), 2.0 * np.ones(n)], offsets=[1, 0], format="csr"
    )


def at(ufunc):
    def f(x):
        z = x.copy()
        ufunc.at(z, np.arange(len(x)) // 2, x * x)
        return z

    return f


def written(x):
    z = x * x
    z[1:-1] += x[2:] * x[:-2]
    return z


def masked(x):
    z = x * x
    z[np.arange(len(x)) % 3 == 0] = x[0]
    return z


def filled(x):
    z = np.zeros(len(x) + 1)
    for i in range(len(x)):
        z[i + 1] = 0.9 * z[i] + x[i] * x[i]
    return z


def rows_filled(x):
    z = np.zeros((len(x) + 1, 16))
    for i in range(len(x)):
        z[i + 1] = 0.5 * z[i] + x[i] * np.arange(16.0)
    return z


def steps(x):
    z = np.zeros((len(x) + 1, 16))
    z[0] = np.linspace(0.1, 0.5, 16)
    for i in range(len(x)):
        z[i + 1] = z[i] + 0.1 * x[i] * np.sin(z[i]) * z[i]
    return z


def entries_in_a_loop(x):
    return sum(x[i] ** 2 for i in range(len(x)))


LINEAR = {
    "maximum.accumulate": np.maximum.accumulate,
    "minimum.accumulate": np.minimum.accumulate,
    "logaddexp.accumulate": np.logaddexp.accumulate,
    "logaddexp.reduce": np.logaddexp.reduce,
    "hypot.reduce": np.hypot.reduce,
    "fmax.accumulate": np.fmax.accumulate,
    "prod": np.prod,
    "cumprod": np.cumprod,
    "median": np.median,
    "percentile": lambda x: np.percentile(x, [10, 50]),
    "nanquantile": lambda x: np.nanquantile(x, 0.3),
    "partition": lambda x: np.partition(x, 5),
    "bincount": lambda x: np.bincount(np.arange(len(x)) // 3, weights=x * x),
    "add.at": at(np.add),
    "subtract.at": at(np.subtract),
    "maximum.at": at(np.maximum),
    "sparse @ x": lambda x: differences(len(x)) @ x,
    "x @ sparse": lambda x: x @ differences(len(x)),
    "sparse.T @ x": lambda x: differences(len(x)).T @ x,
    "add.reduceat": lambda x: np.add.reduceat(x * x, np.arange(0, len(x), 7)),
    "convolve": lambda x: np.convolve(x, KERNEL),
    "convolve with itself": lambda x: np.convolve(x, x[: len(x) // 2]),
    "correlate": lambda x: np.correlate(x, KERNEL, "same"),
    "slice assignment": written,
    "assignment by a mask": masked,
    "maximum.reduceat": lambda x: np.maximum.reduceat(x * x, np.arange(0, len(x), 7)),
    "polyfit": lambda x: np.polyfit(x, x**2 + 1.0, 2),
    "entries in a loop": entries_in_a_loop,
    "stack of entries": lambda x: np.stack([2.0 * x[i] ** 2 for i in range(len(x))]),
    "concatenate": lambda x: np.concatenate([x[i : i + 1] ** 2 for i in range(len(x))]),
}


def loss(f):
    return lambda x: np.sum(f(x) ** 2)


def calculated(f, x):
    """The entries of all rows of the list of f, views and constants apart."""
    return sum(s.size for s in record(f, x).steps if s.op is not None and not is_view(s))


@pytest.mark.parametrize("name", LINEAR)
def test_a_gradient_calculates_as_many_entries_as_its_argument_has(name):
    gradient = ad.grad(loss(LINEAR[name]))
    x = GENERATOR.permutation(np.linspace(0.5, 1.5, 512))
    small, large = calculated(gradient, x[:128]), calculated(gradient, x)
    assert large <= 4.1 * small, (small, large)


@pytest.mark.parametrize("name", ["entries in a loop", "logaddexp.reduce", "cumprod"])
def test_so_do_second_derivatives(name):
    def along(x):
        return ad.hvp(loss(LINEAR[name]), x, np.ones(len(x)))

    x = np.linspace(0.5, 1.5, 256)
    small, large = calculated(along, x[:64]), calculated(along, x)
    assert large <= 4.1 * small, (small, large)


def copied(run):
    """How many entries assignments copy."""
    count = 0
    kernel = REGISTRY["assign"].array

    def counting(x, v, index):
        nonlocal count
        y = kernel(x, v, index)
        count += 0 if y is x else y.size
        return y

    with replaced(REGISTRY["assign"], array=counting):
        run()
    return count


@pytest.mark.parametrize("f", [filled, rows_filled, steps])
def test_a_buffer_is_filled_in_place(f):
    x = np.linspace(0.5, 1.5, 1000)
    f_entries = f(x).size
    runs = {
        "gradient": lambda: ad.grad(loss(f))(x),
        "tangent": lambda: ad.jvp(loss(f), (x,), (x,)),
        "samples": lambda: ad.vmap(f)(np.stack([x, x])),
    }
    for name, run in runs.items():
        assert copied(run) <= 4 * f_entries, name


def test_a_buffer_that_is_read_elsewhere_keeps_its_entries():
    def f(x):
        z = x * 1.0
        before, view = z * z, z[10:]
        z[0] = 2.0
        z[12] = view[0] * x[1]
        return np.sum(before * z) + view[2]

    x = GENERATOR.normal(size=600)
    expected = record(f, x)
    w = x.copy()
    w[0], w[12] = 2.0, x[10] * x[1]
    slope = 2 * x * w + x * x
    slope[[0, 12]] = 2 * x[[0, 12]] * w[[0, 12]]
    slope[[1, 10]] += (x[12] ** 2 + 1.0) * x[[10, 1]]
    np.testing.assert_allclose(ad.grad(f)(x), slope, rtol=1e-13)
    assert expected.steps[expected.outputs[0].row].value == pytest.approx(np.sum(x * x * w) + w[12])


def test_compiled_code_fills_a_buffer_in_place():
    x = np.linspace(0.5, 1.5, 40)
    compiled = ad.compile(ad.grad(loss(rows_filled)), "numpy")
    np.testing.assert_allclose(compiled(x), ad.grad(loss(rows_filled))(x), rtol=1e-13)
    assert compiled.source().count("copyto") <= 4
    entries = [line for line in compiled.source().splitlines() if "ndarray((41, 16)" in line]
    assert len(entries) <= 4


def test_a_loop_over_entries_is_a_loop_whatever_their_number():
    """Up to 4096 entries were numbers of their own, and calculated otherwise than more."""
    lines = []
    for n in (3000, 4096, 4097, 5000):
        compiled = ad.compile(ad.grad(entries_in_a_loop), "numpy")
        x = np.linspace(0.1, 1.0, n)
        np.testing.assert_allclose(compiled(x), 2.0 * x, rtol=1e-15)
        lines.append(len(compiled.source().splitlines()))
    assert len(set(lines)) == 1


def peak(run):
    """The bytes that are in use at once while it runs, beyond those before it."""
    run()
    gc.collect()
    tracemalloc.start()
    run()
    found = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return found


PEAKS = {
    "bincount": lambda x: np.bincount(np.arange(len(x)) % 5000, weights=x),
    "convolve": lambda x: np.convolve(x[:8000], x[:2000]),
    "maximum.accumulate": np.maximum.accumulate,
    "logaddexp.reduce": np.logaddexp.reduce,
    "cumprod": np.cumprod,
    "median": np.median,
    "polyfit": lambda x: np.polyfit(x, x * x, 2),
    "maximum.at": at(np.maximum),
    "sparse @ x": lambda x: differences(len(x)) @ x,
    "x @ sparse": lambda x: x @ differences(len(x)),
    "slice assignment": written,
}


@pytest.mark.parametrize("name", PEAKS)
def test_the_memory_of_a_gradient(name):
    x = GENERATOR.permutation(np.linspace(0.5, 1.5, 20_000))
    gradient = ad.grad(loss(PEAKS[name]))
    compiled = ad.compile(gradient, "numpy")
    assert peak(lambda: gradient(x)) < 60 * x.nbytes
    assert peak(lambda: compiled(x)) < 60 * x.nbytes


MATRIX = GENERATOR.normal(size=(256, 256)) / 16


def of_a_captured_matrix(x):
    for _ in range(60):
        x = np.tanh(MATRIX @ x)
    return x.sum()


def of_a_matrix_that_f_makes(x):
    matrix = 2.0 * MATRIX
    for _ in range(60):
        x = np.tanh(matrix @ x)
    return x.sum()


@pytest.mark.parametrize("f", [of_a_captured_matrix, of_a_matrix_that_f_makes])
def test_a_matrix_that_all_steps_read_is_kept_once(f):
    """Every step kept a copy of its own, in a recording three."""
    x, gradient = np.ones(256), ad.grad(f)
    assert peak(lambda: gradient(x)) < 4 * MATRIX.nbytes
    assert peak(lambda: record(gradient, x)) < 12 * MATRIX.nbytes
    for exact in (False, True):
        compiled = ad.compile(gradient, "numpy", exact=exact)
        assert peak(lambda: ad.compile(gradient, "numpy", exact=exact)(x)) < 40 * MATRIX.nbytes
        assert peak(lambda: compiled(x)) < 8 * MATRIX.nbytes


def test_a_matrix_that_changes_between_steps_is_kept_as_it_was():
    def f(x):
        matrix = MATRIX[:32, :32].copy()
        for _ in range(3):
            x = np.tanh(matrix @ x)
            matrix *= -0.5
            matrix[0, 0] = -0.0
        return x.sum()

    x = np.linspace(0.1, 1.0, 32)
    for run in (ad.grad(f), ad.compile(ad.grad(f), "numpy"), ad.compile(ad.grad(f), exact=True)):
        matrices = [MATRIX[:32, :32] * 1.0]
        for _ in range(2):
            matrices.append(matrices[-1] * -0.5)
            matrices[-1][0, 0] = 0.0
        states = [x]
        for matrix in matrices:
            states.append(np.tanh(matrix @ states[-1]))
        slope = np.ones(32)
        for matrix, y in zip(matrices[::-1], states[:0:-1], strict=True):
            slope = matrix.T @ (slope * (1 - y * y))
        np.testing.assert_allclose(run(x), slope, rtol=1e-12)


class TestRanks:
    def test_equal_entries_keep_their_order(self):
        x = np.array([[2.0, 1.0, 2.0, 2.0, np.nan], [5.0, 5.0, 5.0, 5.0, 5.0]])
        ranks = np.array([[0, 1, 2, 3, 4], [4, 0, 1, 2, 3]])
        found = REGISTRY["argrank"](x, ranks, axis=1)
        order = np.argsort(x, axis=1, kind="stable")
        np.testing.assert_array_equal(found, np.take_along_axis(order, ranks, 1))

    @pytest.mark.parametrize("axis", [0, 1])
    def test_random_ties(self, axis):
        x = GENERATOR.integers(0, 6, (13, 17)).astype(float)
        ranks = GENERATOR.integers(0, x.shape[axis], (13, 17))
        found = REGISTRY["argrank"](x, ranks, axis=axis)
        order = np.argsort(x, axis=axis, kind="stable")
        np.testing.assert_array_equal(found, np.take_along_axis(order, ranks, axis))
        assert np.any(repeated(x, axis))


class TestRecurrence:
    @pytest.mark.parametrize("shape", [(700,), (300, 2), (5, 400)])
    @pytest.mark.parametrize("back", [False, True])
    def test_blocks_give_what_steps_do(self, shape, back):
        a, b = GENERATOR.normal(size=(2, *shape))
        y = b.copy()
        order = range(len(b) - 2, -1, -1) if back else range(1, len(b))
        for k in order:
            y[k] += a[k + 1] * y[k + 1] if back else a[k] * y[k - 1]
        found = REGISTRY["recurrence"](a, b, axis=0, back=back)
        np.testing.assert_allclose(found, y, rtol=1e-9, atol=1e-9 * np.abs(y).max())

    def test_factors_whose_products_leave_the_range(self):
        a = np.tile([1e200, 1e-200], 300)
        y = REGISTRY["recurrence"](a, np.ones(600), axis=0)
        expected = np.ones(600)
        for k in range(1, 600):
            expected[k] += a[k] * expected[k - 1]
        np.testing.assert_allclose(y, expected, rtol=1e-12)

    def test_a_zero_before_an_infinite_factor_stays_zero(self):
        y = REGISTRY["recurrence"](np.full(300, np.inf), np.zeros(300), axis=0)
        np.testing.assert_array_equal(y, 0.0)

    @pytest.mark.parametrize("zeros", [[], [3], [3, 70], [0, 499]])
    def test_products_with_zeros(self, zeros):
        x = GENERATOR.uniform(0.9, 1.1, 500)
        x[zeros] = 0.0
        others = [np.prod(np.delete(x, k)) for k in range(500)]
        np.testing.assert_allclose(ad.grad(np.prod)(x), others, rtol=1e-12)
        w = GENERATOR.normal(size=500)
        ones = (np.where(np.arange(500) == k, 1.0, x) for k in range(500))
        full = [np.sum(w[k:] * np.cumprod(one)[k:]) for k, one in enumerate(ones)]
        np.testing.assert_allclose(
            ad.grad(lambda x: np.sum(w * np.cumprod(x)))(x), full, rtol=1e-9, atol=1e-9
        )
