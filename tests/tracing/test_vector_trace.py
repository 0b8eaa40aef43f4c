"""Traces with one row per operation on whole arrays."""

from __future__ import annotations

import functools
import json
import sys
import unicodedata

import numpy as np
import pytest
from wcwidth import wcswidth

import admodes as ad
from admodes.cli import main
from admodes.problems import PROBLEMS


def network(x, W1, b1, W2):
    z = W1 @ x + b1
    h = ad.sigmoid(z)
    y = W2 @ h
    return np.sum(y**2) / 2


def nfc(text):
    return unicodedata.normalize("NFC", text)


def data(seed=0):
    random = np.random.default_rng(seed)
    return tuple(random.normal(size=s) for s in ((3,), (4, 3), (4,), (2, 4)))


@pytest.fixture
def trace():
    return ad.trace(network, *data())


def test_one_row_per_array_operation_with_shapes_and_the_users_names(trace):
    assert isinstance(trace, ad.ArrayTrace)
    assert [row.name for row in trace.rows] == [
        *("x", "W1", "b1", "W2"),
        *("v4", "z", "h", "y", "v8", "v9", "f"),
    ]
    assert [row.symbolic for row in trace.rows[4:]] == [
        *("W1 x", "v4 + b1", "σ(z)", "W2 h", "y²", "Σ v8", "½ v9"),
    ]
    assert [row.shape for row in trace.rows[4:]] == [[4], [4], [4], [2], [2], [], []]
    assert [row.op for row in trace.rows[:5]] == [*["input"] * 4, "matmul"]


def test_values_and_adjoints_are_those_of_the_engine(trace):
    x, W1, b1, W2 = data()
    assert trace.rows[-1].value == network(x, W1, b1, W2)
    engine = ad.grad(network, (0, 1, 2, 3))(x, W1, b1, W2)
    for row, gradient in zip(trace.rows, engine, strict=False):
        np.testing.assert_allclose(row.adjoint, gradient, rtol=1e-14)
    h = trace.rows[6].value
    y = next(row for row in trace.rows if row.name == "y")
    np.testing.assert_allclose(y.adjoint, W2 @ h, rtol=1e-14)


def test_tangents_along_a_seed():
    x, W1, b1, W2 = data()
    direction = np.array([1.0, 0.0, -1.0])
    t = ad.trace(network, x, W1, b1, W2, seeds={"x": direction})
    _, dot = ad.jvp(lambda z: network(z, W1, b1, W2), (x,), (direction,))
    assert t.rows[-1].tangent == pytest.approx(dot, rel=1e-14)
    assert nfc(t.rows[4].tangent_symbolic) == nfc("W1 ẋ")
    assert t.rows[1].tangent is None
    assert nfc("ż = v̇4") in nfc(t.to_table(tables=["forward"]))
    everything = ad.trace(network, x, W1, b1, W2, seeds={"x": direction, "W1": np.ones((4, 3))})
    assert nfc(everything.rows[4].tangent_symbolic) == nfc("Ẇ1 x + W1 ẋ")


def test_weights_of_an_output_that_is_an_array():
    f, x = (lambda x, A: A @ x), np.ones(2)
    A = np.array([[1.0, 2.0], [3.0, 4.0]])
    assert ad.trace(f, x, A).rows[0].adjoint.tolist() == [4.0, 6.0]
    t = ad.trace(f, x, A, weights={"y": [1.0, 0.0]})
    assert t.rows[0].adjoint.tolist() == [1.0, 2.0]
    assert t.to_dict()["weights"] == {"y": [1.0, 0.0]}
    with pytest.raises(ValueError, match="no q; choose from y"):
        ad.trace(f, x, A, rows="array", weights={"q": 1.0})
    with pytest.raises(ValueError, match=r"seeds: x has shape \(2,\)"):
        ad.trace(f, x, A, rows="array", seeds={"x": np.ones(3)})


