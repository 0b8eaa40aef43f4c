"""ad.checkpointed_loop: the derivatives of a for loop, the evaluations and memory of a schedule."""

import gc
import tracemalloc

import numpy as np
import pytest
from checkpointing_cases import LOOPS, MODES, SIZES, STATES, final, plain_loop, rotate

import admodes as ad
from admodes.checkpointing import checkpoint, checkpointed_loop, revolve
from admodes.core.record import record


@pytest.mark.parametrize(("n", "snapshots"), SIZES)
@pytest.mark.parametrize(("x", "w"), STATES.values(), ids=STATES)
def test_value_gradient_and_hessians_are_those_of_the_for_loop(x, w, n, snapshots):
    f, g = (final(loop, n=n, snapshots=snapshots) for loop in LOOPS)
    if np.shape(x) == (3,):
        x = np.broadcast_to(x, (2, 3)).copy()
    assert np.array_equal(f(x, w), g(x, w))
    for a, b in zip(*(ad.grad(h, (0, 1))(x, w) for h in (f, g)), strict=True):
        assert np.allclose(a, b, rtol=1e-12)
    for mode in MODES:
        a, b = (ad.hessian(h, argnums=(0, 1), mode=mode)(x, w) for h in (f, g))
        for row, other in zip(a, b, strict=True):
            for block, same in zip(row, other, strict=True):
                assert np.allclose(block, same, rtol=1e-9, atol=1e-11), mode


def test_third_derivatives_against_differences_in_all_nestings():
    ad.check_grads(final(checkpointed_loop, n=4), (0.3, 0.8), order=3)


@pytest.mark.parametrize(("n", "snapshots"), SIZES)
def test_a_gradient_evaluates_the_step_as_often_as_the_schedule_says(n, snapshots):
    calls = []

    def step(x, i, w):
        calls.append(i)
        return rotate(x, i, w)

    expected = revolve(n, snapshots)
    f = final(checkpointed_loop, step, n, snapshots)
    ad.grad(f)(0.3, 0.8)
    assert len(calls) == expected.evaluations
    assert len(calls) == expected.advances + n + 1
    calls.clear()
    _, pullback = ad.vjp(f, 0.3, 0.8)
    first = pullback(1.0)
    assert len(calls) == expected.evaluations
    assert pullback(1.0) == first
    assert len(calls) == expected.evaluations + expected.advances + n
    calls.clear()
    f(0.3, 0.8)
    ad.jvp(f, (0.3, 0.8), (1.0, 0.0))
    assert len(calls) == 2 * n
    calls.clear()
    ad.hvp(lambda x: f(x, 0.8), 0.3, 1.0)
    assert len(calls) == expected.evaluations


def test_states_of_many_parts_some_of_which_are_not_differentiated():
    def step(s, i, p):
        assert isinstance(s["k"], int)
        assert isinstance(s["t"], float)
        fresh = s["late"] + (ad.sum(s["x"]) if i == 2 else 0.0)
        dropped = s["x"] * 2.0 if i < 3 else np.ones(2)
        return {
            "x": (ad.sin(s["x"]) * p["w"] + fresh, s["y"][0] * p["b"]),
            "y": [ad.sum(s["x"]), dropped],
            "late": fresh,
            "t": s["t"] + 0.5,
            "k": s["k"] + 1,
            "order": s["order"][::-1],
            "name": s["name"],
        } | {"x": ad.sin(s["x"]) * p["w"] + fresh + s["y"][0] * p["b"] + s["y"][1]}

    def loss(loop):
        def f(x, w, b):
            start = {"x": x, "y": [1.0, np.zeros(2)], "late": 0.0, "t": 0.0, "k": 0}
            start |= {"order": np.arange(3), "name": "s"}
            end = loop(step, start, 7, {"w": w, "b": b}, snapshots=2)
            assert (end["k"], end["t"], end["name"]) == (7, 3.5, "s")
            assert np.array_equal(end["order"], [2, 1, 0])
            return ad.sum(end["x"] * end["y"][0]) * end["late"]

        return f

    args = np.array([0.1, 0.4]), 0.7, 0.3
    f, g = map(loss, LOOPS)
    for a, b in zip(*(ad.grad(h, (0, 1, 2))(*args) for h in (f, g)), strict=True):
        assert np.allclose(a, b, rtol=1e-12)
    for mode in MODES:
        a, b = (ad.hessian(lambda w, h=h: h(args[0], w, 0.3), mode=mode)(0.7) for h in (f, g))
        assert a == pytest.approx(b, rel=1e-10), mode


