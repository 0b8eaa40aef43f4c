"""The operation `loop` against the same loop in plain Python: values, derivatives in both modes and
to second order, batches, counts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from loop_bodies import Turns, points, random_turns, vector
from seeds import generator, share

import admodes as ad
from admodes.core.costs import total, without_moves
from admodes.core.record import record
from admodes.loops import derived, extracting, operations
from admodes.loops.operations import loop, looped
from admodes.loops.region import OtherBranch, size
from admodes.programs.costs import cost

N = 4


def pendulum(q, p, h):
    p = p - h * np.sin(q)
    return q + h * p, p


def filtered(x, c, u, A, w):
    x = np.tanh(A @ x + w * u)
    return x, c + x.sum(), c * x


def newton(x, a):
    return (x - (x * x - a) / (2.0 * x),)


def branching(x, u, a):
    x = x * u if x.sum() > 0.0 else x
    return x * a, x


def solving(X, b, A):
    return np.linalg.solve(A + X @ X.T, X), X @ b


def counting(k, s, x):
    return k + 1.0, s + k * x


def overwritten(a, b, u):
    return np.sin(b) * u, u * u, a


def choosing(x, u):
    return np.where(x > u, x * u, np.exp(-x)), np.maximum(x, u).sum()


INNER = Turns(lambda s, a: (s + a * np.sin(s), s.sum()), 3, 1, 0, points((2,), ())).region


def nested(x, u, a):
    x, sums = looped(INNER, (x * u, a))
    return x, sums.sum()


TURNS = {
    "numbers": Turns(pendulum, N, 2, 0, points((), (), ())),
    "arrays": Turns(filtered, N, 2, 1, points((3,), (), (N,), (3, 3), (3,))),
    "one number": Turns(newton, N, 1, 0, points((), ())),
    "branches": Turns(branching, N, 1, 1, points((2,), (N, 2), ())),
    "matrices": Turns(solving, N, 1, 1, points((2, 2), (N, 2), (2, 2))),
    "a counter": Turns(counting, N, 2, 0, points((), (3,), (3,))),
    "state that is not read": Turns(overwritten, N, 2, 1, points((), (), (N,))),
    "choices": Turns(choosing, N, 1, 1, points((3,), (N, 3))),
    "backwards": Turns(filtered, N, 2, 1, points((3,), (), (N,), (3, 3), (3,)), backwards=True),
    "a loop in a loop": Turns(nested, N, 1, 1, points((2,), (N,), ())),
    "no state": Turns(lambda u, a: (np.sin(u) * a,), N, 0, 1, points((N, 2), (2,))),
}


def close(found, expected):
    for x, y in zip(found, expected, strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-11, atol=1e-12)


def both(turns):
    return turns.rolled(), turns.plain


def longer(turns, n):
    """The same with n turns."""
    first, last = turns.carried, turns.carried + turns.per_turn
    args = [np.resize(x, (n, *x.shape[1:])) for x in turns.args[first:last]]
    return replace(turns, n=n, args=(*turns.args[:first], *args, *turns.args[last:]))


def every(turns):
    return tuple(range(len(turns.args)))


@pytest.mark.parametrize("turns", TURNS.values(), ids=TURNS)
def test_values_are_those_of_the_loop(turns):
    rolled, plain = (f(*turns.args) for f in both(turns))
    for x, y in zip(rolled, plain, strict=True):
        assert np.shape(x) == np.shape(y)
        assert np.array_equal(x, y)


@pytest.mark.parametrize("turns", TURNS.values(), ids=TURNS)
def test_derivatives_are_those_of_the_loop_to_second_order(turns):
    along = tuple(np.sin(np.arange(3.0, 3 + np.size(x))).reshape(np.shape(x)) for x in turns.args)
    along = tuple(v if np.ndim(v) else float(v) for v in along)
    found = []
    for f in both(turns):
        total = vector(f, weights=True)
        grad = ad.grad(total, argnums=every(turns))
        first = ad.jvp(total, turns.args, along)[1]
        found.append([first, *grad(*turns.args), *ad.jvp(grad, turns.args, along)[1]])
        back = ad.vjp(grad, *turns.args)[1]
        found[-1] += back(along)
    close(*found)


@pytest.mark.parametrize("turns", TURNS.values(), ids=TURNS)
@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_jacobians_push_and_pull_all_directions_at_once(turns, mode):
    for k in every(turns):
        found = [ad.jacobian(vector(f), argnums=k, mode=mode)(*turns.args) for f in both(turns)]
        close(*[[x] for x in found])


@pytest.mark.parametrize("name", [name for name in TURNS if name != "branches"])
def test_batches_are_the_samples_one_by_one(name):
    turns = TURNS[name]
    for k in every(turns):
        axes = tuple(0 if i == k else None for i in every(turns))
        many = tuple(
            np.stack([x, 1.5 * np.asarray(x)]) if i == k else x for i, x in enumerate(turns.args)
        )
        grad = ad.grad(vector(turns.rolled(), weights=True), argnums=every(turns))
        found = ad.vmap(grad, axes)(*many)
        for j in range(2):
            one = [x[j] if i == k else x for i, x in enumerate(many)]
            one = [x if np.ndim(x) else float(x) for x in one]
            grad = ad.grad(vector(turns.plain, weights=True), argnums=every(turns))
            close([x[j] for x in found], grad(*one))


@pytest.mark.parametrize("turns", TURNS.values(), ids=TURNS)
@pytest.mark.parametrize("n", [4, 7])
def test_the_way_back_may_go_in_blocks(turns, n, monkeypatch):
    """Of 2 turns, and of one turn that is left over."""
    turns = longer(turns, n)
    whole = ad.grad(vector(turns.rolled(), weights=True), argnums=every(turns))(*turns.args)
    monkeypatch.setattr(operations, "MOST", -1)
    monkeypatch.setattr(extracting, "KEPT", 0)
    grad = ad.grad(vector(turns.rolled(), weights=True), argnums=every(turns))
    close(grad(*turns.args), whole)
    along = tuple(np.cos(x) if np.ndim(x) else float(np.cos(x)) for x in turns.args)
    plain = ad.grad(vector(turns.plain, weights=True), argnums=every(turns))
    close(*(ad.jvp(g, turns.args, along)[1] for g in (grad, plain)))


def test_blocks_keep_as_many_states_as_two_roots_of_the_turns(monkeypatch):
    """Of 400 turns 20 states between blocks, and 20 in the block that is swept."""
    turns = longer(TURNS["choices"], 400)
    region = turns.region
    monkeypatch.setattr(extracting, "KEPT", 0)
    back = derived.derived(derived.way_back, region, (True, True), turns.args)
    assert back.nbytes == 400 * 3 * 8
    monkeypatch.setattr(operations, "MOST", 20 * 3 * 8)
    kept = []
    run = operations.loop.array

    def watching(*args, region):
        kept.append(size(region.results[len(region.extends.results) :]) if region.extends else 0)
        return run(*args, region=region)

    monkeypatch.setattr(operations.loop, "array", watching)
    region = turns.region
    ad.grad(lambda x, u: looped(region, (x, u))[0].sum())(*turns.args)
    assert max(kept) == 20 * 3


@pytest.mark.parametrize("turns", TURNS.values(), ids=TURNS)
def test_the_way_back_may_find_the_states_alone(turns, monkeypatch):
    kept = ad.grad(vector(turns.rolled(), weights=True), argnums=every(turns))(*turns.args)
    monkeypatch.setattr(extracting, "KEPT", 0)
    states = ad.grad(vector(turns.rolled(), weights=True), argnums=every(turns))(*turns.args)
    close(kept, states)


def test_what_is_kept_are_operands_and_beyond_a_bound_the_states(monkeypatch):
    turns = TURNS["arrays"]

    def kept():
        region = turns.region
        args = turns.args
        back = derived.derived(derived.way_back, region, (True,) * len(args), args)
        return back.forward.results[len(region.results) :]

    # x, c, the hyperbolic tangent and its partial; then x and c alone.
    assert sorted(kept()) == [(N,), (N, 3), (N, 3), (N, 3)]
    monkeypatch.setattr(extracting, "KEPT", 0)
    assert sorted(kept()) == [(N,), (N, 3)]


def test_derived_regions_are_recorded_once():
    turns = TURNS["arrays"]
    region = turns.region
    grad = ad.grad(lambda *xs: loop(*xs, region=region).sum(), argnums=every(turns))
    grad(*turns.args)
    made = dict(region.cache)
    grad(*turns.args)
    assert len(made) == 2  # the written turns, and the way back
    assert all(region.cache[key] is made[key] for key in made)


def test_cotangents_of_constants_are_summed_in_the_order_of_the_loop():
    """So that they have the bits of the sweep through all turns."""
    turns = TURNS["numbers"]
    found = [ad.grad(vector(f, weights=True), argnums=2)(*turns.args) for f in both(turns)]
    assert found[0] == found[1]


def test_arguments_that_are_no_variables_cost_nothing_on_the_way_back():
    turns = TURNS["arrays"]
    x, c, u, A, w = turns.args
    region = turns.region
    ad.grad(lambda w: loop(x, c, u, A, w, region=region).sum())(w)
    (back,) = (v for v in region.cache.values() if isinstance(v, derived.WayBack))
    # The adjoints of both states and the sum for w; no sum for A, no result for u.
    assert back.region.results == [(3,), (), (3,)]


def test_another_branch_in_a_turn_is_an_error():
    turns = TURNS["branches"]
    x, _u, a = turns.args
    with pytest.raises(OtherBranch, match="turn 2 of a loop takes another branch"):
        turns.rolled()(x, np.array([[1.0, 1.0], [-1.0, -1.0], [1.0, 1.0], [1.0, 1.0]]), a)


def test_arithmetic_that_raises_on_floats_gives_what_numpy_gives():
    turns = Turns(lambda x, a: (ad.divide(1.0, x) - a,), 2, 1, 0, (0.5, 2.0))
    (rolled,), (plain,) = (f(*turns.args) for f in both(turns))
    assert rolled == plain == np.inf


def test_the_counts_are_those_of_all_turns():
    turns = TURNS["arrays"]
    body, whole = turns.region.body, record(turns.plain, *turns.args)
    region = turns.region
    found = loop.costs(turns.args, None, {"region": region})
    assert found == {k: N * v for k, v in total(cost(s, body) for s in body.steps if s.op).items()}
    calculated = total(cost(s, whole) for s in whole.steps if s.op and s.op.kind != "moves")
    assert without_moves(found) == calculated


@pytest.mark.parametrize("turns", TURNS.values(), ids=TURNS)
def test_a_plain_recording_has_the_rows_of_all_turns(turns):
    """So that what reads lists needs to know no loops."""
    rolled, plain = (record(f, *turns.args) for f in both(turns))
    arithmetic = [
        sorted(s.op.name for s in p.steps if s.op and s.op.kind != "moves") for p in (rolled, plain)
    ]
    assert arithmetic[0] == arithmetic[1]
    counts = [ad.count(vector(f), *turns.args, rows="scalar") for f in both(turns)]
    assert counts[0].totals == counts[1].totals
    assert counts[0].f == counts[1].f


def test_patterns_of_loops_are_those_of_their_turns():
    turns = Turns(lambda x, a: (x + a * np.sin(np.roll(x, 1)),), 3, 1, 0, points((9,), ()))
    rolled, plain = both(turns)
    x, a = turns.args
    found = [ad.sparsity(lambda x, f=f: f(x, a)[0], x) for f in (rolled, plain)]
    assert str(found[0]) == str(found[1])


def test_other_branches_are_told_in_recordings_too():
    turns = TURNS["branches"]
    x, _, a = turns.args
    with pytest.raises(OtherBranch, match="turn 0 of a loop"):
        record(turns.rolled(), -x, np.ones((N, 2)), a)


@pytest.mark.parametrize("k", range(share(40)))
def test_random_loops_have_the_derivatives_of_plain_ones(k):
    turns = random_turns(generator(k))
    wanted = tuple(i for i in every(turns) if (k >> i % 5) % 2 == 0) or (0,)
    found = []
    for f in both(turns):
        total = vector(f, weights=True)
        grad = ad.grad(total, argnums=wanted)
        along = tuple(np.cos(x) if np.ndim(x) else float(np.cos(x)) for x in turns.args)
        found.append([total(*turns.args), *grad(*turns.args)])
        found[-1] += ad.jvp(grad, turns.args, along)[1]
    close(*found)


def test_a_loop_may_raise_where_a_row_of_its_body_may_or_takes_a_branch():
    regions = {name: TURNS[name].region for name in ("arrays", "matrices", "branches")}
    assert [loop.may_raise({"region": r}) for r in regions.values()] == [False, True, True]
    assert not loop.may_raise({"region": TURNS["a loop in a loop"].region})


def singular(x, u, A):
    """The rule of a determinant goes another way where a matrix has no inverse, as in turn 2."""
    return x + np.linalg.det(A * u + x * np.array([[0.0, 1.0], [0.0, 0.0]])), x * x


def test_rules_that_go_another_way_in_some_turns_are_applied_turn_by_turn():
    us = np.array([1.0, 2.0, 0.0, 1.5])
    turns = Turns(singular, N, 1, 1, (0.3, us, np.array([[0.6, 0.7], [0.8, 0.5]])))
    along = tuple(np.cos(x) if np.ndim(x) else float(np.cos(x)) for x in turns.args)
    found = []
    for f in both(turns):
        total = vector(f, weights=True)
        grad = ad.grad(total, argnums=every(turns))
        found.append([*grad(*turns.args), ad.jvp(total, turns.args, along)[1]])
        found[-1] += [*ad.jvp(grad, turns.args, along)[1], *ad.vjp(grad, *turns.args)[1](along)]
    close(*found)
    run = ad.compile(ad.jacobian(vector(turns.rolled()), argnums=1), backend="numpy")
    for scale in (1.0, 0.5):
        args = (0.3 * scale, us * scale, turns.args[2])
        close([run(*args)], [ad.jacobian(vector(turns.plain), argnums=1)(*args)])
