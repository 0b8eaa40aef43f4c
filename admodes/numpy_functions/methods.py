"""The methods and attributes of arrays on traced values: x.T, x.mean(), x.reshape(2, 3) and others,
each by the function of NumPy that does the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from admodes.core.carrier import FUNCTIONS, Carrier
from admodes.core.op import REGISTRY
from admodes.core.space import is_complex
from admodes.core.truth import is_whole, truth_kind
from admodes.core.whole import AS_WHOLE, integers, loses_derivative
from admodes.errors import BadType, BadValue, LostDerivative
from admodes.numpy_functions.layout import flat, size_of
from admodes.numpy_functions.products import dot
from admodes.numpy_functions.writing import Flat, fill, fill_flat, partition, sort
from admodes.ops.shaping import matrix_transpose, rank_of

SAME_NAME = (
    *("all", "any", "argmax", "argmin", "argpartition", "argsort", "clip", "cumprod"),
    *("cumsum", "diagonal", "max", "mean", "min", "nonzero", "prod", "ptp", "put", "ravel"),
    *(
        "repeat",
        "round",
        "searchsorted",
        "squeeze",
        "std",
        "sum",
        "swapaxes",
        "take",
        "trace",
        "var",
    ),
)
REFUSED = {"itemset": "x[index] = v", "resize": "x = np.resize(x, …)"}


def _from_function(name: str) -> Callable[..., Any]:
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        return FUNCTIONS[getattr(np, name)](self, *args, **kwargs)

    method.__name__ = name
    return method


def _refused(name: str, instead: str) -> Callable[..., Any]:
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        raise BadType(f"x.{name}() changes a traced array in place: write {instead} instead")

    return method


def _one_or_many(args: tuple) -> Any:
    return args[0] if len(args) == 1 else args


def _reshape(self: Any, *shape: Any, order: str = "C") -> Any:
    return FUNCTIONS[np.reshape](self, _one_or_many(shape), order)


def _transpose(self: Any, *axes: Any) -> Any:
    return FUNCTIONS[np.transpose](self, _one_or_many(axes) if axes else None)


def _astype(
    self: Any,
    dtype: Any,
    order: Any = "K",
    casting: Any = "unsafe",
    subok: Any = True,
    copy: Any = True,
) -> Any:
    kind = np.dtype(dtype)
    if kind == self.dtype:
        return self.clone() if copy else self
    if kind.kind == "b":
        return REGISTRY["not_equal"](self, 0)
    if kind.kind in "iu" and not is_whole(self) and not loses_derivative(self):
        return integers(self, dtype=kind)
    whole = is_whole(self) and kind.kind in "iufc"
    if not whole and (kind.kind not in "fc" or (kind.kind == "f" and is_complex(self))):
        raise LostDerivative(AS_WHOLE.format(dtype=kind))
    return REGISTRY["astype"](self, dtype=kind)


if hasattr(np, "astype"):
    FUNCTIONS[np.astype] = lambda x, dtype, /, *, copy=True, device=None: _astype(
        x, dtype, copy=copy
    )


def _compress(self: Any, condition: Any, axis: int | None = None) -> Any:
    return FUNCTIONS[np.compress](condition, self, axis)


def _item(self: Any, *args: Any) -> Any:
    if args:
        return _pythons(flat(self)[args[0]] if len(args) == 1 else self[args])
    if size_of(self) != 1:
        raise BadValue(f"x.item() of an array of {size_of(self)} entries")
    return _pythons(REGISTRY["reshape"](self, shape=()))


def _pythons(x: Any) -> Any:
    """A single entry as Python's number: a truth value counts as 0 or 1 there."""
    return x.astype(int) if truth_kind(x) else x


def _tolist(self: Any) -> Any:
    return [_tolist(x) for x in self] if rank_of(self) else _pythons(self)


def _view(self: Any, *kind: Any, **named: Any) -> Any:
    if kind or named:
        raise LostDerivative(
            "x.view(dtype) reads numbers by their bits, which has no derivative: use "
            "x.astype(dtype), or ad.value(x).view(dtype) where only the numbers are wanted"
        )
    return self[...]


def _conj(self: Any) -> Any:
    """The method is the array itself where that is real; the function copies it."""
    return np.conj(self) if is_complex(self) else self


ATTRIBUTES: dict[str, Any] = {
    **{name: _from_function(name) for name in SAME_NAME},
    **{name: _refused(name, instead) for name, instead in REFUSED.items()},
    "reshape": _reshape,
    "transpose": _transpose,
    "astype": _astype,
    "compress": _compress,
    "item": _item,
    "tolist": _tolist,
    "dot": dot,
    "copy": lambda self, order="C": self.clone(),
    "flatten": lambda self, order="C": FUNCTIONS[np.ravel](self, order).clone(),
    "conj": _conj,
    "conjugate": _conj,
    "T": property(_transpose),
    "mT": property(matrix_transpose),
    "real": property(lambda self: np.real(self)),
    "imag": property(lambda self: np.imag(self)),
    "view": _view,
    "fill": fill,
    "sort": sort,
    "partition": partition,
    "flat": property(Flat, fill_flat),
}
for _name, _attribute in ATTRIBUTES.items():
    setattr(Carrier, _name, _attribute)
