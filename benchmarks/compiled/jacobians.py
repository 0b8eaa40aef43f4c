"""Dense Jacobians of tanh(A x) sin x, and a Hessian-vector product."""

from __future__ import annotations

from functools import partial

import numpy as np

import admodes as ad
from admodes.lab.workloads import points
from admodes.lab.workloads.texts import oblong, rosenbrock, square

from . import peers
from .case import AUTOGRAD, CASADI, COMPILED, JAX, TORCH, Target, Workload


def square_jacobian(a, x):
    """By hand: rows of A scaled, and a diagonal."""
    t = np.tanh(a @ x)
    found = a * ((1 - t * t) * np.sin(x))[:, None]
    found[np.diag_indices(len(x))] += t * np.cos(x)
    return found


def oblong_jacobian(a, x):
    """By hand: rows of A scaled, and a column added to all."""
    t = np.tanh(a @ x)
    s = x.sum()
    return a * ((1 - t * t) * np.sin(s))[:, None] + (t * np.cos(s))[:, None]


def jacobian_casadi(casadi, f, a):
    """Over matrix expressions, two to four times faster than a scalar program here; common
    subexpressions are looked for where that helps."""
    m, n = a.shape
    x = casadi.MX.sym("x", n)
    t = casadi.tanh(casadi.mtimes(casadi.DM(a), x))
    y = t * casadi.sin(x if f is square else casadi.sum1(x))
    return casadi.Function("j", [x], [casadi.densify(casadi.jacobian(y, x))], {"cse": m <= n})


def jacobian(n, m, f, by_hand, limit):
    a, x = points.tanh_map(n, m)
    tall = m >= n
    build = partial(jacobian_casadi, f=f, a=a)

    def torch(torch, a, x):
        g = partial(f, peers.torch_numpy(torch), a)
        mode = torch.func.jacfwd if tall else torch.func.jacrev
        return partial(mode(g), x)

    return Workload(
        name=f"Jacobian, tanh(A x) sin x, {n} → {m}",
        value=partial(f, np, a, x),
        manual=partial(by_hand, a, x),
        contestants={
            **peers.admodes(ad.jacobian(partial(f, np, a)), [x]),
            JAX: peers.jax(
                lambda jax, jnp: (jax.jacfwd if tall else jax.jacrev)(partial(f, jnp, a)), x
            ),
            TORCH: peers.torch(torch, a, x),
            AUTOGRAD: peers.autograd(
                lambda autograd, anp: partial(autograd.jacobian(partial(f, anp, a)), x)
            ),
            CASADI: peers.casadi(build, x),
        },
        targets=(Target(COMPILED, limit),),
    )


def rosenbrock_hvp(x, v):
    """By hand: the Hessian is tridiagonal."""
    head, tail = x[:-1], x[1:]
    product = np.zeros_like(x)
    product[:-1] = (1200.0 * head * head - 400.0 * tail + 2.0) * v[:-1] - 400.0 * head * v[1:]
    product[1:] += 200.0 * v[1:] - 400.0 * head * v[:-1]
    return product


def rosenbrock_casadi(casadi, n):
    x, v = casadi.SX.sym("x", n), casadi.SX.sym("v", n)
    head, tail = x[:-1], x[1:]
    y = casadi.sum1(100 * (tail - head**2) ** 2 + (1 - head) ** 2)
    product = casadi.jtimes(casadi.gradient(y, x), x, v)
    return casadi.Function("h", [x, v], [product])


def hessian_product(n):
    x, v = points.rosenbrock(n)

    def torch(torch, x, v):
        inner = torch.func.grad(partial(rosenbrock, torch))
        return lambda: torch.func.jvp(inner, (x,), (v,))[1]

    return Workload(
        name=f"Hessian-vector product, Rosenbrock {n:,}",
        value=partial(rosenbrock, np, x),
        manual=partial(rosenbrock_hvp, x, v),
        contestants={
            **peers.admodes(lambda x, v: ad.hvp(partial(rosenbrock, np), x, v), [x, v]),
            JAX: peers.jax(
                lambda jax, jnp: (
                    lambda x, v: jax.jvp(jax.grad(partial(rosenbrock, jnp)), (x,), (v,))[1]
                ),
                x,
                v,
            ),
            TORCH: peers.torch(torch, x, v),
            AUTOGRAD: peers.autograd(
                lambda autograd, anp: partial(autograd.make_hvp(partial(rosenbrock, anp))(x)[0], v)
            ),
            CASADI: peers.casadi(partial(rosenbrock_casadi, n=n), x, v, arrays=lambda h: [h]),
        },
        targets=(Target(COMPILED, 1.2),),
    )


def all_workloads():
    return [
        jacobian(100, 100, square, square_jacobian, 1.5),
        jacobian(5, 1000, oblong, oblong_jacobian, 1.1),
        jacobian(1000, 5, oblong, oblong_jacobian, 1.5),
        hessian_product(10_000),
    ]
