"""Which of NumPy's functions take traced values, read off the tables that the operations fill: the
rows that `admodes ops --numpy` prints."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import numpy as np

from admodes.core.carrier import Carrier
from admodes.core.tables import FUNCTIONS, METHODS, SCIPY, UFUNCS
from admodes.numpy_functions import methods
from admodes.numpy_functions.plain import PLAIN
from admodes.views.tables import Table

TRUTH = (np.any, np.all)
DERIVATIVE, VALUE, REFUSED = "derivative", "plain value", "refused, names another way"


def numpy_coverage() -> list[dict[str, str]]:
    """One dictionary per function of NumPy (and of scipy.special) that takes traced values, with
    its module, its name and what it gives: a derivative, a plain value (positions, truth values),
    or an error that names another way. Everything else is an error that names the function.

    >>> from admodes.numpy_functions.coverage import numpy_coverage
    >>> {"module": "numpy", "name": "einsum", "gives": "derivative"} in numpy_coverage()
    True
    """
    rows = [_row(f, VALUE if _passive(op) else DERIVATIVE) for f, op in UFUNCS.items()]
    rows += [_row(f, _kind(f, handler)) for f, handler in FUNCTIONS.items()]
    rows += [{"module": "scipy.special", "name": n, "gives": DERIVATIVE} for n in SCIPY]
    for name in METHODS:
        if name != "__call__":
            rows.append({"module": "ufunc methods", "name": name, "gives": DERIVATIVE})
    own = {n for n in dir(np.ndarray) if not n.startswith("_") and hasattr(Carrier, n)}
    for name in sorted(own):
        gives = REFUSED if name in methods.REFUSED else DERIVATIVE
        rows.append({"module": "methods of arrays", "name": name, "gives": gives})
    unique = {(r["module"], r["name"]): r for r in rows}
    return [unique[key] for key in sorted(unique)]


def _row(function: Any, gives: str) -> dict[str, str]:
    module = "numpy"
    for name in ("linalg", "fft"):
        if getattr(getattr(np, name), function.__name__, None) is function:
            module = f"numpy.{name}"
    if getattr(np, function.__name__, None) is function:
        module = "numpy"
    return {"module": module, "name": function.__name__, "gives": gives}


def _passive(op: Any) -> bool:
    return bool(getattr(op, "passive", False))


def _kind(function: Any, handler: Any) -> str:
    return VALUE if function in PLAIN or function in TRUTH or _passive(handler) else DERIVATIVE


def coverage_table() -> Table:
    """The coverage as a table for views.render: one line per module and kind."""
    rows = numpy_coverage()
    key = lambda r: (r["module"], r["gives"])  # noqa: E731
    lines = [
        [module, gives, ", ".join(r["name"] for r in group)]
        for (module, gives), group in groupby(sorted(rows, key=key), key)
    ]
    notes = [
        f"{len(rows)} functions and methods; any other on a traced value is an error that names it",
        "complex values: the cotangent of z = x + iy is ∂u/∂x + i ∂u/∂y",
    ]
    return Table(
        "NumPy on traced values", ["Module", "Gives", "Functions"], lines, [False] * 3, notes
    )
