"""Every figure of the lectures, through the public interface: the vector network of UBC (section A,
part 2) and ETH Zürich's forward against reverse (B)."""

from __future__ import annotations

import json
import re
import unicodedata

import numpy as np
import pytest
from lectures import args_of, cli, lines_of, normal

import admodes as ad
from admodes.problems import PROBLEMS


class TestVectorNetwork:
    """A, part 2."""

    EQUATIONS = {
        "y": "y − s",
        "h": "r + W2ᵀ ȳ",
        "z": "σ'(z) ⊙ h̄",
        "x": "W1ᵀ z̄",
        "W2": "ȳ hᵀ",
        "b2": "ȳ",
        "W1": "z̄ xᵀ",
        "b1": "z̄",
    }
    LATEX = {
        "y": r"\bar{y} = y - s",
        "h": r"\bar{h} = r + W_{2}^{\top} \bar{y}",
        "z": r"\bar{z} = \sigma'(z) \odot \bar{h}",
        "x": r"\bar{x} = W_{1}^{\top} \bar{z}",
    }

    @pytest.mark.parametrize("seed", [0, 1, 2])
    def test_equations_hold_on_random_data(self, seed):
        random = np.random.default_rng(seed)
        args = [random.normal(size=np.shape(v)) for v in args_of("cpsc532s-network")]
        found = ad.equations(PROBLEMS["cpsc532s-network"].function, *args)
        assert found.passed
        x, W1, b1, W2, b2, s, r = args
        h = 1 / (1 + np.exp(-(W1 @ x + b1)))
        y_bar = W2 @ h + b2 - s
        h_bar = r + W2.T @ y_bar
        z_bar = h * (1 - h) * h_bar
        rows = {
            row.name: row.adjoint
            for row in ad.trace(PROBLEMS["cpsc532s-network"].function, *args).rows
        }
        for name, expected in {
            "y": y_bar,
            "h": h_bar,
            "z": z_bar,
            "x": W1.T @ z_bar,
            "W2": np.outer(y_bar, h),
            "b2": y_bar,
            "W1": np.outer(z_bar, x),
            "b1": z_bar,
        }.items():
            np.testing.assert_allclose(rows[name], expected, rtol=1e-13)

    def test_equations_in_text_and_latex(self, capsys):
        shown = lines_of(cli(capsys, "equations", "@cpsc532s-network"))
        for name, right in self.EQUATIONS.items():
            bar = unicodedata.normalize("NFC", name[0] + "\u0304" + name[1:])
            right = unicodedata.normalize("NFC", right)
            assert any(line.startswith(f"{bar} = {right} (") for line in shown), (name, right)
        latex = cli(capsys, "equations", "@cpsc532s-network", "--format", "latex")
        for line in self.LATEX.values():
            assert f"${line}$" in latex

    def test_the_graph_on_vector_nodes(self):
        t = ad.trace(PROBLEMS["cpsc532s-network"].function, *args_of("cpsc532s-network"))
        graph = unicodedata.normalize("NFC", t.draw())
        nodes = dict(re.findall(r"\n  (r\d+) \[.*?label=<<font color=\S+>(\w+)", graph))
        edges = {(nodes[a], nodes[b]) for a, b in re.findall(r"(r\d+) -> (r\d+) ", graph)}
        for edge in [("z", "h"), ("h", "R"), ("r", "R"), ("E", "L"), ("R", "L")]:
            assert edge in edges
        assert unicodedata.normalize("NFC", "z̄ = σ'(z) ⊙ h̄") in graph

    def test_the_mistake_in_the_document_is_named(self, capsys):
        shown = " ".join(cli(capsys, "problems", "@cpsc532s-network").split())
        assert "multiplies ∂y/∂h by Ē where it needs" in shown


