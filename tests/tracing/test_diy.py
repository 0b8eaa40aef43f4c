"""The names of a course in which students build their own autograd: its class Variable, its
operations with forward and backward, and its loop of backward()."""

from __future__ import annotations

import numpy as np
import pytest

import admodes as ad
from admodes.core.op import REGISTRY
from admodes.tracing import diy
from admodes.tracing.diy import Add, Inv, Ln, Max, Min, Pow, Prod, Sin, func_of, label_of


def run_backward(y):
    """The loop that the assignment asks for."""
    for v in y.topoSort():
        v.grad = 0.0
    y.grad = 1.0
    for v in y.topoSort():
        if v.func is not None:
            v.func.backward(v, v.children)


def test_the_listing_of_the_assignment():
    x1 = ad.Variable(5.0, name="x_1")
    x2 = ad.Variable(-2.0, name="x_2")
    x3 = ad.Variable(-5.0, name="x_3")
    a = Sin.forward(x1)
    b = Add.forward(x1, a)
    c = Ln.forward(b)
    d = Max.forward(x2, x3)
    e = Prod.forward(c, d)
    y = Prod.forward(e, ad.Variable.convert(2))
    run_backward(y)
    assert y.value == pytest.approx(-5.586044, abs=5e-7)
    assert [v.grad for v in (e, d, c, b, a)] == pytest.approx(
        [2, 2.793022, -4, -0.989835, -0.989835], abs=5e-7
    )
    assert [x.grad for x in (x1, x2, x3)] == pytest.approx([-1.270614, 2.793022, 0.0], abs=5e-7)
    assert [str(v.func) for v in (y, e, d, c, b, a)] == ["*", "*", "max", "ln", "+", "sin"]
    assert y.drawGraph().to_svg()


def test_operators_make_what_the_classes_make():
    x, y = ad.Variable(3.0), ad.Variable(0.5)
    pairs = [(x * y, Prod), (x + y, Add), (x**y, Pow), (ad.min(x, y), Min), (ad.inverse(x), Inv)]
    for made, operation in pairs:
        again = operation.forward(*made.children)
        assert again.value == made.value
        assert again.func is made.func
        assert made.func.operation is operation
        assert made.func == operation.label
    assert x.func is None


def test_a_loop_with_branches_and_a_variable_that_is_used_again():
    x = ad.Variable(5.0)
    y = x * 0
    for i in range(5):
        y = y + x * i if i % 2 == 0 else y - x / i
    run_backward(y)
    assert x.grad == pytest.approx(14 / 3)
    square = x * x
    run_backward(square)
    assert x.grad == 10.0


def test_sorting_puts_each_before_its_children():
    x = ad.Variable(1.0)
    y = x
    for _ in range(5000):
        y = y * 1.5 - y
    order = {v.id: k for k, v in enumerate(y.topoSort())}
    assert order[y.id] == 0
    assert order[x.id] == len(order) - 1
    for v in y.topoSort():
        assert all(order[v.id] < order[c.id] for c in v.children if c.id in order)


def test_convert_keeps_variables():
    x = ad.Variable(2.0)
    assert ad.Variable.convert(x) is x
    assert ad.Variable.convert([1.0, 2.0]).shape == (2,)
    with pytest.raises(TypeError, match="numbers"):
        ad.Variable.convert("2")


SCALAR = sorted({op.name for op in REGISTRY.values() if op.quick and op.arity is not None})


@pytest.mark.parametrize("name", SCALAR)
def test_every_operation_has_a_class_whose_backward_is_that_of_the_sweep(name):
    op = REGISTRY[name]
    operation = func_of(op).operation
    assert getattr(ad.diy, operation.__name__) is operation
    random = np.random.default_rng(5)
    at = [float(random.uniform(*i)) for i in op.domain.intervals] or [0.7, 1.3, 0.2][: op.arity]
    children = [ad.Variable(x) for x in at]
    y = operation.forward(*children)
    assert y.value == pytest.approx(op(*at))
    y.grad = 3.0
    operation.backward(y, y.children)
    found = [0.0 if c.grad is None else c.grad for c in children]
    y.backward(3.0)
    assert found == pytest.approx([c.grad or 0.0 for c in children])


def test_names_of_classes_come_from_the_registry():
    assert {"Prod", "Multiply", "Inv", "Add", "Ln", "Log", "Pow", "Tan"} <= set(diy.__all__)
    assert len({label_of(REGISTRY[n]) for n in ("add", "subtract", "multiply", "divide")}) == 4
    with pytest.raises(AttributeError, match="no operation is called 'Prodd' here"):
        diy.Prodd  # noqa: B018
    rule = ad.custom_rule("cubed", lambda x: x**3, [lambda x: 3 * x**2])
    assert str(rule(ad.Variable(2.0)).func) == "cubed"
    assert diy.Cubed.forward(ad.Variable(2.0)).value == 8.0


def test_operations_on_arrays_go_backward_as_well():
    w, x = ad.Variable(np.arange(6.0).reshape(2, 3)), ad.Variable(np.ones(3))
    y = np.sum((w @ x)[1:] ** 2)
    run_backward(y)
    assert y.func == "Σ"
    found = w.grad, x.grad
    y.backward()
    np.testing.assert_allclose(found[0], w.grad)
    np.testing.assert_allclose(found[1], x.grad)
