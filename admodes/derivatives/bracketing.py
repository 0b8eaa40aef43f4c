"""Bracketing, an order of multiplication in a chain of matrices: the split of each product goes in;
the products in turn, their costs, and the text with brackets come out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass
class Product:
    """One product of a bracketing: of the matrices first … split by split + 1 … last, counted from
    1. dims are p, q, r for p × q times q × r, which takes p q r multiplications; total is what it
    and the products before it take."""

    product: str
    first: int
    split: int
    last: int
    dims: list[int]
    multiplications: int
    total: int


@dataclass
class Bracketing:
    """An order of multiplication: the mode that multiplies so, the brackets that say so, the scalar
    multiplications it takes, and its products in turn."""

    order: str
    mode: str
    bracketing: str
    multiplications: int
    steps: list[Product]


def bracketing(
    order: str, mode: str, dims: list[int], names: list[str], split: Callable[[int, int], Any]
) -> Bracketing:
    """The products that the splits ask for, each after those of its factors."""
    found, waiting = [], [(0, len(names))]
    while waiting:
        i, j = waiting.pop()
        if j - i > 1:
            k = int(split(i, j))
            found.append((i, k, j))
            waiting += [(i, k), (k, j)]
    steps: list[Product] = []
    total = 0
    for i, k, j in reversed(found):
        sizes = [dims[i], dims[k], dims[j]]
        cost = sizes[0] * sizes[1] * sizes[2]
        total += cost
        steps.append(Product(pair(names, i, k, j), i + 1, k, j, sizes, cost, total))
    made = Bracketing(order, mode, "", total, steps)
    made.bracketing = brackets(made, names)
    return made


def brackets(b: Bracketing, names: list[str]) -> str:
    """All the brackets: ((J1 J2) J3)."""
    texts = {(i, i + 1): name for i, name in enumerate(names)}
    for s in b.steps:
        i, k, j = s.first - 1, s.split, s.last
        texts[i, j] = f"({texts.pop((i, k))} {texts.pop((k, j))})"
    return texts[0, len(names)]


def pair(names: list[str], i: int, k: int, j: int) -> str:
    """The two factors of a product, long ones by their ends: (J1 … J3) J4."""
    factors = (names[i:k], names[k:j])
    return " ".join(f"({span(f)})" if len(f) > 1 else f[0] for f in factors)


def span(names: list[str]) -> str:
    return " ".join(names) if len(names) < 3 else f"{names[0]} … {names[-1]}"
