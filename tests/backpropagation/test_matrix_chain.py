"""The chain rule of a network as a product of Jacobians in matrix form."""

from __future__ import annotations

import numpy as np
import pytest
from seeds import generator

import admodes as ad
from admodes.core.op import REGISTRY
from admodes.problems import PROBLEMS


def equations(name):
    p = PROBLEMS[name]
    return ad.equations(p.function, *map(np.array, p.at.values()), names=tuple(p.at))


def test_the_network_of_section_b():
    found = equations("eth-relu-network").chain("x")
    assert found.formula == ("2 (ŷ − y)ᵀ · W3 · diag(1[z2 > 0]) · W2 · diag(1[z1 > 0]) · W1")
    assert found.latex == (
        r"2 \left(\hat{y} - y\right)^{\top} \cdot W_{3} \cdot "
        r"\operatorname{diag}\left(\mathbf{1}[z_{2} > 0]\right) \cdot W_{2} \cdot "
        r"\operatorname{diag}\left(\mathbf{1}[z_{1} > 0]\right) \cdot W_{1}"
    )
    assert [f["shape"] for f in found.factors] == [[1, 2], [2, 4], [4, 4], [4, 4], [4, 4], [4, 3]]
    names = [f"∂{f['top']}/∂{f['bottom']}" for f in found.factors]
    assert names == ["∂L/∂ŷ", "∂ŷ/∂h2", "∂h2/∂z2", "∂z2/∂h1", "∂h1/∂z1", "∂z1/∂x"]
    assert found.holds
    assert found.shape == [1, 3]


def test_weights_and_two_losses():
    network = equations("eth-relu-network")
    assert (
        network.chain("W3")._repr_latex_().startswith(r"$$\frac{\partial L}{\partial W_{3}} = 2 ")
    )
    assert network.chain("W3").formula == "2 (ŷ − y) · h2ᵀ"
    assert network.chain("W2").formula == "(2 (ŷ − y)ᵀ · W3 · diag(1[z2 > 0]))ᵀ · h1ᵀ"
    assert network.chain("W2").shape == [4, 4]
    two = equations("eth-two-losses").chain("h1")
    assert two.formula == "(2 (ŷ − y) + sign(ŷ − y))ᵀ · W3 · diag(1[z2 > 0]) · W2"


def test_a_sum_is_one_factor():
    found = equations("cpsc532s-network").chain("x")
    assert found.formula == "(rᵀ + (y − s)ᵀ · W2) · diag(σ'(z)) · W1"
    assert [f["shape"] for f in found.factors] == [[1, 4], [4, 4], [4, 3]]


def test_a_vector_as_result_has_a_jacobian():
    def layer(x, W, b):
        z = W @ x + b
        return np.tanh(z)

    rng = np.random.default_rng(0)
    found = ad.equations(layer, rng.normal(size=3), rng.normal(size=(2, 3)), np.ones(2))
    chain = found.chain("x")
    assert chain.formula == "diag(tanh'(z)) · W"
    assert (chain.shape, chain.holds) == ([2, 3], True)
    assert found.chain("z").formula == "diag(tanh'(z))"


ACTIVATIONS = (np.tanh, ad.sigmoid, ad.relu, lambda z: z * z, lambda z: 1.0 / (1.0 + z * z))


def network_of(rng):
    """A network of random layers: with and without bias, with a shortcut, scaled, or divided by a
    norm; and a random loss."""
    layers = [
        (rng.normal(size=(3, 3)), rng.normal(size=3), *rng.integers(0, 5, 3)) for _ in range(3)
    ]
    target, kind = rng.normal(size=3), int(rng.integers(4))

    def f(x):
        h = x
        for W, b, which, extra, shift in layers:
            z = W @ h + b if shift > 2 else W @ h
            a = ACTIVATIONS[which](z)
            h = a + h if extra == 0 else a * -0.5 if extra == 1 else a
            h = h / np.sqrt(h @ h + 1.0) if extra == 2 else h
        if kind == 0:
            return np.sum((h - target) ** 2)
        if kind == 1:
            return target @ h
        return np.sum(h) if kind == 2 else h

    return f


