"""Differentiate the codes of this folder as they are, and check every derivative.

    python examples/codes/verify.py

Jacobians in both modes, and Hessian-vector products in all four compositions of the modes, are
compared with extrapolated central differences and with theory. Exits with 1 if a check fails.
"""

import importlib
import sys
from dataclasses import dataclass

import numpy as np
import theory
from theory import error, flat

import admodes as ad

CODES = ("kalman", "bundle_adjustment", "logistic_regression", "two_body", "gaussian_process")
COMPOSITIONS = [f"{a}-over-{b}" for a in ("forward", "reverse") for b in ("forward", "reverse")]
DIFFERENCES = 1e-8  # what central differences can promise
THEORY = 1e-10  # what double precision can, after a long computation


@dataclass
class Report:
    """What was found for one code: its sizes and relative errors."""

    name: str
    result: str
    parameters: int
    forward: float
    reverse: float
    hvp: float
    statements: dict

    @property
    def passed(self):
        numbers = (self.forward, self.reverse, self.hvp)
        return all(e < DIFFERENCES for e in numbers) and all(
            e < THEORY for e in self.statements.values()
        )


def like(vector, args):
    """A vector cut into the shapes of args."""
    ends = np.cumsum([np.size(a) for a in args])[:-1]
    parts = np.split(vector, ends)
    return tuple(np.reshape(part, np.shape(a)) for part, a in zip(parts, args, strict=True))


def jacobian(f, args, mode):
    """The Jacobian of f: a row per number in its result, a column per number in args."""
    blocks = ad.jacobian(f, argnums=tuple(range(len(args))), mode=mode)(*args)
    size = np.size(f(*args))
    return np.concatenate([np.reshape(block, (size, -1)) for block in blocks], axis=1)


def slope(f, step, levels=8):
    """f'(0) by central differences extrapolated to step 0; for every number in f's result the
    extrapolation that changed least (Ridders 1982)."""
    best, least, coarser = None, np.inf, []
    for level in range(levels):
        h = step / 2**level
        line = [(f(h) - f(-h)) / (2 * h)]
        for order, old in enumerate(coarser, start=1):
            line.append(line[-1] + (line[-1] - old) / (4**order - 1))
            change = np.maximum(abs(line[-1] - line[-2]), abs(line[-1] - old))
            best = np.where(change < least, line[-1], best)
            least = np.minimum(change, least)
        coarser = line
    return best


def differences(f, args):
    """The Jacobian of f as jacobian has it, by differences."""
    x = flat(args)

    def column(i):
        unit = np.eye(len(x))[i]
        return slope(lambda h: np.ravel(f(*like(x + h * unit, args))), 0.1 * max(abs(x[i]), 0.5))

    return np.stack([column(i) for i in range(len(x))], axis=1)


def objective(f, args):
    """f itself where its result is a number, otherwise half the sum of its squares."""
    if np.ndim(f(*args)) == 0:
        return f
    return lambda *xs: 0.5 * np.sum(f(*xs) ** 2)


def hvp_error(f, args):
    """The worst error of H v for a scalar f, over all compositions, against differences of the
    gradient; v is random."""
    x = flat(args)
    v = np.random.default_rng(0).normal(size=x.size) * np.maximum(abs(x), 0.1)
    gradient = ad.grad(f, argnums=tuple(range(len(args))))
    expected = slope(lambda h: flat(gradient(*like(x + h * v, args))), 0.05)
    found = [ad.hvp(lambda xs: f(*xs), args, like(v, args), mode=mode) for mode in COMPOSITIONS]
    return max(error(flat(product), expected) for product in found)


def check(name):
    """Differentiate one code and compare."""
    f, args = importlib.import_module(name).example()
    expected = differences(f, args)
    forward, reverse = (jacobian(f, args, mode) for mode in ("forward", "reverse"))
    statements = {"reverse mode agrees with forward mode": error(reverse, forward)}
    statements |= getattr(theory, f"{name}_theory")(f, args, reverse)
    shape = np.shape(f(*args))
    return Report(
        name,
        "×".join(map(str, shape)) or "number",
        expected.shape[1],
        error(forward, expected),
        error(reverse, expected),
        hvp_error(objective(f, args), args),
        statements,
    )


def main():
    """Print the errors of every code; 0 where all checks pass, else 1."""
    print(f"{'':20} {'result':>8} {'parameters':>10} {'forward':>8} {'reverse':>8} {'hvp':>8}")
    reports, passed = [], True
    for name in CODES:
        try:
            r = check(name)
        except Exception as problem:
            print(f"{name:20} {type(problem).__name__}: {problem}")
            passed = False
            continue
        numbers = f"{r.forward:8.0e} {r.reverse:8.0e} {r.hvp:8.0e}"
        verdict = "ok" if r.passed else "FAILED"
        print(f"{name:20} {r.result:>8} {r.parameters:10} {numbers}  {verdict}")
        reports.append(r)
        passed &= r.passed
    print("\nRelative errors against differences; hvp: the worst of four compositions.")
    for r in reports:
        print(f"\n{r.name}")
        for statement, e in r.statements.items():
            print(f"  {statement:50} {e:8.0e}  {'ok' if e < THEORY else 'FAILED'}")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
