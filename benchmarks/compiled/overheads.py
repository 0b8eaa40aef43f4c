"""What a call of a compiled function costs beyond its work: reading the arguments, checking shapes,
dtypes and guards, and returning the result. The work itself is a few operations on numbers or on
arrays of one entry, and its time in plain NumPy is taken off."""

from __future__ import annotations

from functools import partial

import numpy as np

from . import peers
from .case import COMPILED, EAGER, JAX, NUMPY, OVER_F, Target, Workload


def product(x, y):
    return x * y


def total(a, b, c, d, e, f, g, h, i, j):
    return a + b + c + d + e + f + g + h + i + j


def call(name, f, args, limit):
    ours = peers.admodes(f, args)
    del ours[EAGER]
    return Workload(
        name=name,
        value=partial(f, *args),
        expected=partial(f, *args),
        contestants={**ours, JAX: peers.jax(lambda jax, jnp: f, *args)},
        unit=OVER_F,
        targets=(Target(COMPILED, limit), Target(NUMPY, limit)),
        on_arrays=False,
    )


def all_workloads():
    arrays = [np.array([float(i)]) for i in range(10)]
    return [
        call("call overhead, two floats", product, (2.0, 3.0), 3.0),
        call("call overhead, ten arrays of one entry", total, arrays, 6.0),
    ]
