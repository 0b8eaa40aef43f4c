"""GradBench's functions as scenarios: both modes agree with central differences."""

import numpy as np
import pytest

from admodes.core.pytree import flatten
from admodes.lab.gradbench.scenarios import scenarios


@pytest.mark.parametrize("scenario", scenarios(), ids=lambda s: s.name)
def test_both_modes_agree_with_differences(scenario):
    forward, reverse = (scenario.flat(scenario.derivative(m)(*scenario.args)) for m in MODES)
    np.testing.assert_allclose(forward, reverse, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(
        along(scenario, forward), differences(scenario), rtol=1e-5, atol=1e-6
    )


MODES = ("forward", "reverse")


def direction(scenario):
    rng = np.random.default_rng(3)
    return [rng.normal(size=np.shape(x)) for x in scenario.chosen]


def along(scenario, derivative):
    """The derivative of what is differenced below, along the direction."""
    return derivative @ np.concatenate([np.ravel(v) for v in direction(scenario)])


def differences(scenario):
    """The central difference of the function, or of its gradient for a Hessian."""
    h = 1e-6

    def at(t):
        xs = [x + t * v for x, v in zip(scenario.chosen, direction(scenario))]
        if scenario.operator == "hessian":
            args = list(scenario.args)
            args[scenario.argnums[0]] = xs[0]
            points, centroids = args
            owner = np.argmin(np.sum((points[:, None] - centroids) ** 2, axis=2), axis=1)
            gradient = np.zeros(centroids.shape)
            np.add.at(gradient, owner, 2 * (centroids[owner] - points))
            return np.ravel(gradient)
        return np.concatenate([np.ravel(y) for y in flatten(scenario.restricted(*xs))[0]])

    found = (at(h) - at(-h)) / (2 * h)
    return found if scenario.operator != "gradient" else found[0]
