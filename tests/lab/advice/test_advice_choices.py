"""Which routes are chosen: where it is plain which one it has to be, and where memory decides."""

import numpy as np
import pytest

import admodes as ad
from admodes.core import record as recording
from admodes.derivatives import jacobians
from admodes.derivatives.choosing import Candidate, chosen
from admodes.derivatives.jacobians import unit_blocks
from admodes.lab.advice import routes
from admodes.lab.advice.routes import DIFFERENCES


def dense(m, n):
    a = np.random.default_rng(m + n).normal(size=(m, n)) / np.sqrt(n)
    return lambda x: np.tanh(a @ x)


def deep(n):
    a = np.random.default_rng(n).normal(size=(n, n)) / np.sqrt(n)

    def f(x):
        for _ in range(4):
            x = np.sin(a @ x)
        return x

    return f


def heat(u):
    for _ in range(3):
        u = u + 0.1 * (np.roll(u, 1) - 2 * u + np.roll(u, -1)) * u
    return u


def swing(x):
    for _ in range(300):
        x = x + 0.01 * np.sin(x)
    return np.sum(x)


@pytest.mark.parametrize(
    ("f", "n", "of", "route"),
    [
        (lambda x: np.sum(deep(200)(x)), 200, "jacobian", "reverse"),
        (lambda x: np.sum(deep(200)(x)), 200, "gradient", "reverse"),
        (lambda t: deep(200)(t[0] * np.ones(200)), 1, "jacobian", "forward"),
        (heat, 2000, "jacobian", "bands"),
        (lambda x: np.sum(np.sin(x[1:] - x[:-1]) ** 2), 2000, "hessian", "bands"),
    ],
)
def test_plain_cases(f, n, of, route):
    assert ad.advise(f, np.linspace(0.1, 1.0, n), of=of).choice.route == route


def test_bands_give_way_to_sweeps_where_there_are_none():
    def f(x):
        return np.concatenate([np.sum(x * x, keepdims=True), np.exp(x[1:]) * x[0]])

    found = ad.advise(f, np.linspace(0.1, 1.0, 2000))
    assert found.choice.route == "sparse compressed, both"


def test_a_dense_matrix_has_no_sparse_route():
    found = ad.advise(dense(30, 20), np.ones(20))
    assert not any(o.route.startswith(("sparse", "bands")) for o in found.options)
    assert any("100% of the entries are non-zero" in note for note in found.notes)
    assert {"sparse compressed"} <= {tip["then"] for tip in found.tips}


def test_memory_asks_for_blocks():
    f, x = dense(400, 300), np.ones(300)
    found = ad.advise(f, x, memory="1500K")
    assert found.choice.route.startswith("blocks of ")
    block = int(found.choice.route.split()[2])
    mode = found.choice.route.split(", ")[1]
    option = next(o for o in found.options if o.route == found.choice.route)
    assert option.bytes <= 1500 * 1024
    assert "of 1.46 MiB" in found.choice.reason
    by_blocks = ad.jacobian(f, mode=mode, block=block)(x)
    np.testing.assert_allclose(by_blocks, ad.jacobian(f)(x), rtol=1e-13, atol=1e-15)


def test_memory_asks_for_checkpoints():
    x = np.linspace(0.1, 1.0, 200)
    plain = ad.advise(swing, x, of="gradient")
    assert plain.choice.route == "reverse"
    assert any(tip["then"] == "checkpointed" for tip in plain.tips)
    tight = ad.advise(swing, x, of="gradient", memory=100_000)
    assert tight.choice.route == "checkpointed"
    assert "reverse would take" in tight.choice.reason
    option = next(o for o in tight.options if o.route == "checkpointed")
    assert option.bytes < 100_000


def test_no_route_fits():
    found = ad.advise(dense(40, 30), np.ones(30), memory=10)
    assert "no route fits into 10 B" in found.choice.reason


@pytest.mark.parametrize("of", ["hessian", "hvp"])
def test_no_second_derivative_fits(of):
    found = ad.advise(lambda x: np.sum(np.sin(x)) ** 2, np.ones(30), of=of, memory=100)
    assert found.choice.route == DIFFERENCES
    assert "no exact route could be taken: forward-over-reverse takes" in found.choice.reason
    assert found.tips == []


@pytest.mark.parametrize("of", ["jacobian", "hessian"])
def test_where_all_modes_raise_differences_are_left(monkeypatch, of):
    def record(f, *args):
        raise ArithmeticError("no rule for this mode")

    monkeypatch.setattr(routes, "record", record)
    found = ad.advise(lambda x: np.sum(np.sin(x) ** 2), np.ones(3), of=of, memory="1G")
    assert found.choice.route == DIFFERENCES
    assert "could be taken: forward" in found.choice.reason
    assert "raised ArithmeticError: no rule" in found.choice.reason
    assert all(o.estimate_s is None for o in found.options if o.route != DIFFERENCES)


