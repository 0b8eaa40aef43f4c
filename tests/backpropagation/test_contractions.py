"""Equations of einsum, tensordot, traces and diagonals: as products of matrices, or with sums over
indices; and that they hold for random ones."""

from __future__ import annotations

import unicodedata

import numpy as np
import pytest
from seeds import generator

import admodes as ad
from admodes.problems import PROBLEMS


def equations(name):
    p = PROBLEMS[name]
    found = ad.equations(p.function, *map(np.array, p.at.values()), names=tuple(p.at))
    assert found.passed
    return [unicodedata.normalize("NFC", str(e)) for e in (*found.forward, *found.adjoints)]


def nfc(*lines):
    return [unicodedata.normalize("NFC", line) for line in lines]


LECTURE = {
    "bu-einsum-product": ["y = A B", "B̄ = Aᵀ ȳ", "Ā = ȳ Bᵀ"],
    "bu-einsum-transpose": ["y = Aᵀ", "Ā = ȳᵀ"],
    "bu-einsum-trace": ["y = tr(X)", "X̄ = ȳ I"],
    "bu-einsum-batched": [
        "y[i,j] = Σ_k A[i,k] B[i,k,j]",
        "B̄[i,k,j] = ȳ[i,j] A[i,k]",
        "Ā[i,k] = Σ_j ȳ[i,j] B[i,k,j]",
    ],
    "bu-einsum-sums": [
        "y[a,b] = Σ_cd A[a,b,c] B[b,a,d]",
        "B̄[b,a,d] = Σ_c ȳ[a,b] A[a,b,c]",
        "Ā[a,b,c] = Σ_d ȳ[a,b] B[b,a,d]",
    ],
    "bu-einsum-repaired": [
        "y[a,d,f] = Σ_bce A[a,b,c,d] B[d,a,a] C[b,e,f]",
        "C̄[b,e,f] = Σ_acd ȳ[a,d,f] A[a,b,c,d] B[d,a,a]",
        "B̄[d,a,k] = Σ_bcef ȳ[a,d,f] A[a,b,c,d] C[b,e,f] δ[a,k]",
        "Ā[a,b,c,d] = Σ_ef ȳ[a,d,f] B[d,a,a] C[b,e,f]",
    ],
    "bu-tensor-map": ["y[i,j] = Σ_kl X[k,l] T[k,l,i,j]", "X̄[i,j] = Σ_kl ȳ[k,l] T[i,j,k,l]"],
    "bu-batched": ["y = (X A)²", "X̄ = 2 ((X A) ⊙ ȳ) Aᵀ"],
}


@pytest.mark.parametrize("name", LECTURE)
def test_the_tensors_of_the_lecture(name):
    assert equations(name) == nfc(*LECTURE[name])


def test_latex_and_shapes(run):
    out = run("equations", "@bu-einsum-sums", "-f", "latex")[1]
    assert r"$y_{ab} = \sum_{cd} A_{abc} B_{bad}$" in out
    assert r"$\bar{B}_{bad} = \sum_{c} \bar{y}_{ab} A_{abc}$" in out
    trace = run("equations", "@bu-einsum-trace", "-f", "latex")[1]
    assert r"$y = \operatorname{tr}\left(X\right)$" in trace
    assert r"$\bar{X} = \bar{y} I$" in trace
    assert "ȳ = 1" in unicodedata.normalize("NFC", run("equations", "@bu-einsum-trace")[1])


A, B = np.random.default_rng(8).normal(size=(2, 3, 3))
T, U = (
    np.random.default_rng(9).normal(size=(2, 3, 4, 5)),
    np.random.default_rng(7).normal(size=(4, 5, 2)),
)

