"""The goldens of programs, compiled functions and results: what public functions of the package
give, as records for golden_records.py."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import golden_functions
import numpy as np
from golden_functions import fast, numbers
from golden_points import NEED_SCIPY, POINTS

import admodes as ad
from admodes.problems import PROBLEMS

Records = Iterator[tuple[str, Callable[[], Any]]]
"""What was run or called, in words, and the function that gives what came out."""

TREES = (
    {"W": numbers(1, 3), "b": numbers(3, shift=0.2), "v": numbers(3, shift=0.4)},
    numbers(4, 1, shift=0.6),
    numbers(4, shift=0.8),
)
"""Arguments of the loss in examples/compiled.py."""


def called(without: tuple[str, ...] = ()) -> dict[str, tuple[Callable, tuple]]:
    """The functions, and the gradient or Jacobian of each by all arguments, with their points."""
    found: dict[str, tuple[Callable, tuple]] = {}
    for name in [n for n in POINTS if n not in without]:
        point = POINTS[name]
        f, args = getattr(golden_functions, name), tuple(point.values())
        every: Any = tuple(range(len(args))) if len(args) > 1 else 0
        one = np.ndim(f(*args)) == 0
        found[name] = f, args
        word = "grad" if one else "jacobian"
        found[f"{word} of {name}"] = getattr(ad, word)(f, every), args
    for name in ("cpsc532s-network", "bu-perceptron", "rosenbrock", "osu-loop", "eth-relu-network"):
        p = PROBLEMS[name]
        xs = tuple(np.array(x) if np.ndim(x) else x for x in p.at.values())
        every = tuple(range(len(xs))) if len(xs) > 1 else 0
        found[f"grad of @{name}"] = ad.grad(p.function, every), xs
    return found


def programs() -> Records:
    """Each function as it is recorded, and its derivative after the optimiser; of some every form
    of both."""
    for name, (f, args) in called(without=NEED_SCIPY).items():
        if name in POINTS:
            yield f"ad.record, {name}", lambda f=f, a=args: listed(ad.record(f, *a))
            continue
        yield (
            f"ad.record, {name}, optimised(exact=False)",
            lambda f=f, a=args: listed(ad.record(f, *a).optimised(exact=False)),
        )
        if name.rpartition(" ")[2] in FULLY:
            yield f"ad.record, {name}", lambda f=f, a=args: listed(ad.record(f, *a))
            yield (
                f"ad.record, {name}, optimised()",
                lambda f=f, a=args: listed(ad.record(f, *a).optimised()),
            )


FULLY = ("activations", "branches", "decompositions", "indexing", "reductions", "@rosenbrock")


def listed(p: ad.Program) -> list[str]:
    return str(p).splitlines()


def compiled_numpy() -> Records:
    for name, (f, args) in called(without=NEED_SCIPY).items():
        if name not in POINTS:
            yield (
                f"ad.record, {name}, optimised(exact=False).source()",
                lambda f=f, a=args: _source(ad.record(f, *a).optimised(exact=False), "numpy"),
            )


def compiled_entries() -> Records:
    """The whole of the generated code: what checks the arguments, and the program."""
    names = ("branches", "attention", "network", "ascent", "curvature", "grad of indexing")
    chosen = {k: v for k, v in called(without=NEED_SCIPY).items() if k in names}
    chosen["value_and_grad of a loss of trees"] = ad.value_and_grad(fast.loss), TREES
    for name, (f, args) in chosen.items():
        yield (
            f'ad.compile, {name}, backend="numpy", source()',
            lambda f=f, a=args: _generated(f, a),
        )


def _generated(f: Callable, args: tuple) -> list[str]:
    compiled = ad.compile(f, backend="numpy")
    compiled(*args)
    return compiled.source().splitlines()


def compiled_llvm() -> Records:
    for name, (f, args) in called(without=NEED_SCIPY).items():
        if name.rpartition(" ")[2] in ("ascent", "checkpointed", "branches", "ring", "recurrent"):
            yield (
                f'ad.record, {name}, optimised(exact=False).source("llvm")',
                lambda f=f, a=args: _source(ad.record(f, *a).optimised(exact=False), "llvm"),
            )


def _source(p: Any, backend: str) -> list[str]:
    lines: list[str] = p.source(backend).splitlines()
    return [line for line in lines if not line.startswith("declare ")]


def values() -> Records:
    for name, (f, args) in called(without=NEED_SCIPY).items():
        yield name, lambda f=f, a=args: plain(f(*a))


def results() -> Records:
    """What results of functions of the package show in a console and in a notebook."""
    x = POINTS["attention"].values()
    attention, network = golden_functions.attention, PROBLEMS["cpsc532s"].function
    made = {
        "ad.trace, rows": lambda: ad.trace(network, 2.0, 1.0),
        "ad.trace, arrays": lambda: ad.trace(attention, *x),
        "ad.record": lambda: ad.record(network, 2.0, 1.0),
        "ad.record of trees": lambda: ad.record(ad.grad(fast.loss), *TREES),
        "ad.count": lambda: ad.count(network, 2.0, 1.0),
        "ad.equations": lambda: ad.equations(attention, *x),
        "ad.code": lambda: ad.code(attention, *x),
        "ad.chain": lambda: ad.chain([2, 3, 4, 1]),
        "ad.chain_of": lambda: ad.chain_of([np.sin, np.cumsum, np.sum], np.ones(3))[0],
        "ad.revolve": lambda: ad.revolve(10, 3),
    }
    for name, make in made.items():
        yield name, lambda make=make: _shown(make())


def _shown(result: Any) -> dict[str, list[str]]:
    forms = ("__str__", "_repr_html_", "_repr_latex_")
    return {f: getattr(result, f)().splitlines() for f in forms if hasattr(result, f)}


def plain(x: Any) -> Any:
    """Results as JSON data: arrays as lists, with nan and infinities as words."""
    if isinstance(x, dict):
        return {str(k): plain(v) for k, v in x.items()}
    if isinstance(x, tuple | list):
        return [plain(v) for v in x]
    found = np.asarray(x).tolist()
    return plain(found) if isinstance(found, list) else _number(found)


def _number(x: Any) -> Any:
    if isinstance(x, complex):
        return [_number(x.real), _number(x.imag)]
    return str(x) if isinstance(x, float) and not np.isfinite(x) else x
