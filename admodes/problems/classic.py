"""Test functions from the literature, as functions of one vector of any length."""

from __future__ import annotations

from typing import Any

from admodes.errors import BadValue
from admodes.problems.problem import Problem


def rosenbrock(x: Any) -> Any:
    """Σ 100 (x[i+1] - x[i]²)² + (1 - x[i])², for a vector of two numbers or more.

    >>> rosenbrock([1.0, 1.0])
    0.0
    """
    total = None
    for i in range(len(x) - 1):
        term = 100 * (x[i + 1] - x[i] ** 2) ** 2 + (1 - x[i]) ** 2
        total = term if total is None else total + term
    if total is None:
        raise BadValue("rosenbrock takes a vector of two numbers or more")
    return total


def speelpenning(x: Any) -> Any:
    """x1 x2 … xn, from left to right, n - 1 multiplications.

    >>> speelpenning([2.0, 3.0, 4.0])
    24.0
    """
    product = x[0]
    for i in range(1, len(x)):
        product = product * x[i]
    return product


ROSENBROCK = Problem(
    name="rosenbrock",
    title="Rosenbrock's valley: Σ 100 (x[i+1] - x[i]²)² + (1 - x[i])²",
    document="H. H. Rosenbrock, The Computer Journal 3 (1960)",
    section="175-184",
    at={"x": (-1.2, 1.0)},
    code=rosenbrock,
    figures={
        "values": (24.2,),
        "jacobian": ((-215.6, -88.0),),
        "hessian": ((1330.0, 480.0), (480.0, 200.0)),
        "stationary": {
            "(1, 1)": {
                "at": (1.0, 1.0),
                "kind": "local minimum",
                "hessian": ((802.0, -400.0), (-400.0, 200.0)),
                "eigenvalues": (501 - 250601**0.5, 501 + 250601**0.5),
            }
        },
    },
    notes=("The only minimum in two dimensions is (1, 1), at the value 0.",),
)

_N = 16

SPEELPENNING = Problem(
    name="speelpenning",
    title="Speelpenning's product x1 x2 … xn",
    document="B. Speelpenning, thesis, University of Illinois (1980)",
    section="after A. Griewank and A. Walther, Evaluating Derivatives (2008)",
    at={"x": tuple((i + 1) / (i + 2) for i in range(_N))},
    code=speelpenning,
    figures={
        "values": (1 / (_N + 1),),
        "jacobian": (tuple((i + 2) / (i + 1) / (_N + 1) for i in range(_N)),),
    },
    notes=(
        "At x[i] = i/(i + 1) the product telescopes to 1/(n + 1).",
        "The Jacobian costs 480 multiplications forward and 30 reverse at n = 16.",
    ),
)

PROBLEMS = (ROSENBROCK, SPEELPENNING)
