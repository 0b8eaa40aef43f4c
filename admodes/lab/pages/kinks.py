"""The page on derivatives at kinks."""

from __future__ import annotations

from admodes.lab.kinks import kinks
from admodes.lab.pages.page import Page


def page() -> Page:
    """Run the experiment."""
    result = kinks()
    apart = sorted({row.function for row in result.rows if row.disagree})
    nan = sum(any(v is not None and v != v for v in row.values.values()) for row in result.rows)
    return Page(
        "kinks",
        "Derivatives at kinks",
        result,
        None,
        "At a kink or a tie any number between the slopes from both sides is a choice that can be "
        "defended: ½ each at a tie, 0 at the corner of |x|; at the edge of a domain the slope from "
        "inside. A nan where one slope is known is a trap, as is a formula that is right and takes "
        "in the derivative of a branch that was not chosen.",
        f"In {sum(row.disagree for row in result.rows)} of {len(result.rows)} entries at least two "
        f"backends return different numbers, and in {nan} at least one returns nan. They differ "
        f"for: {', '.join(apart)}.",
        "√(x²) at 0 is where the result hangs on the order of multiplication: 0 × ∞. The forward "
        "mode of admodes returns 0, because a tangent of 0 stays 0; its reverse mode returns nan, "
        "because the adjoint of x² is infinite before it meets the partial 0.",
        "admodes kinks",
    )