class TestForwardAgainstReverse:
    """B."""

    def test_the_gradient_computation_is_itself_a_graph(self):
        f = PROBLEMS["eth-small-net"].function
        point = list(PROBLEMS["eth-small-net"].at.values())
        t = ad.trace(ad.grad(f, (0, 1, 2)), *point)
        value = [output["value"] for output in t.outputs]
        assert value == pytest.approx(PROBLEMS["eth-small-net"].figures["jacobian"][0][:3])
        evaluation = {a["row"] for row in t.rows for a in row.args if "row" in a}
        assert evaluation >= {0, 1, 2, 3, 4}

    def test_a_node_with_two_consumers(self):
        def dag(x):
            shared = ad.sin(x)
            return shared * x + ad.exp(shared)

        x = 0.7
        shared, slope = np.sin(x), np.cos(x)
        assert ad.grad(dag)(x) == pytest.approx(slope * x + shared + np.exp(shared) * slope)
        assert len(ad.trace(dag, x).rows[1].contributions["y"]) == 2

    @pytest.mark.parametrize("mode", ["forward", "reverse"])
    def test_the_small_network_in_both_modes(self, mode):
        p = PROBLEMS["eth-small-net"]
        w1, w2, w3, x1, x2 = p.at.values()
        by_w1 = w3 * (1 - np.tanh(w1 * x1 + w2 * x2) ** 2) * x1
        found = ad.jacobian(p.function, (0, 1, 2), mode)(w1, w2, w3, x1, x2)
        assert found[0] == pytest.approx(by_w1, rel=1e-14)
        assert found == pytest.approx(p.figures["jacobian"][0][:3], rel=1e-14)

    @pytest.mark.parametrize("n", [1, 3, 10])
    @pytest.mark.parametrize("m", [1, 2, 5])
    def test_how_the_cost_scales(self, n, m):
        def many(w):
            return [sum(ad.sin(w[i]) for i in range(n)) * (k + 2.0) for k in range(m)]

        c = ad.count(many, [0.1] * n)
        assert c.sweeps == {"forward": n, "reverse": m}
        one = next(iter(c.forward.values()))
        total = c.totals["forward"].get("multiplications", 0)
        assert total == n * one["multiplications"]
        rows = [r["multiplications"] for r in c.reverse.values()]
        assert c.totals["reverse"]["multiplications"] == sum(rows) == m * rows[0]

    def test_jacobians_of_the_parts(self):
        W, x = normal(3, 4), normal(4)
        np.testing.assert_allclose(ad.jacobian(lambda x: W @ x)(x), W, rtol=1e-15)
        np.testing.assert_allclose(ad.jacobian(np.sin)(x), np.diag(np.cos(x)), rtol=1e-15)
        z = np.array([1.0, -2.0, 0.5, 0.0])
        assert ad.jacobian(ad.relu)(z).tolist() == np.diag([1.0, 0.0, 1.0, 0.0]).tolist()
        y, target = normal(4), normal(4)
        found = ad.jacobian(lambda y: np.sum((y - target) ** 2))(y)
        np.testing.assert_allclose(found, 2 * (y - target), rtol=1e-15)

    def test_the_tensor_of_a_product_by_its_matrix_on_demand_only(self):
        W, x, w = normal(3, 4), normal(4), normal(3)
        tensor = ad.jacobian(lambda W: W @ x)(W)
        assert tensor.shape == (3, 3, 4)
        np.testing.assert_allclose(tensor, np.einsum("ij,k->ijk", np.eye(3), x), rtol=1e-15)
        _, pullback = ad.vjp(lambda W: W @ x, W)
        np.testing.assert_array_equal(pullback(w)[0], np.outer(w, x))
        # An outer product: 3 × 4 multiplications, where the tensor would take 3 × 12.
        one = ad.count(lambda W: W @ x, W).reverse["y"]
        assert one == {"multiplications": 12}

    @pytest.mark.parametrize(
        ("dims", "left", "right", "best"),
        [
            ("1,2,3,3,5,5,4", 75, 228, 75),
            ("100,50,50,1", 255000, 7500, 7500),
            ("10,10,1,10,10", 1200, 1200, 300),
        ],
    )
    def test_the_order_of_a_chain(self, capsys, dims, left, right, best):
        found = ad.chain([int(d) for d in dims.split(",")])
        made = [b.multiplications for b in found.bracketings]
        assert made == [left, right, best]
        data = json.loads(cli(capsys, "chain", dims, "--format", "json"))
        keys = ("left_to_right", "right_to_left", "optimal")
        assert [data[k]["multiplications"] for k in keys] == made

    def test_the_relu_network(self):
        W1, W2, W3, x, y = args_of("eth-relu-network")
        f = PROBLEMS["eth-relu-network"].function
        z1 = W1 @ x
        h1 = np.maximum(z1, 0)
        z2 = W2 @ h1
        h2 = np.maximum(z2, 0)
        delta = 2 * (W3 @ h2 - y)
        by_W1, by_W2, by_W3 = ad.grad(f, (0, 1, 2))(W1, W2, W3, x, y)
        np.testing.assert_allclose(by_W3, np.outer(delta, h2), rtol=1e-14)
        z2_bar = (W3.T @ delta) * (z2 > 0)
        np.testing.assert_allclose(by_W2, np.outer(z2_bar, h1), rtol=1e-14)
        z1_bar = (W2.T @ z2_bar) * (z1 > 0)
        np.testing.assert_allclose(by_W1, np.outer(z1_bar, x), rtol=1e-14)
        # The chain of Jacobians, multiplied out.
        chain = [delta, W3, np.diag(1.0 * (z2 > 0)), W2, np.diag(1.0 * (z1 > 0)), W1]
        by_x = ad.grad(f, 3)(W1, W2, W3, x, y)
        np.testing.assert_allclose(np.linalg.multi_dot(chain), by_x, rtol=1e-13)

    def test_an_elementwise_layer_costs_a_product(self):
        c = ad.count(lambda X: ad.relu(X), normal(6, 7))
        assert c.reverse["y"] == {"multiplications": 42}

    def test_two_losses_share_a_sweep(self, capsys):
        args = args_of("eth-two-losses")
        W1, W2, W3, x, y = args
        error = W3 @ np.maximum(W2 @ np.maximum(W1 @ x, 0), 0) - y
        t = ad.trace(PROBLEMS["eth-two-losses"].function, *args)
        adjoint = {row.name: row.adjoint for row in t.rows}
        np.testing.assert_allclose(adjoint["ŷ"], 2 * error + np.sign(error), rtol=1e-14)
        both = ad.grad(PROBLEMS["eth-two-losses"].function, (0, 1, 2))(*args)
        separate = ad.jacobian(PROBLEMS["eth-separate-losses"].function, (0, 1, 2))(*args)
        for k in range(3):
            np.testing.assert_allclose(both[k], separate[0][k] + separate[1][k], rtol=1e-13)
        text = cli(capsys, "count", "@eth-separate-losses", "--format", "csv")
        table = {line.split(",")[1]: line.split(",")[2:] for line in text.splitlines()}
        products = table[""].index("multiplications")
        assert int(table["all 2 reverse sweeps"][products]) == 164
        assert int(table["one reverse sweep for their sum"][products]) == 84
        equations = lines_of(cli(capsys, "equations", "@eth-two-losses"))
        expected = unicodedata.normalize("NFC", "ŷ̄ = 2 (ŷ − y) + sign(ŷ − y)")
        assert any(line.startswith(expected) for line in equations)

    def test_a_forward_and_a_backward_buffer_at_each_node(self, capsys):
        text = cli(capsys, "trace", "@eth-relu-network", "--tables", "buffers")
        heads = [line for line in text.splitlines() if line.startswith("Node")]
        assert "Forward buffer" in heads[0]
        assert "Backward buffer" in heads[0]
        names = {line.split()[0] for line in text.splitlines() if line[:1].strip()}
        assert names >= {"W1", "W2", "W3", "z1", "h1", "z2", "h2", "ŷ", "L"}


def test_backward_before_forward_is_an_error():
    """Section E: the forward pass stores the derivatives, the backward pass uses them."""
    x = ad.Variable(2.0)
    with pytest.raises(ValueError, match="no operation produced"):
        x.backward()
    y = x**3
    y.backward()
    assert x.grad == 12.0
