"""The page on errors of derivatives by step size."""

from __future__ import annotations

import statistics

from admodes.lab.pages.page import Page
from admodes.lab.plots.step_sizes import plot_step_errors
from admodes.lab.step_sizes import EPS, METHODS, StepErrors, survey


def page() -> Page:
    """Run the experiment."""
    result = survey()
    return Page(
        "accuracy",
        "Errors of derivatives by step size",
        result,
        lambda path: plot_step_errors(result.functions, path),
        "The error of a difference quotient is a U over the step size: truncation falls with the "
        "order of the method (1, 2, 4), rounding grows as the step shrinks, and the least error is "
        f"about {EPS ** (1 / 2):.0e} for forward, {EPS ** (2 / 3):.0e} for central and "
        f"{EPS ** (4 / 5):.0e} for fourth-order differences. A complex step loses nothing once the "
        "step is small. Automatic differentiation takes no step and is right to a few units in "
        "the last place.",
        _seen(result.functions),
        "Where f is a polynomial of low degree, central differences of a large step are exact up "
        "to rounding, and better than theory allows in general.",
        "admodes accuracy",
    )


def _seen(functions: list[StepErrors]) -> str:
    """The medians of the least errors."""
    least = {
        method: [best["error"] for f in functions if (best := f.best()[method]) is not None]
        for method in METHODS
    }
    words = ", ".join(
        f"{method.replace('_', ' ')} {statistics.median(errors):.1e}"
        for method, errors in least.items()
    )
    worst = max(max(f.ad.values()) for f in functions)
    return (
        f"Over {len(functions)} functions the median of the least errors, each with the best step "
        f"for its function, is: {words}. The largest error of automatic differentiation in either "
        f"mode is {worst:.1e}."
    )