@pytest.mark.parametrize(("n", "snapshots"), SIZES)
def test_entries_per_step(n, snapshots):
    x, w = np.array([0.1, 0.4, 0.9]), 0.6
    us = np.sin(np.arange(3.0 * n)).reshape(n, 3)

    def loss(loop):
        def f(x, us, w):
            end = loop(
                lambda s, u, w: ad.sin(s * u) + u * w, x, n, w, per_step=us, snapshots=snapshots
            )
            return ad.sum(end * end)

        return f

    f, g = map(loss, LOOPS)
    for a, b in zip(*(ad.grad(h, (0, 1, 2))(x, us, w) for h in (f, g)), strict=True):
        assert np.allclose(a, b, rtol=1e-12)
    for mode in MODES:
        a, b = (ad.hvp(lambda u, h=h: h(x, u, w), us, us, mode=mode) for h in (f, g))
        assert np.allclose(a, b), mode
        a, b = (ad.hvp(lambda x, h=h: h(x, us, w), x, x, mode=mode) for h in (f, g))
        assert np.allclose(a, b), mode


def test_a_tree_of_entries_per_step():
    rates, kicks = np.linspace(0.1, 1.0, 5), np.arange(5)

    def f(rates):
        def step(s, now):
            assert isinstance(now["kick"], np.integer)
            return s * now["rate"] + int(now["kick"])

        return checkpointed_loop(step, 1.0, 5, per_step={"rate": rates, "kick": kicks})

    def plain(rates):
        s = 1.0
        for i in range(5):
            s = s * rates[i] + i
        return s

    assert np.allclose(ad.grad(f)(rates), ad.grad(plain)(rates), rtol=1e-14)


def test_what_the_step_closes_over_gets_its_derivatives():
    def loss(loop):
        def f(x, w):
            shift = ad.cos(w)
            return ad.sum(loop(lambda s, i: ad.sin(s * w) + shift * i + 2.0 * w, x, 7, snapshots=2))

        return f

    x, w = np.array([0.1, 0.5]), np.array([0.3, 0.8])
    f, g = map(loss, LOOPS)
    for a, b in zip(*(ad.grad(h, (0, 1))(x, w) for h in (f, g)), strict=True):
        assert np.allclose(a, b, rtol=1e-12)
    for mode in MODES:
        a, b = (ad.hessian(lambda w, h=h: h(x, w), mode=mode)(w) for h in (f, g))
        assert np.allclose(a, b), mode
    only = ad.grad(lambda w: checkpointed_loop(lambda s, i: s * 0.5 + w, 1.0, 4, snapshots=2))(0.3)
    assert only == 1.875


def test_loops_in_loops_and_in_checkpoints():
    def loss(loop, wrap):
        def inner(s, i, w):
            return loop(lambda s, k, w: ad.sin(s + w) + wrap(ad.exp)(-s), s, 3, w, snapshots=1)

        return lambda x, w: ad.sum(wrap(lambda x: loop(inner, x, 4, w, snapshots=2))(x))

    x, w = np.array([0.1, 0.5]), 0.4
    f, g = loss(plain_loop, lambda h: h), loss(checkpointed_loop, checkpoint)
    for a, b in zip(*(ad.grad(h, (0, 1))(x, w) for h in (f, g)), strict=True):
        assert np.allclose(a, b, rtol=1e-12)
    for mode in MODES:
        a, b = (ad.hessian(lambda w, h=h: h(x, w), mode=mode)(w) for h in (f, g))
        assert np.allclose(a, b), mode


