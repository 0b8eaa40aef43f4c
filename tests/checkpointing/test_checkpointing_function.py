"""ad.checkpoint: values and derivatives of the function itself, with less memory."""

import gc
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from checkpointing_cases import MODES

import admodes as ad
from admodes.checkpointing import checkpoint
from admodes.core.record import record

POINTS = {
    "number": 0.7,
    "vector": np.array([0.3, 1.2, -0.8]),
    "matrix": np.linspace(-1.0, 1.0, 12).reshape(3, 4),
    "one": np.array([[0.4]]),
    "empty": np.zeros((0, 3)),
}


def wave(x):
    return ad.sin(x) ** 2 * x


def parts(x, y):
    return {"a": x * y, "b": (ad.exp(x) - y, x)}


def total(f):
    return lambda *args: ad.sum(f(*args))


@pytest.mark.parametrize("x", POINTS.values(), ids=POINTS)
def test_value_gradient_and_hessians_are_those_of_the_function(x):
    f, g = total(wave), total(checkpoint(wave))
    assert np.array_equal(f(x), g(x))
    assert np.array_equal(ad.grad(f)(x), ad.grad(g)(x))
    for mode in MODES:
        assert np.allclose(ad.hessian(f, mode=mode)(x), ad.hessian(g, mode=mode)(x)), mode
    assert np.allclose(ad.jacobian(wave)(x), ad.jacobian(checkpoint(wave), mode="reverse")(x))


@pytest.mark.parametrize("x", [0.7, np.array([0.3, 1.2])], ids=["number", "vector"])
def test_third_derivatives_against_differences_in_all_nestings(x):
    ad.check_grads(total(checkpoint(wave)), (x,), order=3)


def test_pytrees_keywords_and_what_is_no_number_go_through():
    def f(x, y, *, scale, how):
        out = parts(x["u"] * scale, y[0])
        return {**out, "how": how, "k": 3, "t": True, "none": None}

    def loss(g):
        def inner(x, y, s):
            out = g({"u": x}, [y], scale=s, how="fast")
            assert (out["how"], out["k"], out["t"], out["none"]) == ("fast", 3, True, None)
            return ad.sum(out["a"] * out["b"][0]) + ad.sum(out["b"][1])

        return inner

    args = np.array([[0.2], [0.4]]), np.array([1.0, 2.0, 3.0]), 1.5
    plain, ours = (ad.grad(loss(g), (0, 1, 2))(*args) for g in (f, checkpoint(f)))
    for a, b in zip(plain, ours, strict=True):
        assert np.allclose(a, b, rtol=1e-14)


@pytest.mark.parametrize("w", [0.6, np.array([0.5, 2.0, 1.0])], ids=["number", "vector"])
def test_what_the_function_closes_over_gets_its_derivatives(w):
    def loss(wrap):
        def inner(x, w):
            double = w * 2

            def f(x):
                return ad.sin(x * w) + double * w + (w + 1.0) * 3.0

            return ad.sum(wrap(f)(x * w))

        return inner

    x = np.array([0.1, 0.2, 0.3])
    f, g = loss(lambda h: h), loss(checkpoint)
    for a, b in zip(ad.grad(f, (0, 1))(x, w), ad.grad(g, (0, 1))(x, w), strict=True):
        assert np.allclose(a, b, rtol=1e-14)
    for mode in MODES:
        a, b = (ad.hessian(lambda w, h=h: h(x, w), mode=mode)(w) for h in (f, g))
        assert np.allclose(a, b), mode
    ad.check_grads(g, (x, w), order=2)


def test_methods_and_their_attributes():
    class Layer:
        def __init__(self, w):
            self.w = w

        @checkpoint
        def __call__(self, x):
            return ad.tanh(x * self.w)

    assert Layer.__call__.__name__ == "__call__"
    slope = ad.grad(lambda w: Layer(w)(0.5) * 2.0)(0.3)
    assert slope == pytest.approx(2 * 0.5 * (1 - np.tanh(0.15) ** 2), rel=1e-14)


def test_what_is_no_function_is_named():
    with pytest.raises(TypeError, match=r"got 3\.0"):
        checkpoint(3.0)


def test_a_function_of_its_closure_alone():
    def loss(w):
        return checkpoint(lambda: ad.sin(w) * w)() + checkpoint(lambda: w)()

    assert ad.grad(loss)(0.5) == pytest.approx(np.sin(0.5) + 0.5 * np.cos(0.5) + 1, rel=1e-15)


def test_values_of_different_derivatives_meet_in_one_function():
    def outer(wrap):
        def f(a):
            def inner(b):
                return wrap(lambda x: ad.sin(x * a) * b)(b * 2.0)

            return ad.grad(inner)(a * 0.5) + ad.jvp(inner, (a,), (1.0,))[1]

        return f

    f, g = outer(lambda h: h), outer(checkpoint)
    for derivative in (ad.grad, lambda h: ad.grad(ad.grad(h)), ad.jacobian):
        assert derivative(g)(0.8) == pytest.approx(derivative(f)(0.8), rel=1e-13)
    assert ad.jvp(g, (0.8,), (1.0,))[1] == pytest.approx(ad.grad(f)(0.8), rel=1e-13)


