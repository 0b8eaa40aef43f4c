"""The sixty functions on which the adviser is judged: dense, banded, block, sparse and arrowhead
Jacobians, loops of numbers, networks, chains of an ODE's steps, stencils, functions of matrices,
residuals of fits; n and m from 1 to 2000. None of them is among those of calibration.py."""

from __future__ import annotations

from .loops import numbers, odes
from .points import Case
from .smooth import fits, matrices, networks
from .structured import bands, patterns


def functions() -> dict[str, Case]:
    """All by name: a function of one vector, and the vector."""
    found: dict[str, Case] = {}
    for family in (networks, fits, bands, patterns, numbers, odes, matrices):
        found |= family()
    return found
