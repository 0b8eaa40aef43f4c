"""Gradients of ReLU networks with softmax cross-entropy, and of log-sum-exp."""

from __future__ import annotations

from functools import partial

import numpy as np

import admodes as ad
from admodes.lab.workloads import points, texts

from . import peers
from .case import AUTOGRAD, CASADI, COMPILED, JAX, TORCH, Target, Workload


def mlp_gradient(w1, b1, w2, b2, w3, b3, x, y):
    """Backpropagation by hand: products of matrices, masks of the active units, softmax minus y."""
    h1 = np.maximum(x @ w1 + b1, 0.0)
    h2 = np.maximum(h1 @ w2 + b2, 0.0)
    z = h2 @ w3 + b3
    e = np.exp(z - z.max(axis=1, keepdims=True))
    d3 = (e / e.sum(axis=1, keepdims=True) - y) / len(x)
    d2 = (d3 @ w3.T) * (h2 > 0)
    d1 = (d2 @ w2.T) * (h1 > 0)
    return x.T @ d1, d1.sum(axis=0), h1.T @ d2, d2.sum(axis=0), h2.T @ d3, d3.sum(axis=0)


def mlp_torch(torch, w1, b1, w2, b2, w3, b3, x, y):
    h = torch.relu(torch.addmm(b1, x, w1))
    h = torch.relu(torch.addmm(b2, h, w2))
    return torch.nn.functional.cross_entropy(torch.addmm(b3, h, w3), y)


def mlp_casadi(casadi, args):
    """The gradient as one column, over matrix expressions: written out it has 800 000 scalars."""
    symbols = [casadi.MX.sym(f"a{i}", *_matrix(a).shape) for i, a in enumerate(args)]
    w1, b1, w2, b2, w3, b3, x, y = symbols

    def layer(h, w, b):
        return casadi.mtimes(h, w) + casadi.repmat(b, h.shape[0], 1)

    z = layer(casadi.fmax(layer(casadi.fmax(layer(x, w1, b1), 0), w2, b2), 0), w3, b3)
    z = z - casadi.repmat(casadi.mmax(z), *z.shape)
    total = casadi.sum1(casadi.log(casadi.sum2(casadi.exp(z))) - casadi.sum2(y * z)) / x.shape[0]
    grads = [casadi.vec(casadi.gradient(total, s)) for s in symbols[:6]]
    return casadi.Function("g", symbols, [casadi.vertcat(*grads)])


def _matrix(a):
    return a if a.ndim == 2 else a[None, :]


def _split(args, found):
    """The column of mlp_casadi as the gradients."""
    parts = np.split(found, np.cumsum([a.size for a in args[:6]])[:-1])
    return [p.reshape(a.shape, order="F") for p, a in zip(parts, args)]


def network(sizes, batch=64, with_casadi=False):
    args = points.network(sizes, batch)
    wanted = tuple(range(6))
    found = {
        **peers.admodes(ad.grad(partial(texts.mlp, np), wanted), args),
        JAX: peers.jax(lambda jax, jnp: jax.grad(partial(texts.mlp, jnp), wanted), *args),
        TORCH: peers.torch_gradient(mlp_torch, args, 6),
        AUTOGRAD: peers.autograd(
            lambda autograd, anp: partial(autograd.grad(partial(texts.mlp, anp), wanted), *args)
        ),
    }
    if with_casadi:
        build = partial(mlp_casadi, args=args)
        found[CASADI] = peers.casadi(build, *args, arrays=partial(_split, args))
    return Workload(
        name=f"gradient, MLP {'-'.join(map(str, sizes))}",
        value=partial(texts.mlp, np, *args),
        manual=partial(mlp_gradient, *args),
        contestants=found,
        targets=(Target(COMPILED, 1.1),),
    )


def log_sum_exp_gradient(x):
    """Softmax."""
    e = np.exp(x - x.max())
    return e / e.sum()


def log_sum_exp_casadi(casadi, n):
    x = casadi.SX.sym("x", n)
    top = casadi.mmax(x)
    y = top + casadi.log(casadi.sum1(casadi.exp(x - top)))
    return casadi.Function("g", [x], [casadi.gradient(y, x)])


def log_sum_exp(n, with_casadi=False):
    f = texts.log_sum_exp
    (x,) = points.soft_maximum(n)
    found = {
        **peers.admodes(ad.grad(partial(f, np)), [x]),
        JAX: peers.jax(lambda jax, jnp: jax.grad(partial(f, jnp)), x),
        TORCH: peers.torch_gradient(lambda torch, x: torch.logsumexp(x, 0), [x], 1),
        AUTOGRAD: peers.autograd(lambda autograd, anp: partial(autograd.grad(partial(f, anp)), x)),
    }
    if with_casadi:
        build = partial(log_sum_exp_casadi, n=n)
        found[CASADI] = peers.casadi(build, x, arrays=lambda g: [g])
    return Workload(
        name=f"gradient, log-sum-exp {n:,}",
        value=partial(f, np, x),
        manual=partial(log_sum_exp_gradient, x),
        contestants=found,
        targets=(Target(COMPILED, 1.1),),
    )


def all_workloads():
    return [
        network((64, 64, 64, 8), with_casadi=True),
        network((512, 512, 512, 10)),
        log_sum_exp(1000, with_casadi=True),
        log_sum_exp(10**6),
    ]
