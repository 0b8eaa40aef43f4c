"""Traced values do not hide behind their numbers: no look-up by hash, in any interpreter."""

from __future__ import annotations

import numpy as np
import pytest

import admodes as ad

LOOKUPS = {
    "get of a dict": lambda x: x * {1.0: 2.0}.get(x, 5.0),
    "member of a set": lambda x: x * (2.0 if x in {1.0, 2.0} else 5.0),
    "key of a dict": lambda x: {x: x * x}[x],
    "set": lambda x: sum(v * x for v in {x, 1.0}),
    "hash": lambda x: x * hash(x),
    "dict.fromkeys": lambda x: x * len(dict.fromkeys([x, 1.0])),
    "frozenset": lambda x: x * len(frozenset((x,))),
}
ROUTES = {
    "reverse": lambda f: ad.grad(f)(1.0),
    "forward": lambda f: ad.jvp(f, (1.0,), (1.0,)),
    "nested": lambda f: ad.grad(ad.grad(f))(1.0),
    "recorded": lambda f: ad.record(f, 1.0),
    "compiled": lambda f: ad.compile(f)(1.0),
    "batch": lambda f: ad.vmap(f)(np.ones(2)),
    "Variable": lambda f: f(ad.Variable(1.0)),
    "entry": lambda f: ad.grad(lambda x: f(x[0]))(np.ones(2)),
    "checkpoint": lambda f: ad.grad(ad.checkpoint(f))(1.0),
}


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("lookup", LOOKUPS)
def test_a_traced_value_is_not_looked_up_by_hash(lookup, route):
    with pytest.raises(TypeError, match=r"use ad\.value\(x\) for the number, id\(x\)"):
        ROUTES[route](LOOKUPS[lookup])


def test_the_plain_number_is():
    assert ad.grad(lambda x: x * {1.0: 2.0}.get(ad.value(x), 5.0))(1.0) == 2.0
    assert ad.grad(lambda x: x * (2.0 if x in (1.0, 2.0) else 5.0))(1.0) == 2.0
