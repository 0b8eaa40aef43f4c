"""The harness is shown to catch mistakes: every partial of every operation is made wrong in every
way below, one at a time, and the check that the generic tests run must object each time."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from array_cases import tangential_cases
from harness import (
    ELEMENTWISE,
    LINEAR,
    SMOOTH,
    TANGENTIAL,
    check_partials,
    check_transpose,
    difference,
    directions,
    general,
    ids,
    linear_cases,
    multiplied,
    replaced,
)

import admodes as ad
from admodes.core import elementwise


def wrong_values(partial):
    """The partial with a wrong sign or factor."""
    for factor in (-1, 2, 1.001):
        yield f"times {factor}", lambda y, *xs, factor=factor: factor * partial(y, *xs)


def wrong_arguments(op, partial):
    """The partial evaluated at a neighbour, a negative or another of y and the arguments."""

    def at(change):
        return lambda *given: partial(*change(list(given)))

    def put(k, made):
        return at(lambda given: [*given[:k], made(given), *given[k + 1 :]])

    names = "yabc"
    for k in range(op.arity + 1):
        yield f"{names[k]} + 0.001", put(k, lambda given, k=k: given[k] + 1e-3)
        yield f"-{names[k]}", put(k, lambda given, k=k: -given[k])
        for other in range(op.arity + 1):
            if other != k:
                label = f"{names[other]} for {names[k]}"
                yield label, put(k, lambda given, other=other: given[other])
    for order in itertools.permutations(range(1, op.arity + 1)):
        yield (
            f"arguments in order {order}",
            at(lambda g, order=order: [g[0], *(g[k] for k in order)]),
        )


def mutants(op):
    """(label, partials) with one of the partials changed."""
    partials = general(op)
    for i, partial in enumerate(partials):
        if callable(partial):
            changed = list(wrong_values(partial))
            changed += [m for m in wrong_arguments(op, partial) if differs(op, partial, m[1])]
            changed += [(f"literal {n}", n) for n in (0, 1, -1)]
        else:
            changed = [(f"{n} for {partial}", n) for n in (0, 1, -1) if n != partial]
        changed += [
            (f"∂{'abc'[j]} for it", p)
            for j, p in enumerate(partials)
            if j != i and callable(p) and differs(op, partial, p)
        ]
        for label, mutant in changed:
            wrong = (*partials[:i], mutant, *partials[i + 1 :])
            yield f"∂{op.name}/∂{'abc'[i]}: {label}", wrong


def differs(op, partial, mutant):
    """Whether a change changes anything, on a grid that the harness does not sample: 1/b is the
    same partial whatever a is."""
    columns = tuple(np.random.default_rng(99).uniform(-4, 4, (op.arity, 2000)))
    y = op(*columns)
    defined = np.isfinite(y)
    given = (y[defined], *(column[defined] for column in columns))
    with np.errstate(all="ignore"):
        right = partial(*given) if callable(partial) else partial
        wrong = mutant(*given) if callable(mutant) else mutant
    return not np.allclose(right, wrong, rtol=1e-11, atol=0, equal_nan=True)


def caught(op, partials):
    with replaced(op, partials=partials):
        try:
            check_partials(op)
        except AssertionError:
            return True
    return False


@pytest.mark.parametrize("op", ELEMENTWISE, ids=ids)
def test_every_wrong_partial_is_caught(op):
    made = list(mutants(op))
    assert len(made) >= 2 * op.arity
    survivors = [label for label, partials in made if not caught(op, partials)]
    assert survivors == []
    check_partials(op)


@pytest.mark.parametrize("op", SMOOTH, ids=ids)
def test_argument_mutants_exist_for_every_partial_that_has_arguments(op):
    for i, partial in enumerate(general(op)):
        if callable(partial):
            assert any(differs(op, partial, m) for _, m in wrong_arguments(op, partial)), i


def caught_by_transposing(op, cases, **changed):
    with replaced(op, **changed):
        for f, args in cases[op.name]:
            try:
                check_transpose(f, args)
            except AssertionError:
                return True
    return False


def transposes_caught(op, transposes):
    """accumulate is another text for the same transpose, which a test of its own changes."""
    return caught_by_transposing(op, linear_cases(), transposes=transposes, accumulate=None)


@pytest.mark.parametrize("factor", [-1, 2, 1.001])
@pytest.mark.parametrize("op", LINEAR, ids=ids)
def test_every_wrong_transpose_is_caught(op, factor):
    for k, transpose in enumerate(op.transposes):
        if not op.active(k):
            continue

        def mutant(*args, **params):
            return multiplied(transpose(*args, **params), factor)

        wrong = (*op.transposes[:k], mutant, *op.transposes[k + 1 :])
        assert transposes_caught(op, wrong), f"transpose {k} of {op.name} times {factor}"
    assert not transposes_caught(op, op.transposes)


@pytest.mark.parametrize("factor", [-1, 2, 1.001])
@pytest.mark.parametrize("op", [op for op in LINEAR if op.accumulate is not None], ids=ids)
def test_every_wrong_accumulation_is_caught(op, factor):
    right = op.accumulate

    def mutant(buffer, w, **params):
        right(buffer, factor * w, **params)

    assert caught_by_transposing(op, linear_cases(), accumulate=mutant)
    assert not caught_by_transposing(op, linear_cases(), accumulate=right)


@pytest.mark.parametrize("factor", [-1, 2, 1.001])
@pytest.mark.parametrize("op", TANGENTIAL, ids=ids)
def test_every_wrong_tangent_and_cotangent_is_caught(op, factor):
    """A wrong tangent by numerical differences (its cotangent is then as wrong), a wrong cotangent
    by transposing."""
    f, args = tangential_cases()[op.name][0]
    vs = directions(args, np.random.default_rng(4))
    expected = difference(f, args, vs)

    def agrees():
        return np.allclose(ad.jvp(f, args, vs)[1], expected, rtol=1e-6, atol=1e-9)

    tangent, cotangents = op.tangent, op.cotangents
    assert agrees()
    with replaced(op, tangent=lambda *args, **params: factor * tangent(*args, **params)):
        assert not agrees()
    for i, cotangent in enumerate(cotangents):

        def mutant(*args, cotangent=cotangent, **params):
            return factor * cotangent(*args, **params)

        mutants = (*cotangents[:i], mutant, *cotangents[i + 1 :])
        assert caught_by_transposing(op, tangential_cases(), cotangents=mutants)
    assert not caught_by_transposing(op, tangential_cases(), cotangents=cotangents)


def test_a_lost_strong_zero_is_caught(monkeypatch):
    """With the plain product in its place, √ at 0 times a zero tangent is nan."""
    strong = ad.strong_mul

    def slope():
        return ad.jvp(lambda x: ad.sqrt(ad.floor(x) * x), (np.array([0.5]),), (np.array([1.0]),))[1]

    right = slope()
    assert not np.isnan(right).any()
    with replaced(strong, array=np.multiply), monkeypatch.context() as patch:
        patch.setattr(elementwise, "strong", lambda p, t, cut=None: p * t)
        assert np.isnan(slope()).any()
    np.testing.assert_array_equal(slope(), right)


def test_operations_are_as_before():
    """The mutations leave nothing behind."""
    sine, before = ad.sin, ad.sin.partials
    with replaced(sine, partials=(lambda y, a: 7.0,)):
        assert ad.grad(sine)(0.0) == 7.0
    assert sine.partials is before
    assert ad.grad(sine)(0.0) == 1.0
