"""Blocks of directions against the single ones, over array code of every kind, and vmap of the same
cases against the loop."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sampled_arrays import CUBE, ROW, SQUARE, M, close
from seeds import generator

import admodes as ad
from admodes.core.op import REGISTRY

RNG = generator(12)


def spd(x):
    return x @ np.swapaxes(x, -1, -2) + 2.0 * np.eye(x.shape[-2])


RANKS = {
    "vector, vector": ((4,), (4,)),
    "vector, matrix": ((3,), (3, 4)),
    "matrix, vector": ((3, 4), (4,)),
    "matrix, matrix": ((3, 4), (4, 2)),
    "vector, stack": ((3,), (2, 3, 4)),
    "stack, vector": ((2, 3, 4), (4,)),
    "matrix, stack": ((2, 3), (2, 3, 4)),
    "stack, matrix": ((2, 3, 4), (4, 2)),
    "stack, stack": ((2, 3, 4), (2, 4, 2)),
    "stretched stacks": ((2, 1, 3, 4), (3, 4, 2)),
    "stretched one": ((1, 3, 4), (2, 4, 2)),
    "empty": ((2, 0), (0, 3)),
}


def half_constant(shapes, which):
    """A product of which one side is not differentiated."""
    a, b = (RNG.normal(size=s) for s in shapes)
    return (lambda x: x @ b, (a,)) if which == "right" else (lambda x: a @ x, (b,))


CASES: dict[str, tuple[Any, tuple]] = {
    **{
        f"matmul {name}": (lambda a, b: a @ b, tuple(RNG.normal(size=s) for s in shapes))
        for name, shapes in RANKS.items()
    },
    **{
        f"matmul {name}, {which} constant": half_constant(shapes, which)
        for name, shapes in RANKS.items()
        for which in ("left", "right")
    },
    "broadcasting": (lambda x, y, z: x * y + z / (2 + np.sin(x)), (M, ROW, 1.5)),
    "broadcasting of columns": (lambda x, y: np.exp(x) * y - x, (M[:, :1], ROW)),
    "einsum of two": (lambda x, y: np.einsum("ij,kj->ik", x, y), (M, M[:2] + 1)),
    "einsum of three": (lambda x, y: np.einsum("ij,jk,i->k", x, y, x[:, 0]), (M, M.T)),
    "einsum with dots": (lambda x, y: np.einsum("...i,i->...", x, y), (CUBE, ROW)),
    "einsum of a diagonal": (lambda x: np.einsum("ii->i", x) * np.einsum("ii", x), (SQUARE,)),
    "basic index": (lambda x: x[1] * x[-1, ::-1] + x[0, None, 1:2], (M,)),
    "basic index with dots": (lambda x: x[..., 0] * x[:, 1, None, -1] + x[1, ..., 2], (CUBE,)),
    "fancy index": (lambda x: x[[0, 2, 0]] * x[np.array([1, 1, 1])], (M,)),
    "pairs of indices": (lambda x: x[[0, 2], [1, 1]] + x[:2, [0, 0]][0], (M,)),
    "grid of indices": (lambda x: x[np.array([[0], [2]]), np.array([1, 3, 1])], (M,)),
    "separated indices": (lambda x: x[[0, 1, 0], :, [1, 2, 1]] * x[0, :, [0, 0, 1]], (CUBE,)),
    "separated by a new axis": (lambda x: x[[0, 1], None, [1, 2]], (CUBE,)),
    "fancy after a slice": (
        lambda x: x[:, [0, 2], 1:] + x[:, [1, 1], [0, 3]][..., None, None],
        (CUBE,),
    ),
    "mask": (lambda x: x[M > 0] ** 2, (M,)),
    "mask of rows": (lambda x: x[np.array([True, False, True])], (M,)),
    "mask and slice": (lambda x: x[:, np.array([True, False, True]), 1], (CUBE,)),
    "mask and index": (lambda x: x[np.array([True, True]), [0, 2]], (CUBE,)),
    "empty index": (lambda x: x[[]].sum() + x[:0].sum() + x[0, 0], (M,)),
    "mask of values": (lambda x: x[x > 0] ** 2, (M,)),
    "concatenate": (lambda x, y: np.concatenate([x, y[None], x * x, M]), (M, ROW)),
    "concatenate along the last": (lambda x, y: np.concatenate([x, y], axis=-1), (M, M[:, :1])),
    "stack": (lambda x, y: np.stack([x, y, x * y, ROW]), (ROW + 1, ROW)),
    "stack along the last": (lambda x, y: np.stack([x, y], axis=-1), (M, M + 1)),
    "stack of numbers": (lambda x, y: np.stack([x, y, 2.0]), (1.5, 2.5)),
    "sums": (
        lambda x: np.sum(x) * np.sum(x, axis=1) + np.sum(x, axis=(0, 1), keepdims=True)[0],
        (CUBE,),
    ),
    "negative axes": (
        lambda x: x.sum(axis=-2) + x.mean(axis=(-3, -2)) + x.max(axis=-1).sum(),
        (CUBE,),
    ),
    "mean and variance": (lambda x: x.mean(axis=0) + x.var(axis=0) + x.std(), (M,)),
    "extremes": (lambda x: x.max(axis=0) * x.min() + x.max(axis=(0, 1), keepdims=True)[0], (M,)),
    "prod": (
        lambda x: np.prod(x, axis=1) + np.prod(x) + x.prod(axis=-2, keepdims=True)[0, 0],
        (M,),
    ),
    "scans": (lambda x: np.cumsum(x, axis=0) * np.cumprod(x, axis=-1) + np.cumsum(x)[-1], (M,)),
    "sort": (lambda x: np.sort(x, axis=0) * np.sort(x) + np.sort(x, axis=None)[3], (M,)),
    "argsort": (lambda x: np.take_along_axis(x, np.argsort(x, axis=1), 1), (M,)),
    "median": (lambda x: np.median(x, axis=0) + np.percentile(x, 30), (M,)),
    "norms": (lambda x: np.linalg.norm(x, axis=1) + np.linalg.norm(x), (M,)),
    "solve": (lambda x, y: np.linalg.solve(spd(x), y), (M, SQUARE)),
    "solve for a vector": (lambda x, y: np.linalg.solve(spd(x), y), (M, ROW[:3])),
    "solve with a constant matrix": (lambda y: np.linalg.solve(SQUARE, y), (M,)),
    "solve with a constant right side": (lambda x: np.linalg.solve(spd(x), ROW[:3]), (M,)),
    "stacks of systems": (lambda x, y: np.linalg.solve(spd(x), y), (CUBE, CUBE)),
    "inv and det": (lambda x: np.linalg.inv(spd(x)) * np.linalg.det(x[:, :3]), (M,)),
    "slogdet": (lambda x: np.linalg.slogdet(spd(x))[1] * x, (CUBE[0],)),
    "cholesky": (lambda x: np.linalg.cholesky(spd(x)), (CUBE,)),
    "eigh": (lambda x: np.linalg.eigh(spd(x))[0] * np.linalg.eigvalsh(spd(x)), (CUBE,)),
    "svd": (lambda x: np.linalg.svd(x, full_matrices=False)[1], (CUBE,)),
    "pinv": (lambda x: np.linalg.pinv(x), (M,)),
    "qr": (lambda x: np.linalg.qr(x)[0] @ np.linalg.qr(x)[1] ** 2, (M.T,)),
    "fft": (lambda x: np.abs(np.fft.fft(x)) + np.fft.ifft(x, axis=0).imag, (M,)),
    "rfft": (lambda x: np.fft.irfft(np.fft.rfft(x, axis=0) ** 2, 3, axis=0), (M,)),
    "fft in two dimensions": (lambda x: np.real(np.fft.fft2(x) * np.fft.ifft2(x)), (M,)),
    "where": (lambda x, y: np.where(M > 0, x, y) * np.where(x > y, x * y, 1.0), (M, ROW)),
    "maximum and clip": (lambda x, y: np.maximum(x, y) * np.clip(x, -0.5, 0.5), (M, ROW)),
    "reshape and transpose": (
        lambda x: x.reshape(4, -1).T[:, ::2] + x.transpose(1, 2, 0).reshape(6, 4).sum(),
        (CUBE,),
    ),
    "squeeze and swap": (lambda x: np.squeeze(x[:, :1]).swapaxes(0, -1) * x.ravel()[5], (CUBE,)),
    "movers": (
        lambda x: np.flip(x, 0) + np.roll(x, 1, 1) + np.tril(x) + np.repeat(x, 2, axis=1)[:, ::2],
        (M,),
    ),
    "pad and tile": (lambda x: np.pad(x, 1)[1:, 1:] * np.tile(x, (2, 2))[:4, :5], (M,)),
    "diagonals": (lambda x: np.diag(np.diagonal(x)) @ x + np.trace(x), (SQUARE,)),
    "kron and outer": (lambda x, y: np.kron(x, y) + np.outer(x, y).ravel(), (ROW, ROW + 1)),
    "tensordot": (lambda x, y: np.tensordot(x, y, ((1, 2), (0, 1))), (CUBE, M)),
    "convolve": (lambda x, y: np.convolve(x, y), (ROW, ROW[:3])),
    "interp": (lambda x, y: np.interp(x, [-3.0, 0.1, 3.0], y), (ROW, ROW[:3])),
    "broadcast_to": (lambda x: np.broadcast_to(x, (2, 3, 4)) * CUBE, (ROW,)),
    "unused and constant": (lambda x, y: (np.sin(x), 2.0 * np.ones(3)), (ROW, M)),
    "a second derivative": (lambda x: ad.grad(lambda z: np.sum(np.sin(z) * z[::-1]))(x), (ROW,)),
    "a jacobian": (lambda x: ad.jacobian(lambda z: np.cumprod(z))(x), (ROW,)),
}


@pytest.mark.parametrize("count", [3, 1, 0])
@pytest.mark.parametrize("name", CASES)
def test_a_block_of_directions_equals_the_single_ones(name, count):
    f, args = CASES[name]
    rng = generator(len(name))
    vs = tuple(rng.normal(size=(count, *np.shape(a))) for a in args)
    out, block = ad.jvp(f, args, vs, batched=True)
    outs, blocks = (out, block) if isinstance(out, tuple) else ((out,), (block,))
    singles = [ad.jvp(f, args, tuple(v[k] for v in vs))[1] for k in range(count)]
    for i, (y, found) in enumerate(zip(outs, blocks, strict=True)):
        parts = [s[i] if isinstance(out, tuple) else s for s in singles]
        close(found, np.reshape(parts, (count, *np.shape(y))))
    _, pullback = ad.vjp(f, *args)
    ws = tuple(rng.normal(size=(count, *np.shape(y))) for y in outs)
    whole = pullback(ws if isinstance(out, tuple) else ws[0], batched=True)
    for i, (a, found) in enumerate(zip(args, whole, strict=True)):
        parts = []
        for k in range(count):
            w = tuple(w[k] for w in ws)
            parts.append(pullback(w if isinstance(out, tuple) else w[0])[i])
        close(found, np.reshape(parts, (count, *np.shape(a))))


@pytest.mark.parametrize(
    "name", [n for n in CASES if n not in ("mask of values", "unused and constant")]
)
def test_vmap_equals_the_loop(name):
    """The same functions on samples that differ, and the gradients of each sample."""
    f, args = CASES[name]
    rng = generator(len(name))
    samples = tuple(np.multiply.outer([1.0, 1.1, 0.9], a) + 0 * rng.normal() for a in args)
    found = ad.vmap(f)(*samples)
    rows = [tuple(s[k] for s in samples) for k in range(3)]
    close(found, [f(*row) for row in rows])

    def total(*xs):
        return np.sum(np.sin(f(*xs)))

    every = tuple(range(len(args)))
    gradients = ad.vmap(ad.grad(total, argnums=every))(*samples)
    for i, g in enumerate(gradients):
        close(g, [ad.grad(total, argnums=every)(*row)[i] for row in rows], rtol=1e-11)


def test_blocks_inside_other_derivatives():
    """A block of directions in a function that is itself differentiated."""
    vs = RNG.normal(size=(3, 4))

    def tangents(x):
        return ad.jvp(lambda x: np.sin(x) * x[0], (x,), (vs,), batched=True)[1]

    def singles(x):
        return np.stack([ad.jvp(lambda x: np.sin(x) * x[0], (x,), (v,))[1] for v in vs])

    def gradients(x):
        return ad.vjp(lambda x: np.sin(x) * x[0], x)[1](vs, batched=True)[0]

    def one_by_one(x):
        return np.stack([ad.vjp(lambda x: np.sin(x) * x[0], x)[1](v)[0] for v in vs])

    for block, loop in ((tangents, singles), (gradients, one_by_one)):
        for mode in ("forward", "reverse"):
            close(ad.jacobian(block, mode=mode)(ROW), ad.jacobian(loop, mode=mode)(ROW))


def test_gradients_of_each_sample_of_a_network():
    rng = generator(7)
    params = [
        {"w": rng.normal(size=(5, 8)) / 2, "b": rng.normal(size=8)},
        {"w": rng.normal(size=(8, 8)) / 3, "b": rng.normal(size=8)},
        {"w": rng.normal(size=(8, 3)) / 3, "b": rng.normal(size=3)},
    ]
    xs, labels = rng.normal(size=(16, 5)), rng.integers(0, 3, 16)
    targets = np.eye(3)[labels]

    def loss(params, x, target):
        *hidden, last = params
        for layer in hidden:
            x = np.tanh(x @ layer["w"] + layer["b"])
        logits = x @ last["w"] + last["b"]
        shifted = logits - np.max(logits)
        return np.log(np.sum(np.exp(shifted))) - shifted @ target

    g = ad.grad(loss)
    found = ad.vmap(g, in_axes=(None, 0, 0))(params, xs, targets)
    singles = [g(params, x, t) for x, t in zip(xs, targets, strict=True)]
    for k, layer in enumerate(found):
        for name in ("w", "b"):
            close(layer[name], [one[k][name] for one in singles])

    def mean(params):
        return np.mean(ad.vmap(loss, in_axes=(None, 0, 0))(params, xs, targets))

    of_mean = ad.grad(mean)(params)
    for k, layer in enumerate(of_mean):
        for name in ("w", "b"):
            close(layer[name], found[k][name].mean(axis=0))


@pytest.mark.parametrize("name", ["cumsum", "matmul", "sort", "solve"])
def test_an_operation_without_a_batch_rule_goes_sample_by_sample(name, monkeypatch):
    matrix = M[:, :3] + 4 * np.eye(3)

    def f(x):
        return np.sort(np.linalg.solve(matrix, np.cumsum(matrix @ x)) * x)

    expected = ad.jacobian(f)(ROW[:3]), ad.jacobian(f, mode="reverse")(ROW[:3])
    monkeypatch.setattr(REGISTRY[name], "batch", None)
    np.testing.assert_allclose(ad.jacobian(f)(ROW[:3]), expected[0], rtol=1e-13)
    np.testing.assert_allclose(ad.jacobian(f, mode="reverse")(ROW[:3]), expected[1], rtol=1e-13)
