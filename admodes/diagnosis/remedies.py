"""The way out of a finding, for the expression of its row: a table of patterns, each with what to
write in its place, and a sentence for every kind where none fits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from admodes.core.record import Ref, Step
from admodes.diagnosis.subject import Subject


class View:
    """A row with those that it is made of, for patterns."""

    def __init__(self, subject: Subject, row: int) -> None:
        self.subject, self.row = subject, row
        self.step: Step = subject.steps[row]

    @property
    def op(self) -> str:
        """The name of the operation, "input" for an input."""
        return "input" if self.step.op is None else str(self.step.op.name)

    @property
    def text(self) -> str:
        """The row by its name."""
        return self.subject.names[self.row]

    def arg(self, k: int) -> View | None:
        """The row of an argument; None for a constant."""
        args = self.step.args
        a = args[k] if k < len(args) else None
        return View(self.subject, a.row) if isinstance(a, Ref) else None

    @property
    def rows(self) -> list[View]:
        """The rows of the arguments."""
        return [view for k in range(len(self.step.args)) if (view := self.arg(k)) is not None]

    @property
    def constants(self) -> list[Any]:
        """The constants among the arguments."""
        return [a for a in self.step.args if not isinstance(a, Ref)]

    @property
    def inner(self) -> View:
        """The row itself, or what it only moves, scales, sums up or takes the mean of."""
        view = self
        while view.op in THROUGH and len(view.rows) == 1:
            view = view.rows[0]
        return view

    def has(self, constant: float) -> bool:
        """Whether a constant among the arguments is this number."""
        return any(bool(np.all(np.asarray(c) == constant)) for c in self.constants)

    def above(self, *names: str, depth: int = 6) -> View | None:
        """The nearest of the rows that this one is made of, itself among them, with one of these
        operations."""
        waiting = [(self, 0)]
        for view, level in waiting:
            if view.op in names:
                return view
            if level < depth:
                waiting += [(part, level + 1) for part in view.rows]
        return None


THROUGH = {
    *("reshape", "getitem", "sum", "mean", "negate", "transpose", "broadcast_to", "expand_dims"),
    "squeeze",
}
LOGS = ("ln", "log2", "log10")
SOFTER = {
    "argmax": "weights that follow the scores, such as ad.softmax(x / temperature), in the place "
    "of the position, or np.max(x) where the largest value is meant",
    "argsort": "np.sort(x) where the values in order are meant: it has a derivative; a soft "
    "ranking otherwise",
    "sign": "np.tanh(x / width), a smooth sign, or ad.custom_rule with the slope that is meant",
    "comparison": "a smooth step, such as ad.sigmoid((x - threshold) / width), or ad.custom_rule "
    "with the slope that is meant",
    "round": "calculate with the number before it is rounded, or ad.custom_rule with the slope "
    "that is meant (1 lets it pass straight through)",
}
SOFTER["argmin"] = SOFTER["argmax"].replace("np.max", "np.min").replace("largest", "smallest")


def remedy_for(subject: Subject, row: int, kind: str, sweep: str) -> str:
    """What to write in the place of a row at which something goes wrong."""
    view = View(subject, row)
    for pattern in PATTERNS.get(kind, ()):
        text = pattern(view)
        if text:
            return text
    return GENERAL.get((kind, sweep)) or GENERAL[kind, ""]


def double_where(subject: Subject, row: int) -> str:
    """The way out for a branch that np.where does not take."""
    step = subject.steps[row]
    x = next((subject.names[a.row] for a in step.args if isinstance(a, Ref)), "x")
    shown = subject.formula(row)
    return (
        f"np.where twice: safe = np.where(condition, {x}, 1.0) goes into {shown} in the place of "
        f"{x}, so that the branch is finite wherever it is not taken"
    )


def _log1p(view: View) -> str:
    inside = view.rows[0] if view.op in LOGS and view.rows else None
    if inside is None:
        return ""
    if inside.op == "add" and inside.has(1.0):
        what = inside.rows[0].text
        exp = inside.rows[0].inner if inside.rows else None
        if exp is not None and exp.op == "exp":
            return f"ad.softplus({exp.rows[0].text}), which is ln(1 + e^x) without its overflow"
        scale = {"log2": " / np.log(2)", "log10": " / np.log(10)"}.get(view.op, "")
        return f"np.log1p({what}){scale}, which does not form 1 + {what}"
    if inside.op == "subtract" and inside.has(1.0) and not isinstance(inside.step.args[0], Ref):
        return f"np.log1p(-{inside.rows[0].text}), which does not form 1 - {inside.rows[0].text}"
    return ""


def _logsumexp(view: View) -> str:
    logs = view.op in LOGS
    start = view.rows[0] if logs and view.rows else view
    exp = start.above("exp", depth=4)
    summed = start.above("sum", "mean", "add", depth=3)
    if exp is None:
        return ""
    x = exp.rows[0].text
    users = [View(view.subject, u) for u in view.subject.users.get(exp.row, [])]
    if logs and start.inner.op == "exp" and summed is None:
        return f"{x} itself, as the logarithm undoes the exponential"
    if logs and start.above("divide", depth=2) is not None:
        return (
            "-ad.softplus(-x) for ln sigmoid(x), -ad.softplus(x) for ln(1 - sigmoid(x)), and "
            "ad.log_softmax(x) for the logarithm of a softmax"
        )
    if (logs and summed is not None) or _followed(exp, *LOGS):
        return f"ad.logsumexp({x}), or np.logaddexp for two terms: the largest is taken out first"
    if any(u.op == "add" and u.has(1.0) for u in users):
        return f"ad.sigmoid of the argument in the place of 1 / (1 + exp({x}))"
    if _followed(exp, "divide"):
        return f"ad.softmax({x}), or exp({x} - max({x})): the largest exponent is then 0"
    return ""


def _followed(view: View, *names: str, depth: int = 4) -> bool:
    """Whether one of these operations follows a row soon."""
    rows, subject = {view.row}, view.subject
    for _ in range(depth):
        rows = {user for row in rows for user in subject.users.get(row, ())}
        if any(View(subject, row).op in names for row in rows):
            return True
    return False


def _expm1(view: View) -> str:
    if view.op not in ("subtract", "add"):
        return ""
    exp = next((v for v in view.rows if v.op == "exp"), None)
    if exp is not None and (view.has(1.0) or view.has(-1.0)):
        return f"np.expm1({exp.rows[0].text}), which is e^x - 1 without the subtraction"
    cos = next((v for v in view.rows if v.op == "cos"), None)
    if cos is not None and (view.has(1.0) or view.has(-1.0)):
        x = cos.rows[0].text
        return f"2 sin({x} / 2)², which is 1 - cos {x} without the subtraction"
    square = next((v for v in view.rows if v.op in ("square", "power")), None)
    inside = square.rows[0] if square is not None and square.rows else None
    if inside is not None and view.has(1.0) and inside.op in ("tanh", "sin", "cos"):
        other = {"tanh": "1 / cosh({0})²", "sin": "cos({0})²", "cos": "sin({0})²"}[inside.op]
        return other.format(inside.rows[0].text) + f" in the place of 1 - {inside.op}²"
    return ""


def _roots(view: View) -> str:
    roots = [v for v in view.rows if v.op in ("sqrt", "root")]
    if view.op not in ("subtract", "add") or not roots:
        return ""
    if len(roots) == 2:
        a, b = (root.rows[0].text for root in roots)
        return (
            f"({a} - {b}) / ({roots[0].text} + {roots[1].text}): the difference of roots rewritten"
        )
    if roots[0].above("subtract", "add") is not None:
        return (
            "take the root of the quadratic that adds (q = -(b + sign(b) sqrt(b² - 4ac)) / 2) and "
            "the other one as c / q; of a sum of this kind multiply by the conjugate"
        )
    return ""


def _variance(view: View) -> str:
    if view.op != "subtract" or len(view.rows) != 2:
        return ""
    mean = view.above("mean", "sum", depth=4)
    if mean is not None and view.above("square", "power", "multiply", depth=4) is not None:
        return (
            "np.var(x), or np.mean((x - np.mean(x))**2): subtract the mean first, and square then"
        )
    return ""


def _hypot(view: View) -> str:
    if view.op in ("square", "power", "multiply", "sum", "add") and _followed(view, "sqrt", "root"):
        return "np.hypot(x, y), or np.linalg.norm(x / scale) * scale with scale = max |x|"
    return ""


def _from_infinity(view: View) -> str:
    infinite = [v for v in view.rows if np.isinf(np.asarray(v.step.value, float)).any()]
    if not infinite:
        return ""
    return _logsumexp(view) or (
        "mend the finding before this one; where infinities are meant, as in a mask, take the rows "
        "or entries that have nothing else out with np.where"
    )


def _below_zero(view: View) -> str:
    """Of a root or a power that is nan since what it is taken of is negative."""
    base = view.arg(0)
    if view.op not in ("sqrt", "root", "power") or base is None:
        return ""
    if not np.isnan(view.step.value).any() or not np.any(np.asarray(base.step.value) < 0):
        return ""
    whole = " a whole exponent, or" if view.op == "power" else ""
    return (
        f"{whole} keep {base.text} >= 0: np.maximum({base.text}, 0) where rounding alone makes it "
        "negative, double where if another formula holds there"
    ).strip()


def _at_zero(view: View) -> str:
    op = view.op
    x = view.rows[0].text if view.rows else "x"
    if op == "divide":
        numerator = view.rows[0] if view.rows else None
        if numerator is not None and numerator.above("sin", depth=1) is not None:
            return "np.sinc(x / np.pi), which is sin(x)/x and 1 at 0"
        b = view.rows[-1].text
        return (
            f"double where: safe = np.where({b} == 0, 1.0, {b}), then np.where({b} == 0, limit, "
            "numerator / safe)"
        )
    if op in ("sqrt", "root", "cbrt"):
        if view.rows and view.rows[0].above("square", "power", "multiply", depth=3) is not None:
            return (
                "the squared length where that serves; np.abs(x) for the root of one square; "
                "otherwise double where, or sqrt(... + eps**2)"
            )
        return f"double where around {x} == 0, or {op}({x} + eps) where a small change is harmless"
    if op == "hypot":
        return "the squared length where that serves, otherwise double where at the origin"
    if op in LOGS:
        inside = view.rows[0] if view.rows else None
        if inside is not None and inside.inner.op in ("sigmoid", "softmax"):
            return f"ad.log_softmax, or -ad.softplus(-x), in the place of the logarithm of {x}"
        if inside is not None and inside.above("prod", "cumprod", depth=3) is not None:
            return "np.sum(np.log(x)): add logarithms in the place of multiplying"
        soft = _logsumexp(view)
        if soft:
            return soft
        return (
            f"keep {x} > 0: double where, np.log({x} + eps), ad.xlogy(a, {x}) for a log({x}), "
            "or calculate with the logarithm from the start"
        )
    if op == "acosh":
        return f"np.maximum({x}, 1 + eps) before acosh"
    if op in ("acos", "asin", "atanh"):
        sides = ", or np.arctan2 of the two sides, which has no edge" if op != "atanh" else ""
        return f"np.clip({x}, -1 + eps, 1 - eps) before {op}{sides}"
    if op == "power":
        return f"double where around {x} == 0, or a whole exponent; np.exp(b * np.log(a)) for a > 0"
    if op in ("solve", "inv", "det", "logabsdet"):
        return SINGULAR
    return ""


SINGULAR = (
    "np.linalg.lstsq, a small multiple of the identity added to the matrix, or other units for "
    "rows and columns; np.linalg.slogdet for a determinant"
)


def _products(view: View) -> str:
    if view.op in ("prod", "cumprod"):
        return (
            "np.exp(np.sum(np.log(x))), or the sum of logarithms alone, in the place of a product"
        )
    if view.op in ("multiply", "power", "square", "exp"):
        if _followed(view, *LOGS):
            return "calculate with logarithms: log(a b) = log a + log b, and log(e^x) = x"
        if view.op == "exp":
            return _logsumexp(view)
    return ""


def _float32(view: View) -> str:
    if view.op == "astype" and view.step.dtype.itemsize < 8:
        return f"leave the cast to {view.step.dtype} out: float64 has 16 digits"
    return ""


def _matrix(view: View) -> str:
    return SINGULAR if view.op in ("solve", "inv", "det", "logabsdet", "cholesky") else ""


def _absorbed(view: View) -> str:
    if view.op not in ("subtract", "add"):
        return ""
    below = next((v for v in view.rows if v.op in ("add", "subtract")), None)
    if below is None:
        return ""
    return (
        f"leave out of {below.text} = {below.subject.formula(below.row)} what {view.text} takes "
        "away again: add what is small first"
    )


def _not_smooth(view: View) -> str:
    name = view.op.removeprefix("whole_")
    if view.step.is_test or name in ("where", "astype"):
        return SOFTER["comparison"]
    if name in ("floor", "ceil", "round", "trunc", "floor_divide", "integers"):
        return SOFTER["round"]
    return SOFTER.get(name, "")


PATTERNS: dict[str, tuple[Callable[[View], str], ...]] = {
    "overflow": (_logsumexp, _hypot, _products, _log1p),
    "inf": (_at_zero,),
    "nan": (_from_infinity, _below_zero, _at_zero, _logsumexp),
    "underflow": (_hypot, _products, _logsumexp),
    "lost digits": (*(_float32, _log1p, _expm1, _variance, _roots, _absorbed, _matrix, _products),),
    "lost influence": (_not_smooth,),
}

GENERAL: dict[tuple[str, str], str] = {
    (
        "nan",
        "value",
    ): "keep the arguments inside the domain with np.where or np.clip before the row",
    ("nan", ""): "double where: give the row a harmless argument wherever its result is not used",
    (
        "inf",
        "",
    ): "double where: give the row a harmless argument at the pole, or state the slope that "
    "is meant with ad.custom_rule",
    ("overflow", ""): "scale the arguments, or calculate with logarithms",
    ("underflow", ""): "scale the arguments, or calculate with logarithms",
    ("lost digits", ""): "rewrite the difference so that what cancels is taken away before it is "
    "rounded (ad.verify shows every entry to more digits)",
    (
        "lost digits",
        "forward",
    ): "rewrite the formula so that its terms do not cancel here: a series "
    "near this point in np.where, or ad.custom_rule with an accurate partial",
    (
        "lost digits",
        "reverse",
    ): "rewrite the formula so that its terms do not cancel here: a series "
    "near this point in np.where, or ad.custom_rule with an accurate partial",
    (
        "lost influence",
        "",
    ): "calculate with the traced value itself, or state the slope that is meant "
    "with ad.custom_rule",
    ("wrong partial", ""): "mend the partial in ad.custom_rule; check=True compares it at once",
    ("unused input", ""): "use it, or leave it out of the arguments that are differentiated",
}
"""What to do where no pattern fits, by kind and sweep."""
