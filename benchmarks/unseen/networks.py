"""Networks: normalisation, attention, recurrence, embeddings, and a Hessian."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.compiled.case import AUTOGRAD, JAX

from .kit import HESSIAN, Unseen, workload


def layer_norm(batch: int, width: int, out: int) -> Unseen:
    """A hidden layer with normalised activations and GELU."""
    rng = np.random.default_rng(0)
    w1 = rng.normal(size=(width, width)) / width**0.5
    w2 = rng.normal(size=(width, out)) / width**0.5
    gain, shift = rng.uniform(0.5, 1.5, size=width), rng.normal(size=width)
    x, y = rng.normal(size=(batch, width)), rng.normal(size=(batch, out))
    c = (2.0 / np.pi) ** 0.5

    def f(np, w1, gain, shift, w2, x, y):
        z = x @ w1
        mean, var = np.mean(z, axis=1, keepdims=True), np.var(z, axis=1, keepdims=True)
        a = gain * (z - mean) / np.sqrt(var + 1e-5) + shift
        h = 0.5 * a * (1.0 + np.tanh(c * (a + 0.044715 * a**3)))
        return 0.5 * np.mean((h @ w2 - y) ** 2)

    def by_hand(w1, gain, shift, w2, x, y):
        z = x @ w1
        z -= z.mean(axis=1, keepdims=True)
        scale = 1.0 / np.sqrt(np.mean(z * z, axis=1, keepdims=True) + 1e-5)
        z *= scale
        a = gain * z + shift
        square = a * a
        t = np.tanh(c * a * (1.0 + 0.044715 * square))
        h = 0.5 * a * (1.0 + t)
        r = (h @ w2 - y) / (batch * out)
        d_a = r @ w2.T
        d_a *= 0.5 * (1.0 + t) + 0.5 * c * a * (1.0 - t * t) * (1.0 + 0.134145 * square)
        d_z = d_a * gain
        inner = np.mean(d_z * z, axis=1, keepdims=True)
        d_z -= d_z.mean(axis=1, keepdims=True) + z * inner
        d_z *= scale
        return x.T @ d_z, np.sum(d_a * z, axis=0), d_a.sum(axis=0), h.T @ r

    args = (w1, gain, shift, w2, x, y)
    return workload(f"layer norm and GELU {batch} × {width}", f, by_hand, args, 4)


def attention(tokens: int, width: int) -> Unseen:
    """One head of attention, masked so that tokens see only what is before them."""
    rng = np.random.default_rng(1)
    wq, wk, wv = rng.normal(size=(3, width, width)) / width**0.5
    x, y = rng.normal(size=(2, tokens, width))
    mask = np.where(np.tri(tokens) > 0, 0.0, -1e9)
    scale = width**-0.5

    def f(np, wq, wk, wv, x, y, mask):
        scores = scale * ((x @ wq) @ (x @ wk).T) + mask
        e = np.exp(scores - np.max(scores, axis=1, keepdims=True))
        a = e / np.sum(e, axis=1, keepdims=True)
        return 0.5 * np.sum((a @ (x @ wv) - y) ** 2)

    def by_hand(wq, wk, wv, x, y, mask):
        q, k, v = x @ wq, x @ wk, x @ wv
        a = q @ k.T
        a *= scale
        a += mask
        a -= a.max(axis=1, keepdims=True)
        np.exp(a, out=a)
        a /= a.sum(axis=1, keepdims=True)
        r = a @ v - y
        d = r @ v.T
        d -= np.sum(d * a, axis=1, keepdims=True)
        d *= a
        d *= scale
        return x.T @ (d @ k), x.T @ (d.T @ q), x.T @ (a.T @ r)

    args = (wq, wk, wv, x, y, mask)
    return workload(f"attention head {tokens} × {width}", f, by_hand, args, 3)


def recurrent(steps: int, batch: int, width: int) -> Unseen:
    """Elman's network through time."""
    rng = np.random.default_rng(2)
    w, u = rng.normal(size=(2, width, width)) / width**0.5
    b, x = rng.normal(size=width), rng.normal(size=(steps, batch, width))
    y = rng.normal(size=(batch, width))

    def f(np, w, u, b, x, y):
        h = np.zeros((batch, width))
        for t in range(steps):
            h = np.tanh(x[t] @ u + h @ w + b)
        return 0.5 * np.sum((h - y) ** 2)

    def by_hand(w, u, b, x, y):
        h = np.zeros((steps + 1, batch, width))
        fed = x @ u + b
        for t in range(steps):
            np.tanh(fed[t] + h[t] @ w, out=h[t + 1])
        d, w_t = np.empty((steps, batch, width)), np.ascontiguousarray(w.T)
        g = h[-1] - y
        for t in range(steps - 1, -1, -1):
            np.multiply(g, 1.0 - h[t + 1] * h[t + 1], out=d[t])
            g = d[t] @ w_t
        flat = d.reshape(-1, width)
        return h[:-1].reshape(-1, width).T @ flat, x.reshape(-1, width).T @ flat, flat.sum(axis=0)

    def scanned(jnp, w, u, b, x, y):
        import jax

        def step(h, row):
            return jnp.tanh(row @ u + h @ w + b), None

        h = jax.lax.scan(step, jnp.zeros((batch, width)), x)[0]
        return 0.5 * jnp.sum((h - y) ** 2)

    args = (w, u, b, x, y)
    name = f"recurrent network, {steps} steps of {batch} × {width}"
    return workload(name, f, by_hand, args, 3, texts={JAX: scanned})


