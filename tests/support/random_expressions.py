"""Random expressions, drawn by hypothesis."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from seeds import examples

from admodes.core.op import REGISTRY

OPERATIONS = sorted(
    {op.name for op in REGISTRY.values() if op.elementwise and not op.custom and op.symbol}
)


class Expression:
    """A straight-line program: inputs, then (operation, arguments), an argument being the index of
    an earlier value or ("const", number). Arguments are brought into the domain of their
    operation by a sine, scaled and shifted, unless they lie there already."""

    def __init__(self, at: list[float]) -> None:
        self.at = at
        self.steps: list[tuple[str, tuple]] = []
        self.values = list(at)

    def add(self, name: str, *args: Any) -> int:
        op = REGISTRY[name]
        plain = [a[1] if isinstance(a, tuple) else self.values[a] for a in args]
        self.steps.append((name, args))
        self.values.append(float(op(*plain)))
        return len(self.values) - 1

    def into(self, i: int, low: float, high: float) -> int:
        if low < self.values[i] < high:
            return i
        wave = self.add("sin", i)
        half = self.add("multiply", wave, ("const", 0.47 * (high - low)))
        return self.add("add", half, ("const", 0.5 * (low + high)))

    def apply(self, name: str, picks: list[int]) -> None:
        args = [
            self.into(pick, *interval)
            for pick, interval in zip(picks, REGISTRY[name].domain.intervals, strict=True)
        ]
        self.add(name, *args)

    def __call__(self, *xs: Any) -> Any:
        values = list(xs)
        for name, args in self.steps:
            values.append(
                REGISTRY[name](*(a[1] if isinstance(a, tuple) else values[a] for a in args))
            )
        return values[-1], values[(len(xs) + len(values)) // 2]

    @property
    def key(self) -> tuple:
        return tuple(self.at), tuple(self.steps)

    @property
    def reuses(self) -> bool:
        used = [a for _, args in self.steps for a in args if not isinstance(a, tuple)]
        inner = [a for a in used if a >= len(self.at)]
        return len(inner) > len(set(inner))


@st.composite
def expressions(draw: Any) -> Expression:
    number = st.floats(-2.5, 2.5, allow_subnormal=False)
    made = Expression(draw(st.lists(number, min_size=1, max_size=3)))
    wanted = draw(st.integers(5, 28))
    while len(made.steps) < wanted:
        name = draw(st.sampled_from(OPERATIONS))
        last = len(made.values) - 1
        first = draw(st.integers(max(0, last - 2), last))
        others = [draw(st.integers(0, last)) for _ in REGISTRY[name].domain.intervals[1:]]
        made.apply(name, [first, *others])
    return made


def collected(strategy: Any, count: int, check: Any) -> None:
    """check on `count` derandomised draws of strategy."""

    @examples(count)
    @given(strategy)
    def run(drawn: Any) -> None:
        check(drawn)

    run()
