"""The page on how the cost of a Jacobian grows."""

from __future__ import annotations

from admodes.lab.experiments.scaling import scale
from admodes.lab.experiments.scaling_plot import plot
from admodes.lab.experiments.scaling_points import MODES
from admodes.lab.experiments.scaling_result import Scaling
from admodes.lab.pages.page import Page

SIZES = (2, 4, 8, 16)

ROUNDS = 3


def page() -> Page:
    """Run the experiment."""
    result = scale(SIZES, repeats=ROUNDS)
    return Page(
        "scaling",
        "How the cost of a Jacobian grows",
        result,
        lambda path: plot(result, path),
        "Forward mode takes a sweep for each input, reverse mode one for each output. In units of "
        "f the exact operations of all sweeps grow with slope 1 in n and 0 in m for forward mode, "
        "0 in n and 1 in m for reverse mode, and with slope 0 in the length for both (W. Baur and "
        "V. Strassen, 1983: a gradient costs at most 4 to 5 times f).",
        _seen(result),
        "Measured slopes stay below the exact ones while the sizes are small: what a call costs "
        "whatever it does is a part of every time. The confidence is that of a line through few "
        "points on a machine that others use too.",
        f"admodes scale --sizes {','.join(map(str, SIZES))} --repeats {ROUNDS}",
    )


def _seen(result: Scaling) -> str:
    """The range of the exact slopes by what varies, and mode."""
    words = []
    for varied in dict.fromkeys(e.varied for e in result.experiments):
        alike = [e.slopes()["exact"] for e in result.experiments if e.varied == varied]
        for mode in MODES:
            slopes = [found[mode] for found in alike if found.get(mode) is not None]
            if slopes:
                low, high = min(slopes) + 0.0, max(slopes) + 0.0
                words.append(f"{mode} in {varied} {low:.3f} to {high:.3f}")
    families = len({e.function for e in result.experiments})
    return f"Exact slopes over {families} families: {'; '.join(words)}."