def test_auto_takes_scalars_where_nothing_works_on_a_whole_array():
    x, scalar = np.array([2.0, 5.0]), ad.Trace
    assert isinstance(ad.trace(lambda a, b: a * b, 2.0, 3.0), scalar)
    assert isinstance(ad.trace(lambda x: x[0] * x[1], x), scalar)
    assert isinstance(ad.trace(lambda x: np.sum(x) * x[1], x), scalar)
    assert isinstance(ad.trace(lambda t: t * np.array([1.0, 2.0]), 3.0), scalar)
    assert isinstance(ad.trace(lambda x: np.sum(x * x), x), ad.ArrayTrace)
    assert isinstance(ad.trace(lambda x: np.sum(x * x), x, rows="scalar"), scalar)
    assert isinstance(ad.trace(lambda x: np.sum(x * x), x, names=["p", "q"]), scalar)
    assert isinstance(ad.trace(lambda x: np.sum(x * x), x, seeds={"x1": 1.0}), scalar)
    assert isinstance(ad.trace(lambda x: x[0] * x[1], x, rows="array"), ad.ArrayTrace)
    with pytest.raises(ValueError, match="rows 'both' is unknown"):
        ad.trace(lambda x: x, x, rows="both")


def test_names_of_locals_do_not_depend_on_how_f_is_given():
    class Model:
        W = np.eye(2)

        def __call__(self, x):
            z = self.W @ x
            return np.sum(z)

        def method(self, x):
            u = self.W @ x
            return np.sum(u)

    def scaled(k, x):
        s = k * x
        return np.sum(s)

    x = np.ones(2)
    assert ad.trace(Model(), x).rows[1].name == "z"
    assert ad.trace(Model().method, x).rows[1].name == "u"
    assert ad.trace(functools.partial(scaled, 2.0), x).rows[1].name == "s"
    assert isinstance(ad.trace(np.exp, x), ad.ArrayTrace)


def test_a_local_that_shadows_an_input_and_loops():
    def f(x, W):
        for _ in range(3):
            x = np.tanh(W @ x)
        return np.sum(x)

    names = [row.name for row in ad.trace(f, np.ones(2), np.eye(2)).rows]
    assert names == ["x", "W", "v2", "v3", "v4", "v5", "v6", "v7", "y"]


def test_a_profiler_that_was_there_goes_on():
    seen = []

    def profiler(frame, event, arg):
        seen.append(event)

    sys.setprofile(profiler)
    try:
        ad.trace(network, *data())
        kept = sys.getprofile()
    finally:
        sys.setprofile(None)
    assert kept is profiler
    assert "call" in seen


def test_nothing_is_left_behind_when_f_raises():
    def f(x):
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        ad.trace(f, np.ones(2))
    assert sys.getprofile() is None


def test_buffers_show_value_and_adjoint_of_every_node(trace):
    text = trace.to_table(tables=["buffers"], width=200, digits=3)
    lines = [line.split() for line in text.splitlines()]
    assert lines[1] == ["Node", "Shape", "Forward", "buffer", "Backward", "buffer"]
    assert {line[0] for line in lines[3:] if line} == {row.name for row in trace.rows}


def test_large_arrays_are_summarised_and_shown_in_full():
    x = np.arange(100.0).reshape(10, 10)
    t = ad.trace(lambda X: np.sum(X * X), x)
    assert "[[0, 1, 2, …], …]" in str(t)
    assert "99" not in t.to_table(tables=["buffers"])
    assert "98, 99]]" in " ".join(t.to_table(tables=["evaluation"], full=True).split())
    assert t.to_dict()["rows"][0]["value"][9][9] == 99.0


def test_kinks_and_branches_are_noted():
    def f(x, A):
        z = A @ x
        h = np.maximum(z, 0)
        if np.sum(z) > 0:
            h = h * 2
        return np.sum(h)

    t = ad.trace(f, np.array([1.0, 0.0, 2.0]), np.eye(3))
    notes = [note for row in t.rows for note in row.notes]
    assert "max: a tie, each argument gets ½ (1 of 3 entries)" in notes
    assert any("> 0 is True" in note for note in notes)


