"""Formulas for the constants of a recorded function of arrays: a number, an array under the name
that it has in the user's function, a short array written out, or else one of c1, c2, …."""

from __future__ import annotations

from typing import Any

import numpy as np

from admodes.backpropagation import terms
from admodes.backpropagation.terms import Term
from admodes.core.values import shape_of
from admodes.views.dialects import Text

_WRITTEN_OUT = 6
"""The most entries of a constant that is printed in place."""


class ConstantTerms:
    """The constants of a list as formulas: numbers, arrays by the names that they have in the
    user's function, short arrays written out, others c1, c2, …. values: what the symbols stand
    for; listed: the arrays that have no name of their own."""

    def __init__(self, known: dict[str, np.ndarray], taken: set[str]) -> None:
        self.known = {k: v for k, v in known.items() if k not in taken}
        self.taken = taken
        self.values: dict[tuple[str, str], Any] = {}
        self.listed: dict[str, np.ndarray] = {}

    def term(self, x: Any) -> Term:
        """A constant argument as a formula."""
        shape = shape_of(x)
        if shape == () and np.asarray(x).dtype.kind in "fiu":
            return terms.number(float(x))
        if shape == ():
            return self._symbol(str(x), "literal", x)
        for name, array in self.known.items():
            if _same(array, x):
                return self._symbol(name, "", x)
            if len(shape) == 2 and _same(array.T, x):
                return terms.transposed(self._symbol(name, "", array))
            if array.ndim > 1 and _same(array.ravel(), np.ravel(x)):
                return terms.reshape(self._symbol(name, "", array), shape)
        if len(shape) == 1 and np.size(x) <= _WRITTEN_OUT:
            return self._symbol(Text(None).number(np.asarray(x).tolist()), "literal", x)
        for name, array in self.listed.items():
            if _same(array, x):
                return self._symbol(name, "", x)
        name = next(n for n in (f"c{k}" for k in range(1, 10**9)) if n not in self.taken)
        self.taken.add(name)
        self.listed[name] = np.asarray(x)
        return self._symbol(name, "", x)

    def _symbol(self, name: str, accent: str, x: Any) -> Term:
        self.values[name, accent] = x
        return terms.symbol(name, shape_of(x), accent)


def _same(a: Any, b: Any) -> bool:
    return np.shape(a) == np.shape(b) and np.array_equal(a, b)
