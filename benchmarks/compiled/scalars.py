"""Pure scalar Python: determinants by minors, and a chain of 10 000 operations."""

from __future__ import annotations

import math
import sys
from functools import partial

import numpy as np

import admodes as ad
from benchmarks.micrograd_style import Value

from . import peers
from .case import (
    AUTOGRAD,
    CALLED,
    CASADI,
    JAX,
    LLVM,
    MICROGRAD,
    NUMPY,
    ON_ARRAY,
    PER_OPERATION,
    Contestant,
    Target,
    Workload,
)

STEP, STEPS = 0.01, 2000
OPERATIONS = 5 * STEPS
"""Of `pendulum`: two multiplications, an addition, a subtraction and a sine in each step."""


def determinant(rows):
    """By minors of the first row."""
    if len(rows) == 1:
        return rows[0][0]
    total = 0.0
    for j, entry in enumerate(rows[0]):
        term = entry * determinant([row[:j] + row[j + 1 :] for row in rows[1:]])
        total = total + term if j % 2 == 0 else total - term
    return total


def determinant_gradient(rows):
    """By another formula: the matrix of cofactors, det(A) A⁻ᵀ."""
    a = np.array(rows)
    return np.linalg.det(a) * np.linalg.inv(a).T


def determinant_casadi(casadi, n):
    a = casadi.SX.sym("a", n, n)
    y = casadi.cse(determinant([[a[i, j] for j in range(n)] for i in range(n)]))
    return casadi.Function("g", [a], [casadi.cse(casadi.gradient(y, a))])


def determinant_called(a):
    """As a user calls it, from a NumPy array to a NumPy array; the other way is through buffers."""
    import casadi

    function = determinant_casadi(casadi, len(a))
    return lambda: np.array(function(a))


def determinant_of_array(a):
    """For the floats of a matrix, which then is one argument and not n²."""
    n = len(a)
    return determinant([[a[i, j] for j in range(n)] for i in range(n)])


def determinant_micrograd(rows):
    values = [[Value(x) for x in row] for row in rows]
    determinant(values).backward()
    return [[v.grad for v in row] for row in values]


def _matrix(found):
    return [np.array(found, dtype=float)]


def minors(n, llvm_limit):
    a = np.random.default_rng(10).normal(size=(n, n)) + np.eye(n)
    rows = a.tolist()
    found = {
        **peers.admodes(ad.grad(determinant), [rows], _matrix),
        ON_ARRAY: peers.compiled(ad.grad(determinant_of_array), [a], LLVM),
        CASADI: peers.casadi(partial(determinant_casadi, n=n), a),
        CALLED: Contestant(partial(determinant_called, a)),
        MICROGRAD: Contestant(lambda: partial(determinant_micrograd, rows), _matrix),
    }
    if n < 6:  # XLA takes minutes to compile the next one, autograd seconds to run it
        found[JAX] = peers.jax(lambda jax, jnp: jax.grad(determinant), rows, arrays=_matrix)
        found[AUTOGRAD] = peers.autograd(
            lambda autograd, anp: partial(autograd.grad(determinant), rows), _matrix
        )
    return Workload(
        name=f"gradient, determinant by minors, {n}",
        value=partial(determinant, rows),
        manual=partial(determinant_gradient, rows),
        contestants=found,
        arrays=_matrix,
        unit=CASADI,
        targets=(Target(NUMPY, 3.0), Target(LLVM, llvm_limit)),
        on_arrays=False,
    )


def pendulum(sin, x, y):
    """Angle plus speed after some steps of the semi-implicit Euler method."""
    for _ in range(STEPS):
        y = y - STEP * sin(x)
        x = x + STEP * y
    return x + y


def pendulum_gradient(x, y):
    """By hand: the angles are kept on the way forward, and two adjoints go back."""
    sin, cos = math.sin, math.cos
    angles = []
    keep = angles.append
    for _ in range(STEPS):
        keep(x)
        y -= STEP * sin(x)
        x += STEP * y
    x_bar = y_bar = 1.0
    for x in reversed(angles):
        y_bar += STEP * x_bar
        x_bar -= STEP * cos(x) * y_bar
    return x_bar, y_bar


def pendulum_scan(jax, jnp):
    def step(state, _):
        x, y = state
        y = y - STEP * jnp.sin(x)
        return (x + STEP * y, y), None

    def f(x, y):
        (x, y), _ = jax.lax.scan(step, (x, y), length=STEPS)
        return x + y

    return jax.grad(f, (0, 1))


def pendulum_casadi(casadi):
    x, y = casadi.SX.sym("x"), casadi.SX.sym("y")
    z = pendulum(casadi.sin, x, y)
    both = casadi.vertcat(x, y)
    return casadi.Function("g", [x, y], [casadi.gradient(z, both)])


def pendulum_micrograd(x, y):
    x, y = Value(x), Value(y)
    pendulum(Value.sin, x, y).backward()
    return x.grad, y.grad


def _deep(job):
    """micrograd's backward() recurses as deep as the chain is long."""
    sys.setrecursionlimit(10**5)
    return job


def chain():
    args = 1.0, 0.5
    found = {
        **peers.admodes(ad.grad(partial(pendulum, ad.sin), (0, 1)), args),
        JAX: peers.jax(pendulum_scan, *args),
        CASADI: peers.casadi(
            pendulum_casadi, *map(np.array, args), arrays=lambda g: list(g.copy())
        ),
        MICROGRAD: Contestant(lambda: _deep(partial(pendulum_micrograd, *args))),
        AUTOGRAD: peers.autograd(
            lambda autograd, anp: partial(autograd.grad(partial(pendulum, anp.sin), (0, 1)), *args)
        ),
    }
    return Workload(
        name=f"chain of {OPERATIONS:,} scalar operations",
        value=partial(pendulum, math.sin, *args),
        manual=partial(pendulum_gradient, *args),
        contestants=found,
        unit=PER_OPERATION,
        operations=OPERATIONS,
        targets=(Target(NUMPY, 0.15), Target(LLVM, 0.01)),
        on_arrays=False,
    )


def all_workloads():
    return [minors(5, 0.6), minors(6, 0.3), minors(7, 0.2), chain()]