@pytest.mark.parametrize("format", ["text", "markdown", "latex", "html", "csv", "json"])
@pytest.mark.parametrize("name", ["cpsc532s-network", "eth-two-losses", "bu-batched"])
def test_every_format(name, format):
    p = PROBLEMS[name]
    t = ad.trace(p.function, *map(np.array, p.at.values()), rows="array")
    text = t.to_table(format)
    assert text
    if format == "text":
        assert max(map(wcswidth, text.splitlines())) <= 80


def test_json_contract(trace):
    t = json.loads(trace.to_json())
    assert t["schema"] == "admodes.array-trace/1"
    assert set(t) == {"schema", "inputs", "rows", "outputs", "seeds", "weights", "constants"}
    assert set(t["rows"][5]) == {
        *("row", "name", "op", "args", "symbolic", "value", "shape", "tangent"),
        *("tangent_symbolic", "adjoint", "adjoint_symbolic", "notes"),
    }
    assert t["outputs"][0]["name"] == "f"
    assert t["inputs"][1]["shape"] == [4, 3]


def test_an_unknown_table_is_named(trace):
    with pytest.raises(ValueError, match="'jacobian' is unknown; choose from evaluation"):
        trace.to_table(tables=["jacobian"])


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(
        "import numpy as np\n\n"
        "def loss(W, x):\n    z = W @ x\n    return np.sum(np.maximum(z, 0))\n\n"
        "def product(x):\n    return x[0] * x[1]\n"
    )
    return path


def run(capsys, *argv):
    with pytest.raises(SystemExit) as status:
        main(list(argv))
    captured = capsys.readouterr()
    return status.value.code, captured.out, captured.err


def test_the_command_on_a_file(file, capsys):
    point = ["--at", "x=[1, 2],W=[[1, 2], [3, -4]]"]
    status, out, err = run(capsys, "trace", f"{file}:loss", *point)
    assert (status, err) == (0, "")
    assert "z = W x" in out
    assert "[5, -5]" in out
    assert "z̄ = 1[z > 0]" in out
    # A path is not folded.
    assert max(wcswidth(line) for line in out.splitlines() if str(file) not in line) <= 80
    _, out, _ = run(capsys, "trace", f"{file}:loss", *point, "--seed", "x=[1, 0]")
    assert nfc("ż = W ẋ") in nfc(out)
    _, out, _ = run(capsys, "trace", f"{file}:loss", *point, "--mode", "forward")
    assert "Reverse" not in out
    _, out, _ = run(capsys, "trace", f"{file}:loss", *point, "--rows", "scalar")
    assert "Jacobian" in out
    _, out, _ = run(capsys, "trace", f"{file}:loss", *point, "--tables", "buffers", "--full")
    assert out.startswith("loss")
    _, out, _ = run(capsys, "trace", f"{file}:loss", "--at", "W=normal(20, 30),x=normal(30)")
    assert "(20, 30)" in out
    _, out, _ = run(capsys, "trace", f"{file}:product", "--at", "x=[2, 5]")
    assert "v2 = v0 v1" in out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--rows", "array", "--steps"], "--steps: only with --rows scalar"),
        (["--tables", "rows"], "'rows' is unknown; choose from evaluation, forward, reverse"),
        (["--seed", "q=1"], "neither an input nor an output"),
        (["--seed", "x=[1"], "--seed x="),
        (["--seed", "x=[1, 2, 3]"], r"its direction \(3,\)"),
    ],
)
def test_what_the_command_refuses(file, capsys, options, message):
    point = ["--at", "x=[1, 2],W=[[1, 2], [3, -4]]"]
    status, out, err = run(capsys, "trace", f"{file}:loss", *point, *options)
    assert (status, out) == (2, "")
    assert message.replace("\\", "") in err
    assert err.count("\n") == 1


def test_a_ragged_matrix_is_refused(file, capsys):
    status, _, err = run(capsys, "trace", f"{file}:loss", "--at", "x=[1, 2],W=[[1], [2, 3]]")
    assert status == 2
    assert "rows of an array have one length" in err