def test_derivatives_inside_the_function():
    def f(x, w):
        return ad.grad(lambda y: ad.sum(ad.sin(y) * y * w))(x) * x

    x, w = np.array([0.3, 0.9]), np.array([1.0, 2.0])
    a, b = (ad.grad(total(h), (0, 1))(x, w) for h in (f, checkpoint(f)))
    assert np.allclose(a, b)
    closed = [
        ad.hessian(lambda w, h=h: ad.sum(h(lambda x: f(x, w))(x) ** 2))(w)
        for h in (lambda h: h, checkpoint)
    ]
    assert np.allclose(*closed)


def test_checkpoints_in_checkpoints():
    def nested(x, w):
        inner = checkpoint(lambda y: ad.sin(y * w) * y)
        return checkpoint(lambda y: inner(inner(y) * w) + w)(x)

    def plain(x, w):
        def inner(y):
            return ad.sin(y * w) * y

        return inner(inner(x) * w) + w

    x, w = np.array([0.4, 1.1]), np.array([0.7, 0.2])
    for a, b in zip(*(ad.grad(total(h), (0, 1))(x, w) for h in (plain, nested)), strict=True):
        assert np.allclose(a, b)
    for mode in MODES:
        a, b = (ad.hessian(lambda w, h=h: ad.sum(h(x, w)), mode=mode)(w) for h in (plain, nested))
        assert np.allclose(a, b), mode


def test_under_vmap_and_many_directions_at_once():
    xs, w = np.linspace(0.1, 1.2, 12).reshape(4, 3), np.array([0.5, 1.0, 2.0])

    def loss(wrap):
        return lambda x, w: ad.sum(wrap(lambda x: ad.sin(x * w) * x)(x))

    f, g = loss(lambda h: h), loss(checkpoint)
    a, b = (ad.vmap(ad.grad(h, 1), (0, None))(xs, w) for h in (f, g))
    assert np.allclose(a, b)
    a, b = (ad.grad(lambda w, h=h: ad.sum(ad.vmap(h, (0, None))(xs, w)))(w) for h in (f, g))
    assert np.allclose(a, b)
    ours = ad.vjp(checkpoint(lambda x: wave(x) * w), xs[0])[1](np.eye(3), batched=True)[0]
    assert np.allclose(ours, ad.jacobian(lambda x: wave(x) * w)(xs[0]))
    ours = ad.jvp(checkpoint(wave), (xs[0],), (np.eye(3),), batched=True)[1]
    assert np.allclose(ours, ad.jacobian(wave)(xs[0]))


def test_a_pullback_serves_many_times_and_is_differentiable():
    x = np.array([0.3, 0.8])
    _, pullback = ad.vjp(checkpoint(wave), x)
    slope = np.sin(2 * x) * x + np.sin(x) ** 2
    for w in (np.ones(2), np.array([2.0, -1.0])):
        assert np.allclose(pullback(w)[0], w * slope)
    jacobian = ad.jacobian(lambda w: pullback(w)[0], mode="reverse")(np.ones(2))
    assert np.allclose(jacobian, np.diag(slope))


@pytest.mark.parametrize("kind", [np.float32, np.complex128])
def test_dtypes_stay(kind):
    x = np.array([0.5, 1.5], kind) * (1 + 0.5j if kind is np.complex128 else 1)
    w = np.array([2.0, 3.0], np.float32 if kind is np.float32 else np.float64)

    def loss(wrap):
        return lambda x, w: ad.sum(np.real(wrap(lambda x: ad.exp(x) * x * w)(x)))

    plain, ours = (ad.grad(loss(h), (0, 1))(x, w) for h in (lambda h: h, checkpoint))
    for a, b in zip(plain, ours, strict=True):
        assert a.dtype == b.dtype
        assert np.allclose(a, b)


def test_domain_errors_are_values_and_kinks_stay():
    def f(x, y):
        return x * ad.sqrt(y) + 1 / (x - 1)

    assert ad.grad(f, (0, 1))(1.0, 0.0) == ad.grad(checkpoint(f), (0, 1))(1.0, 0.0)
    assert ad.grad(lambda x, y: checkpoint(lambda x, y: x * ad.sqrt(y))(x, y), 1)(0.0, 0.0) == 0.0


def test_the_recorded_list_of_a_gradient_has_the_recomputation():
    def names(f):
        return [step.op.name for step in record(ad.grad(f), 0.5).steps if step.op is not None]

    def f(x):
        return ad.sin(x) * 2.0

    assert names(f).count("sin") == 1
    assert names(checkpoint(f)).count("sin") == 2
    program = record(ad.grad(checkpoint(f)), 0.5)
    assert program.steps[program.outputs[0].row].value == 2 * np.cos(0.5)


