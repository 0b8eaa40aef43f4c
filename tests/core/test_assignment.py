"""x[index] = v and x += v on arrays that the function made, and on views of them: random programs
of such statements, against the complex step through the same program on NumPy's own arrays."""

from __future__ import annotations

import numpy as np
import pytest

import admodes as ad
from admodes.core.op import REGISTRY

X = np.array([1.3, 0.4, 0.9, 1.7, 0.6, 1.1])

VIEWS = [
    "a[1:]",
    "a[::2]",
    "a[::-1]",
    "a[...]",
    "a[2:5][::-1]",
    "a.reshape(2, 3)",
    "a.reshape(2, 3).T",
    "a.reshape(3, 2)[1]",
    "a.reshape(2, 3).T[1:]",
    "np.flip(a)[:3]",
    "a.reshape(2, 3)[:, 1]",
    "a.ravel()[1:4]",
    "a.reshape(2, 3).T.reshape(-1)",
]
WRITES = [
    "{v} += 0.3 * x[1]",
    "{v} *= {v}",
    "{v}[...] = np.sin({v})",
    "{v}[0] = x[2] * x[3]",
    "{v}[-1] += a[0]",
    "{v}[:1] = 2.0",
    "{v}[{v} > 1.0] = x[0]",
    "{v}[{v} > 0.8] *= 0.5",
    "{v}[[0, 0]] = {v}[[-1, 0]] ** 2",
    "a[2:4] = x[:2] * x[1:3]",
    "a[1:] -= a[:-1]",
    "a[:] = a[::-1]",
    "b = a[1:5]; b[1:3] = x[3:5]; b /= 2.0",
    "for row in a.reshape(3, 2): row /= row.sum()",
]


def program(seed):
    """A function of a vector, as text and as a function."""
    rng = np.random.default_rng(seed)
    lines = ["def f(x):", "    a = x * x"]
    for k in range(4):
        view = VIEWS[rng.integers(len(VIEWS))]
        lines.append(f"    v{k} = {view}")
        name = f"v{rng.integers(k + 1)}"
        lines.append("    " + WRITES[rng.integers(len(WRITES))].format(v=name))
        if rng.random() < 0.3:
            lines.append("    a = a.copy()")
    used = " + ".join(f"np.sum(v{k} ** 2)" for k in range(4))
    lines.append(f"    return np.sum(a * np.cos(a)) + {used}")
    space = {"np": np}
    exec("\n".join(lines), space)  # a program of this test's own
    return "\n".join(lines), space["f"]


def by_complex_step(f, x):
    """The gradient on NumPy's own arrays, to the last digits."""
    return np.array([f(x + 1e-30j * e).imag / 1e-30 for e in np.eye(len(x))])


INTERPRETERS = {
    "reverse": lambda f: ad.grad(f)(X),
    "forward": lambda f: ad.jacobian(f, mode="forward")(X),
    "recorded": lambda f: ad.grad(ad.record(f, X))(X),
    "numpy": lambda f: ad.compile(ad.grad(f), "numpy")(X),
    "batch": lambda f: ad.vmap(ad.grad(f))(np.stack([X, X]))[1],
    "sparse": lambda f: ad.sparse_jacobian(lambda x: f(x) * np.ones(1))(X).toarray()[0],
}


def known(text):
    """Whether a batch or a sparse sweep can run it: indices that depend on the sample cannot."""
    return " > " not in text


def refused(error, name, text):
    """Whether it is said that NumPy may have made a view, or a copy."""
    unsure = name == "batch" or "reshape(-1)" in text
    return unsure and "one is a view of the other" in str(error)


@pytest.mark.parametrize("seed", range(60))
def test_random_programs_that_write_into_their_arrays(seed):
    text, f = program(seed)
    wanted = by_complex_step(f, X)
    for name, run in INTERPRETERS.items():
        if name == "batch" and not known(text):
            continue
        try:
            found = run(f)
        except ad.Error as error:
            if not refused(error, name, text):
                raise
            continue
        np.testing.assert_allclose(found, wanted, rtol=1e-10, atol=1e-12, err_msg=name + text)


def test_second_derivatives():
    for seed in range(0, 60, 6):
        text, f = program(seed)
        if "reshape(-1)" in text:
            continue  # may be refused
        forward = ad.hessian(f, mode="forward-over-forward")(X)
        np.testing.assert_allclose(ad.hessian(f)(X), forward, rtol=1e-9, atol=1e-12)
        slopes = ad.jacobian(lambda x: ad.grad(f)(x) * 1.0)
        np.testing.assert_allclose(slopes(X), forward, rtol=1e-9, atol=1e-12)
        ad.check_grads(f, (X,))


def argument(x):
    x[0] = 1.0
    return x.sum()


def part_of_an_argument(x):
    x[1:] *= 2.0
    return x.sum()


def row_of_an_argument(x):
    first = x.reshape(2, 3)[0]
    first[1] = 0.0
    return x.sum()


@pytest.mark.parametrize("f", [argument, part_of_an_argument, row_of_an_argument])
def test_the_callers_array_is_refused_and_left_alone(f):
    before = X.copy()
    for run in (*INTERPRETERS.values(), lambda f: ad.trace(f, X)):
        with pytest.raises(TypeError, match="argument of the function"):
            run(f)
    np.testing.assert_array_equal(X, before)


def test_a_mask_that_is_calculated_is_a_choice_when_it_is_run_again():
    def f(x):
        a = x * x
        a[x > 1.0] = 0.0
        return a

    run = ad.compile(f)
    np.testing.assert_array_equal(run(X), np.where(X > 1.0, 0.0, X * X))
    np.testing.assert_array_equal(run(2.0 - X), np.where(2.0 - X > 1.0, 0.0, (2.0 - X) ** 2))
    assert ad.record(f, X).guards == []


def test_what_does_not_fit_is_named():
    with pytest.raises(ValueError, match=r"v has shape \(3,\), and the entries .* \(2,\)"):
        ad.grad(lambda x: write(x * 1.0, slice(2), x[:3]))(X)
    with pytest.raises(TypeError, match="x is real and v complex"):
        ad.grad(lambda x: write(x * 1.0, 0, x[0] * 1j))(X)
    with pytest.raises(IndexError, match="out of bounds"):
        ad.grad(lambda x: write(x * 1.0, 9, 0.0))(X)


def write(a, index, v):
    a[index] = v
    return a.sum()


def test_x_plus_equals_on_a_slice_assigns_once():
    def f(x):
        a = x * x
        a[1:] += x[:-1]
        return a

    names = [step.op.name for step in ad.record(f, X).steps if step.op is not None]
    assert names.count("assign") == 1
    assert REGISTRY["assign"].kind == "moves"


def test_operations_of_admodes_make_no_traced_arrays_of_their_own():
    """A function that is run with such buffers from the start called ad.array, whose np.array gave
    a traced value too."""

    def f(x, p):
        b = np.zeros(2)
        b[0] = x * p
        return b.sum() + ad.array([p, 1.0]).sum() * x

    for _ in range(2):
        assert ad.grad(f)(2.0, 3.0) == 7.0
        assert ad.hessian(lambda p: f(2.0, p))(3.0) == 0.0
