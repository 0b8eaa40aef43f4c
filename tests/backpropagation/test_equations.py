"""Backpropagation equations in symbols: what is printed, and that it holds at the data."""

from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess
import unicodedata

import numpy as np
import pytest
from random_arrays import MOVES, ArrayProgram
from wcwidth import wcswidth

import admodes as ad
from admodes.backpropagation.result import discrepancy
from admodes.cli import main
from admodes.core.op import REGISTRY
from admodes.problems import PROBLEMS

RANDOM = np.random.default_rng(3)


def normal(*shape):
    return RANDOM.normal(size=shape)


def nfc(text):
    """Text with its accents composed where Unicode has the letter, as an editor saves it."""
    return unicodedata.normalize("NFC", text)


def problem(name):
    p = PROBLEMS[name]
    return ad.equations(p.function, *map(np.array, p.at.values()))


@pytest.mark.parametrize("name", [n for n, p in PROBLEMS.items() if "equations" in p.figures])
def test_the_equations_of_the_problems(name):
    found = problem(name)
    assert found.passed
    printed = {nfc(str(e)) for e in found.adjoints}
    assert {nfc(line) for line in PROBLEMS[name].figures["equations"]} <= printed


def test_the_network_of_section_a_prints_exactly():
    text = nfc(str(problem("cpsc532s-network")))
    lines = [line.split("  ")[0] for line in text.splitlines()]
    for line in (
        *("z = W1 x + b1", "h = σ(z)", "y = W2 h + b2", "E = ½ ‖y − s‖²", "R = rᵀ h", "L = E + R"),
        *("ȳ = y − s", "h̄ = r + W2ᵀ ȳ", "z̄ = σ'(z) ⊙ h̄", "x̄ = W1ᵀ z̄"),
        *("W̄2 = ȳ hᵀ", "b̄2 = ȳ", "W̄1 = z̄ xᵀ", "b̄1 = z̄"),
    ):
        assert line in lines
    assert "L̄ = R̄ = Ē = 1" in text
    assert max(map(wcswidth, text.splitlines())) <= 80


def test_latex_of_the_network():
    found = {e.name: e.latex for e in problem("cpsc532s-network").adjoints}
    assert found["h"] == r"\bar{h} = r + W_{2}^{\top} \bar{y}"
    assert found["z"] == r"\bar{z} = \sigma'(z) \odot \bar{h}"
    assert found["W1"] == r"\bar{W}_{1} = \bar{z} x^{\top}"
    relu = {e.name: e.latex for e in problem("eth-relu-network").adjoints}
    assert relu["z2"] == r"\bar{z}_{2} = \mathbf{1}[z_{2} > 0] \odot \bar{h}_{2}"
    assert relu["ŷ"] == r"\bar{\hat{y}} = 2 \left(\hat{y} - y\right)"


@pytest.mark.parametrize("seed", range(5))
def test_the_network_on_random_data(seed):
    random = np.random.default_rng(seed)
    shapes = {k: np.shape(v) for k, v in PROBLEMS["cpsc532s-network"].at.items()}
    args = [random.normal(size=shape) for shape in shapes.values()]
    found = ad.equations(PROBLEMS["cpsc532s-network"].function, *args)
    assert found.passed
    assert max(e.error for e in found.adjoints) <= 1e-14


def test_a_batch_axis_is_summed_over():
    def layer(X, W, b, Y):
        Z = X @ W + b
        H = np.tanh(Z)
        return np.mean((H - Y) ** 2)

    found = ad.equations(layer, normal(5, 3), normal(3, 2), normal(2), normal(5, 2))
    assert found.passed
    assert found["H"] == "0.2 (H − Y)"
    assert found["Z"] == "tanh'(Z) ⊙ H̄"
    assert (found["b"], found["W"], found["X"]) == ("Σ_rows Z̄", "Xᵀ Z̄", "Z̄ Wᵀ")


