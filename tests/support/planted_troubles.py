"""Functions with a planted trouble: nan, infinity, overflow, underflow, cancellation, a wrong rule.
The line that is to blame ends with the comment `# here`; where none does it is the first of the
function."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

import admodes as ad

A = np.array


class Planted(NamedTuple):
    """A function at a point, and the kind and the sweep that are to be told of its line."""

    f: Callable
    args: tuple
    kind: str
    sweep: str

    @property
    def lines(self) -> set[int]:
        """The lines that are to blame."""
        source, start = inspect.getsourcelines(self.f)
        found = {start + k for k, text in enumerate(source) if text.rstrip().endswith("# here")}
        return found or {start}


PLANTED: list[Planted] = []


def planted(kind: str, *args: object, sweep: str = "value") -> Callable:
    """Mark a function as planted."""

    def mark(f: Callable) -> Callable:
        PLANTED.append(Planted(f, args, kind, sweep))
        return f

    return mark


@planted("overflow", A([1.0, 1000.0]))
def naive_logsumexp(x):
    e = np.exp(x)  # here
    total = np.sum(e)
    return np.log(total)


@planted("overflow", A([1.0, 1000.0]))
def naive_cross_entropy(z):
    e = np.exp(z)  # here
    p = e / np.sum(e)
    return -np.log(p[0])


@planted("nan", A([1.0, 1000.0]))
def naive_softmax(z):
    e = np.exp(z)
    return e / np.sum(e)  # here


@planted("overflow", -800.0)
def naive_sigmoid(x):
    e = np.exp(-x)  # here
    return 1 / (1 + e)


@planted("overflow", 1e200, 1e200)
def naive_length(x, y):
    s = x * x  # here
    return np.sqrt(s + y * y)


@planted("overflow", A([1e300, 1e300]))
def sum_of_large(x):
    return np.sum(x * 1e8)  # here


@planted("overflow", 200.0)
def product_loop(x):
    p = 1.0
    for k in range(1, 200):
        p = p * (x + k)  # here
    return p


@planted("overflow", A([[1e200, 0.0], [0.0, 1.0]]))
def matrix_square(a):
    b = a @ a  # here
    return np.sum(b)


@planted("inf", A([0.0, 1.0]))
def entropy(p):
    return -np.sum(p * np.log(p))  # here


@planted("nan", A([0.0, 1.0]))
def entropy_of_zero(p):
    logs = np.log(p)
    return -np.sum(p * logs)  # here


@planted("inf", 1.0)
def pole(x):
    d = x - 1.0
    return 3.0 / d  # here


@planted("nan", 0.0)
def quotient_of_zeros(x):
    return np.sin(x) / x  # here


@planted("nan", 1.0 + 1e-9)
def arc(x):
    y = x * 1.0
    return np.arccos(y)  # here


@planted("nan", -2.0)
def root_of_negative(x):
    return 1.0 + np.sqrt(x)  # here


@planted("nan", -8.0)
def fractional_power(x):
    return x ** (1 / 3)  # here


@planted("nan", A([1.0, 2.0]))
def masked_attention(s):
    scores = s + A([-np.inf, -np.inf])
    shifted = scores - np.max(scores)  # here
    return np.sum(np.exp(shifted))


@planted("nan", -1.0)
def branch_not_taken(x):
    safe = x > 0
    logs = np.log(x)  # here
    return np.where(safe, logs, 0.0)


@planted("inf", A([0.0, 4.0]), sweep="reverse")
def root_not_taken(x):
    return np.sum(np.where(x > 0, np.sqrt(x), 0.0))  # here


@planted("inf", 0.0, sweep="forward")
def root_at_zero(x):
    return np.sqrt(x)  # here


@planted("nan", 0.0, sweep="reverse")
def root_of_square(x):
    s = x**2  # here
    return np.sqrt(s)


@planted("inf", A([0.0, 0.0]), sweep="reverse")
def length_at_zero(x):
    s = np.sum(x**2)
    return np.sqrt(s)  # here


@planted("nan", A([0.0, 0.0]), sweep="reverse")
def norm_at_zero(x):
    return np.linalg.norm(x)  # here


@planted("inf", 1.0, sweep="reverse")
def arc_at_its_edge(x):
    return np.arccos(x)  # here


@planted("underflow", 1e-200)
def tiny_square(x):
    return x**2  # here


@planted("underflow", 0.1)
def long_product(x):
    p = 1.0
    for _ in range(400):
        p = p * x  # here
    return np.log(p)


@planted("underflow", np.full(400, 0.1))
def likelihood(x):
    p = np.prod(x)  # here
    return np.log(p)


@planted("inf", -800.0)
def log_of_exp(x):
    e = np.exp(x)
    return np.log(e)  # here


@planted("lost digits", 1e8 + A([1.0, 2.0, 4.0]))
def naive_variance(x):
    m = np.mean(x)
    return np.mean(x**2) - m**2  # here


@planted("lost digits", 1.0, 1e8, 1.0)
def quadratic_formula(a, b, c):
    d = np.sqrt(b * b - 4 * a * c)
    return (-b + d) / (2 * a)  # here


@planted("lost digits", 1e-8)
def one_minus_cosine(x):
    c = np.cos(x)
    d = 1 - c  # here
    return d / x**2


@planted("lost digits", 1e-10)
def log_of_one_plus(x):
    return np.log(1 + x)  # here


@planted("lost digits", 1e-9)
def exp_minus_one(x):
    d = np.exp(x) - 1  # here
    return d / x


@planted("lost digits", 1e15)
def difference_of_roots(x):
    return np.sqrt(x + 1) - np.sqrt(x)  # here


@planted("lost digits", 1.0)
def absorbed(x):
    big = x + 1e16
    return big - 1e16  # here


@planted("lost digits", 18.0)
def slope_of_tanh(x):
    t = np.tanh(x)
    return 1 - t**2  # here


@planted("lost digits", A([[1.0, 2.0], [2.0, 4.0 + 1e-11]]))
def singular_determinant(a):
    return np.linalg.det(a)  # here


@planted("lost digits", 1.0)
def hilbert(x):
    h = A([[1 / (i + j + 1) for j in range(9)] for i in range(9)])
    return np.sum(np.linalg.solve(h * x, np.ones(9)))  # here


@planted("lost digits", A([0.1, 0.7]))
def single_precision(x):
    y = x.astype(np.float32)  # here
    return np.sum(y * y)


@planted("lost digits", 1e-8, sweep="forward")
def cardinal_sine(x):
    return np.sin(x) / x  # here


@planted("lost digits", 1e-8, sweep="reverse")
def cardinal_sine_backwards(x):
    s = np.sin(x)
    return s / x  # here


bad_cube = ad.custom_rule(
    "planted_cube", lambda x: x**3, [lambda x: 2 * x**2], symbol=lambda x: x**3
)
bad_sine = ad.custom_rule("planted_sine", np.sin, [lambda x: -ad.cos(x)])


@planted("wrong partial", 2.0, sweep="forward")
def wrong_rule(x):
    y = x + 1.0
    return bad_cube(y)  # here


@planted("wrong partial", A([0.5, 1.0]), sweep="forward")
def wrong_rule_without_symbol(x):
    return np.sum(bad_sine(x) * x)  # here
