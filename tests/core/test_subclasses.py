"""Subclasses of NumPy's array are refused by name, wherever they come in, or rightly used."""

from __future__ import annotations

import numpy as np
import pytest

import admodes as ad
from admodes.core.op import REGISTRY

X = np.array([0.4, 0.5, 0.6])
ELEMENTWISE = list({id(op): op for op in REGISTRY.values() if op.elementwise}.values())
pytestmark = pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning")
REFUSED = "subclass of NumPy's array with operators of its own.*pass "


class Doubling(np.ndarray):
    """A user's array whose product is another one."""

    def __mul__(self, other):
        return 2.0 * np.asarray(self) * other

    __rmul__ = __mul__


SUBCLASSES = {
    "matrix": lambda x: np.matrix(np.diag(x)) if x.ndim == 1 else np.matrix(x),
    "MaskedArray": lambda x: np.ma.masked_array(x, x > 0.45),
    "Doubling": lambda x: x.view(Doubling),
    "recarray": lambda x: x.view(np.recarray),
    "whole matrix": lambda x: np.matrix(np.eye(len(x), dtype=int)),
}
ROUTES = {
    "forward": lambda f, x: ad.jvp(f, (x,), (x,)),
    "reverse": lambda f, x: ad.vjp(f, x),
    "nested": lambda f, x: ad.jacobian(ad.jacobian(f), mode="forward")(x),
    "recorded": lambda f, x: ad.record(f, x),
    "batch": lambda f, x: ad.vmap(f)(np.stack([x, x])),
    "Variable": lambda f, x: f(ad.Variable(x)),
    "compiled": lambda f, x: ad.compile(f)(x),
    "sparse": lambda f, x: ad.sparse_jacobian(f)(x),
    "checkpoint": lambda f, x: ad.jacobian(ad.checkpoint(f))(x),
}
USES = {
    "product": lambda x, d: x * d,
    "power": lambda x, d: x**d,
    "matrix product": lambda x, d: x @ d,
    "condition": lambda x, d: np.where(d > 0.0, x, 0.0),
    "branch": lambda x, d: np.where(x > 0.5, x, d),
    "dot": lambda x, d: np.dot(x, d),
    "einsum": lambda x, d: np.einsum("i,...i->i", x, d),
    "stack": lambda x, d: ad.array([x, d]),
    "concatenate": lambda x, d: np.concatenate([x, d]),
    "comparison": lambda x, d: np.where(x > d, x, 0.0),
    "function of a constant": lambda x, d: x * ad.sin(d),
    "sum over a mask": lambda x, d: np.sum(x * x, where=d > 0.0),
}


@pytest.mark.parametrize("kind", SUBCLASSES)
@pytest.mark.parametrize("op", ELEMENTWISE, ids=lambda op: op.name)
def test_every_operation_refuses_a_subclass_beside_a_traced_value(op, kind):
    other = SUBCLASSES[kind](X)
    for k in range(op.arity):
        for route in ("forward", "reverse", "recorded", "batch", "Variable"):

            def f(x, k=k):
                return op(*(x if i == k else other for i in range(op.arity)))

            if op.arity > 1:
                with pytest.raises(TypeError, match=REFUSED):
                    ROUTES[route](f, X)
    with pytest.raises(TypeError, match=REFUSED):
        op(*(other,) * op.arity)


@pytest.mark.parametrize("kind", SUBCLASSES)
@pytest.mark.parametrize("use", USES)
def test_a_constant_of_a_subclass_is_refused_in_every_interpreter(use, kind):
    other = SUBCLASSES[kind](X)
    for run in ROUTES.values():
        with pytest.raises(TypeError, match=REFUSED):
            run(lambda x: USES[use](x, other), X)


ARGUMENTS = {
    "grad": lambda d: ad.grad(np.sum)(d),
    "jvp": lambda d: ad.jvp(np.sum, (d,), (d,)),
    "tangent": lambda d: ad.jvp(np.sum, (X,), (d,)),
    "cotangent": lambda d: ad.vjp(lambda x: x, X)[1](d),
    "vmap": lambda d: ad.vmap(np.sum)(d),
    "the same for all samples": lambda d: ad.vmap(lambda x, y: x * y, in_axes=(0, None))(X, d),
    "Variable": ad.Variable,
    "compile": lambda d: ad.compile(np.sum)(d),
    "compiled gradient": lambda d: ad.compile(ad.grad(np.sum))(d),
    "sparse_jacobian": lambda d: ad.sparse_jacobian(lambda x: x)(d),
    "sparse_hessian": lambda d: ad.sparse_hessian(np.sum)(d),
    "record": lambda d: ad.record(np.sum, d),
    "trace": lambda d: ad.trace(np.sum, d),
    "count": lambda d: ad.count(np.sum, d),
    "hvp": lambda d: ad.hvp(np.sum, X, d),
    "pytree": lambda d: ad.grad(lambda p: np.sum(p["a"]))({"a": d}),
    "result": lambda d: ad.vjp(lambda x: (x, d), X),
    "check_grads": lambda d: ad.check_grads(np.sum, (d,)),
}


@pytest.mark.parametrize("kind", SUBCLASSES)
@pytest.mark.parametrize("way", ARGUMENTS)
def test_an_argument_of_a_subclass_is_refused(way, kind):
    with pytest.raises(TypeError, match=REFUSED):
        ARGUMENTS[way](SUBCLASSES[kind](X))


@pytest.mark.parametrize("kind", ["matrix", "MaskedArray", "recarray"])
def test_the_subclass_on_the_left_is_refused_too(kind):
    other = SUBCLASSES[kind](X)
    for run in ROUTES.values():
        for f in (lambda x: other * x, lambda x: other + x, lambda x: other / x):
            with pytest.raises(TypeError, match=f"{REFUSED}|MaskedArray|plain NumPy array"):
                run(f, X)


def test_a_users_own_product_on_the_left_is_used():
    other = SUBCLASSES["Doubling"](X)
    np.testing.assert_allclose(ad.grad(lambda x: np.sum(other * x))(X), 2 * X)


def test_a_memory_map_is_a_plain_array(tmp_path):
    kept = np.memmap(tmp_path / "x", float, "w+", shape=3)
    kept[:] = X
    for f in (lambda x: np.sum(x * kept * x), lambda x: np.sum(kept * x * x)):
        np.testing.assert_allclose(ad.grad(f)(X), 2 * X * X)
        np.testing.assert_allclose(ad.compile(ad.grad(f))(X), 2 * X * X)
    found = ad.grad(lambda x: np.sum(x * x))(kept)
    assert type(found) is np.ndarray
    np.testing.assert_allclose(found, 2 * X)