def embedding(words: int, batch: int, length: int, width: int) -> Unseen:
    """A bag of embedded words, classified by a logistic function."""
    rng = np.random.default_rng(3)
    table, w = rng.normal(size=(words, width)), rng.normal(size=width)
    tokens = rng.integers(words, size=(batch, length))
    y = rng.choice([-1.0, 1.0], size=batch)

    def f(np, table, w, tokens, y):
        z = np.mean(table[tokens], axis=1) @ w
        return np.mean(np.log(1.0 + np.exp(-y * z)))

    def by_hand(table, w, tokens, y):
        pooled = table[tokens].mean(axis=1)
        d = -y / (1.0 + np.exp(y * (pooled @ w))) / batch
        counts = np.bincount(tokens.ravel(), np.repeat(d / length, length), words)
        return counts[:, None] * w, d @ pooled

    args = (table, w, tokens, y)
    return workload(f"bag of words {words:,}, {batch} × {length}", f, by_hand, args, 2)


def network_hessian(n: int, inputs: int, hidden: int) -> Unseen:
    """All parameters of a small network in one vector."""
    rng = np.random.default_rng(4)
    x, y = rng.normal(size=(n, inputs)), rng.normal(size=n)
    cut = inputs * hidden
    theta = rng.normal(size=cut + hidden)

    def f(np, theta, x, y):
        w, v = theta[:cut].reshape((inputs, hidden)), theta[cut:]
        return 0.5 * np.sum((np.tanh(x @ w) @ v - y) ** 2)

    def by_hand(theta, x, y):
        w, v = theta[:cut].reshape(inputs, hidden), theta[cut:]
        h = np.tanh(x @ w)
        s = 1.0 - h * h
        r = h @ v - y
        columns = np.empty((n, cut + hidden))
        columns[:, :cut] = (x[:, :, None] * (s * v)[:, None, :]).reshape(n, cut)
        columns[:, cut:] = h
        result = columns.T @ columns
        curved = r[:, None] * (-2.0 * h * s * v)
        mixed = x.T @ (r[:, None] * s)
        blocks = result[:cut, :cut].reshape(inputs, hidden, inputs, hidden)
        upper = result[:cut, cut:].reshape(inputs, hidden, hidden)
        lower = result[cut:, :cut].reshape(hidden, inputs, hidden)
        for j in range(hidden):
            blocks[:, j, :, j] += (x.T * curved[:, j]) @ x
            upper[:, j, j] += mixed[:, j]
            lower[j, :, j] += mixed[:, j]
        return result

    return workload(
        f"network {n} × {inputs}-{hidden}-1",
        f,
        by_hand,
        (theta, x, y),
        kind=HESSIAN,
        without=[AUTOGRAD],
    )


SIZES: list[Any] = [
    (layer_norm, (64, 128, 10), (5, 4, 2)),
    (attention, (128, 64), (4, 3)),
    (recurrent, (50, 16, 32), (3, 2, 3)),
    (embedding, (5000, 64, 50, 16), (6, 3, 4, 2)),
    (network_hessian, (500, 5, 10), (6, 3, 2)),
]