def test_softmax_and_cross_entropy():
    def loss(X, W, b):
        Z = X @ W + b
        M = Z - np.max(Z, axis=1, keepdims=True)
        P = np.exp(M)
        S = np.sum(P, axis=1, keepdims=True)
        Q = P / S
        return -np.sum(labels * np.log(Q)) / len(X)

    labels = np.eye(2)[[0, 1, 1, 0]]
    found = ad.equations(loss, normal(4, 3), normal(3, 2), normal(2))
    assert found.passed
    assert found["Q"] == "−(1/4) labels / Q" or found["Q"] == "−0.25 labels / Q"
    assert found["P"] == "S̄ + Q̄ / S"
    assert found["M"] in ("0.25 (Q − labels)", "(1/4) (Q − labels)")
    assert found["Z"] == found["M"]
    assert sorted(found.simplified) == ["M", "Z"]


def test_captured_arrays_have_their_names_and_short_ones_are_written_out():
    C, d = normal(4, 4), normal(4)

    def f(x):
        r = C @ x - d
        g = C.T @ r
        return g + np.array([1.0, 2.0, 3.0, 4.0])

    found = ad.equations(f, normal(4))
    assert [str(e) for e in found.forward] == [
        "r = C x − d",
        "g = Cᵀ r",
        "y = g + [1, 2, 3, 4]",
    ]
    assert [nfc(str(e)) for e in found.adjoints] == ["ḡ = ȳ", "r̄ = C ḡ", "x̄ = Cᵀ r̄"]
    assert found.given == ["y"]
    big = ad.equations(lambda x: np.sum(np.arange(12.0) * x), normal(12))
    assert big["x"] == "c1"
    assert "c1 is the constant [0, 1, 2, …]" in str(big)


def test_given_adjoints_and_weights():
    def two(x, A):
        u = A @ x
        return u * 2.0, u.sum()

    found = ad.equations(two, normal(3), normal(3, 3), weights=[np.arange(3.0), -1.0])
    assert found.passed
    assert nfc(found["u"]) == "2 ȳ1 + ȳ2 ones(3)"
    with pytest.raises(ValueError, match="2 are needed"):
        ad.equations(two, normal(3), normal(3, 3), weights=[1.0])
    with pytest.raises(ValueError, match=r"shape \(2,\)"):
        ad.equations(two, normal(3), normal(3, 3), weights=[np.ones(2), 1.0])


def test_an_output_that_is_used_again():
    def f(x):
        h = 3.0 * x
        return h, np.sum(h * h)

    found = ad.equations(f, normal(3))
    assert found.passed
    assert found["x"] == "3 h̄"


def test_a_tie_is_part_of_the_equation_where_the_data_has_one():
    def f(x):
        z = x * 1.5
        return np.sum(np.maximum(z, 0.0))

    assert ad.equations(f, np.array([1.0, -1.0]))["z"] == "1[z > 0]"
    found = ad.equations(f, np.array([1.0, 0.0]))
    assert found.passed
    assert found["z"] == "1[z > 0] + ½ · 1[z = 0]"


ELEMENTWISE = sorted({op.name for op in REGISTRY.values() if op.elementwise and not op.passive})


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_every_elementwise_operation(name):
    op = REGISTRY[name]
    random = np.random.default_rng(0)
    shapes = [(2, 3), (3,), (2, 1)]
    args = [
        random.uniform(*interval, shape)
        for interval, shape in zip(op.domain.intervals, shapes, strict=False)
    ]
    weights = random.normal(size=(2, 3))

    def f(*xs):
        y = op(*xs)
        return np.sum(weights * y)

    found = ad.equations(f, *args)
    assert found.passed, str(found)
    assert found.to_table("latex")


