"""Traced values do not hide behind their numbers: no look-up by hash, in any interpreter."""

from __future__ import annotations

import numpy as np
import pytest

import admodes as ad
from admodes.core.carrier import Carrier

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


def probed(x):
    """Slices, ufuncs, reductions, joins and methods."""
    y = np.concatenate([x[1:], np.flip(x)[:1]]).reshape(1, -1).T[:, 0]
    z = np.where(y > 0.5, np.sin(y), y**2) + np.stack([x, y])[0] @ np.outer(x, y)
    z += np.maximum(z.mean(), x.copy())
    return np.sum(z * z) / np.linalg.norm(x)


@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_the_engines_ask_carriers_for_no_attribute_that_they_lack(mode, monkeypatch):
    asked = []

    def missing(self, name):
        asked.append(name)
        raise AttributeError(name)

    monkeypatch.setattr(Carrier, "__getattr__", missing, raising=False)
    x = np.array([0.3, 0.6, 0.9])
    ad.jacobian(probed, mode=mode)(x)
    ad.jacobian(ad.grad(probed), mode=mode)(x)
    ad.record(probed, x), ad.vmap(probed)(np.stack([x, x]))
    assert not asked


def test_a_missing_attribute_says_what_to_do():
    def f(x):
        assert not hasattr(x, "no_such_thing")
        return x.tobytes()

    with pytest.raises(
        AttributeError, match=r"no attribute 'tobytes': use ad\.value\(x\)\.tobytes"
    ):
        ad.grad(f)(np.ones(2))


def test_attributes_are_looked_up_the_quick_way():
    """Python does not remember where attributes of a class with __getattr__ are."""
    assert not hasattr(Carrier, "__getattr__")
