"""Families of functions with a number of inputs n, a number of outputs m and a length, whose cost
is known in advance.

Every family is a trunk, which all outputs share, and m outputs that are running sums of the trunk's
results t1 … tk: y1 = t1 + … + tk, and each further output adds one of them once more (of
Speelpenning's product the outputs are running products). So every output depends on every input
and on all of the trunk, an output more costs one operation, and the trunk grows by the same work
for every input more. With nothing to share, m functions would be differentiated one by one: each
reverse sweep would visit an m-th of the list, and the number of outputs would not matter.

What is counted for a slope is the operations of all sweeps of a Jacobian ÷ those of f, without f
and its partials. As the operations of a sweep are a constant times those of f, n forward sweeps
give n times that constant, and m reverse sweeps m times.

The functions take a list of n numbers or carriers and return a list of m; for m = 1 a number.
"""

from __future__ import annotations

import cmath
import contextlib
import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from admodes.errors import BadValue
from admodes.ops import hyperbolic, trigonometric


class Library(NamedTuple):
    """The functions that a family needs, on carriers, on floats as fast as Python can, or on
    complex numbers."""

    sin: Callable[[Any], Any]
    tanh: Callable[[Any], Any]


TRACED = Library(trigonometric.sin, hyperbolic.tanh)
PLAIN = Library(math.sin, math.tanh)
COMPLEX = Library(cmath.sin, cmath.tanh)

SIZES = ("n", "m", "length")
"""What can be varied."""


class Case(NamedTuple):
    """A member of a family at its point: as a function of carriers, of floats, and of complex
    numbers, and the arguments."""

    traced: Callable
    plain: Callable
    complex: Callable
    args: tuple


Trunk = Callable[[Sequence[Any], int, Library], list]
"""From the inputs, a length and a library to the results that the outputs are made of."""


@dataclass(frozen=True)
class Family:
    """A family. trunk: as in Trunk; fixed: for each of SIZES, what the others are while it varies
    (the trunk is then long enough for an output more to be little beside it); least: the smallest
    n; product: outputs are running products instead of sums."""

    name: str
    title: str
    trunk: Trunk
    fixed: Mapping[str, Mapping[str, int]]
    least: int = 1
    product: bool = False

    def function(self, m: int, length: int, library: Library = TRACED) -> Callable:
        """The member with m outputs.

        >>> FAMILIES["speelpenning"].function(1, 1)([2.0, 3.0, 4.0])
        24.0
        """

        def member(x: Sequence[Any]) -> Any:
            results = self.trunk(x, length, library)
            outputs = [results[0]]
            for t in results[1:]:
                outputs[0] = outputs[0] * t if self.product else outputs[0] + t
            for j in range(1, m):
                t = results[j % len(results)]
                outputs.append(outputs[-1] * t if self.product else outputs[-1] + t)
            return outputs if m > 1 else outputs[0]

        return member

    def case(self, sizes: Mapping[str, int]) -> Case:
        """The member of these sizes n, m and length, and its point."""
        n, m, length = (sizes[name] for name in SIZES)
        traced, plain, with_complex = (
            self.function(m, length, library) for library in (TRACED, PLAIN, COMPLEX)
        )
        return Case(traced, plain, with_complex, (self.place(n, length),))

    def place(self, n: int, length: int) -> list[float]:
        """Where it is taken: numbers about 1, so that a long product neither overflows nor dies
        out. Raises BadValue for an n that the family does not have."""
        if n < self.least:
            raise BadValue(f"{self.name} needs n of at least {self.least}")
        return [1.0 + 0.5 * math.sin(1.0 + i) / length for i in range(n)]


@dataclass(frozen=True)
class UserFamily:
    """A user's function that takes sizes and returns (function, arguments). identity: what tells
    it from another function of that name, such as the text of its file; processes need to be able
    to unpickle make."""

    name: str
    make: Callable[..., tuple[Callable, Any]]
    identity: str = ""

    @property
    def title(self) -> str:
        """The name."""
        return self.name

    def case(self, sizes: Mapping[str, int]) -> Case:
        """The function of these sizes. Raises BadValue where make returns anything else."""
        made = self.make(**sizes)
        if not (isinstance(made, tuple) and len(made) == 2 and callable(made[0])):
            raise BadValue(f"{self.name} has to return (function, arguments)")
        function, args = made
        return Case(function, function, function, _arguments(function, args))


def _arguments(function: Callable, given: Any) -> tuple:
    """A tuple, or a list with arrays, is the arguments, where the function takes so many; anything
    else is the one argument."""
    numbers = isinstance(given, list) and all(isinstance(x, (int, float)) for x in given)
    single, several = (given,), tuple(given) if isinstance(given, (list, tuple)) else (given,)
    order = (single, several) if numbers else (several, single)
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return order[0]
    for args in order:
        with contextlib.suppress(TypeError):
            signature.bind(*args)
            return args
    return order[0]


