"""Equations between vectors and matrices, as documents write them."""

import numpy as np
import pytest

import admodes as ad
from admodes.auditing.array_equations import ArrayEquations
from admodes.problems import PROBLEMS

NETWORK = PROBLEMS["cpsc532s-network"]


@pytest.fixture(scope="module")
def network():
    return ArrayEquations(
        NETWORK.function, *NETWORK.args, names=NETWORK.inputs, outputs=NETWORK.outputs
    )


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("ȳ", "y − s"),
        ("h̄", "r + W2ᵀ ȳ"),
        ("ĥ", "W2ᵀȳ + r"),  # hats and bars are the same
        ("δ_h", "r + W2ᵀ δ_y"),
        ("∂L/∂h", "r + W2ᵀ ∂L/∂y"),
        ("h̄", "ȳ ∂y/∂h + R̄ ∂R/∂h"),  # the local Jacobian, vectors from the left
        ("dh", "r + W2.T @ dy"),
        ("z̄", "σ'(z) ⊙ h̄"),
        (r"\bar{z}", r"\sigma'(z) \odot \bar{h}"),
        ("z̄", "h ⊙ (1 − h) ⊙ h̄"),
        ("x̄", "W1ᵀ z̄"),
        ("W̄2", "ȳ hᵀ"),
        ("W̄1", "z̄xᵀ"),
        ("b̄1", "z̄"),
        ("s̄", "−ȳ"),
        ("L̄", "1"),
        ("z", "W1 x + b1"),
        ("h", "σ(z)"),
        ("E", "½ ‖y − s‖²"),
        ("R", "rᵀh"),
        ("L", "E + R"),
    ],
)
def test_a_right_equation_holds(network, left, right):
    judged = network.judged(left, right)
    assert judged.holds
    assert judged.right == right
    assert judged.causes == ()


@pytest.mark.parametrize(
    ("left", "right", "corrected", "name", "sentence"),
    [
        ("ĥ", "r + W2ᵀ Ē", "r + W2ᵀ ȳ", "stale value", "Ē stands where ȳ belongs"),
        ("h̄", "Ē ∂y/∂h + r", "r + W2ᵀ ȳ", "stale value", "Ē stands where ȳ belongs"),
        ("x̄", "W2ᵀ z̄", "W1ᵀ z̄", "stale value", "W2 stands where W1 belongs"),
        ("h̄", "r − W2ᵀ ȳ", "r + W2ᵀ ȳ", "sign", "r + W2ᵀ ȳ, not r - W2ᵀ ȳ"),
        ("ȳ", "s − y", "y − s", "sign", "−(s - y), not s - y"),
        ("h̄", "W2ᵀ ȳ", "r + W2ᵀ ȳ", "missed path", "r is missing"),
        ("z̄", "h̄", "σ'(z) ⊙ h̄", "factor", "σ'(z) is left out"),
        ("z̄", "σ(z) ⊙ h̄", "σ'(z) ⊙ h̄", "rule", "σ stands where its derivative belongs"),
        (
            *("z̄", "tanh'(z) ⊙ h̄", "σ'(z) ⊙ h̄", "rule"),
            "the derivative of tanh instead of that of σ",
        ),
        ("z̄", "σ'(h) ⊙ h̄", "σ'(z) ⊙ h̄", "wrong point", "h stands where z belongs"),
        ("x̄", "W1 z̄", "W1ᵀ z̄", "transposed Jacobian", "W1 is transposed"),
        ("W̄2", "h ȳᵀ", "ȳ hᵀ", "transposed Jacobian", "rows and columns are exchanged"),
    ],
)
def test_a_wrong_equation_is_put_right(network, left, right, corrected, name, sentence):
    judged = network.judged(left, right)
    assert (judged.holds, judged.right) == (False, corrected)
    assert judged.causes[0] == (name, sentence)
    assert network.judged(left, judged.right).holds


def test_latex_is_put_right_in_latex(network):
    judged = network.judged(r"\hat{h}", r"r + W_2^T \bar{E}")
    assert (judged.holds, judged.right) == (False, r"r + W_{2}^{\top} \bar{y}")
    assert judged.causes[0].text == "Ē stands where ȳ belongs"
    assert network.judged(r"\bar{h}", judged.right).holds


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("q", "3"),
        ("h̄", "r + Q ȳ"),
        ("h̄", "r +"),
        ("h̄", "(" * 200 + "r" + ")" * 200),
        ("h̄", "r + " * 200 + "r"),
        ("h̄", "__import__('os')"),
        ("", ""),
        ("z̄ = h̄", "h̄"),
    ],
)
def test_what_is_no_equation_of_the_function_is_not_judged(network, left, right):
    assert network.judged(left, right) is None


def test_another_network_with_its_own_names_and_hats():
    def loss(x, W1, W2, t):
        a = W1 @ x
        h = np.maximum(a, 0)
        ŷ = W2 @ h
        return np.sum((ŷ - t) ** 2)

    random = np.random.default_rng(1)
    data = [random.normal(size=shape) for shape in ((3,), (4, 3), (2, 4), (2,))]
    known = ArrayEquations(loss, *data, outputs=["L"])
    assert known.judged("ŷ", "W2 h").holds
    assert known.judged("∂L/∂ŷ", "2(ŷ − t)").holds
    assert known.judged("ā", "1[a > 0] ⊙ h̄").holds
    assert known.judged("ā", "relu'(a) ⊙ h̄").holds
    wrong = known.judged("∂L/∂ŷ", "ŷ − t")
    assert not wrong.holds
    assert wrong.causes[0].name == "factor"


def test_an_equation_that_holds_at_the_data_by_chance_does_not_hold():
    one = np.ones((2, 2))
    known = ArrayEquations(lambda W, x: np.sum(W @ ad.sin(x)), one, np.zeros(2), outputs=["L"])
    assert known.judged("x̄", "cos(x) ⊙ Wᵀ ones(x)").holds
    assert not known.judged("x̄", "Wᵀ ones(x)").holds