class TestCounts:
    """ad.count on whole arrays."""

    @staticmethod
    def perceptron(X, W1, b1, W2, b2):
        H = np.tanh(X @ W1 + b1)
        return H @ W2 + b2

    @pytest.mark.parametrize(("B", "n", "h", "m"), [(1, 2, 3, 4), (8, 5, 7, 2), (64, 64, 32, 8)])
    def test_a_perceptron_against_the_closed_formula(self, B, n, h, m):
        shapes = (B, n), (n, h), (h,), (h, m), (m,)
        c = ad.count(self.perceptron, *map(np.ones, shapes))
        # Each layer: B·in·out products, B·out·(in - 1) sums, B·out for the bias.
        f = B * n * h + B * h * m, B * h * n + B * m * h
        assert c.f == {"additions": f[1], "multiplications": f[0], "functions": B * h}
        # The partial of tanh, 1 / cosh²: a function, a product and a division an entry.
        once = {"functions": B * h, "multiplications": B * h, "divisions": B * h}
        assert c.partials == once
        # Forward: both factors of each product move (two products and their sum), the bias adds,
        # the partial of tanh multiplies.
        sums = 2 * (B * h * (n - 1) + B * m * (h - 1)) + 2 * (B * h + B * m)
        forward = {"additions": sums, "multiplications": 2 * f[0] + B * h}
        assert c.forward == {"any seed": forward}
        # Reverse: the two transposes of each product, (B - 1) sums a bias entry, and the partial.
        left = B * h * (m - 1) + B * n * (h - 1)
        right = h * m * (B - 1) + n * h * (B - 1)
        sums = left + right + (B - 1) * (h + m)
        reverse = {"additions": sums, "multiplications": 2 * f[0] + B * h}
        assert c.reverse == {"y": {k: v for k, v in reverse.items() if v}}
        assert c.sweeps == {"forward": B * n + n * h + h + h * m + m, "reverse": B * m}
        assert c.totals["reverse"]["multiplications"] == B * m * reverse["multiplications"]

    def test_two_losses_share_one_backward_sweep(self):
        data = [np.array(v) for v in PROBLEMS["eth-separate-losses"].at.values()]
        c = ad.count(PROBLEMS["eth-separate-losses"].function, *data)
        shared = ad.count(PROBLEMS["eth-two-losses"].function, *data).reverse["L"]
        # Each matrix has m·n products for its own adjoint and m·n for that of its argument:
        # 2 (4·3 + 4·4 + 2·4) = 72, and 4 + 4 for the kinks. Each loss adds one product an entry
        # of ŷ: 80 + 2; together 80 + 4.
        assert [one["multiplications"] for one in c.reverse.values()] == [82, 82]
        assert c.together == shared
        assert c.together["multiplications"] == 84
        assert c.totals["reverse"]["multiplications"] == 164
        assert "one reverse sweep for" in str(c)
        assert c.to_dict()["together"] == c.together

    def test_words_and_vectors(self):
        x = np.arange(1.0, 5.0)
        assert not isinstance(ad.count(lambda x: ad.sum(x * x), x), type(self.arrays(x)))
        assert self.arrays(x).f == {"additions": 3, "multiplications": 4}
        assert self.arrays(x).reverse == {"y": {"additions": 4, "multiplications": 8, "moves": 4}}
        with pytest.raises(ValueError, match="rows 'vector' is unknown"):
            ad.count(lambda x: x, x, rows="vector")

    @staticmethod
    def arrays(x):
        return ad.count(lambda x: ad.sum(x * x), x, rows="array")

    @pytest.mark.parametrize(
        ("f", "expected"),
        [
            (lambda A: np.einsum("ij,jk->ik", A, A), {"multiplications": 27, "additions": 18}),
            (lambda A: np.mean(A), {"additions": 8, "divisions": 1}),
            (lambda A: A.T.reshape(9), {}),
            (lambda A: np.max(A, axis=0) * 1.0, {"comparisons": 6, "multiplications": 3}),
            (lambda A: np.cumsum(A, axis=0) + 1.0, {"additions": 6 + 9}),
        ],
    )
    def test_what_operations_cost(self, f, expected):
        assert ad.count(f, np.eye(3), rows="array").f == expected

    def test_operations_that_are_not_taken_apart_are_named(self):
        c = ad.count(lambda A: np.linalg.det(A) * 2.0, np.eye(3))
        assert "counted as one function per entry: det" in str(c)