def test_values_recorded_inside_a_derivative_keep_theirs():
    def f(x):
        program = record(checkpoint(lambda y: ad.sin(y) * y), x)
        return sum(step.value for step in program.steps)

    assert ad.grad(f)(0.5) == pytest.approx(1 + np.cos(0.5) + np.sin(0.5) + 0.5 * np.cos(0.5))


def test_variables_pass_through():
    x = ad.Variable(0.5)
    y = checkpoint(wave)(x) * 3.0
    y.backward()
    assert x.grad == pytest.approx(ad.grad(lambda x: 3 * wave(x))(0.5), rel=1e-15)


def test_the_function_runs_once_forward_and_once_per_sweep():
    calls = []

    def f(x):
        calls.append(1)
        return ad.sin(x)

    g = checkpoint(f)
    g(0.5)
    assert len(calls) == 1
    ad.jvp(g, (0.5,), (1.0,))
    assert len(calls) == 2
    _, pullback = ad.vjp(g, 0.5)
    assert len(calls) == 3
    pullback(1.0), pullback(2.0)
    assert len(calls) == 5


def test_random_numbers_in_the_function_are_an_error():
    rng = np.random.default_rng(0)
    f = checkpoint(lambda x: x * rng.integers(0, 2, 50))
    with pytest.raises(ValueError, match="gave other values"):
        ad.grad(total(f))(np.ones(50))


def test_a_variable_of_the_closure_that_was_rebound_is_an_error():
    def loss(x, scale):
        for _ in range(2):
            x = checkpoint(lambda x: x * scale)(x)
            scale = scale + 0.0
        return x

    with pytest.raises(ValueError, match="another traced value"):
        ad.grad(loss, 1)(2.0, 3.0)


def test_changing_a_traced_argument_in_place_is_an_error():
    def f(x):
        x += 1.0
        return x * x

    with pytest.raises(TypeError, match="in place"):
        ad.grad(total(checkpoint(f)))(np.ones(3))


@pytest.mark.parametrize("f", [lambda x: x[1:], lambda x: x, lambda x: x.reshape(3, 1)])
def test_a_result_that_is_a_view_of_the_argument_is_known_as_one(f):
    def changed(x):
        x = x * 1.0
        y = checkpoint(f)(x)
        x += 1.0
        return ad.sum(y)

    with pytest.raises(TypeError, match="shares"):
        ad.grad(changed)(np.ones(3))


def test_an_array_that_the_caller_changes_afterwards():
    data = np.array([1.0, 2.0])
    _, pullback = ad.vjp(lambda x: checkpoint(lambda x, d: ad.sin(x) * d)(x, data), np.zeros(2))
    data[:] = 100.0
    assert np.array_equal(pullback(np.ones(2))[0], [1.0, 2.0])


def test_an_exception_leaves_nothing_behind():
    broken = []

    def f(x):
        if broken:
            raise RuntimeError("second time")
        return ad.grad(lambda y: ad.sin(y) * y)(x)

    _, pullback = ad.vjp(checkpoint(f), 0.5)
    broken.append(1)
    with pytest.raises(RuntimeError, match="second time"):
        pullback(1.0)
    broken.clear()
    assert pullback(1.0)[0] == pytest.approx(2 * np.cos(0.5) - 0.5 * np.sin(0.5))


def test_threads_may_share_a_pullback():
    def f(x):
        return ad.grad(lambda y: ad.sum(ad.sin(y) * y))(x) * x

    x = np.linspace(0.0, 1.0, 5)
    _, pullback = ad.vjp(checkpoint(f), x)
    expected = ad.vjp(f, x)[1](np.ones(5))[0]
    with ThreadPoolExecutor(8) as pool:
        for found in pool.map(lambda _: pullback(np.ones(5))[0], range(100)):
            assert np.allclose(found, expected)
    leaked = []
    ad.grad(lambda x: leaked.append(x) or checkpoint(ad.sin)(x))(0.5)
    with pytest.raises(ValueError, match="outlived"):
        ad.grad(lambda x: x * leaked[0])(1.0)


def peak(f, x):
    """Bytes at the most, in arrays of the size of x."""
    ad.grad(f)(x[:3])
    gc.collect()
    tracemalloc.start()
    try:
        ad.grad(f)(x)
        return tracemalloc.get_traced_memory()[1] / x.nbytes
    finally:
        tracemalloc.stop()


def test_a_chain_of_checkpoints_keeps_an_array_each():
    def block(x):
        for _ in range(10):
            x = ad.sin(x)
        return x

    def chain(wrap, blocks):
        def f(x):
            for _ in range(blocks):
                x = wrap(block)(x)
            return ad.sum(x)

        return f

    x = np.linspace(0.0, 1.0, 20_000)
    plain = [peak(chain(lambda h: h, k), x) for k in (5, 10)]
    ours = [peak(chain(checkpoint, k), x) for k in (5, 10)]
    assert plain[1] - plain[0] == pytest.approx(50, abs=2)
    assert ours[1] - ours[0] == pytest.approx(5, abs=1)
    assert ours[1] < 10 + 10 + 8