ARRAY_CODE = {
    "concatenate": lambda x, A: np.sum(np.concatenate([x[:2], x]) ** 2),
    "cumsum": lambda x, A: np.cumsum(x) @ x,
    "einsum": lambda x, A: np.einsum("ij,j->i", A, x) @ x,
    "matrices": lambda x, A: np.sum(A @ A.T @ A),
    "outer": lambda x, A: np.sum(np.outer(x, x) * A),
    "column": lambda x, A: np.sum(x.reshape(3, 1) * A),
    "quadratic form": lambda x, A: x @ A @ x / np.sqrt(x @ x),
    "sort": lambda x, A: np.sort(x)[0] * np.prod(x),
    "solve": lambda x, A: np.linalg.solve(A, x) @ x,
    "trace": lambda x, A: np.trace(A @ A),
    "means": lambda x, A: np.sum((A - A.mean(axis=0)) ** 2) + A.mean(axis=1) @ x,
    "log-sum-exp": lambda x, A: np.log(np.sum(np.exp(x - np.max(x)))) + np.max(x),
    "where": lambda x, A: np.sum(np.where(A > 0, A, x)),
    "stack": lambda x, A: np.sum(np.stack([x, x * x]) ** 3),
    "moves": lambda x, A: np.sum(np.roll(np.flip(A, 0), 1) * A.swapaxes(0, 1)),
    "three axes": lambda x, A: np.sum((A[None] * x[:, None, None]) @ A),
    "picked": lambda x, A: np.sum(A[[0, 0, 2], 1] * x),
    "determinant": lambda x, A: np.linalg.det(A) * x.sum(),
    "loop": lambda x, A: functional_power(A, x).sum(),
}


def functional_power(A, x):
    for _ in range(6):
        x = np.tanh(A @ x)
    return x


@pytest.mark.parametrize("name", ARRAY_CODE)
def test_array_code(name):
    random = np.random.default_rng(1)
    found = ad.equations(ARRAY_CODE[name], random.normal(size=3), random.normal(size=(3, 3)))
    assert found.passed, str(found)
    for format in ("text", "markdown", "latex", "html", "csv"):
        assert found.to_table(format)


@pytest.mark.parametrize("seed", range(40))
def test_random_array_programs(seed):
    names = sorted(MOVES)
    p = ArrayProgram.grown(800_000 + seed, names[seed * 7 % len(names)], on_kinks=seed % 10 == 0)
    t = ad.trace(lambda *xs: p(*xs), *p.inputs, rows="array")
    if any(np.iscomplexobj(row.value) for row in t.rows):
        with pytest.raises(TypeError, match="has complex entries"):
            ad.equations(lambda *xs: p(*xs), *p.inputs)
    else:
        assert ad.equations(lambda *xs: p(*xs), *p.inputs).passed
        counted = ad.count(lambda *xs: p(*xs), *p.inputs, rows="array")
        assert counted.length == len(t.rows) - len(t.inputs)
    assert str(t)
    assert t.to_json()


def test_a_long_function_does_not_swell():
    def f(x):
        for _ in range(60):
            x = np.sin(x) * x + x
        return np.sum(x)

    found = ad.equations(f, normal(3) / 10)
    assert found.passed
    assert max(len(str(e)) for e in [*found.forward, *found.adjoints]) < 120


def test_a_formula_that_is_wrong_does_not_hold():
    found = problem("cpsc532s-network")
    wrong = next(e for e in found.adjoints if e.name == "h")
    part = wrong.formula.parts[0]
    assert discrepancy(part, np.ones(part.shape), {("r", ""): np.zeros(4)}) == 1.0
    assert discrepancy(part, np.ones(3), {("r", ""): np.zeros(4)}) == float("inf")
    assert discrepancy(part, np.ones(4), {}) == float("inf")
    broken = dataclasses.replace(wrong, error=1.0, holds=False)
    found = dataclasses.replace(found, adjoints=[broken])
    assert not found.passed
    assert "⚠ the equation of h does not hold: error 1.0e+00" in str(found)


