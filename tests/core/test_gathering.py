"""Adjoints of an array that is read whole and entry by entry, in any order, where some cotangents
are traced by an outer derivative and others are plain."""

from itertools import permutations

import numpy as np
import pytest

import admodes as ad

X = np.linspace(0.3, 1.2, 64)
USES = {
    "plain entry": lambda x, a: x[3] * 2.0,
    "traced entry": lambda x, a: x[5] * a,
    "same entry": lambda x, a: x[3] * a * a,
    "plain whole": lambda x, a: (np.arange(64.0) * x).sum(),
    "another whole": lambda x, a: (x / 4.0).sum(),
    "traced whole": lambda x, a: (a * np.sin(x)).sum(),
}
ORDERS = list(permutations(USES))
A, V = 0.7, np.linspace(-1.0, 2.0, 64)


def total(x, a, order):
    y = 0.0
    for name in order:
        y = y + USES[name](x, a)
    return y


def slopes(x, a):
    """The gradient for x, written out."""
    found = np.arange(64.0) + 0.25 + a * np.cos(x)
    found[3] += 2.0 + a * a
    found[5] += a
    return found


@pytest.mark.parametrize("orders", [ORDERS[k::8] for k in range(8)])
def test_every_order_of_whole_arrays_and_entries_gives_the_same(orders):
    # The derivative of the gradient along (V, 1).
    change = np.cos(X) - A * np.sin(X) * V
    change[3] += 2.0 * A
    change[5] += 1.0
    for order in orders:

        def slope(x, a, order=order):
            return ad.grad(total)(x, a, order)

        for found in (
            ad.jvp(slope, (X, A), (V, 1.0)),
            ad.jvp(lambda a: slope(X, a), (A,), (1.0,)),
            ad.jvp(lambda x: slope(x, A), (X,), (V,)),
        ):
            np.testing.assert_allclose(found[0], slopes(X, A), rtol=1e-14)
        np.testing.assert_allclose(ad.jvp(slope, (X, A), (V, 1.0))[1], change, rtol=1e-14)