@pytest.mark.parametrize("seed", range(25))
def test_random_networks_hold(seed):
    rng = generator(seed)
    f, x = network_of(rng), rng.normal(size=3)
    found = ad.equations(f, x)
    try:
        chain = found.chain("x")
    except ValueError as error:
        assert "factors" in str(error)  # noqa: PT017
        return
    assert chain.holds, f"{chain}\n{found}"
    jacobian = np.atleast_2d(ad.jacobian(f)(x))
    if found.given:
        jacobian = np.ones((1, 3)) @ jacobian
    assert chain.to_table("latex")
    assert chain.shape[1] == jacobian.shape[1]


def test_a_vector_by_a_matrix_is_refused():
    W, x = np.arange(6.0).reshape(2, 3), np.ones(3)
    found = ad.equations(lambda W, x: np.tanh(W @ x), W, x)
    with pytest.raises(ValueError, match="has several entries and W is a matrix"):
        found.chain("W")


SLOPES = sorted({op.name for op in REGISTRY.values() if op.quick and op.arity in (1, 2)})


@pytest.mark.parametrize("name", SLOPES)
def test_every_operation_between_vectors_is_a_diagonal_matrix(name):
    op = REGISTRY[name]
    rng = np.random.default_rng(6)
    args = [rng.uniform(*interval, 3) for interval in op.domain.intervals[: op.arity]]
    W = rng.normal(size=(2, 3))

    def f(*xs):
        h = op(*xs)
        return W @ h

    found = ad.equations(f, *args, names=["a", "b"][: op.arity])
    for k, wrt in enumerate(["a", "b"][: op.arity]):
        if not op.active(k):
            continue
        chain = found.chain(wrt)
        assert chain.holds, str(chain)
        assert chain.formula.startswith("W")
        assert chain.shape == [2, 3]


def test_what_is_no_such_product_is_refused(run):
    network = equations("eth-relu-network")
    with pytest.raises(ValueError, match="'q' is no variable that L depends on; choose ŷ, h2"):
        network.chain("q")
    batch = ad.equations(lambda X, W: np.sum(np.tanh(X @ W)), np.ones((4, 3)), np.ones((3, 2)))
    with pytest.raises(ValueError, match="is not written as a product of matrices: one of"):
        batch.chain("X")
    with pytest.raises(ValueError, match="for one output, and there are"):
        ad.equations(lambda x: (x, 2.0 * x), np.ones(2)).chain("x")
    status, out, err = run("equations", "@bu-einsum-sums", "--chain", "A")
    assert (status, out) == (2, "")
    assert "not written as a product of matrices" in err

    def deep(x, shortcut):
        h = x
        for _ in range(500):
            h = np.tanh(W @ h) + h if shortcut else np.tanh(W @ h)
        return np.sum(h)

    W = np.eye(2) * 0.5
    for shortcut in (True, False):
        long = ad.equations(lambda x, s=shortcut: deep(x, s), np.ones(2))
        with pytest.raises(ValueError, match="more than 40 factors"):
            long.chain("x")


def test_entries_that_cancel_to_zero_are_judged_by_what_they_add_up():
    """The entries of a softmax add up to 1 and those of y minus its mean to 0: all adjoints are 0,
    and what the product gives is rounding."""
    W = np.array([[0.3, -1.2, 0.7], [1.1, 0.4, -0.6], [-0.2, 0.9, 1.3]])
    x = np.array([0.3, -0.7, 1.9])

    def softmax(x):
        y = W @ x
        return np.exp(y) / np.sum(np.exp(y))

    def centred(x):
        y = np.tanh(W @ x)
        return np.sum(y - np.mean(y))

    for f in (softmax, centred):
        chain = ad.equations(f, x).chain("x")
        assert chain.holds
        assert chain.error < 1e-15


def test_the_command(run):
    status, out, _ = run("equations", "@cpsc532s-network", "--chain", "x")
    assert status == 0
    assert "∂L/∂x       = (rᵀ + (y − s)ᵀ · W2) · diag(σ'(z)) · W1  1 × 3" in out


def test_a_product_of_one_factor_is_written_once():
    found = ad.equations(lambda W, x: np.sum(np.tanh(W @ x) ** 2), np.eye(2), np.ones(2)).chain("x")
    (table,) = found.tables()
    assert len(table.rows) == len(found.factors) == 1
    assert "intermediate results" in table.notes[-1]