def test_float32_and_values_that_are_not_finite():
    def f(x, A):
        y = np.log(A @ x)
        return np.sum(y)

    with np.errstate(all="ignore"):
        assert ad.equations(f, np.ones(3, np.float32), np.eye(3, dtype=np.float32)).passed
        assert ad.equations(f, np.zeros(3), np.eye(3)).passed


def test_names_of_inputs_and_what_is_refused():
    found = ad.equations(lambda a, b: np.sum(a * b), normal(2), normal(2), names=["p", "q"])
    assert (found["p"], found["q"]) == ("q", "p")
    with pytest.raises(ValueError, match="2 different input names"):
        ad.equations(lambda a, b: np.sum(a * b), normal(2), normal(2), names=["p"])
    with pytest.raises(TypeError, match="takes numbers"):
        ad.equations(lambda a: a, "x")
    with pytest.raises(KeyError, match="no equation"):
        found["z"]


def test_data_for_machines():
    data = json.loads(problem("eth-two-losses").to_table("json"))
    assert data["schema"] == "admodes.equations/1"
    assert data["passed"] is True
    assert data["adjoints"][0] == {
        "name": "ŷ",
        "left": data["adjoints"][0]["left"],
        "right": "2 (ŷ − y) + sign(ŷ − y)",
        "latex": data["adjoints"][0]["latex"],
        "shape": [2],
        "error": 0.0,
        "holds": True,
    }
    assert problem("eth-two-losses")._repr_latex_().startswith("$$\\begin{aligned}")


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex")
def test_latex_compiles(tmp_path):
    random = np.random.default_rng(1)
    parts = [
        ad.equations(f, random.normal(size=3), random.normal(size=(3, 3))).to_table(
            "latex", fragment=True
        )
        for f in ARRAY_CODE.values()
    ]
    page = problem("eth-two-losses").to_table("latex")
    source = page.replace(r"\end{document}", "\n".join(parts) + r"\end{document}")
    (tmp_path / "page.tex").write_text(source, encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "page.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=120)
    assert done.returncode == 0, done.stdout.decode("latin-1")[-2000:]


def test_the_command(capsys, tmp_path):
    with pytest.raises(SystemExit) as status:
        main(["equations", "@cpsc532s-network"])
    assert status.value.code == 0
    assert "h̄ = r + W2ᵀ ȳ" in nfc(capsys.readouterr().out)
    file = tmp_path / "mine.py"
    file.write_text("def f(W, x):\n    z = W @ x\n    return (z * z).sum()\n")
    with pytest.raises(SystemExit) as status:
        main(["equations", f"{file}:f", "--at", "x=[1, 2],W=[[1, 2], [3, 4]]"])
    assert status.value.code == 0
    out = capsys.readouterr().out
    assert "z̄ = 2 z" in out
    assert "W̄ = z̄ xᵀ" in out


def test_expressions_name_their_own_rows():
    """Not by the local variables of the function that evaluates them."""
    found = str(ad.equations(ad.parse("a = sin(x1); y = a * x1"), 1.0))
    assert "value" not in found
    assert "a = sin x1" in found
    assert "a" in str(ad.trace(ad.parse("a = sin(x); a * x"), np.array([1.0, 2.0])))
    assert "value" not in str(ad.equations(ad.parse("sin(x) * x"), 1.0))


def twice(x):
    z = x * 2.0
    return z, z


def named_as_a_seed(x):
    z = np.sin(x)
    z_seed = z * 2
    return z, z_seed


def also_summed(x):
    z = np.sin(x)
    return z, z, np.sum(z)


@pytest.mark.parametrize("f", [twice, named_as_a_seed, also_summed])
def test_seeds_of_results_have_names_of_their_own(f):
    """Unequal weights tell the seeds apart."""
    x = np.array([1.0, 2.0])
    weights = [1.0, 5.0, 3.0][: len(f(x))]
    found = ad.equations(f, x, weights=weights)
    assert found.passed
    assert len(set(found.given)) == len(weights)
