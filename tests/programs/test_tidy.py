"""Lists read as the user wrote them: what is taken out of an array that was put together is the
argument that was put there, and nothing else is."""

import numpy as np
import pytest

import admodes as ad
from admodes.core.record import record
from admodes.programs.tidy import tidy

X = np.array([1.0, 2.0])


def operations(f, *args):
    return [s.op.name for s in tidy(record(f, *args)).steps if s.op is not None]


def adjoints_are_slopes(f):
    h = 1e-6
    slopes = [(f(X + h * e) - f(X - h * e)) / (2 * h) for e in np.eye(2)]
    (contributions,) = ad.trace(f, X, rows="array").rows[0].adjoints.values()
    assert contributions == pytest.approx(slopes, rel=1e-7)


@pytest.mark.parametrize(
    "take",
    [
        lambda a, b: ad.stack([a, b])[0],
        lambda a, b: np.stack([a, b], axis=1)[:, 0],
        lambda a, b: np.concatenate([a, b])[:2],
        lambda a, b: np.concatenate([a, b])[np.array([0, 1])],
        lambda a, b: np.concatenate([np.zeros(0), a, b])[:2],
    ],
)
def test_a_part_that_is_taken_out_is_the_argument_itself(take):
    assert operations(lambda x: take(2 * x, 3 * x) ** 2, X) == ["multiply", "multiply", "square"]
    adjoints_are_slopes(lambda x: np.sum(take(2 * x, 3 * x) ** 3 * np.array([1.0, 5.0])))


@pytest.mark.parametrize(
    "take",
    [
        lambda a, b: np.stack([a, b], axis=1)[0],
        lambda a, b: ad.stack([a, b])[:, 1],
        lambda a, b: np.concatenate([a, b])[1:3],
        lambda a, b: np.concatenate([a, b])[1::-1],
        lambda a, b: np.concatenate([a, b])[np.array([0, 0])],
        lambda a, b: np.stack([a, b], axis=-1)[1],
    ],
)
def test_what_is_no_whole_argument_keeps_its_row(take):
    f = lambda x: np.sum(take(2 * x, 3 * x) ** 3 * np.array([1.0, 5.0]))  # noqa: E731
    assert "getitem" in operations(f, X)
    adjoints_are_slopes(f)


def test_entries_that_meet_where_they_are_put_are_no_part():
    def f(u):
        _, pull = ad.vjp(lambda z: z[np.array([0, 0])], np.array([5.0]))
        return pull(ad.stack([ad.sum(u * u), ad.sum(u)]))[0]

    (contributions,) = ad.trace(f, X, rows="array").rows[0].adjoints.values()
    assert np.array_equal(contributions, 2 * X + 1)


def test_a_stack_is_read_more_than_once_and_holds_constants():
    def f(x, y):
        both = ad.array([x, 7.0, y])
        return both[1] * both[0] + both[-1] * both[0]

    assert operations(f, 2.0, 3.0) == ["multiply", "multiply", "add"]
    assert ad.trace(f, 2.0, 3.0).jacobian["reverse"] == [[10.0, 2.0]]
