"""How each library is called.

Every adapter is kind to the peer: inputs are handed over once, in the form that it likes best, and
results are left in its own form. A library that is missing raises ImportError when it is prepared,
and is then skipped.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from types import SimpleNamespace
from typing import Any

import numpy as np

import admodes as ad

from .case import COMPILED, EAGER, LLVM, NUMPY, Contestant, Job, Skipped, as_list

PACKAGES = ("autograd", "jax", "torch", "casadi", "asdex", "numba", "llvmlite", "scipy")
BACKENDS = {COMPILED: "auto", NUMPY: "numpy", LLVM: "llvm"}


def versions() -> dict[str, str | None]:
    """The version of each library, None where it is not installed."""

    def found(name: str) -> str | None:
        try:
            return version(name)
        except PackageNotFoundError:
            return None

    return {name: found(name) for name in PACKAGES}


def warm_up() -> None:
    """Import and run every library once, so that no workload pays for that in its first call."""
    for name in PACKAGES:
        try:
            import_module(name)
        except ImportError:
            continue
    first = [
        jax(lambda jax, jnp: jnp.sin, 1.0),
        torch(lambda torch: lambda: None),
        numba(lambda njit: partial(njit(lambda x: x + 1.0), 1.0)),
        *(compiled(lambda x: x * x, [1.0], name) for name in BACKENDS),
    ]
    for contestant in first:
        try:
            contestant.prepare()()
        except (ImportError, Skipped):
            continue


def admodes(
    derivative: Callable,
    args: Sequence[Any],
    arrays: Callable[[Any], list[np.ndarray]] = as_list,
) -> dict[str, Contestant]:
    """The derivative run eagerly, and compiled by each back end."""
    ours = {name: compiled(derivative, args, name, arrays) for name in BACKENDS}
    return ours | {EAGER: Contestant(lambda: partial(derivative, *args), arrays)}


def compiled(
    derivative: Callable,
    args: Sequence[Any],
    name: str,
    arrays: Callable[[Any], list[np.ndarray]] = as_list,
) -> Contestant:
    """The derivative compiled by one back end."""

    def prepare() -> Job:
        if not hasattr(ad, "compile"):
            raise Skipped("this admodes has no ad.compile")
        return partial(ad.compile(derivative, backend=BACKENDS[name]), *args)

    return Contestant(prepare, arrays)


def autograd(build: Callable[[Any, Any], Job], arrays=as_list) -> Contestant:
    """build(autograd, autograd.numpy) gives the call."""

    def prepare() -> Job:
        import autograd
        import autograd.numpy

        return build(autograd, autograd.numpy)

    return Contestant(prepare, arrays)


def jax(build: Callable[[Any, Any], Callable], *args: Any, arrays=as_list) -> Contestant:
    """build(jax, jax.numpy) gives a function of args; it is jitted, in float64 on the CPU."""

    def prepare() -> Job:
        import jax

        jax.config.update("jax_platforms", "cpu")
        jax.config.update("jax_enable_x64", True)
        f = jax.jit(build(jax, jax.numpy))
        given = jax.tree.map(jax.numpy.asarray, args)
        return lambda: jax.block_until_ready(f(*given))

    return Contestant(prepare, arrays)


def torch(build: Callable[..., Job], *args: np.ndarray) -> Contestant:
    """build(torch, *tensors) gives the call."""

    def prepare() -> Job:
        import torch

        return build(torch, *map(torch.tensor, args))

    return Contestant(prepare)


def torch_gradient(f: Callable[..., Any], args: Sequence[np.ndarray], count: int) -> Contestant:
    """The gradient of f(torch, *tensors) for the first `count` of args, in plain eager torch."""

    def build(torch, *tensors):
        leaves = [t.requires_grad_() for t in tensors[:count]]
        return lambda: torch.autograd.grad(f(torch, *tensors), leaves)

    return torch(build, *args)


def torch_numpy(torch: Any) -> SimpleNamespace:
    """NumPy's names for the functions of torch that the workloads share."""
    return SimpleNamespace(
        sin=torch.sin,
        cos=torch.cos,
        tanh=torch.tanh,
        sqrt=torch.sqrt,
        sum=torch.sum,
        cross=torch.linalg.cross,
        roll=torch.roll,
    )


def casadi(build: Callable[[Any], Any], *args: np.ndarray, arrays=None) -> Contestant:
    """build(casadi) gives a casadi.Function with one result. It is called through its buffers:
    no argument or result is converted, and the nonzeros of the result stay where casadi puts
    them. Matrices are handed over column by column."""
    made: list[Any] = []

    def prepare() -> Job:
        import casadi

        function = build(casadi)
        made[:] = [function]
        buffer, evaluate = function.buffer()
        given = [np.ravel(a, order="F").astype(float) for a in args]
        for i, a in enumerate(given):
            buffer.set_arg(i, memoryview(a))
        found = np.zeros(function.nnz_out(0))
        buffer.set_res(0, memoryview(found))

        def run() -> np.ndarray:
            evaluate()
            return found

        run.kept = buffer, given
        return run

    def dense(found: np.ndarray) -> list[np.ndarray]:
        return [found.reshape(made[0].size_out(0), order="F")]

    return Contestant(prepare, arrays or dense)


def numba(build: Callable[[Callable], Job]) -> Contestant:
    """build(njit) gives the call."""

    def prepare() -> Job:
        from numba import njit

        return build(njit)

    return Contestant(prepare)