CASES = {
    "a trace of a product": (lambda A: np.trace(A @ B), "y = tr(A B)", ["Ā = Bᵀ"]),
    "of squares": (lambda A: np.trace(A @ A), "y = tr(A A)", ["Ā = 2 Aᵀ"]),
    "by einsum": (lambda A: np.einsum("ij,ji->", A, B), "y = tr(A B)", ["Ā = Bᵀ"]),
    "a sum of products": (lambda A: np.einsum("ij,ij->", A, B), "y = Σ (A ⊙ B)", ["Ā = B"]),
    "an elementwise product": (lambda A: np.einsum("ij,ij->ij", A, B), "y = A ⊙ B", ["Ā = ȳ ⊙ B"]),
    "with a transpose": (lambda A: np.einsum("ik,jk->ij", A, B), "y = A Bᵀ", ["Ā = ȳ B"]),
    "an outer product": (lambda A: np.einsum("i,j->ij", A[0], A[1]), "y = A[0] (A[1])ᵀ", None),
    "a sum over rows": (lambda A: np.einsum("ij->j", A), "y = Σ_rows A", ["Ā[i,j] = ȳ[j]"]),
    "a diagonal": (
        lambda A: np.diagonal(A) * 2,
        "y[i] = 2 A[i,i]",
        ["Ā[i,j] = 2 ȳ[i] δ[i,j]"],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_a_product_of_matrices_is_written_as_one(name):
    f, forward, back = CASES[name]
    found = ad.equations(f, A)
    assert found.passed, str(found)
    assert [str(e) for e in found.forward] == [forward]
    if back is not None:
        assert nfc(*map(str, found.adjoints)) == nfc(*back)


def test_tensordot_of_two_tensors():
    found = ad.equations(lambda X, Y: np.tensordot(X, Y, 2), T, U)
    assert found.passed
    assert [str(e) for e in found.forward] == ["y[i,j,k] = Σ_lm X[i,j,l,m] Y[l,m,k]"]
    V = np.ones((5, 3, 2))
    other = ad.equations(lambda X, Y: np.tensordot(X, Y, ((1, 3), (1, 0))), T, V)
    assert other.passed
    assert [str(e) for e in other.forward] == ["y[i,j,k] = Σ_lm X[i,m,j,l] Y[l,m,k]"]


def random_subscripts(rng):
    """An einsum of one to three operands with at most five letters, some of them repeated."""
    letters = "abcde"[: rng.integers(2, 6)]
    count = int(rng.integers(1, 4))
    terms = ["".join(rng.choice(list(letters), rng.integers(1, 4))) for _ in range(count)]
    used = sorted({c for t in terms for c in t})
    kept = [c for c in used if rng.random() < 0.5]
    rng.shuffle(kept)
    return ",".join(terms) + "->" + "".join(kept)


@pytest.mark.parametrize("seed", range(60))
def test_random_contractions_hold(seed):
    rng = generator(seed)
    subscripts = random_subscripts(rng)
    sizes = {c: int(rng.integers(1, 4)) for c in "abcde"}
    terms = subscripts.split("->")[0].split(",")
    operands = [rng.normal(size=[sizes[c] for c in t]) for t in terms]
    found = ad.equations(lambda *xs: np.einsum(subscripts, *xs), *operands)
    assert found.passed, f"{subscripts}\n{found}"
    nonlinear = ad.equations(lambda *xs: np.sum(np.sin(np.einsum(subscripts, *xs))), *operands)
    assert nonlinear.passed, f"{subscripts}\n{nonlinear}"


@pytest.mark.parametrize("seed", range(30))
def test_random_chains_of_reshapes_products_and_diagonals_hold(seed):
    rng = generator(1000 + seed)
    steps = rng.integers(0, 6, 4)

    def f(X):
        y = X
        for step in steps:
            if step == 0:
                y = np.reshape(y, (y.shape[0] * y.shape[1], -1))
            elif step == 1:
                y = np.transpose(y, np.random.default_rng(seed).permutation(y.ndim))
            elif step == 2 and y.ndim > 1 and y.shape[0] == y.shape[-1]:
                y = np.diagonal(y, 0, 0, y.ndim - 1)
            elif step == 3:
                y = np.tensordot(y, np.ones((y.shape[-1], 2)) * 0.5, 1)
            elif step == 4 and y.ndim > 1:
                y = np.sum(y, axis=0)
            y = y if y.ndim > 1 else np.multiply.outer(y, np.arange(2.0) + 1)
        return y

    found = ad.equations(f, rng.normal(size=(2, 3, 2)))
    assert found.passed, str(found)
