"""How a workload of the literature is stated: one text for all libraries, its derivative by hand,
and a check of that derivative by differences."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np

import admodes as ad
from benchmarks.compiled import peers
from benchmarks.compiled.case import (
    AUTOGRAD,
    CASADI,
    JAX,
    NUMBA,
    TORCH,
    Workload,
    as_list,
)

Text = Callable[..., Any]
GRADIENT, JACOBIAN, HESSIAN = "gradient", "Jacobian", "Hessian"
HELD_OUT = "held out: "
"""How the names of workloads begin that admodes was not tuned for, and whose figures are apart."""
ALL = (JAX, TORCH, AUTOGRAD)
"""The libraries that take a text as it is."""


@dataclass(frozen=True)
class Unseen(Workload):
    """f(numpy, *args) and which derivative of it is taken, for the first `wanted` of args."""

    f: Text = lambda np: 0.0
    args: tuple[Any, ...] = ()
    kind: str = GRADIENT
    wanted: int = 1


def workload(
    name: str,
    f: Text,
    by_hand: Callable[..., Any],
    args: Sequence[Any],
    wanted: int = 1,
    kind: str = GRADIENT,
    texts: Mapping[str, Text] | None = None,
    without: Sequence[str] = (),
    casadi: Callable[[Any], Any] | None = None,
    numba: Callable[[Callable], Callable] | None = None,
    on_arrays: bool = True,
    tolerance: float = 1e-8,
) -> Unseen:
    """texts: what a library is handed instead of f, with its own names in the place of numpy;
    without: the libraries that cannot run either. casadi builds the derivative as a
    casadi.Function of the wanted arguments, whose results it joins in one column; numba gives the
    derivative by hand as loops."""
    args = tuple(args)
    own = {name: f for name in ALL if name not in without} | dict(texts or {})
    found = peers.admodes(_ours(kind, wanted)(partial(f, np)), args)
    if JAX in own:
        found[JAX] = peers.jax(partial(_jax, own[JAX], kind, wanted), *args)
    if TORCH in own:
        found[TORCH] = peers.torch(partial(_torch, own[TORCH], kind, wanted), *args)
    if AUTOGRAD in own:
        found[AUTOGRAD] = peers.autograd(partial(_autograd, own[AUTOGRAD], kind, wanted, args))
    if casadi:
        parts = partial(_parts, args[:wanted])
        found[CASADI] = peers.casadi(casadi, *args[:wanted], arrays=parts)
    if numba:
        found[NUMBA] = peers.numba(lambda njit: partial(numba(njit), *args))
    return Unseen(
        name=name if kind == GRADIENT else f"{name}, {kind}",
        value=partial(f, np, *args),
        manual=partial(by_hand, *args),
        contestants=found,
        on_arrays=on_arrays,
        tolerance=tolerance,
        f=f,
        args=args,
        kind=kind,
        wanted=wanted,
    )


def _numbers(wanted: int) -> int | tuple[int, ...]:
    return 0 if wanted == 1 else tuple(range(wanted))


def _ours(kind: str, wanted: int) -> Callable[[Callable], Callable]:
    return {
        GRADIENT: partial(ad.grad, argnums=_numbers(wanted)),
        JACOBIAN: partial(ad.jacobian, argnums=0),
        HESSIAN: partial(ad.hessian, argnums=0),
    }[kind]


def _jax(text: Text, kind: str, wanted: int, jax: Any, jnp: Any) -> Callable:
    take = {GRADIENT: jax.grad, JACOBIAN: jax.jacfwd, HESSIAN: jax.hessian}[kind]
    return take(partial(text, jnp), _numbers(wanted))


def _torch(text: Text, kind: str, wanted: int, torch: Any, *tensors: Any) -> Callable[[], Any]:
    torch.set_default_dtype(torch.float64)
    names = TorchNames(torch)
    if kind == GRADIENT:
        leaves = [t.requires_grad_() for t in tensors[:wanted]]
        return lambda: torch.autograd.grad(text(names, *tensors), leaves)
    first, *others = tensors
    take = {JACOBIAN: torch.func.jacfwd, HESSIAN: torch.func.hessian}[kind]
    return partial(take(lambda x: text(names, x, *others)), first)


def _autograd(text: Text, kind: str, wanted: int, args: Sequence, autograd: Any, anp: Any) -> Any:
    take = {GRADIENT: autograd.grad, JACOBIAN: autograd.jacobian, HESSIAN: autograd.hessian}[kind]
    return partial(take(partial(text, anp), _numbers(wanted)), *args)


def _parts(args: Sequence[np.ndarray], column: np.ndarray) -> list[np.ndarray]:
    """The column that casadi gives as arrays of the shapes of args."""
    cuts = np.cumsum([np.size(a) for a in args])[:-1]
    return [p.reshape(np.shape(a), order="F") for p, a in zip(np.split(column, cuts), args)]


class TorchNames:
    """torch under the names of NumPy, where they differ."""

    def __init__(self, torch: Any) -> None:
        self.torch = torch
        self.special = SimpleNamespace(erf=torch.erf, gammaln=torch.lgamma)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.torch, name)

    def max(self, a: Any, axis: Any = None, keepdims: bool = False) -> Any:
        return self.torch.amax(a, () if axis is None else axis, keepdim=keepdims)

    def var(self, a: Any, axis: Any = None, keepdims: bool = False) -> Any:
        return self.torch.var(a, axis, correction=0, keepdim=keepdims)

    def maximum(self, a: Any, b: Any) -> Any:
        return self.torch.maximum(a, self.torch.as_tensor(b, dtype=a.dtype))

    def cumsum(self, a: Any, axis: int = 0) -> Any:
        return self.torch.cumsum(a, axis)

    def transpose(self, a: Any, axes: Sequence[int]) -> Any:
        return a.permute(*axes)

    def array(self, rows: Any) -> Any:
        return self.torch.stack(list(rows))


def difference(workload: Unseen) -> float:
    """How far the derivative by hand is from differences of f along a random direction, relative
    to the larger of 1 and that derivative."""
    rng = np.random.default_rng(0)
    args, wanted, f = workload.args, workload.wanted, partial(workload.f, np)
    along = [rng.normal(size=np.shape(a)) for a in args[:wanted]]
    assert workload.manual is not None
    parts = as_list(workload.manual())

    def at(step: float) -> np.ndarray:
        moved = [a + step * v for a, v in zip(args, along)]
        return np.asarray(f(*moved, *args[wanted:]))

    if workload.kind == HESSIAN:
        h = 1e-3
        second = -at(2 * h) + 16 * at(h) - 30 * at(0.0) + 16 * at(-h) - at(-2 * h)
        measured, stated = second / (12 * h**2), along[0] @ parts[0] @ along[0]
    else:
        h = 1e-6
        measured = (8 * (at(h) - at(-h)) - at(2 * h) + at(-2 * h)) / (12 * h)
        if workload.kind == JACOBIAN:
            stated = parts[0] @ along[0]
        else:
            stated = np.asarray(sum(np.sum(p * v) for p, v in zip(parts, along)))
    return float(np.max(np.abs(measured - stated)) / max(1.0, float(np.max(np.abs(stated)))))
