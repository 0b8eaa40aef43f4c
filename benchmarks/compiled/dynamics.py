"""The gradient of a cost after 100 Runge–Kutta steps of Lorenz's 1996 model with 50 variables."""

from __future__ import annotations

from functools import partial

import numpy as np

import admodes as ad
from admodes.lab.workloads import points
from admodes.lab.workloads.texts import FORCING, STEP, lorenz_energy, lorenz_step

from . import peers
from .case import AUTOGRAD, CASADI, JAX, LLVM, NUMBA, NUMPY, TORCH, Target, Workload

SIZE, STEPS = 50, 100


def cost(np, x):
    return lorenz_energy(np, STEPS, x)


NEXT, BACK, BACK2, NEXT2 = ((np.arange(SIZE) + k) % SIZE for k in (1, -1, -2, 2))
"""Taking these entries is thirty times faster than np.roll."""


def indexed_slope(x):
    return (x[NEXT] - x[BACK2]) * x[BACK] - x + FORCING


def slope_adjoint(x, w):
    """Jᵀ w for the Jacobian J of slope at x."""
    behind = x[BACK] * w
    ahead = (x[NEXT] - x[BACK2]) * w
    return behind[BACK] - behind[NEXT2] + ahead[NEXT] - w


def cost_gradient(x):
    """The adjoint method by hand: the stages are kept, and each step is undone stage by stage."""
    stages = []
    for _ in range(STEPS):
        k1 = indexed_slope(x)
        x2 = x + 0.5 * STEP * k1
        k2 = indexed_slope(x2)
        x3 = x + 0.5 * STEP * k2
        k3 = indexed_slope(x3)
        x4 = x + STEP * k3
        k4 = indexed_slope(x4)
        stages.append((x, x2, x3, x4))
        x = x + STEP / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
    bar = x
    for x1, x2, x3, x4 in reversed(stages):
        share = STEP / 6.0 * bar
        a4 = slope_adjoint(x4, share)
        a3 = slope_adjoint(x3, 2.0 * share + STEP * a4)
        a2 = slope_adjoint(x2, 2.0 * share + 0.5 * STEP * a3)
        a1 = slope_adjoint(x1, share + 0.5 * STEP * a2)
        bar = bar + a1 + a2 + a3 + a4
    return bar


def scanned(jax, jnp):
    def f(x):
        x, _ = jax.lax.scan(lambda x, _: (lorenz_step(jnp, x), None), x, length=STEPS)
        return 0.5 * jnp.sum(x * x)

    return jax.grad(f)


def unrolled(casadi):
    """The whole gradient as one scalar program; a fold over steps evaluates slower."""
    ca = casadi

    class names:
        @staticmethod
        def roll(x, k):
            return ca.vertcat(x[-k:], x[:-k])

        sum = ca.sum1

    x = ca.SX.sym("x", SIZE)
    return ca.Function("g", [x], [ca.gradient(cost(names, x), x)])


def looped(njit, x):
    """cost_gradient as loops over scalars, by numba."""

    @njit
    def f(x, out):
        n = len(x)
        for i in range(n):
            out[i] = (x[(i + 1) % n] - x[i - 2]) * x[i - 1] - x[i] + FORCING

    @njit
    def f_adjoint(x, w, out):
        n = len(x)
        for i in range(n):
            out[i] = -w[i]
        for i in range(n):
            following = i + 1 if i + 1 < n else 0
            out[following] += x[i - 1] * w[i]
            out[i - 2] -= x[i - 1] * w[i]
            out[i - 1] += (x[following] - x[i - 2]) * w[i]

    @njit
    def gradient(start):
        n = len(start)
        stages = np.empty((STEPS, 4, n))
        k = np.empty((4, n))
        x = start.copy()
        for t in range(STEPS):
            stages[t, 0] = x
            for s in range(4):
                f(stages[t, s], k[s])
                if s < 3:
                    stages[t, s + 1] = x + (STEP if s == 2 else 0.5 * STEP) * k[s]
            x += STEP / 6.0 * (k[0] + 2.0 * k[1] + 2.0 * k[2] + k[3])
        bar, a, w = x, np.empty((4, n)), np.empty(n)
        for t in range(STEPS - 1, -1, -1):
            share = STEP / 6.0 * bar
            f_adjoint(stages[t, 3], share, a[3])
            w[:] = 2.0 * share + STEP * a[3]
            f_adjoint(stages[t, 2], w, a[2])
            w[:] = 2.0 * share + 0.5 * STEP * a[2]
            f_adjoint(stages[t, 1], w, a[1])
            w[:] = share + 0.5 * STEP * a[1]
            f_adjoint(stages[t, 0], w, a[0])
            bar = bar + a[0] + a[1] + a[2] + a[3]
        return bar

    return partial(gradient, x)


def runge_kutta():
    (x,) = points.lorenz(SIZE)

    def torch_cost(torch, x):
        return cost(peers.torch_numpy(torch), x)

    return Workload(
        name=f"gradient, Runge–Kutta, {SIZE} inputs, {STEPS} steps",
        value=partial(cost, np, x),
        manual=partial(cost_gradient, x),
        contestants={
            **peers.admodes(ad.grad(partial(cost, np)), [x]),
            JAX: peers.jax(scanned, x),
            CASADI: peers.casadi(unrolled, x, arrays=lambda g: [g]),
            NUMBA: peers.numba(partial(looped, x=x)),
            TORCH: peers.torch_gradient(torch_cost, [x], 1),
            AUTOGRAD: peers.autograd(
                lambda autograd, anp: partial(autograd.grad(partial(cost, anp)), x)
            ),
        },
        targets=(Target(NUMPY, 1.0), Target(LLVM, 0.1)),
        tolerance=1e-9,
    )


def all_workloads():
    return [runge_kutta()]
