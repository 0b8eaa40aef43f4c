"""Filters, graphs, images, spectra and wavelets."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from benchmarks.compiled.case import AUTOGRAD, JAX, TORCH

from .kit import Unseen, workload

SMOOTH = 1e-3


def fir(n: int, taps: int) -> Unseen:
    """Fitting the taps of a filter."""
    rng = np.random.default_rng(0)
    h, x, y = rng.normal(size=taps), rng.normal(size=n), rng.normal(size=n - taps + 1)

    def f(np, h, x, y):
        return 0.5 * np.sum((np.convolve(x, h, "valid") - y) ** 2)

    def by_hand(h, x, y):
        return np.correlate(x, np.convolve(x, h, "valid") - y, "valid")[::-1]

    def torch_text(names, h, x, y):
        found = names.nn.functional.conv1d(x[None, None], h.flip(0)[None, None])[0, 0]
        return 0.5 * names.sum((found - y) ** 2)

    def autograd_text(anp, h, x, y):
        from autograd.scipy.signal import convolve

        return 0.5 * anp.sum((convolve(x, h, mode="valid") - y) ** 2)

    texts = {TORCH: torch_text, AUTOGRAD: autograd_text}
    return workload(f"FIR filter {n:,} × {taps}", f, by_hand, (h, x, y), texts=texts)


def _graph(nodes: int, edges: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    return rng.integers(nodes, size=edges), rng.integers(nodes, size=edges)


def graph_flow(nodes: int, edges: int) -> Unseen:
    """What flows into each node of a network of resistors, squared."""
    i, j = _graph(nodes, edges)
    rng = np.random.default_rng(2)
    x, w = rng.normal(size=nodes), rng.uniform(0.5, 1.5, size=edges)

    def f(np, x, w, i, j):
        flow = w * np.tanh(x[i] - x[j])
        inward = np.bincount(j, weights=flow, minlength=nodes)
        return 0.5 * np.sum((inward - np.bincount(i, weights=flow, minlength=nodes)) ** 2)

    def by_hand(x, w, i, j):
        t = np.tanh(x[i] - x[j])
        flow = w * t
        net = np.bincount(j, flow, nodes) - np.bincount(i, flow, nodes)
        d_flow = net[j] - net[i]
        d = d_flow * w * (1.0 - t * t)
        return np.bincount(i, d, nodes) - np.bincount(j, d, nodes), d_flow * t

    def jax_text(jnp, x, w, i, j):
        flow = w * jnp.tanh(x[i] - x[j])
        return 0.5 * jnp.sum(jnp.zeros(nodes).at[j].add(flow).at[i].add(-flow) ** 2)

    def torch_text(names, x, w, i, j):
        flow = w * names.tanh(x[i] - x[j])
        net = names.zeros(nodes).index_add(0, j, flow).index_add(0, i, -flow)
        return 0.5 * names.sum(net**2)

    texts = {JAX: jax_text, TORCH: torch_text}
    name = f"graph flow, bincount {nodes:,} / {edges:,}"
    return workload(name, f, by_hand, (x, w, i, j), 2, texts=texts, without=[AUTOGRAD])


def message_passing(nodes: int, edges: int, width: int) -> Unseen:
    """A layer of a graph network: messages are added up where they arrive."""
    source, target = _graph(nodes, edges)
    rng = np.random.default_rng(3)
    w, x = rng.normal(size=(width, width)) / width, rng.normal(size=(nodes, width))

    def f(np, w, x, source, target):
        arrived = np.zeros((nodes, width))
        np.add.at(arrived, target, (x @ w)[source])
        return 0.5 * np.sum(np.tanh(arrived) ** 2)

    def by_hand(w, x, source, target):
        arrived = np.zeros((nodes, width))
        np.add.at(arrived, target, (x @ w)[source])
        t = np.tanh(arrived)
        d_z = np.zeros((nodes, width))
        np.add.at(d_z, source, (t * (1.0 - t * t))[target])
        return x.T @ d_z, d_z @ w.T

    def jax_text(jnp, w, x, source, target):
        arrived = jnp.zeros((nodes, width)).at[target].add((x @ w)[source])
        return 0.5 * jnp.sum(jnp.tanh(arrived) ** 2)

    def torch_text(names, w, x, source, target):
        arrived = names.zeros(nodes, width).index_add(0, target, (x @ w)[source])
        return 0.5 * names.sum(names.tanh(arrived) ** 2)

    texts = {JAX: jax_text, TORCH: torch_text}
    name = f"graph network layer, add.at {nodes:,} / {edges:,}"
    return workload(name, f, by_hand, (w, x, source, target), 2, texts=texts, without=[AUTOGRAD])


def spectral_loss(n: int, window: int, hop: int) -> Unseen:
    """Logarithms of a spectrogram against a target's."""
    rng = np.random.default_rng(4)
    frames = np.arange(0, n - window + 1, hop)[:, None] + np.arange(window)
    x, target = rng.normal(size=n), rng.normal(size=(len(frames), window // 2 + 1))
    shape = np.hanning(window)

    def f(np, x, frames, shape, target):
        s = np.fft.rfft(x[frames] * shape)
        power = np.real(s) ** 2 + np.imag(s) ** 2 + SMOOTH
        return 0.5 * np.sum((np.log(power) - target) ** 2)

    def by_hand(x, frames, shape, target):
        s = np.fft.rfft(x[frames] * shape)
        power = s.real**2 + s.imag**2 + SMOOTH
        s *= (np.log(power) - target) / power * window
        s[:, 0] *= 2.0
        s[:, window // 2] *= 2.0
        d = np.fft.irfft(s, window) * shape
        return np.bincount(frames.ravel(), d.ravel(), n)

    return workload(f"spectrogram loss {n:,}", f, by_hand, (x, frames, shape, target))


def deconvolution(n: int) -> Unseen:
    """A circulant system by fft, with a smoothed total variation."""
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=n), rng.normal(size=n)
    filter_ = np.fft.rfft(np.exp(-0.1 * np.arange(n)))

    def f(np, x, y, filter_):
        r = np.fft.irfft(np.fft.rfft(x) * filter_, n) - y
        d = x[1:] - x[:-1]
        return 0.5 * np.sum(r * r) + np.sum(np.sqrt(d * d + SMOOTH))

    def by_hand(x, y, filter_):
        r = np.fft.irfft(np.fft.rfft(x) * filter_, n) - y
        g = np.fft.irfft(np.fft.rfft(r) * filter_.conj(), n)
        d = x[1:] - x[:-1]
        d /= np.sqrt(d * d + SMOOTH)
        g[1:] += d
        g[:-1] -= d
        return g

    return workload(f"deconvolution by fft {n:,}", f, by_hand, (x, y, filter_))


def image_filter(side: int, size: int) -> Unseen:
    """A filter for an image as a product with its windows, by strides."""
    rng = np.random.default_rng(6)
    k, image = rng.normal(size=(size, size)), rng.normal(size=(side, side))
    inner = side - size + 1
    y = rng.normal(size=(inner, inner))

    def f(np, k, image, y):
        windows = np.lib.stride_tricks.sliding_window_view(image, (size, size))
        return 0.5 * np.sum((np.tensordot(windows, k, 2) - y) ** 2)

    def by_hand(k, image, y):
        windows = np.lib.stride_tricks.sliding_window_view(image, (size, size))
        r = np.tensordot(windows, k, 2) - y
        back = np.zeros_like(image)
        for i in range(size):
            for j in range(size):
                back[i : i + inner, j : j + inner] += k[i, j] * r
        return np.tensordot(windows, r, ((0, 1), (0, 1))), back

    def added(np, k, image, y):
        parts = [
            k[i, j] * image[i : i + inner, j : j + inner] for i in range(size) for j in range(size)
        ]
        return 0.5 * np.sum((sum(parts[1:], parts[0]) - y) ** 2)

    def torch_text(names, k, image, y):
        r = names.nn.functional.conv2d(image[None, None], k[None, None])[0, 0] - y
        return 0.5 * names.sum(r**2)

    texts = {JAX: added, AUTOGRAD: added, TORCH: torch_text}
    name = f"image filter by strides {side}², {size}²"
    return workload(name, f, by_hand, (k, image, y), 2, texts=texts)


def denoising(side: int) -> Unseen:
    """Rudin, Osher and Fatemi's total variation, smoothed."""
    rng = np.random.default_rng(7)
    u, y = rng.normal(size=(side, side)), rng.normal(size=(side, side))

    def f(np, u, y):
        across, down = u[1:, :-1] - u[:-1, :-1], u[:-1, 1:] - u[:-1, :-1]
        return 0.5 * np.sum((u - y) ** 2) + np.sum(np.sqrt(across**2 + down**2 + SMOOTH))

    def by_hand(u, y):
        across, down = u[1:, :-1] - u[:-1, :-1], u[:-1, 1:] - u[:-1, :-1]
        length = np.sqrt(across * across + down * down + SMOOTH)
        across /= length
        down /= length
        g = u - y
        g[1:, :-1] += across
        g[:-1, 1:] += down
        g[:-1, :-1] -= across + down
        return g

    return workload(f"total variation denoising {side}²", f, by_hand, (u, y))


def optical_flow(side: int) -> Unseen:
    """Horn and Schunck's energy of a field of velocities."""
    rng = np.random.default_rng(8)
    u, v, ix, iy, it = rng.normal(size=(5, side, side))

    def f(np, u, v, ix, iy, it):
        data = np.sum((ix * u + iy * v + it) ** 2)
        smooth = sum(np.sum(np.diff(a, axis=k) ** 2) for a in (u, v) for k in (0, 1))
        return 0.5 * (data + 0.1 * smooth)

    def by_hand(u, v, ix, iy, it):
        r = ix * u + iy * v + it

        def laplacian(a):
            d, e = 0.1 * np.diff(a, axis=0), 0.1 * np.diff(a, axis=1)
            g = np.zeros_like(a)
            g[1:] += d
            g[:-1] -= d
            g[:, 1:] += e
            g[:, :-1] -= e
            return g

        return ix * r + laplacian(u), iy * r + laplacian(v)

    return workload(f"optical flow {side}²", f, by_hand, (u, v, ix, iy, it), 2)


def bilinear(side: int, points: int) -> Unseen:
    """Where to sample an image, for a registration of images."""
    rng = np.random.default_rng(9)
    x, y = rng.uniform(0.0, side - 1.001, size=(2, points))
    image, target = rng.normal(size=(side, side)), rng.normal(size=points)

    def sampled(floor, np, x, y, image, target):
        i, j = floor(x), floor(y)
        a, b = x - i, y - j
        upper = (1.0 - b) * image[i, j] + b * image[i, j + 1]
        lower = (1.0 - b) * image[i + 1, j] + b * image[i + 1, j + 1]
        return 0.5 * np.sum(((1.0 - a) * upper + a * lower - target) ** 2)

    def by_hand(x, y, image, target):
        i, j = np.floor(x).astype(int), np.floor(y).astype(int)
        a, b = x - i, y - j
        p, q, r, s = image[i, j], image[i, j + 1], image[i + 1, j], image[i + 1, j + 1]
        d_upper, d_lower = q - p, s - r
        upper, lower = p + b * d_upper, r + b * d_lower
        w = upper + a * (lower - upper) - target
        return w * (lower - upper), w * (d_upper + a * (d_lower - d_upper))

    return workload(
        f"bilinear interpolation {points:,}",
        partial(sampled, lambda x: np.floor(x).astype(int)),
        by_hand,
        (x, y, image, target),
        2,
        texts={
            JAX: partial(sampled, lambda x: x.astype(int)),
            TORCH: partial(sampled, lambda x: x.long()),
        },
        without=[AUTOGRAD],
    )


def spline(coefficients: int, points: int) -> Unseen:
    """Least squares with cubic B-splines and a penalty of second differences."""
    rng = np.random.default_rng(10)
    at = rng.uniform(0.0, coefficients - 3.001, size=points)
    first = np.floor(at).astype(int)
    t = at - first
    weights = np.stack([(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, 0 * t, t**3], axis=1) / 6.0
    weights[:, 2] = 1.0 - weights.sum(axis=1)
    index = first[:, None] + np.arange(4)
    c, y = rng.normal(size=coefficients), rng.normal(size=points)

    def f(np, c, index, weights, y):
        r = np.sum(c[index] * weights, axis=1) - y
        bend = c[2:] - 2.0 * c[1:-1] + c[:-2]
        return 0.5 * np.sum(r * r) + 0.1 * np.sum(bend * bend)

    def by_hand(c, index, weights, y):
        r = np.sum(c[index] * weights, axis=1) - y
        g = np.bincount(index.ravel(), (weights * r[:, None]).ravel(), coefficients)
        bend = 0.2 * (c[2:] - 2.0 * c[1:-1] + c[:-2])
        g[2:] += bend
        g[1:-1] -= 2.0 * bend
        g[:-2] += bend
        return g

    return workload(f"spline fit {points:,}", f, by_hand, (c, index, weights, y))


def haar(levels: int) -> Unseen:
    """A smoothed 1-norm of the wavelet coefficients."""
    x = np.random.default_rng(11).normal(size=2 ** (levels + 2))
    half = 0.5**0.5

    def f(np, x):
        total = 0.0
        for _ in range(levels):
            even, odd = x[0::2], x[1::2]
            d = half * (even - odd)
            total = total + np.sum(np.sqrt(d * d + SMOOTH))
            x = half * (even + odd)
        return total

    def by_hand(x):
        details = []
        for _ in range(levels):
            even, odd = x[0::2], x[1::2]
            d = half * (even - odd)
            details.append(half * d / np.sqrt(d * d + SMOOTH))
            x = half * (even + odd)
        g = np.zeros_like(x)
        for d in reversed(details):
            g *= half
            wider = np.empty(2 * len(g))
            wider[0::2] = g + d
            wider[1::2] = g - d
            g = wider
        return g

    return workload(f"Haar wavelet 1-norm {len(x):,}", f, by_hand, (x,))


SIZES: list[Any] = [
    (fir, (4000, 64), (12, 4)),
    (graph_flow, (5000, 20000), (5, 9)),
    (message_passing, (1000, 8000, 16), (4, 7, 3)),
    (spectral_loss, (8192, 512, 128), (24, 8, 4)),
    (deconvolution, (16384,), (12,)),
    (image_filter, (128, 5), (7, 3)),
    (denoising, (256,), (5,)),
    (optical_flow, (128,), (5,)),
    (bilinear, (128, 20000), (6, 8)),
    (spline, (200, 5000), (9, 11)),
    (haar, (12,), (3,)),
]