def test_where_all_dense_modes_raise_a_sparse_route_is_taken(monkeypatch):
    def record(f, *args):
        raise ArithmeticError("no rule for this mode")

    monkeypatch.setattr(routes, "record", record)
    x = np.linspace(0.1, 1.0, 100)
    found = ad.advise(heat, x)
    assert found.choice.route.startswith(("bands", "sparse"))
    tight = ad.advise(heat, x, memory=50)
    assert "no route fits into 50 B" in tight.choice.reason
    assert tight.choice.route.startswith(("bands", "sparse"))


def test_a_large_stencil_needs_no_dense_matrix():
    found = ad.advise(heat, np.linspace(0.1, 1.0, 20_000), memory="1G")
    assert found.choice.route == "bands"
    dense_routes = [o for o in found.options if o.route in ("forward", "reverse")]
    assert all(o.bytes > 2**30 and o.estimate_s is None for o in dense_routes)


def test_alike_costs_are_decided_by_operations():
    one, two = Candidate("one", 10.0, 7.0), Candidate("two", 11.0, 3.0)
    assert chosen([one, two]).route == "one"
    assert chosen([one, two], alike=1.05).route == "one"
    assert chosen([one, two], alike=1.2).route == "two"
    assert chosen([one, Candidate("three", 10.0, 7.0)]).route == "one"


@pytest.mark.parametrize("mode", ["forward", "reverse"])
@pytest.mark.parametrize("block", [1, 3, 7, 100])
def test_blocks_of_directions_give_the_same_jacobian(mode, block):
    def f(x, y):
        return np.outer(x, y), np.sin(x) * y[0]

    point = np.linspace(0.1, 1.0, 4), np.linspace(2.0, 3.0, 3)
    whole = ad.jacobian(f, argnums=(0, 1), mode=mode)(*point)
    parts = ad.jacobian(f, argnums=(0, 1), mode=mode, block=block)(*point)
    for a, b in zip(whole, parts, strict=True):
        for p, q in zip(a, b, strict=True):
            np.testing.assert_allclose(p, q, rtol=1e-14)


@pytest.mark.parametrize("block", [1, 3, 7, 100])
def test_blocks_have_as_many_directions_as_are_asked_for(monkeypatch, block):
    pushed, jvp = [], jacobians.jvp

    def watched(f, primals, tangents, **options):
        pushed.append(len(tangents[0]))
        return jvp(f, primals, tangents, **options)

    monkeypatch.setattr(jacobians, "jvp", watched)
    ad.jacobian(np.sin, mode="forward", block=block)(np.ones(7))
    assert pushed == {1: [1] * 7, 3: [3, 3, 1]}.get(block, [7])
    assert [len(s) for (s,) in unit_blocks([np.ones(7)], 7, most=block)] == pushed


def test_few_single_numbers_take_reverse_mode_uncounted(monkeypatch):
    def f(x, y, z):
        return x * y, ad.sin(y) * z, x / z

    counted, record = [], recording.record

    def watched(*args):
        counted.append(args)
        return record(*args)

    monkeypatch.setattr(recording, "record", watched)
    few = ad.jacobian(f, argnums=(0, 1, 2))
    expected = ad.jacobian(f, argnums=(0, 1, 2), mode="forward")(2.0, 3.0, 5.0)
    np.testing.assert_allclose(few(2.0, 3.0, 5.0), expected, rtol=1e-14)
    assert not counted
    ad.jacobian(np.sin)(np.ones(3))
    assert len(counted) == 2
    explained = few.explain(2.0, 3.0, 5.0)
    assert "few single numbers" in explained
    assert "forward 3 directions" in explained
    assert len(counted) == 4


@pytest.mark.parametrize("of", ["jacobian", "hessian"])
def test_a_route_that_raises_leaves_the_others(monkeypatch, of):
    plain, calls = routes.record, []

    def record(f, *args):
        calls.append(f)
        if len(calls) == 1:
            raise ArithmeticError("no rule for this mode")
        return plain(f, *args)

    monkeypatch.setattr(routes, "record", record)
    found = ad.advise(lambda x: np.sum(np.sin(x) ** 2), np.ones(3), of=of)
    first = "forward" if of == "jacobian" else "forward-over-reverse"
    assert found.choice.route != first
    assert any(f"{first} raised ArithmeticError: no rule" in note for note in found.notes)
