"""Functions in which the influence of an input is lost, or that raise while they are traced; marked
as those of planted_troubles."""

from __future__ import annotations

import math

import numpy as np

import admodes as ad
from tests.support.planted_troubles import A, planted


@planted("lost influence", 2.5, sweep="influence")
def whole_number(x):
    n = int(x)  # here
    return n * 2.0 + x


@planted("lost influence", A([1.2, 2.5]), sweep="influence")
def cast_to_integers(x):
    k = x.astype(int)  # here
    return np.sum(k * 2.0)


@planted("lost influence", 1.2, 3.0, sweep="influence")
def rounded(x, y):
    r = np.round(x)  # here
    return r * y


@planted("lost influence", 7.3, 3.0, sweep="influence")
def quotient_rounded_down(x, y):
    return (x // 2) * y  # here


@planted("lost influence", A([0.3, 0.9]), sweep="influence")
def quantised_and_regularised(w):
    q = np.floor(w * 10.0)  # here
    return np.sum((q - 3.0) ** 2) + 0.1 * np.sum(w**2)


@planted("lost influence", A([1.0, 3.0, 2.0]), sweep="influence")
def position(x):
    k = np.argmax(x)  # here
    return k * 2.0


@planted("lost influence", A([1.0, 3.0, 2.0]), A([5.0, 6.0, 7.0]), sweep="influence")
def looked_up(x, table):
    return table[np.argmax(x)]  # here


@planted("lost influence", A([1.0, 3.0, 2.0]), A([5.0, 6.0, 7.0]), sweep="influence")
def in_order_of(x, w):
    order = np.argsort(x)  # here
    return np.sum(w[order] * A([1.0, 2.0, 3.0]))


@planted("lost influence", A([0.2, 0.8, 0.9]), sweep="influence")
def accuracy(p):
    return np.sum(p > 0.5) / 3.0  # here


@planted("lost influence", A([0.2, 0.8]), A([1.0, 2.0]), sweep="influence")
def hard_gate(x, y):
    gate = np.where(x > 0.5, 1.0, 0.0)  # here
    return np.sum(gate * y)


@planted("lost influence", 2.0, sweep="influence")
def sign_alone(x):
    return np.sign(x) * 3.0  # here


@planted("lost influence", 2.0, 3.0, sweep="influence")
def steered(x, y):
    if x > 1.0:  # here
        return y * 2.0
    return y


@planted("lost influence", 3.0, sweep="influence")
def taken_out(x):
    c = ad.value(x)  # here
    return c * x


@planted("lost influence", 1.5, sweep="influence")
def taken_out_and_changed(x):
    c = np.exp(ad.value(x) * 2.0)  # here
    return c * x


KEPT: dict[str, float] = {}


@planted("lost influence", 1.5, sweep="influence")
def kept_in_a_closure(x):
    if "scale" not in KEPT:
        KEPT["scale"] = 2.0 * ad.value(x)  # here
    return KEPT["scale"] * x


@planted("lost influence", 3.0, sweep="influence")
def difference_with_itself(x):
    return x - x  # here


@planted("unused input", 3.0, 4.0, sweep="influence")
def unused(x, y):
    return x * x


@planted("raises", 2.0, sweep="influence")
def mathematics(x):
    s = x * x
    return math.sin(s)  # here


@planted("raises", 2.0, sweep="influence")
def converted(x):
    return float(x) * 2.0  # here


BUFFER = np.zeros(2)


@planted("raises", A([1.0, 2.0]), sweep="influence")
def into_a_buffer(x):
    BUFFER[0] = x[0]  # here
    return np.sum(BUFFER)


@planted("raises", 2.0)
def broken(x):
    parts = [x]
    return parts[1] * x  # here
