"""The gradient of a Gaussian mixture's log-likelihood, from two plain ways to write it.

`gmm` of the texts of workloads multiplies each component's factor with the differences as one
stack of matrices; `spelled_out` is code written with no thought of speed: differences of all points
and components, and an einsum that NumPy runs as a loop of scalars.
"""

from __future__ import annotations

from functools import partial

import numpy as np

import admodes as ad
from admodes.lab.workloads import points, texts

from . import peers
from .case import AUTOGRAD, CASADI, COMPILED, JAX, TORCH, Target, Workload


def spelled_out(np, alphas, means, icf, x, position, below):
    """texts.gmm in subscripts."""
    n, d = x.shape
    logs = icf[:, :d]
    diagonal = np.exp(logs)
    q = icf[:, position] * below + diagonal[:, :, None] * np.eye(d)
    difference = x[:, None, :] - means[None, :, :]
    scaled = np.einsum("kij,nkj->nki", q, difference)
    inner = alphas + np.sum(logs, axis=1) - 0.5 * np.sum(scaled**2, axis=2)
    top = np.max(inner, axis=1, keepdims=True)
    likelihood = np.sum(top[:, 0] + np.log(np.sum(np.exp(inner - top), axis=1)))
    prior = 0.5 * (np.sum(diagonal**2) + np.sum(icf[:, d:] ** 2))
    return likelihood - n * texts.log_sum_exp(np, alphas) - prior


def gmm_gradient(alphas, means, icf, x, position, below):
    """By hand: the responsibilities weigh the scaled differences; stacks of matrix products, and
    sums over the points taken before the factor is applied."""
    n, d = x.shape
    logs = icf[:, :d]
    diagonal = np.exp(logs)
    q = icf[:, position] * below
    q[:, np.arange(d), np.arange(d)] = diagonal
    centred = x - means[:, None, :]
    scaled = centred @ q.transpose(0, 2, 1)
    lengths = np.einsum("kni,kni->kn", scaled, scaled)
    inner = (alphas + logs.sum(axis=1))[:, None] - 0.5 * lengths
    weights = np.exp(inner - inner.max(axis=0))
    weights /= weights.sum(axis=0)
    total = weights.sum(axis=1)
    shares = np.exp(alphas - alphas.max())
    scaled *= weights[:, :, None]
    d_means = np.einsum("ki,kij->kj", scaled.sum(axis=1), q)
    d_q = -(scaled.transpose(0, 2, 1) @ centred)
    d_logs = total[:, None] + d_q.diagonal(axis1=1, axis2=2) * diagonal - diagonal**2
    rows, columns = np.tril_indices(d, -1)
    d_below = d_q[:, rows, columns] - icf[:, d:]
    return total - n * shares / shares.sum(), d_means, np.concatenate([d_logs, d_below], axis=1)


def gmm_torch(torch, alphas, means, icf, x, position, below):
    n, d = x.shape
    logs = icf[:, :d]
    q = icf[:, position] * below + torch.diag_embed(torch.exp(logs))
    scaled = (x - means[:, None, :]) @ q.transpose(1, 2)
    inner = (alphas + logs.sum(1))[:, None] - 0.5 * (scaled**2).sum(2)
    prior = 0.5 * ((torch.exp(logs) ** 2).sum() + (icf[:, d:] ** 2).sum())
    likelihood = torch.logsumexp(inner, 0).sum()
    return likelihood - n * torch.logsumexp(alphas, 0) - prior


def gmm_casadi(casadi, d, k, n):
    """One point's share of the gradient as a scalar program, mapped over the points and added."""
    ca = casadi
    alphas, means = ca.SX.sym("alphas", k), ca.SX.sym("means", k, d)
    icf, x = ca.SX.sym("icf", k, d * (d + 1) // 2), ca.SX.sym("x", d)
    rows, columns = np.tril_indices(d, -1)
    inner = []
    for j in range(k):
        q = ca.diag(ca.exp(icf[j, :d]))
        for i, (row, column) in enumerate(zip(rows.tolist(), columns.tolist())):
            q[row, column] = icf[j, d + i]
        scaled = ca.mtimes(q, x - means[j, :].T)
        inner.append(alphas[j] + ca.sum2(icf[j, :d]) - 0.5 * ca.sumsqr(scaled))
    inner = ca.vertcat(*inner)
    parameters = [alphas, means, icf]
    prior = 0.5 * (ca.sumsqr(ca.exp(icf[:, :d])) + ca.sumsqr(icf[:, d:])) / n
    share = _log_sum_exp(ca, inner) - _log_sum_exp(ca, alphas) - prior
    column = ca.vertcat(*[ca.vec(ca.gradient(share, p)) for p in parameters])
    return ca.Function("g", [*parameters, x], [column], {"cse": True}).map(
        "mapped", "serial", n, [0, 1, 2], [0]
    )


def _log_sum_exp(casadi, x):
    top = casadi.mmax(x)
    return top + casadi.log(casadi.sum1(casadi.exp(x - top)))


def _split(args, found):
    parts = np.split(found, np.cumsum([a.size for a in args[:3]])[:-1])
    return [p.reshape(a.shape, order="F") for p, a in zip(parts, args)]


def mixture(d, k, n, f, note="", with_casadi=False):
    args = points.mixture(d, k, n)
    found = {
        **peers.admodes(ad.grad(partial(f, np), (0, 1, 2)), args),
        JAX: peers.jax(lambda jax, jnp: jax.grad(partial(f, jnp), (0, 1, 2)), *args),
    }
    if not note:
        found[TORCH] = peers.torch_gradient(gmm_torch, args, 3)
        found[AUTOGRAD] = peers.autograd(
            lambda autograd, anp: partial(autograd.grad(partial(f, anp), (0, 1, 2)), *args)
        )
    if with_casadi:
        build = partial(gmm_casadi, d=d, k=k, n=n)
        given = (*args[:3], args[3].T)
        found[CASADI] = peers.casadi(build, *given, arrays=partial(_split, args))
    return Workload(
        name=f"gradient, Gaussian mixture{note} {d},{k},{n}",
        value=partial(f, np, *args),
        manual=partial(gmm_gradient, *args),
        contestants=found,
        targets=(Target(COMPILED, 1.0, JAX),),
    )


SIZES = ((2, 5, 1000), (10, 25, 1000), (32, 50, 1000))


def all_workloads():
    plain = [mixture(*size, texts.gmm, with_casadi=size[0] < 10) for size in SIZES]
    return plain + [mixture(*size, spelled_out, " (einsum)") for size in SIZES]
