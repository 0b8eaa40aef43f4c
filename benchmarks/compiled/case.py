"""What a workload is: a function, its derivative by hand, and who else computes that derivative."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

F, MANUAL = "f", "manual"
COMPILED, NUMPY, LLVM, EAGER = "compiled", "compiled numpy", "compiled llvm", "eager"
JAX, TORCH, AUTOGRAD, CASADI = "jax", "torch", "autograd", "casadi"
MICROGRAD, ASDEX, NUMBA, CALLED = "micrograd", "asdex", "numba", "casadi, called"
ON_ARRAY = "llvm, array in"
OURS = (COMPILED, NUMPY, LLVM, EAGER, ON_ARRAY)

PER_OPERATION, OVER_F = "µs/op", "µs over f"
"""Units other than "times a contestant's time"."""

Job = Callable[[], Any]
ONE_OFF_LIMIT = 20.0
"""The first call of `compiled numpy`, for an array workload, in eager derivatives."""


class Skipped(Exception):
    """Why a contestant does not take part."""


def as_list(result: Any) -> list[np.ndarray]:
    """A result of one array, or of several in a tuple, as NumPy arrays."""
    several = result if isinstance(result, (tuple, list)) else [result]
    return [np.asarray(x) for x in several]


@dataclass(frozen=True)
class Contestant:
    """prepare does what is done once and returns the call that is timed; arrays turns what that
    call returns into NumPy arrays, for the check alone."""

    prepare: Callable[[], Job]
    arrays: Callable[[Any], list[np.ndarray]] = as_list


@dataclass(frozen=True)
class Target:
    """The largest figure of a contestant that is good enough, in the workload's unit or, where `to`
    is given, as a multiple of that contestant's time."""

    contestant: str
    limit: float
    to: str | None = None


@dataclass(frozen=True)
class Workload:
    """value computes f, manual the derivative by hand (`expected` replaces it in the check). unit:
    the contestant that figures are multiples of, PER_OPERATION or OVER_F. on_arrays: the one-off
    cost has a target."""

    name: str
    value: Job
    contestants: Mapping[str, Contestant]
    targets: tuple[Target, ...] = ()
    manual: Job | None = None
    expected: Job | None = None
    arrays: Callable[[Any], list[np.ndarray]] = as_list
    unit: str = MANUAL
    operations: int | None = None
    tolerance: float = 1e-10
    on_arrays: bool = True
