"""Softmax with cross-entropy is p − y, where that is proven, and stays as it is elsewhere."""

from __future__ import annotations

import unicodedata

import numpy as np
import pytest

import admodes as ad
from admodes.backpropagation import terms
from admodes.backpropagation.proof import equal
from admodes.problems import PROBLEMS

R = np.random.default_rng(4)
ONE_HOT = np.eye(3)[[0, 2]]
PICKED = np.array([0, 2])


def softmax(s, **how):
    e = np.exp(s)
    return e / np.sum(e, **how)


def one(s):
    p = softmax(s)
    return -np.log(p[1])


def shifted(s):
    m = s - np.max(s)
    p = softmax(m)
    return -np.log(p[1])


def labelled(Z):
    P = softmax(Z, axis=1, keepdims=True)
    return -np.sum(ONE_HOT * np.log(P)) / 2


def picked(Z):
    P = softmax(Z, axis=1, keepdims=True)
    return -np.mean(np.log(P[np.arange(2), PICKED]))


def argument(s, y):
    p = softmax(s)
    return -np.sum(y * np.log(p))


CASES = {
    "one": (one, [R.normal(size=3)], {"s": "p − onehot(1)"}),
    "shifted": (shifted, [R.normal(size=3)], {"m": "p − onehot(1)", "s": "p − onehot(1)"}),
    "labelled": (labelled, [R.normal(size=(2, 3))], {"Z": "½ (P − ONE_HOT)"}),
    "picked": (picked, [R.normal(size=(2, 3))], {"Z": "½ (P − onehot([0, 1], [0, 2]))"}),
    "argument": (argument, [R.normal(size=3), R.normal(size=3)], {"s": "(Σ y) p − y"}),
}


@pytest.mark.parametrize("name", CASES)
def test_scores_have_the_short_adjoint(name):
    f, args, expected = CASES[name]
    found = ad.equations(f, *args)
    assert found.passed, str(found)
    assert {n: found[n] for n in expected} == expected
    assert set(found.simplified) == set(expected)
    assert "is proven equal" in " ".join(str(found).split())


def test_the_perceptron_of_the_lecture():
    p = PROBLEMS["bu-perceptron"]
    found = ad.equations(p.function, *map(np.array, p.at.values()))
    assert found.passed
    assert found["s"] == "p − onehot(0)"
    assert found.chain("x").formula == (
        "(p − onehot(0))ᵀ · W3 · diag(1[W2 h1 > 0]) · W2 · diag(1[W1 x > 0]) · W1"
    )


def used_again(s):
    p = softmax(s)
    return -np.log(p[0]) + s @ s


def another_loss(s):
    p = softmax(s)
    return -np.log(p[0]) * 2 + p[1]


def no_softmax(s):
    p = np.exp(s) / np.sum(np.exp(2 * s))
    return -np.log(p[0])


def mean(s):
    p = np.exp(s) / np.mean(np.exp(s))
    return -np.sum(np.array([0.0, 1.0, 0.0]) * np.log(p))


@pytest.mark.parametrize("f", [used_again, another_loss, no_softmax, mean])
def test_what_is_another_function_is_not_simplified(f):
    found = ad.equations(f, R.normal(size=3))
    assert found.passed
    assert found.simplified == []
    assert "onehot" not in found["s"]


def beyond(addend):
    """A loss that another function is added to, which is 0 at all scores between −5 and 5."""

    def loss(s):
        p = softmax(s)
        return -np.log(p[0]) + addend(s)

    return loss


FAR = {
    "abs": lambda s: np.sum(np.abs(s + 9) - (s + 9)),
    "root": lambda s: np.sum(np.sqrt((s + 9) ** 2) - (s + 9)),
    "logarithm": lambda s: np.sum(np.exp(np.log((s + 9) ** 2) / 2) - (s + 9)),
    "relu": lambda s: np.sum(np.maximum(s - 5, 0)),
    "extreme": lambda s: np.max(np.append(s, 5.0)),
    "square of an extreme": lambda s: (np.max(np.append(s, 5.0)) - 5) ** 2,
    "norm": lambda s: np.linalg.norm(s + 9, 1) - np.sum(s + 9),
}


@pytest.mark.parametrize("size", [3, 12])
@pytest.mark.parametrize("name", FAR)
def test_what_differs_only_far_away_is_not_simplified(name, size):
    found = ad.equations(beyond(FAR[name]), R.normal(size=size))
    assert found.passed
    assert found.simplified == []
    assert found["s"] != "p − onehot(0)"


def test_the_largest_score_may_be_any():
    """p − y holds where a largest entry is subtracted, along an axis too, whichever entry it is."""

    def loss(Z):
        M = Z - np.max(Z, axis=1, keepdims=True)
        P = softmax(M, axis=1, keepdims=True)
        return -np.sum(np.log(P[np.arange(2), PICKED]))

    found = ad.equations(loss, R.normal(size=(2, 3)))
    assert set(found.simplified) == {"M", "Z"}
    assert found["Z"] == "P − onehot([0, 1], [0, 2])"


def test_what_is_too_large_to_be_proven_stays():
    found = ad.equations(one, R.normal(size=6000))
    assert found.passed
    assert found.simplified == []


def test_a_proof_is_no_check_at_one_point():
    """Formulas that are equal at the zeros of a polynomial alone are different."""
    s, t = terms.symbol("s", (3,)), terms.symbol("t", (3,))
    square = terms.product([s, s])
    assert equal(square, terms.product([s, s]), ("s", ""), {}, {})
    assert not equal(square, s, ("s", ""), {}, {})
    big = [terms.symbol(n, (12,)) for n in "ab"]
    both = terms.total_of(big, (12,))
    assert equal(terms.product([both, both]), terms.product([both, both]), ("a", ""), {}, {})
    assert not equal(both, big[0], ("a", ""), {}, {})
    nearly = terms.total_of([s, terms.scaled(1e-30, t)], (3,))
    assert not equal(nearly, s, ("s", ""), {}, {})


def test_values_of_every_short_form_are_those_of_both_modes():
    for f, args, expected in CASES.values():
        found = ad.equations(f, *args)
        every = tuple(range(len(args)))
        for mode in ("forward", "reverse"):
            slopes = ad.jacobian(f, every, mode)(*args)
            last = list(expected)[-1]
            formula = next(e for e in found.adjoints if e.name == last)
            assert formula.error < 1e-12
            assert np.shape(slopes[0]) == tuple(formula.shape)


def test_latex(run):
    out = run("equations", "@bu-perceptron", "-f", "latex")[1]
    assert r"$\bar{s} = p - \mathrm{onehot}(\texttt{0})$" in unicodedata.normalize("NFC", out)
