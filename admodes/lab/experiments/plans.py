"""What a scaling experiment consists of: a family, what is varied, and what is fixed meanwhile."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from admodes.errors import BadValue
from admodes.lab.experiments.families import FAMILIES, SIZES, Family, UserFamily
from admodes.lab.experiments.measuring import WAYS, exact, symbolic, timed
from admodes.lab.experiments.running import Point
from admodes.views.tables import known

DEFAULT_SIZES = (2, 4, 8, 16, 32, 64)

Sizes = Sequence[int] | Mapping[str, Sequence[int]]


@dataclass(frozen=True)
class Sweep:
    """One family, with one of its sizes varied and the others fixed."""

    subject: Family | UserFamily
    varied: str
    values: tuple[int, ...]
    fixed: Mapping[str, int]

    def sizes(self, value: int) -> dict[str, int]:
        """All sizes at one value."""
        return {**self.fixed, self.varied: value}

    def points(self, value: int, rounds: int | None) -> dict[str, Point]:
        """The points to measure at one value, by what they are about; rounds None: no times."""
        sizes = self.sizes(value)
        name = self.subject.name
        identity = getattr(self.subject, "identity", "")
        if identity:
            name += f" {hashlib.sha256(identity.encode()).hexdigest()[:12]}"
        jobs: dict[str, Callable] = {"exact": exact, "symbolic": symbolic}
        points = {
            what: Point(name, sizes, f"counts, {what}", partial(job, self.subject, sizes))
            for what, job in jobs.items()
        }
        for way in WAYS if rounds is not None else ():
            job = partial(timed, self.subject, sizes, way, rounds or 1)
            what = f"time of {way}"
            points[what] = Point(name, sizes, f"{what}, {rounds} rounds", job, alone=True)
        return points


def plan(functions: Sequence[Any] | None, sizes: Sizes | None) -> list[Sweep]:
    """The sweeps of families (by name) and of functions that take sizes.

    sizes: the values that each size takes, one after the other, while the others are fixed; a list
    stands for n, m and the length of a family, and for the first parameter of a function. A size
    with a single value beside others is fixed at it.

    Raises BadValue for unknown families, for sizes that are no whole numbers from 1, and where
    there is nothing to vary.

    >>> [(s.varied, dict(s.fixed)) for s in plan(["dense"], {"n": [2, 4], "m": [3]})]
    [('n', {'m': 3, 'length': 4})]
    """
    functions = list(FAMILIES) if functions is None else functions
    if not functions:
        raise BadValue(f"functions is empty; choose from {', '.join(FAMILIES)}")
    sweeps: list[Sweep] = []
    for subject in functions:
        if isinstance(subject, str):
            known("functions", [subject], list(FAMILIES))
            sweeps += _of_family(FAMILIES[subject], sizes)
        else:
            sweeps += _of_function(subject, sizes)
    return sweeps


def _of_family(family: Family, sizes: Sizes | None) -> list[Sweep]:
    sizes = DEFAULT_SIZES if sizes is None else sizes
    values = sizes if isinstance(sizes, Mapping) else dict.fromkeys(SIZES, sizes)
    known("sizes", list(values), SIZES)
    return [
        Sweep(family, varied, found, {**family.fixed[varied], **single})
        for varied, found, single in _varied(values)
    ]


def _of_function(subject: Any, sizes: Sizes | None) -> list[Sweep]:
    if not isinstance(subject, UserFamily):
        subject = UserFamily(getattr(subject, "__name__", "f"), subject)
    try:
        parameters = inspect.signature(subject.make).parameters
    except (TypeError, ValueError) as error:
        raise BadValue(f"{subject.name} does not say what sizes it takes") from error
    if sizes is None:
        raise BadValue(f"{subject.name} needs sizes, such as n=1,2,4,8")
    values = sizes if isinstance(sizes, Mapping) else dict.fromkeys(list(parameters)[:1], sizes)
    known(f"sizes of {subject.name}", list(values), list(parameters))
    defaults = {k: p.default for k, p in parameters.items() if p.default is not p.empty}
    missing = [k for k in parameters if k not in defaults and k not in values]
    if missing:
        raise BadValue(f"{subject.name} also takes {missing[0]}: give it a size, {missing[0]}=…")
    sweeps = []
    for varied, found, _ in _varied(values):
        others = {k: _sorted(k, v)[0] for k, v in values.items() if k != varied}
        fixed = {k: v for k, v in defaults.items() if k not in values and isinstance(v, int)}
        sweeps.append(Sweep(subject, varied, found, {**fixed, **others}))
    return sweeps


def _varied(values: Mapping[str, Sequence[int]]) -> list[tuple[str, tuple[int, ...], dict]]:
    """Each size that varies, its values, and those that have a single one."""
    checked = {k: _sorted(k, v) for k, v in values.items()}
    if not checked:
        raise BadValue("sizes is empty: give values, such as [2, 4, 8]")
    several = {k: v for k, v in checked.items() if len(v) > 1}
    varied = several or checked
    single = {k: v[0] for k, v in checked.items() if k not in varied}
    return [(k, v, single) for k, v in varied.items()]


def _sorted(name: str, values: Sequence[int]) -> tuple[int, ...]:
    if not values or not all(isinstance(k, int) and k >= 1 for k in values):
        raise BadValue(f"sizes {name}={list(values)}: give whole numbers from 1, as [2, 4, 8]")
    return tuple(sorted(set(values)))
