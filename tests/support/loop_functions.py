"""Functions with plain Python loops, drawn from seeds: carried pytrees, data of single steps among
the arguments and captured, constants that change from step to step, branches in some steps, early
exits, loops in loops, and results of all steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import admodes as ad

SIZE = 3

ENTRYWISE: list[Callable[[Any], Any]] = [
    lambda x: 0.1 * np.sin(x) + x,
    lambda x: x / (1.0 + x * x),
    lambda x: np.tanh(x) * 0.9,
    lambda x: np.exp(-x * x),
    lambda x: np.maximum(x, 0.3 * x),
    lambda x: np.sqrt(x * x + 1.0) - 0.5,
]

MIXED: list[Callable[[Any, Any], Any]] = [
    lambda x, y: x + 0.1 * y,
    lambda x, y: x * y,
    lambda x, y: x - y * y * 0.2,
    lambda x, y: np.where(x > y, x, 0.5 * y),
    lambda x, y: x / (2.0 + y * y),
]

MOVES: list[Callable[[Any], Any]] = [
    lambda x: np.roll(x, 1),
    lambda x: np.roll(x, 2),
    lambda x: x - x.mean(),
    lambda x: np.cumsum(x) * 0.3,
]


def in_a_loop(seed: int) -> bool:
    """Whether the loop that is drawn is one in another."""
    return seed % 10 == 7


def drawn_loop(seed: int) -> tuple[Callable[[Any], Any], np.ndarray, np.ndarray]:
    """A function of one vector, whose first SIZE entries begin a state and whose others are data of
    steps, a point, and the array that the function refers to. Its result is a number."""
    rng = np.random.default_rng([15, seed])
    n = int(rng.integers(8, 14))
    weights = rng.normal(size=(SIZE, SIZE)) / SIZE
    captured = rng.normal(size=(n, SIZE))
    coefficients = rng.uniform(0.2, 0.8, n).tolist()
    moves = [(int(rng.integers(6)), int(rng.integers(100))) for _ in range(int(rng.integers(2, 5)))]
    kind = seed % 10
    odd = set(rng.choice(n, 1).tolist()) if kind == 3 else set()
    inner = int(rng.integers(4, 7)) if in_a_loop(seed) else 1

    def turn(state: dict, data: Any, k: int) -> dict:
        x, (y, s) = state["x"], state["rest"]
        for what, which in moves:
            if what == 0:
                x = ENTRYWISE[which % len(ENTRYWISE)](x)
            elif what == 1:
                x = MIXED[which % len(MIXED)](x, y)
            elif what == 2:
                x = MOVES[which % len(MOVES)](x)
            elif what == 3:
                y = y + 0.1 * (weights @ x)
            elif what == 4:
                s = 0.9 * s + x[which % SIZE] * data[k]
            else:
                y = coefficients[k] * y + 0.05 * captured[k]
        return {"x": x, "rest": (y, s + 0.01 * (x @ y))}

    def f(v: Any) -> Any:
        data = v[SIZE:]
        state: dict = {"x": v[:SIZE], "rest": (np.ones(SIZE), 0.0)}
        kept = []
        for k in range(n):
            for _ in range(inner):
                state = turn(state, data, k)
            if k in odd:
                state["x"] = 0.5 * state["x"] + data[0]
            if kind == 5 and np.sum(state["x"]) > 1e3:
                break
            if kind == 6 and state["rest"][1] + k > n - 3:
                break
            if kind == 8:
                kept.append(state["x"] * (1 + k))
            if kind == 9:
                kept.append(state["rest"][1] if state["x"][0] > -9.0 else state["x"][0])
        y, s = state["rest"]
        total = (state["x"] * y).sum() + s
        if kind == 8:
            total = total + (ad.stack(kept) ** 2).sum() + kept[2].sum()
        if kind == 9:
            total = total + ad.stack(kept) @ np.arange(1.0, len(kept) + 1.0)
        return total

    return f, rng.uniform(0.2, 0.9, SIZE + n), captured