def test_under_vmap_many_directions_and_derivatives_in_the_step():
    xs, w = np.linspace(0.1, 1.2, 12).reshape(4, 3), np.array([0.5, 1.0, 1.5])
    f, g = map(final, LOOPS)
    a, b = (ad.vmap(ad.grad(h, 1), (0, None))(xs, w) for h in (f, g))
    assert np.allclose(a, b)
    a, b = (ad.grad(lambda w, h=h: ad.sum(ad.vmap(h, (0, None))(xs, w)))(w) for h in (f, g))
    assert np.allclose(a, b)
    for mode in ("forward", "reverse"):
        a, b = (
            ad.jacobian(lambda w, loop=loop: loop(rotate, xs[0], 5, w), mode=mode)(w)
            for loop in LOOPS
        )
        assert np.allclose(a, b)

    def flow(s, i, w):
        return s - 0.1 * ad.grad(lambda s: ad.sum(ad.sin(s * w) * s))(s)

    f, g = (final(loop, flow) for loop in LOOPS)
    a, b = (ad.hessian(lambda w, h=h: h(xs[0], w))(w) for h in (f, g))
    assert np.allclose(a, b)
    a, b = (ad.hessian(lambda w, h=h: h(xs[0], w), mode="reverse-over-reverse")(w) for h in (f, g))
    assert np.allclose(a, b)


@pytest.mark.parametrize("kind", [np.float32, np.complex128])
def test_dtypes_stay(kind):
    x = np.array([0.5, 1.5], kind) * (1 + 0.5j if kind is np.complex128 else 1)
    w = np.array([0.7, 0.3], np.float32 if kind is np.float32 else np.float64)

    def loss(loop):
        return lambda x, w: ad.sum(np.real(loop(lambda s, i, w: np.sin(s * w), x, 4, w)))

    for a, b in zip(*(ad.grad(loss(loop), (0, 1))(x, w) for loop in LOOPS), strict=True):
        assert a.dtype == b.dtype
        assert np.allclose(a, b)


def test_states_may_change_their_shape_and_in_place():
    def grow(s, i, w):
        s *= w
        return np.concatenate([s, s[:1] + i])

    x, w = np.array([0.5, 1.5]), 0.9
    start = x.copy()
    f, g = (final(loop, grow) for loop in LOOPS)
    for a, b in zip(*(ad.grad(h, (0, 1))(x, w) for h in (f, g)), strict=True):
        assert np.allclose(a, b, rtol=1e-12)
    g(x, w)
    assert np.array_equal(x, start)


def test_kinks_and_infinite_partials():
    def step(s, i, w):
        return ad.sqrt(s) * w

    for args in ((0.0, 0.0), (0.0, 1.0), (4.0, 0.0)):
        f, g = (final(loop, step, 3) for loop in LOOPS)
        assert np.array_equal(ad.grad(f, (0, 1))(*args), ad.grad(g, (0, 1))(*args), equal_nan=True)


def test_the_recorded_list_of_a_gradient_has_the_recomputation():
    def f(x):
        return checkpointed_loop(lambda s, i: ad.sin(s), x, 6, snapshots=2)

    steps = record(ad.grad(f), 0.5).steps
    sines = sum(step.op is not None and step.op.name == "sin" for step in steps)
    assert sines == revolve(6, 2).evaluations


def test_numbers_of_numpy():
    assert checkpointed_loop(lambda s, i: s + i, 0, np.int64(4), snapshots=np.int8(2)) == 6
    assert checkpointed_loop(lambda s, i: s + i, 0, np.int64(4)) == 6


def test_no_steps_give_the_state():
    x = np.array([1.0, 2.0])
    f = final(checkpointed_loop, n=0)
    assert np.array_equal(ad.grad(f)(x, 0.5), np.ones(2))
    assert ad.grad(f, 1)(x, 0.5) == 0.0


