"""Arrays that are changed after, or while, a derivative is taken; threads that take several."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import admodes as ad

MODES = ("forward", "reverse")
COMPOSITIONS = [f"{a}-over-{b}" for a in MODES for b in MODES]


CAPTURING = {
    "product": lambda x, c: x * c,
    "quotient": lambda x, c: c / x,
    "power": lambda x, c: x ** (c + 3.0),
    "reflected subtraction": lambda x, c: (c - x) ** 2,
    "matmul": lambda x, c: np.outer(c, x) @ x,
    "matmul of a plain array": lambda x, c: np.outer(c, c) @ (x * x),
    "einsum": lambda x, c: np.einsum("i,i,j->ij", x, x, c),
    "where": lambda x, c: np.where(c > 0, x * x, x**3),
    "mask": lambda x, c: x[c > 0] ** 2,
    "maximum": lambda x, c: np.maximum(x * x, c),
    "clip": lambda x, c: np.clip(x * x, c - 5, c + 5) * x,
    "concatenate": lambda x, c: np.concatenate([x * x, c])[::2],
    "stack": lambda x, c: np.stack([x * x, c * x]),
    "solve": lambda x, c: np.linalg.solve(np.diag(c) + np.ones((3, 3)), x * x),
    "kron": lambda x, c: np.kron(x, c) ** 2,
    "arctan2": lambda x, c: np.arctan2(x, c),
    "tensordot": lambda x, c: np.tensordot(c, x * x, 0),
}


@pytest.mark.parametrize("name", CAPTURING)
def test_a_captured_array_may_be_changed_afterwards(name):
    f = CAPTURING[name]
    c = np.array([1.5, -2.0, 0.75])
    x = np.array([0.5, 1.25, 2.0])
    out, pullback = ad.vjp(lambda x: f(x, c), x)
    w = np.cos(np.arange(out.size)).reshape(out.shape)
    (expected,) = pullback(w)
    expected = expected.copy()
    np.testing.assert_allclose(
        np.sum(ad.jvp(lambda x: f(x, c), (x,), (np.ones(3),))[1] * w), np.sum(expected), rtol=1e-12
    )
    c[:] = np.nan
    x[:] = np.nan
    out[...] = np.nan
    (again,) = pullback(w)
    np.testing.assert_array_equal(again, expected)
    again[:] = np.nan
    np.testing.assert_array_equal(pullback(w)[0], expected)


@pytest.mark.filterwarnings("ignore::admodes.KinkWarning")
@pytest.mark.parametrize("name", CAPTURING)
def test_a_buffer_may_be_changed_inside_the_function(name):
    f = CAPTURING[name]
    x = np.array([0.5, 1.25, 2.0])
    constants = np.array([[1.5, -2.0, 0.75], [2.5, 0.5, -1.0]])

    def with_a_buffer(x):
        buffer = np.empty(3)
        total = 0.0
        for c in constants:
            buffer[:] = c
            total = total + np.sum(f(x, buffer))
            buffer[:] = np.nan
        return total

    def without(x):
        return sum(np.sum(f(x, c.copy())) for c in constants)

    for mode in MODES:
        found = ad.jacobian(with_a_buffer, mode=mode)(x)
        np.testing.assert_allclose(found, ad.jacobian(without, mode=mode)(x), rtol=1e-14)
    for mode in COMPOSITIONS:
        found = ad.hessian(with_a_buffer, mode=mode)(x)
        np.testing.assert_allclose(found, ad.hessian(without, mode=mode)(x), rtol=1e-14)


def test_index_arrays_masks_and_positions_may_be_changed_afterwards():
    x = np.array([0.5, 1.25, 2.0])
    index, mask, along = np.array([2, 0]), np.array([True, False, True]), np.array([1, 1, 0])
    condition, positions = np.array([True, True, False]), [2, 2]

    def f(x):
        return [
            x[index] ** 2,
            x[mask] ** 2,
            np.take_along_axis(x, along, 0) ** 2,
            np.where(condition, x * x, 0.0),
            x[positions] ** 2,
            np.take(x, index) ** 2,
        ]

    outs, pullback = ad.vjp(f, x)
    ws = [np.ones(y.shape) for y in outs]
    (expected,) = pullback(ws)
    index[:], mask[:], along[:], condition[:], positions[:] = 1, False, 2, False, [0, 0]
    np.testing.assert_array_equal(pullback(ws)[0], expected)
    np.testing.assert_array_equal(expected, 2 * x * [5.0, 3.0, 5.0])


def test_a_pullback_called_twice_gives_the_same_and_its_cotangent_may_be_changed():
    x = np.array([[0.5, -1.0], [0.25, 2.0]])
    w = np.array([[1.0, -2.0], [0.25, 3.0]])
    for f in (
        lambda x: x,
        lambda x: x.T,
        lambda x: x + x,
        lambda x: x[::-1] + x,
        lambda x: np.tanh(x @ x) + x[0] * x[:, :1],
        lambda x: np.linalg.inv(x) + np.cumsum(x, axis=0) + x[[1, 1]] + x[0, 0],
    ):
        _, pullback = ad.vjp(f, x)
        mine = w.copy()
        (first,) = pullback(mine)
        kept = first.copy()
        first[:] = np.nan
        np.testing.assert_array_equal(mine, w)
        (second,) = pullback(mine)
        mine[:] = np.nan
        np.testing.assert_array_equal(second, kept)
        np.testing.assert_allclose(pullback(-2.0 * w)[0], -2.0 * kept, rtol=1e-14)


# Threads.


def test_eight_threads_compute_different_gradients_at_once():
    rng = np.random.default_rng(5)
    points = rng.normal(size=(8, 3, 3)) + 3.0 * np.eye(3)

    def work(k):
        x = points[k]

        def f(x):
            y = np.tanh(x @ x.T * 0.1) + np.linalg.inv(x)
            for _ in range(k):
                y = np.sin(y @ x * 0.2) + y[::-1]
            return np.sum(y * np.sort(y, axis=0))

        return (
            ad.grad(f)(x),
            ad.jvp(ad.grad(f), (x,), (x,))[1],
            ad.jacobian(lambda x: x @ x)(x),
            ad.vmap(ad.grad(lambda r: np.prod(r) * np.sum(r)))(x),
        )

    alone = [work(k) for k in range(8)]
    together: list = [[] for _ in range(8)]
    errors: list = []
    gate = threading.Barrier(8)

    def run(k):
        try:
            gate.wait()
            for _ in range(8):
                together[k].append(work(k))
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(k,)) for k in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not errors
    for k in range(8):
        for found in together[k]:
            for got, expected in zip(found, alone[k], strict=True):
                np.testing.assert_array_equal(got, expected)
