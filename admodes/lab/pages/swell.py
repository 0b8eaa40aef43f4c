"""The page on expression swell."""

from __future__ import annotations

from admodes.lab.pages.page import Page
from admodes.lab.plots.swelling import plot_swell
from admodes.lab.swelling import swelling


def page() -> Page:
    """Run the experiment."""
    result = swelling()
    last = result.families["logistic"][-1]
    product = result.families["speelpenning"][-1]
    return Page(
        "swell",
        "Expression swell",
        result,
        lambda path: plot_swell(result, path),
        "A formula of the logistic map doubles in each step and its derivative grows faster, while "
        "the program of either mode grows by a constant. The gradient of a product has n partial "
        "derivatives of n − 1 factors each as formulas, and 2 (n − 1) more products in reverse "
        "mode.",
        f"With n = {last['n']} the derivative of the logistic map has {last['raw']} operations as "
        f"a formula, {last['cse']} after common subexpressions are found, and {last['reverse']} as "
        f"a program of reverse mode, f included. The gradient of a product of {product['n']} "
        f"factors has {product['raw']}, {product['cse']} and {product['reverse']}; forward mode "
        f"takes {product['forward']}.",
        "For the smallest n the simplified formula is shorter than any program of AD: 4 − 8 x "
        "against the chain rule step by step. Common subexpressions bring back a part only, and "
        "after the formula has been written out.",
        "admodes swell",
    )
