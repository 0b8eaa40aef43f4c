"""The table of GradBench's evals: module, function, and how that function is prepared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from admodes.lab.gradbench import ba, descents, det, gmm, hello, ht, kmeans, lstm, ode, sums
from admodes.lab.gradbench.programs import Prepared

Prepare = Callable[[Any], Prepared]
"""From the input of a message to what is run. Raises BadValue for an input that is not as it has to
be."""

EVALS: dict[str, dict[str, Prepare]] = {
    "hello": {"square": hello.square, "double": hello.double},
    "lse": {"primal": sums.lse_primal, "gradient": sums.lse_gradient},
    "llsq": {"primal": sums.llsq_primal, "gradient": sums.llsq_gradient},
    "det": {"primal": det.primal, "gradient": det.gradient},
    "ode": {"primal": ode.primal, "gradient": ode.gradient},
    "kmeans": {"cost": kmeans.prepared_cost, "dir": kmeans.prepared_newton},
    "gmm": {"objective": gmm.objective, "jacobian": gmm.jacobian},
    "lstm": {"objective": lstm.objective, "jacobian": lstm.jacobian},
    "ba": {"objective": ba.objective, "jacobian": ba.jacobian},
    "saddle": {modes: descents.saddle(modes) for modes in descents.MODES},
    "particle": {modes: descents.particle(modes) for modes in descents.MODES},
    "ht": {"objective": ht.objective, "jacobian": ht.jacobian},
}
