"""Every figure of the lecture on tensors, layouts and the chain rule (section E of the sources,
Boston University), through the public interface."""

from __future__ import annotations

import re

import numpy as np
import pytest
from lectures import args_of, cli, lines_of, normal

import admodes as ad
from admodes.problems import PROBLEMS


class TestLayouts:
    """E: D[f]_ij = ∂f_j/∂x_i."""

    @pytest.mark.parametrize("x", [(2.0, 3.0, 4.0), (-1.0, 0.5, 7.0)])
    def test_the_three_examples(self, x):
        x1, x2, x3 = x
        point = np.array(x)

        def transposed(f, n):
            return ad.jacobian(f, layout="transposed")(point[:n]).tolist()

        assert transposed(lambda x: x[0] * x[1] + x[2], 3) == [x2, x1, 1]
        pair = transposed(lambda x: ad.stack([x[0] ** 2, x[0] * x[1] * x[2]]), 3)
        assert pair == [[2 * x1, x2 * x3], [0, x1 * x3], [0, x1 * x2]]
        triple = transposed(lambda x: ad.stack([x[1] ** 2, x[0] + x[1], x[0] * x[1]]), 2)
        assert triple == [[0, 1, x2], [2 * x2, 1, x1]]

    @pytest.mark.parametrize(
        ("name", "rows"),
        [
            ("bu-sum", ["x1 3", "x2 2", "x3 1"]),
            ("bu-pair", ["x1 4 12", "x2 0 8", "x3 0 6"]),
            ("bu-triple", ["x1 0 1 3", "x2 6 1 2"]),
            ("bu-cubic", ["x1 36", "x2 8"]),
        ],
    )
    def test_the_command_prints_the_lectures_layout(self, capsys, name, rows):
        shown = lines_of(cli(capsys, "jacobian", f"@{name}", "--layout", "transposed"))
        assert "(rows inputs, columns outputs)" in " ".join(shown)
        for row in rows:
            assert row in shown

    def test_the_order_of_products_is_reversed(self):
        x = normal(3)
        A, B = normal(4, 3), normal(2, 4)

        def f(x):
            return np.sin(A @ x)

        def g(y):
            return (B @ y) ** 2

        def D(f):
            return ad.jacobian(f, layout="transposed")

        composed = D(lambda x: g(f(x)))(x)
        np.testing.assert_allclose(composed, D(f)(x) @ D(g)(f(x)), rtol=1e-13)
        standard = ad.jacobian(lambda x: g(f(x)))(x)
        np.testing.assert_allclose(standard, ad.jacobian(g)(f(x)) @ ad.jacobian(f)(x), rtol=1e-13)
        np.testing.assert_allclose(standard.T, composed, rtol=1e-13)


class TestChainRule:
    """E."""

    @pytest.mark.parametrize("z", [3.0, -0.5])
    def test_a_reused_input(self, z):
        def f(x, y):
            return x * x * y + ad.sin(y)

        whole = ad.grad(lambda z: f(z, 2 * z))(z)
        by_x, by_y = ad.grad(f, (0, 1))(z, 2 * z)
        assert whole == pytest.approx(by_x + 2 * by_y, rel=1e-14)
        wrong = ad.grad(f, 0)(z, z) + 2 * by_y  # as the slide prints it
        assert whole != pytest.approx(wrong)

    def test_the_squared_product(self):
        def f(X, Z, W):
            return (X * (Z + W)) ** 2

        assert ad.value_and_grad(f, (0, 1, 2))(2.0, 2.0, 3.0) == (100.0, (100.0, 40.0, 40.0))
        assert ad.grad(f, 2)(1.0, 2.0, 3.0) == 10.0

    def test_the_root_of_a_power(self):
        t = ad.trace(PROBLEMS["bu-root"].function, 3.0)
        values = {row.name: row.value for row in t.rows}
        assert values["Y"] == 81.0
        assert t.outputs[0]["value"] == 9.0
        adjoint = {row.name: row.adjoints["Z"] for row in t.rows}
        assert adjoint["Y"] == pytest.approx(1 / 18)
        assert t.jacobian["reverse"] == [[pytest.approx(6.0)]]
        assert [ad.grad(lambda x: ad.sqrt(x**4))(x) for x in (0.5, 2.0)] == pytest.approx([1, 4])

    def test_the_cubic(self):
        def f(x):
            return x[0] ** 3 * x[1]

        point = np.array([2.0, 3.0])
        assert f(point) == 24.0
        assert ad.jacobian(f, layout="transposed")(point).tolist() == [36.0, 8.0]

    @pytest.mark.parametrize(("x", "y"), [(2.0, 1.0), (-1.5, 0.25)])
    def test_the_shared_factor(self, x, y):
        found = ad.grad(PROBLEMS["bu-shared"].function, (0, 1))(x, y)
        assert found == pytest.approx(((x + y) * (3 * x + y), 2 * x * (x + y)), rel=1e-14)

    def test_the_graph_is_bipartite_and_its_ends_are_variables(self):
        x, y = ad.Variable(2.0, name="x"), ad.Variable(1.0, name="y")
        z = x * (x + y) ** 2
        z.backward()
        graph = z.draw("bipartite")
        operations = set(re.findall(r"(\w+) \[shape=ellipse", graph))
        variables = set(re.findall(r"(\w+) \[shape=box", graph))
        edges = re.findall(r"(\w+) -> (\w+) ", graph)
        assert all((a in operations) != (b in operations) for a, b in edges)
        starts, ends = {a for a, _ in edges}, {b for _, b in edges}
        assert (starts | ends) - (starts & ends) <= variables
        assert (x.grad, y.grad) == (21.0, 12.0)

    def test_the_perceptron_and_its_loss(self):
        p = PROBLEMS["bu-perceptron"]
        args = args_of("bu-perceptron")
        found = ad.grad(p.function, (0, 1, 2, 3))(*args)
        flat = np.concatenate([np.ravel(g) for g in found])
        np.testing.assert_allclose(flat, p.figures["jacobian"][0], rtol=1e-12, atol=1e-15)
        assert ad.equations(p.function, *args).passed

        def cross_entropy(s):
            return -np.log(np.exp(s[0]) / np.sum(np.exp(s)))

        s = normal(3)
        softmax = np.exp(s) / np.exp(s).sum()
        np.testing.assert_allclose(ad.grad(cross_entropy)(s), softmax - [1, 0, 0], rtol=1e-12)