def _factors(x: Sequence[Any], length: int, library: Library) -> list:
    return list(x) * length


WIDTH = 16
"""Hidden units of a layer."""


def _weight(i: int, j: int, layer: int, columns: int) -> float:
    """Coefficients without pattern, none of them 0 or ±1, small enough that sines do not wrap."""
    return math.sin((i + 1) * (j + 2) + 10 * layer) / math.sqrt(columns)


def _products(x: Sequence[Any], layer: int) -> list:
    """WIDTH products w · x, w constants."""
    found = []
    for i in range(WIDTH):
        total = _weight(i, 0, layer, len(x)) * x[0]
        for j in range(1, len(x)):
            total = total + _weight(i, j, layer, len(x)) * x[j]
        found.append(total)
    return found


def _dense(x: Sequence[Any], length: int, library: Library) -> list:
    """sin(A … sin(B sin(C x))), length matrices."""
    for layer in range(length):
        x = [library.sin(z) for z in _products(x, layer)]
    return list(x)


def _mlp(x: Sequence[Any], length: int, library: Library) -> list:
    """A network of two layers tanh(W x + b), at length samples that are all moved by the inputs, as
    when a disturbance is sought that changes its answers most."""

    def layer(x: Sequence[Any], number: int) -> list:
        sums = _products(x, number)
        return [library.tanh(z + _weight(i, 0, 7 + number, 4)) for i, z in enumerate(sums)]

    found: list = []
    for s in range(length):
        moved = [a + 0.1 * math.sin(3 * s + j + 1) for j, a in enumerate(x)]
        found += layer(layer(moved, 0), 1)
    return found


def _runge_kutta(x: Sequence[Any], length: int, library: Library) -> list:
    """A damped pendulum from a known state, pushed by a control that is another one in every step,
    one step of Runge and Kutta's fourth order after the other."""
    h, q, p = 0.05, 0.5, 0.0

    def slopes(q: Any, p: Any, u: Any) -> tuple[Any, Any]:
        return p, u - library.sin(q) - 0.3 * p

    for step in range(max(length, len(x))):
        u = x[step % len(x)]
        a = slopes(q, p, u)
        b = slopes(q + h / 2 * a[0], p + h / 2 * a[1], u)
        c = slopes(q + h / 2 * b[0], p + h / 2 * b[1], u)
        d = slopes(q + h * c[0], p + h * c[1], u)
        q, p = (
            y + (h / 6 * k1 + h / 3 * k2 + h / 3 * k3 + h / 6 * k4)
            for y, k1, k2, k3, k4 in zip((q, p), a, b, c, d, strict=True)
        )
    return [q, p]


def _stencil(x: Sequence[Any], length: int, library: Library) -> list:
    """Burgers' equation on a ring of cells, length steps in time."""
    n, u = len(x), list(x)
    for _ in range(length):
        u = [
            u[i]
            - 0.05 * u[i] * (u[(i + 1) % n] - u[i - 1])
            + 0.1 * (u[(i + 1) % n] - 2.0 * u[i] + u[i - 1])
            for i in range(n)
        ]
    return u


def _small_network(w: Sequence[Any], length: int, library: Library) -> list:
    """w_n Σ tanh(w1 x1 + … + w_(n-1) x_(n-1)) over length samples x, which are constants: section
    B's network y = w3 tanh(w1 x1 + w2 x2) for n = 3 and length 1."""
    total = None
    for s in range(length):
        z = math.sin(1.0 + 2 * s) * w[0]
        for i, a in enumerate(w[1:-1], 1):
            z = z + math.sin(1.0 + 2 * s + 3 * i) / math.sqrt(len(w)) * a
        h = library.tanh(z)
        total = h if total is None else total + h
    return [w[-1] * total]


def _fixed(for_n: int, for_m: int, n: int = 8, m: int = 4) -> dict[str, dict[str, int]]:
    """What is fixed while n, m and the length vary; for_n, for_m: the lengths of the trunk."""
    return {
        "n": {"m": m, "length": for_n},
        "m": {"n": 8, "length": for_m},
        "length": {"n": n, "m": 1},
    }


FAMILIES = {
    family.name: family
    for family in (
        Family(
            *("speelpenning", "Speelpenning's product", _factors, _fixed(1, 384, m=1)),
            product=True,
        ),
        Family("dense", "Dense map", _dense, _fixed(4, 6)),
        Family("mlp", "MLP", _mlp, _fixed(1, 4)),
        Family("runge-kutta", "Runge–Kutta chain", _runge_kutta, _fixed(64, 64, n=2)),
        Family("stencil", "Stencil", _stencil, _fixed(8, 48)),
        Family("small-network", "Section B's small network", _small_network, _fixed(64, 192), 2),
    )
}
"""The families, by name."""
