"""Programs to optimise, and what their tests count and perturb."""

from __future__ import annotations

import numpy as np
from random_arrays import MISSING, MOVES
from seeds import generator

import admodes as ad
from admodes.core.costs import total
from admodes.programs.costs import cost

NAMES = sorted(set(MOVES) - MISSING)
SPECIAL = (0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, 1e300, 1e-310)


def _total(outs):
    return sum((ad.sum(y * y) for y in outs if np.size(ad.value(y))), 0.0)


def derivatives(p):
    """f, its gradient, and a Hessian-vector product, of one array program."""

    def gradient(*xs):
        return ad.grad(lambda *zs: _total(p(*zs)), tuple(range(len(xs))))(*xs)

    def product(*xs):
        return ad.jvp(gradient, xs, p.direction)[1]

    return {"f": lambda *xs: p(*xs), "gradient": gradient, "hvp": product}


def nudged(xs, seed, special):
    """Other inputs; special: with zeros, infinities and nan among them."""
    rng = generator(seed)
    found = []
    for x in xs:
        y = np.asarray(x) * (1 + 1e-9 * rng.standard_normal(np.shape(x)))
        if special:
            y = np.where(rng.random(y.shape) < 0.3, rng.choice(SPECIAL, y.shape), y)
        found.append(y if np.ndim(x) else float(y))
    return found


def has_lapack(program):
    """Whether an operation may not return from infinities."""
    ops = [step.op for step in program.steps if step.op is not None]
    return any(op.kind == "functions" and not op.elementwise for op in ops)


def counted(program):
    return total(cost(s, program) for s in program.steps if s.op is not None)
