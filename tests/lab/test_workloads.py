"""Workloads: forward and reverse mode against what is expected by hand, or central differences."""

import numpy as np
import pytest

from admodes.lab.adapters.differences import CENTRAL
from admodes.lab.workloads.scenarios import small_scenarios, tanh_map

SMALL = {scenario.name: scenario for scenario in small_scenarios()}


@pytest.mark.parametrize("mode", ["forward", "reverse"])
@pytest.mark.parametrize("name", SMALL)
def test_modes_agree_with_what_is_expected_or_with_differences(name, mode):
    scenario = SMALL[name]
    found = scenario.flat(scenario.derivative(mode)(*scenario.args))
    if scenario.expected is not None:
        np.testing.assert_allclose(found, scenario.expected, rtol=1e-11, atol=1e-12)
        return
    by_differences = np.reshape(CENTRAL.prepare(scenario)(), found.shape)
    least = CENTRAL.tolerated(scenario.operator) * np.max(np.abs(found))
    np.testing.assert_allclose(found, by_differences, atol=least)


def test_some_are_known_by_hand():
    assert sum(s.expected is not None for s in SMALL.values()) >= 5


def test_a_workload_is_the_same_in_every_run():
    first, second = tanh_map(4, 6), tanh_map(4, 6)
    np.testing.assert_array_equal(first.args[0], second.args[0])
    np.testing.assert_array_equal(first.oracle(), second.oracle())
