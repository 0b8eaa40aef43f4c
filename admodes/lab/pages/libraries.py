"""The page on other libraries: the derivative of every named problem, and of the codes among the
examples of a checkout, by all that are installed."""

from __future__ import annotations

import importlib.util
import statistics
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from admodes.lab.comparison import comparisons, scenario_of
from admodes.lab.comparison_result import Comparison, Row
from admodes.lab.pages.page import Page
from admodes.lab.plots.libraries import plot_ratios
from admodes.problems import PROBLEMS
from admodes.problems.scenario import Scenario
from admodes.views.result import Result
from admodes.views.tables import Table

LIMIT = 10.0
"""Seconds that a derivative may take here: more than any but a formula that swells needs."""

LARGE_ULP = 4.0
"""The error from which on a row is told of, in the unit to which doubles determine the entry."""


CODES = Path(__file__).parents[3] / "examples" / "codes"
"""Numerical code that was not written to be differentiated; a checkout has it, an installation not.
"""


def codes() -> Iterator[Scenario]:
    """The gradient or Jacobian of each code at the point of its example; nothing where there are
    none."""
    for path in sorted(CODES.glob("*.py")):
        spec = importlib.util.spec_from_file_location(f"admodes_code_{path.stem}", path)
        assert spec is not None
        assert spec.loader is not None
        if "def example(" in path.read_text("utf-8"):
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            function, args = module.example()
            yield scenario_of(f"codes/{path.name}", function, args)


@dataclass
class Libraries(Result):
    """Comparisons of several functions."""

    comparisons: list[Comparison]
    title: str = ""

    def backends(self) -> dict[str, list[Row]]:
        """The rows of each backend, one a function."""
        found: dict[str, list[Row]] = {}
        for comparison in self.comparisons:
            for row in comparison.rows:
                found.setdefault(row.backend, []).append(row)
        return found

    def told(self) -> Iterator[tuple[str, Row]]:
        """The rows that there is something to say of, with their functions: not right, or far from
        the last digit without being a difference quotient."""
        for comparison in self.comparisons:
            for row in comparison.rows:
                far = (row.error_ulp or 0.0) > LARGE_ULP and row.exact
                if row.status not in ("ok", "missing") or far:
                    yield comparison.function, row

    def _data(self) -> dict[str, Any]:
        return {"comparisons": [found.to_dict() for found in self.comparisons]}

    def tables(self, format: str = "text") -> list[Table]:
        """A line a backend, then the rows that there is something to say of; for csv every row of
        every function."""
        if format == "csv":
            return [self._all_rows()]
        lines = []
        for backend, rows in self.backends().items():
            right = [row for row in rows if row.status == "ok"]
            statuses = [
                sum(row.status == s for row in rows) for s in ("wrong", "failed", "timeout")
            ]
            ulps = [row.error_ulp for row in right if row.error_ulp is not None]
            ratios = [row.ratio_to_f for row in right if row.ratio_to_f is not None]
            firsts = [row.first_s * 1e3 for row in right if row.first_s is not None]
            version = next((row.version for row in rows if row.version), "missing")
            lines.append(
                [
                    backend,
                    version,
                    f"{len(right)} of {len(rows)}",
                    *map(str, statuses),
                    _short(max(ulps, default=None)),
                    _short(statistics.median(ratios) if ratios else None),
                    _short(statistics.median(firsts) if firsts else None),
                ]
            )
        head = ["Backend", "Version", "Right", "Wrong", "Failed", "Too slow"]
        head += ["Largest error, ulp", "÷ f", "First call, ms"]
        limits = sorted({c.limits["seconds"] for c in self.comparisons})
        notes = [
            "ulp: the unit to which doubles can determine the entry; ÷ f: the median of a later "
            f"call in units of f; limit {' or '.join(f'{x:g}' for x in limits)} s"
        ]
        apart = [
            [function, row.backend, row.status, _short(row.error_ulp), row.reason or ""]
            for function, row in self.told()
        ]
        return [
            Table("All functions by backend", head, lines, [False] * len(head), notes),
            Table(
                "What is not right, or far from the last digit",
                ["Function", "Backend", "Status", "Error, ulp", "Reason"],
                apart,
                [False] * 5,
            ),
        ]

    def _all_rows(self) -> Table:
        keys = [f.name for f in fields(Row)]
        rows = [
            [c.function, *("" if (x := getattr(row, key)) is None else str(x) for key in keys)]
            for c in self.comparisons
            for row in c.rows
        ]
        return Table("Rows", ["function", *keys], rows, [False] * (1 + len(keys)))


def _short(x: float | None) -> str:
    return "-" if x is None else f"{x:.3g}"


def page() -> Page:
    """Run the experiment."""
    problems = [replace(p.scenarios()[0], operator="gradient") for p in PROBLEMS.values()]
    scenarios = [*problems, *codes()]
    result = Libraries(list(comparisons(scenarios, True, rounds=3, limit=LIMIT)))
    return Page(
        "libraries",
        "One function, many libraries",
        result,
        lambda path: plot_ratios(result.backends(), path),
        "Every library that differentiates the function at all gives the same numbers up to "
        "rounding; difference quotients lose half of the digits or more. A library that compiles "
        "is slow in the first call and quick later; on functions of a few numbers the overhead of "
        "a call decides, not the arithmetic.",
        _seen(result, len(problems), len(scenarios) - len(problems)),
        "What failed and why is listed below. A formula that swells is sympy's way of being too "
        "slow: with common subexpressions found the same problems pass, and codes with loops over "
        "matrices swell beyond either. The complex step is refused where the function takes "
        "absolute values, compares, or factors matrices. Difference quotients are off by what "
        "their step allows, as is expected of them. On a machine with other work (its load stands "
        "at the end) libraries that compile for seconds, as JAX does, run out of the limit on the "
        "longer codes; on an idle one they do not.",
        "admodes compare @NAME",
    )


def _seen(result: Libraries, problems: int, codes: int) -> str:
    """How many rows gave numbers, and how far off these are."""
    rows = [row for rows in result.backends().values() for row in rows]
    ran = [row for row in rows if row.status in ("ok", "wrong")]
    wrong = sum(row.status == "wrong" for row in ran)
    unrolled = sum(row.route == "unrolled" for row in ran)
    exact = [row.error_ulp for row in ran if row.exact and row.error_ulp is not None]
    far = sum(error > LARGE_ULP for error in exact)
    what = f"{problems} named problems and {codes} codes of examples/codes, as they stand"
    if not codes:
        what = f"{problems} named problems (the codes of examples/codes come with a checkout)"
    return (
        f"Over {what}, {len(ran)} of {len(rows)} cells gave numbers, {wrong} of them wrong ones; "
        f"{unrolled} came from the recorded program of the function, because the library does not "
        f"take plain NumPy code unchanged. Of methods without an error but rounding {far} results "
        f"of {len(exact)} are further than {LARGE_ULP:g} ulp from the value to 50 digits, in "
        f"units of what the conditioning allows; the largest error is {max(exact):.2g}."
    )
