"""The declaration of the convolution of two vectors, whose transposes are convolutions too."""

from __future__ import annotations

from typing import Any

import numpy as np

from admodes.core.forms import Example
from admodes.core.linear import linear
from admodes.core.op import Op
from admodes.core.structure import Linked
from admodes.core.values import shape_of
from admodes.ops.shaping import stack


def _value(a: Any, v: Any, mode: Any) -> Any:
    return np.convolve(a, v, mode)


def _left(w: Any, y: Any, a: Any, v: Any, mode: str) -> Any:
    return convolve(w, v[::-1], mode="valid" if mode == "full" else "full")


def _right(w: Any, y: Any, a: Any, v: Any, mode: str) -> Any:
    if mode == "full":
        return convolve(w, a[::-1], mode="valid")
    return convolve(a, w[::-1], mode="valid")[::-1]


def _batch(args: tuple, mapped: tuple, mode: str) -> Any:
    count = shape_of(args[mapped.index(True)])[0]
    samples = [
        [x[k] if own else x for x, own in zip(args, mapped, strict=True)] for k in range(count)
    ]
    if samples:
        return stack([convolve(a, v, mode=mode) for a, v in samples])
    n, m = (shape_of(x)[-1] for x in args)
    return np.zeros((0, n + m - 1 if mode == "full" else n - m + 1))


def _links(i: int, args: tuple, params: dict) -> tuple[np.ndarray, np.ndarray]:
    n, m = (shape_of(x)[0] for x in args)
    entries, others = np.arange((n, m)[i])[:, None], np.arange((m, n)[i])
    into = entries + others
    of = np.broadcast_to(entries, into.shape)
    if params["mode"] == "full":
        return into.ravel(), of.ravel()
    into = into - (m - 1)
    whole = (into >= 0) & (into <= n - m)
    return into[whole], of[whole]


def _cost(args: tuple, y: Any, mode: str) -> dict[str, int]:
    """Each of n entries with each of m, as far as they meet in the result."""
    n, m = (shape_of(x)[0] for x in args)
    products = n * m if mode == "full" else (n - m + 1) * m
    return {"multiplications": products, "additions": products - shape_of(y)[0]}


convolve: Op = linear(
    "convolve",
    _value,
    _left,
    _right,
    arity=2,
    joint=False,
    structure=Linked(_links),
    batch=_batch,
    cost=_cost,
    example=Example(((4,), (2,)), {"mode": "full"}),
    latex="{0} * {1}",
    doc="The convolution of two vectors, all of it or where the shorter second one lies inside the "
    "first.",
    kind="multiplications",
)
