"""Functions and arguments for the operations that are declared by a transpose or a tangent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from admodes.core.op import REGISTRY

Cases = dict[str, list[tuple[Callable[..., Any], tuple]]]

MOVES: dict[str, list[dict]] = {
    "flip": [{}, {"axis": 1}],
    "fliplr": [{}],
    "flipud": [{}],
    "rot90": [{}, {"k": 3}],
    "roll": [{"shift": 5}, {"shift": (1, -2), "axis": (0, 1)}],
    "tile": [{"reps": 2}, {"reps": (2, 1, 3)}],
    "repeat": [{"repeats": 2}, {"repeats": [0, 1, 3], "axis": 0}],
    "diag": [{}, {"k": 1}],
    "diagflat": [{}, {"k": -1}],
    "diagonal": [{}, {"offset": 1, "axis1": 1, "axis2": 0}],
    "tril": [{}, {"k": 1}],
    "triu": [{}, {"k": -1}],
    "take": [{"indices": [5, 0, 5]}, {"indices": [[1, 0], [1, 1]], "axis": 1}],
    "delete": [{"obj": 3}, {"obj": [0, 2], "axis": 1}],
    "resize": [{"new_shape": (5, 4)}, {"new_shape": (2, 3)}],
    "pad": [{"pad_width": 1}, {"pad_width": ((0, 2), (1, 3)), "mode": "reflect"}],
    "sliding_window_view": [{"window_shape": 2, "axis": 1}, {"window_shape": (2, 3)}],
}


def applied(name: str, args: tuple, *variants: dict) -> list[tuple[Callable[..., Any], tuple]]:
    op = REGISTRY[name]
    return [(lambda *xs, given=given: op(*xs, **given), args) for given in variants or ({},)]


def linear_array_cases(m: Any) -> Cases:
    rng = np.random.default_rng(17)
    z = m + 1j * rng.normal(size=m.shape)
    cube, four = rng.normal(size=(2, 3, 4)), rng.normal(size=4)
    t = m.T.copy()
    index = np.array([[2, 0, 2, 1]])
    take, add, join = (REGISTRY[n] for n in ("take_along_axis", "add_along_axis", "concatenate"))
    put = REGISTRY["assign"]
    einsum = REGISTRY["einsum"]
    pairs = [
        *[(m, four), (four, t), (four, four + 1), (m, t), (cube, t), (m, t + 1)],
        *[(cube, four), (four[:3], cube), (cube, rng.normal(size=(2, 4, 2)))],
        (rng.normal(size=(2, 1, 3, 4)), rng.normal(size=(3, 4, 2))),
    ]
    sums = [
        (("ij", "j"), "i", (m, four)),
        (("ij", "j", "kij"), "k", (m, four, cube)),
        (("ij",), "", (m,)),
        (("ij",), "ji", (m,)),
        (("ij", "kl"), "il", (m, t)),
    ]
    return {
        **{name: applied(name, (m,), *variants) for name, variants in MOVES.items()},
        **{name: applied(name, (z,)) for name in ("real", "imag", "conj")},
        "times_i": applied("times_i", (m,), {"sign": 1.0}) + applied("times_i", (z,), {"sign": -1}),
        **{
            name: [c for x in (m, z) for c in applied(name, (x,), {"axis": 0, "norm": None})]
            for name in ("fft", "ifft")
        },
        **{
            name: applied(name, (x,), *({"n": n, "axis": 1, "norm": k} for k in (None, "ortho")))
            for name, x, n in (
                *(("rfft", m, 4), ("rfft_transposed", z[:, :3], 4)),
                *(("irfft", z[:, :3], 5), ("irfft_transposed", m, 4)),
            )
        },
        "transpose": applied("transpose", (cube,), {"axes": (2, 0, 1)}, {"axes": (0, 1, 2)}),
        "astype": [
            *applied("astype", (m,), {"dtype": np.dtype(complex)}, {"dtype": np.dtype(float)}),
            *applied("astype", (1.5,), {"dtype": np.dtype(complex)}),
        ],
        "concatenate": [
            (lambda x, y: join(x, y, x, axis=0), (m, m[:1])),
            (lambda x, y: join(x, np.ones((3, 2)), y, axis=1), (m, m[:, :2])),
        ],
        "assign": [
            (lambda x, y: put(x, y, index=(slice(1, 3), slice(None, None, 2))), (m, m[0, :2])),
            (lambda x, y: put(x, y, index=np.array([0, 2, 0])), (m, m[::-1])),
            (lambda y: put(np.ones((3, 4)), y, index=(1, 2)), (1.5,)),
        ],
        "convolve": [
            (lambda x, y, mode=mode: REGISTRY["convolve"](x, y, mode=mode), (m[0], cube[0, 0]))
            for mode in ("full", "valid")
        ],
        "sparse_matmul": [
            (
                lambda d, x, i=i, p=p, s=s, t=t: REGISTRY["sparse_matmul"](
                    d, i, p, x, shape=s, transposed=t
                ),
                (four, x),
            )
            for i, p, s, t, x in (
                (np.array([0, 2, 1, 2]), np.array([0, 2, 2, 4]), (3, 3), False, cube[0, :, 0]),
                (np.array([0, 2, 1, 2]), np.array([0, 2, 2, 4]), (3, 3), True, m[:, :2]),
            )
        ],
        "take_along_axis": [
            (lambda x: take(x, index, axis=0), (m,)),
            (lambda x: take(x, index.T[:3] % 2, axis=1), (m,)),
        ],
        "add_along_axis": [
            (lambda x: add(x, index, axis=0, shape=(3, 4)), (m[:1],)),
            (lambda x: add(x, index[:, :3].T, axis=1, shape=(3, 5)), (m[:, :1],)),
        ],
        "running_choice": [
            (lambda x, k=k: REGISTRY["running_choice"](x, order, largest, **k), (m,))
            for k in ({"axis": 0}, {"axis": 1}, {"axis": 1, "back": True})
            for order in (m[::-1], np.round(m))
            for largest in (np.maximum.accumulate(order, k["axis"]),)
        ],
        "overlap": [
            *applied("overlap", (m,), {"sizes": (4,), "axes": (0,), "shape": (6,)}),
            *applied(
                "overlap", (cube[:, None],), {"sizes": (3, 4), "axes": (1, 0), "shape": (5, 3)}
            ),
        ],
        "mean": applied("mean", (m,), {}, {"axis": 0}, {"axis": (0, 1), "keepdims": True}),
        "cumsum": applied("cumsum", (m,), {"axis": 0}, {"axis": 1}),
        "singular_values": [
            (lambda y: REGISTRY["singular_values"](y, np.ones((3, 4))), (rng.normal(size=24),)),
            (
                lambda y: REGISTRY["singular_values"](y, np.ones((2, 4, 1))),
                (cube[:, :2, :3].reshape(2, 6),),
            ),
        ],
        "matmul": [(REGISTRY["matmul"], pair) for pair in pairs],
        "einsum": [
            (lambda *xs, t=t, o=o: einsum(*xs, terms=t, output=o), args) for t, o, args in sums
        ],
    }


def tangential_cases() -> Cases:
    """For every operation that is declared by its tangent, functions and arguments."""
    rng = np.random.default_rng(11)
    m, cube = rng.normal(size=(3, 4)), rng.normal(size=(2, 3, 3))
    z = m + 1j * rng.normal(size=m.shape)
    a, right = rng.normal(size=(3, 3)) + 2 * np.eye(3), rng.normal(size=(3, 2))
    stack = cube + 2 * np.eye(3)
    positive = a @ a.T + np.eye(3)
    mixed = a + 1j * rng.normal(size=(3, 3))
    # Far from equal singular values, where their vectors are free to change sign.
    wide = 0.3 * m + 3 * np.diag([1.0, 2.0, 3.0, 4.0])[:3]
    turning = a + np.array([[0, 4, 0], [-1, 0, 0], [0, 0, 5]])
    zeros = np.array([[0.0, 2.0, -1.0], [0.0, 0.0, 3.0], [1.5, 0.5, 2.0]])
    reduced = [{"axis": k, "keepdims": keep} for k in (None, 0, (0, 1)) for keep in (False, True)]

    def each(name: str, *args: Any, variants: Sequence[dict] = ({},)) -> list:
        return [c for x in args for c in applied(name, x if type(x) is tuple else (x,), *variants)]

    axes = {"axis": 0}, {"axis": 1}
    along = *axes, {"axis": 0, "back": True}, {"axis": 1, "back": True}
    of = {"of": "logaddexp"}, {"of": "logaddexp2"}
    based = [b | k for b in of for k in axes]
    return {
        "modulus": each("modulus", z),
        "arg": each("arg", z, z[0, 0]),
        "amax": applied("amax", (m,), *reduced),
        "amin": applied("amin", (m,), *reduced),
        "logsumexp": applied("logsumexp", (m,), *reduced),
        "prod": each("prod", m, zeros, z, variants=axes),
        "cumprod": each("cumprod", m, zeros, z, variants=axes),
        "recurrence": each(
            "recurrence", (m, m[::-1] + 0.5), (z, z[::-1]), (m[:1], m[1:2]), variants=along
        ),
        "accumulate": [
            c
            for x, of in ((m, "maximum"), (m + 3, "divide"), (m, "subtract"), (m, "fmin"))
            for c in applied("accumulate", (x,), *({"of": of} | k for k in axes))
        ],
        "logaddexp_reduce": each("logaddexp_reduce", m, m[:1], variants=axes),
        "logaddexp2_reduce": each("logaddexp2_reduce", m, m[:1], variants=axes),
        # Weighted, since the shares of a line have the sum 1 whatever it is.
        "shares": [
            (lambda x, f=f: f(x) * np.arange(x.size).reshape(x.shape), args)
            for f, args in each("shares", m, m[:1], variants=based)
        ],
        "logaddexp_scan": each("logaddexp_scan", m, m[:1], variants=axes),
        "logaddexp2_scan": each("logaddexp2_scan", m, m[:1], variants=axes),
        "running_mean": each(
            "running_mean",
            (m, 2 * m[::-1]),
            (m[:1], m[1:2]),
            variants=[b | k for b in of for k in along],
        ),
        "sort": each("sort", m, variants=axes),
        "inv": each("inv", a, stack, mixed),
        "solve": each("solve", (a, right), (stack, right), (a, cube), (mixed, right)),
        "det": each("det", a, stack, mixed, np.ones((3, 3)), zeros[1:, 1:] * [0.0, 1.0]),
        "logabsdet": each("logabsdet", a, stack),
        "cholesky": each("cholesky", positive, np.stack([positive, positive + np.eye(3)])),
        "pinv": each("pinv", m, m.T.copy(), cube),
        "eigh": each("eigh", positive, variants=({"uplo": "L"}, {"uplo": "U"}))
        + each("eigh", np.stack([positive, np.diag([1.0, 3, 7]) + a]), variants=({"uplo": "L"},)),
        "svd": each("svd", wide, wide.T.copy(), cube),
        "singular_squares": each("singular_squares", wide, wide.T.copy(), cube, wide[[0, 1, 0]]),
        "qr": each("qr", m.T.copy(), a, stack),
        "eig": each("eig", positive, turning, mixed, np.stack([positive, turning])),
    }