class TestTensors:
    """E."""

    def test_batched_functions_row_by_row(self):
        f, (X,) = PROBLEMS["bu-batched"].function, args_of("bu-batched")
        rows = ad.jacobian(f, layout="batched")(X)
        assert rows.shape == (3, 3, 2)
        whole = ad.jacobian(f)(X)
        for i in range(3):
            np.testing.assert_array_equal(whole[i, :, i, :], rows[i])
            np.testing.assert_array_equal(np.delete(whole[i], i, axis=1), 0)

    def test_rows_that_mix_are_an_error(self):
        with pytest.raises(ValueError, match="mix"):
            ad.jacobian(lambda X: X - X.mean(axis=0), layout="batched")(normal(4, 2))

    def test_matrix_inputs_unrolled_and_gradients_shaped_like_the_variable(self):
        A, X = normal(2, 3), normal(3, 4)
        unrolled = ad.jacobian(lambda X: A @ X, layout="unrolled")(X)
        assert unrolled.shape == (8, 12)
        np.testing.assert_allclose(unrolled, np.kron(A, np.eye(4)), rtol=1e-15)
        assert ad.grad(lambda X: np.sum((A @ X) ** 2))(X).shape == X.shape

    @pytest.mark.parametrize(
        ("subscripts", "shapes"),
        [
            ("ij,jk->ik", ((2, 3), (3, 4))),
            ("ij->ji", ((2, 3),)),
            ("ii->", ((3, 3),)),
            ("ik,ikj->ij", ((2, 3), (2, 3, 4))),
            ("abc,bad->ab", ((2, 3, 4), (3, 2, 5))),
            ("abcd,daa,bef->adf", ((2, 3, 4, 5), (5, 2, 2), (3, 2, 4))),
        ],
    )
    def test_einsum(self, subscripts, shapes):
        operands = [normal(*shape) for shape in shapes]
        ad.check_grads(lambda *xs: np.einsum(subscripts, *xs), tuple(operands), order=1)
        forward, reverse = (
            ad.jacobian(lambda *xs: np.einsum(subscripts, *xs), tuple(range(len(operands))), mode)(
                *operands
            )
            for mode in ("forward", "reverse")
        )
        for a, b in zip(forward, reverse, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-13, atol=1e-14)

    def test_the_lectures_invalid_einsum(self):
        operands = normal(2, 3, 4, 5), normal(5, 2, 2), normal(3, 2)
        with pytest.raises(ValueError, match="f of the result is not among the operands"):
            ad.grad(lambda a: np.einsum("abcd,daa,be->adf", a, *operands[1:]).sum())(operands[0])

    @pytest.mark.parametrize(
        ("a", "b", "k", "shape"),
        [
            ((2, 45, 7), (7, 3, 67), 1, (2, 45, 3, 67)),
            ((2, 5, 4, 6), (4, 6, 8, 2), 2, (2, 5, 8, 2)),
            ((2, 3), (2, 3, 4, 5), 2, (4, 5)),
        ],
    )
    def test_contraction(self, a, b, k, shape):
        left, right = normal(*a), normal(*b)
        made = ad.contract(left, right, k)
        assert made.shape == shape
        np.testing.assert_allclose(made, np.tensordot(left, right, k), rtol=1e-12, atol=1e-12)

    def test_a_tensor_is_the_derivative_of_its_linear_map(self):
        (X,) = args_of("bu-tensor-map")
        f = PROBLEMS["bu-tensor-map"].function
        tensor = ad.jacobian(f, layout="transposed")(X)
        assert tensor.shape == (2, 3, 4, 5)
        np.testing.assert_array_equal(tensor, np.arange(120.0).reshape(2, 3, 4, 5))

    def test_the_shape_of_a_tensor_valued_derivative(self):
        X, T = normal(2, 3, 4), normal(2, 3, 4, 5, 6)
        found = ad.jacobian(lambda X: ad.contract(np.sin(X), T, 3), layout="transposed")(X)
        assert found.shape == (2, 3, 4, 5, 6)
        np.testing.assert_allclose(found, np.cos(X)[..., None, None] * T, rtol=1e-14)

    def test_a_scalar_function_contracts_to_a_sum(self):
        X, V = normal(2, 3, 4), normal(2, 3, 4)

        def f(X):
            return np.sum(X**3)

        D = ad.jacobian(f, layout="transposed")(X)
        assert D.shape == X.shape
        _, slope = ad.jvp(f, (X,), (V,))
        assert ad.contract(V, D) == pytest.approx(np.sum(V * D), rel=1e-13)
        assert slope == pytest.approx(ad.contract(V, D), rel=1e-13)

    def test_the_mistakes_in_the_slides_are_named(self, capsys):
        for name, words in {
            "bu-reused": "the slide prints (z, z) in the first term",
            "bu-squared-product": "d_w is 40 at (1, 2, 3); it is 10 there",
            "bu-einsum-repaired": "abcd,daa,be->adf, which is no einsum",
        }.items():
            shown = " ".join(cli(capsys, "problems", f"@{name}").split()).lower()
            assert words in shown
