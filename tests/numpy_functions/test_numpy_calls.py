"""Calls as real NumPy code writes them, with lists, tuples, dtype=, casting=, order= and scalars:
NumPy's own value, and derivatives that agree with differences, in both modes and compiled."""

import numpy as np
import pytest

import admodes as ad

X = np.array([1.2, 2.1, 0.7])
M = np.arange(1.0, 7.0).reshape(2, 3)
BYTES = np.array([10, 250, 3], np.uint8)
JOINED = ["vstack", "hstack", "stack", "concatenate"]
CALLS = {
    "einsum of a list": lambda v: np.einsum("i,i", v, [1.0, 2.0, 3.0]),
    "einsum by lists": lambda v: np.einsum(v, [0], M, [1, 0], [1]),
    "einsum by lists, implicit": lambda v: np.einsum(M, [7, 3], v, [3]),
    "einsum by lists, ellipsis": lambda v: np.einsum(v, [0, ...], M.T, [0, 1], [..., 1]),
    "einsum of a list of traced": lambda v: np.einsum(
        "i,ij->j", v, [[v[0], 1.0], [2.0, v[1]], [1.0, 1.0]]
    ),
    "einsum, optimize": lambda v: np.einsum("i,ji->j", v, M, optimize=["einsum_path", (0, 1)]),
    "einsum, dtype": lambda v: np.einsum("i,i", v, v, dtype=float),
    "einsum, order and casting": lambda v: np.einsum("i,j->ij", v, v, order="F", casting="safe"),
    "einsum of scalars": lambda v: np.einsum(",", v[0], v[1]),
    "tensordot of scalars": lambda v: np.tensordot(v[0], v[1], axes=0),
    "tensordot of scalar and array": lambda v: np.tensordot(v[0], M, axes=0),
    "tensordot of array and scalar": lambda v: np.tensordot(v, 2.0, axes=0),
    "tensordot of no axes": lambda v: np.tensordot(v, v[0], axes=[[], []]),
    "dot of a list": lambda v: np.dot([[1.0, 2.0, 3.0]], v),
    "dot of traced lists": lambda v: np.dot(v, [v[0], 2.0, 3.0]),
    "matrix product with a list": lambda v: [1.0, 2.0, 3.0] @ v,
    "a tuple minus": lambda v: (1.0, 2.0, 3.0) - v,
    "maximum of a list": lambda v: np.maximum(v, [1.5, 1.5, 1.5]),
    "where of a list": lambda v: np.where([True, False, True], v, [1, 2, 3]),
    "times a list of traced": lambda v: v * [v[0], 1.0, 2.0],
    "add of nested lists": lambda v: np.add(v, [[v[0], 1.0, 2.0], (3, 4, v[1])]),
    "where of traced lists": lambda v: np.where([True, False, True], v, [v[0], 2, 3]),
    "average by traced weights": lambda v: np.average([1, 2, 3], weights=v),
    "insert of a list": lambda v: np.insert(v, 1, [7.0, v[0]]),
    "insert into an array": lambda v: np.insert(np.array([1.0, 2.0]), 1, v),
    "insert at the end": lambda v: np.insert(v, -1, v[:2]),
    "solve of a list": lambda v: np.linalg.solve([[1, 2, 0], [0, 1, 1], [1, 0, 1]], v),
    "interp of bytes": lambda v: np.interp(20 * v, np.uint8([0, 20, 90]), BYTES),
    "trapezoid over bytes": lambda v: np.trapezoid(v, np.uint8([0, 20, 90])),
    "trapezoid over truth values": lambda v: np.trapezoid(v, np.array([True, False, True])),
    "polyfit over whole numbers": lambda v: np.polyfit(np.arange(3), v, 1),
    "polyfit over bytes": lambda v: np.polyfit(np.uint8([0, 100, 200]), v, 1),
    "vstack of mixed lists": lambda v: np.vstack([v, [v[0], 2.0, 3.0]]),
    "reshape by columns": lambda v: np.reshape(np.outer(v, [1, 2]), (2, 3), order="F"),
    "method reshape by columns": lambda v: np.outer(v, [1, 2]).reshape(2, -1, order="F"),
    "ravel by columns": lambda v: np.ravel(np.outer(v, [1, 2]), order="F"),
    "flatten by columns": lambda v: np.outer(v, [1, 2]).flatten(order="F"),
    "ravel in memory": lambda v: np.ravel(np.outer(v, [1, 2]) * 1.0, order="K"),
    "copy by columns": lambda v: np.copy(v, order="F") * v,
    **{f"{n}, dtype": lambda v, n=n: getattr(np, n)((v, v), dtype=float) for n in JOINED},
    **{
        f"{n}, casting": lambda v, n=n: getattr(np, n)([v, [1, 2, 3]], dtype=float, casting="safe")
        for n in JOINED
    },
    **{f"{n} of a list": lambda v, n=n: getattr(np, n)([v, [1.0, 2.0, 3.0]]) for n in JOINED},
}


@pytest.mark.parametrize("name", CALLS)
def test_calls(name):
    f = CALLS[name]
    value, _ = ad.jvp(f, (X,), (X,))
    np.testing.assert_allclose(value, f(X), rtol=1e-14)
    assert np.shape(value) == np.shape(f(X))
    ad.check_grads(f, (X,), rtol=1e-5, atol=1e-6)
    compiled = ad.compile(f)
    for at in (X, X + 0.1):
        np.testing.assert_allclose(compiled(at), f(at), rtol=1e-12)


@pytest.mark.parametrize("name", JOINED)
def test_casting_is_checked(name):
    with pytest.raises(TypeError, match="casting='no'"):
        ad.jacobian(lambda v: getattr(np, name)((v, v), dtype=np.float32, casting="no"))(X)
    found = ad.jacobian(lambda v: getattr(np, name)((v, v), dtype=np.float32))(X)
    assert np.shape(found)[-1] == 3


REFUSED = {
    "insert rounds": (lambda v: np.insert(BYTES, 1, v[0]), "astype"),
    "ravel in memory": (lambda v: np.ravel(np.outer(v, [1, 2]).T, order="K"), "order='C'"),
    "traced edges of a padding": (lambda v: np.pad(v, 1, constant_values=v[0]), "np.concatenate"),
    "c_": (lambda v: np.c_[v, v], "np.column_stack"),
    "r_": (lambda v: np.r_[v, 1.0], "np.concatenate"),
    "vectorize": (lambda v: np.vectorize(lambda s: s * s)(v), "ad.vmap"),
    "polynomial": (lambda v: np.polynomial.polynomial.polyval(0.5, v), "np.polyval"),
    "einsum, out": (lambda v: np.einsum("i,i", v, v, out=np.zeros(())), "out="),
    "concatenate, out": (lambda v: np.concatenate([v, v], out=np.zeros(6)), "out="),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_stays_refused_says_what_to_write(name):
    f, instead = REFUSED[name]
    with pytest.raises(TypeError) as caught:
        ad.jacobian(f)(X)
    assert instead in str(caught.value)