def test_arrays_that_the_caller_changes_afterwards():
    data, kicks = np.array([0.5, 2.0]), np.linspace(0.0, 1.0, 12).reshape(6, 2)

    def f(x):
        return checkpointed_loop(
            lambda s, u, d: ad.sin(s) * d + u, x, 6, data, per_step=kicks, snapshots=2
        )

    x = np.array([0.1, 0.2])
    expected = ad.jacobian(f, mode="forward")(x)
    out, pullback = ad.vjp(f, x)
    data[:], kicks[:], out[:] = 100.0, 100.0, 100.0
    for _ in range(2):
        assert np.allclose(pullback(np.eye(2), batched=True)[0], expected)


def test_a_step_that_changes_a_plain_parameter_is_an_error():
    def step(s, i, d):
        d[0] += 1.0
        return s * d

    with pytest.raises(ValueError, match="read-only"):
        ad.grad(lambda x: ad.sum(checkpointed_loop(step, x, 3, np.ones(2))))(np.ones(2))


def peak(loop, x, n, snapshots, deep, derivative=ad.grad):
    """Bytes at the most of a derivative, in states."""

    def step(s, i):
        for _ in range(deep):
            s = ad.sin(s)
        return s

    def f(x):
        return ad.sum(loop(step, x, n, snapshots=snapshots))

    derivative(f)(x[:3])
    gc.collect()
    tracemalloc.start()
    try:
        derivative(f)(x)
        return tracemalloc.get_traced_memory()[1] / x.nbytes
    finally:
        tracemalloc.stop()


def test_memory_is_that_of_the_snapshots_and_of_one_step():
    x = np.linspace(0.1, 1.0, 20_000)
    base = peak(checkpointed_loop, x, 40, 3, 1)
    assert peak(checkpointed_loop, x, 80, 3, 1) == pytest.approx(base, abs=0.5)
    assert peak(checkpointed_loop, x, 40, 13, 1) - base == pytest.approx(10, abs=0.5)
    assert peak(checkpointed_loop, x, 40, 3, 11) - base == pytest.approx(10, abs=2.5)
    assert base < 3 + 8
    assert peak(plain_loop, x, 40, None, 1) > 40


@pytest.mark.parametrize("mode", MODES[:2])
def test_memory_of_second_derivatives(mode):
    def hvp(f):
        return lambda x: ad.hvp(f, x, x, mode=mode)

    x = np.linspace(0.1, 1.0, 20_000)
    base = peak(checkpointed_loop, x, 20, 3, 1, hvp)
    assert peak(checkpointed_loop, x, 40, 3, 1, hvp) == pytest.approx(base, abs=0.5)
    assert peak(plain_loop, x, 40, None, 1, hvp) > 4 * base


def test_large_arrays_whose_tape_is_dropped_as_the_sweep_goes():
    x = np.linspace(0.1, 1.0, 2**18)
    f, g = (final(loop, n=3) for loop in LOOPS)
    a, b = (ad.grad(lambda x, h=h: h(ad.sin(x) * 2.0, 0.7) + ad.sum(x * x))(x) for h in (f, g))
    assert np.allclose(a, b, rtol=1e-13)


def test_random_numbers_in_the_step_are_an_error():
    rng = np.random.default_rng(0)
    f = final(checkpointed_loop, lambda s, i, w: s * w * rng.normal(size=4))
    with pytest.raises(ValueError, match="gave other values"):
        ad.grad(f)(np.ones(4), 1.0)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"step": lambda s, i: (s, s)}, ValueError, r"checkpointed_loop.*result is tuple"),
        ({"step": 1.0}, TypeError, "function"),
        ({"n": -1}, ValueError, "n=-1"),
        ({"n": 2.0}, TypeError, "n=2.0"),
        ({"n": ad.Variable(2.0)}, TypeError, "range"),
        ({"snapshots": 0}, ValueError, "at least one"),
        ({"per_step": np.ones(4)}, ValueError, r"shape \(4,\) for n=3"),
        ({"per_step": [1.0]}, ValueError, r"shape \(\) for n=3"),
    ],
)
def test_bad_arguments_are_named(arguments, error, words):
    given = {"step": lambda s, i: s, "state": 1.0, "n": 3} | arguments
    with pytest.raises(error, match=words):
        checkpointed_loop(**given)
