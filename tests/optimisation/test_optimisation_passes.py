"""The passes that change what a list is made of: single numbers out of arrays, arrays out of single
numbers, columns out of small samples, selections out of movements."""

from __future__ import annotations

import numpy as np
import pytest
from compiled_programs import NAMES, assert_alike, random_cases, recorded
from random_arrays import ArrayProgram

import admodes as ad
from admodes.compilation.interpreter import interpret
from admodes.core.record import record
from admodes.optimisation import optimise
from admodes.optimisation.folding import dead
from admodes.optimisation.passes.gather_forwarding import forward_gathers
from admodes.optimisation.passes.scalar_replacement import replace_arrays
from admodes.optimisation.passes.structure_of_arrays import Columns, split_samples
from admodes.optimisation.passes.superword_packing import pack_scalars

RNG = np.random.default_rng(20261121)


def names(program):
    return [step.op.name for step in program.steps if step.op is not None]


def check(before, after, leaves, ulps=0.0):
    for a, b in zip(interpret(after, leaves), interpret(before, leaves), strict=True):
        assert_alike(a, b, ulps)


@pytest.mark.parametrize("apply", [replace_arrays, forward_gathers, pack_scalars])
def test_passes_keep_the_values_of_random_programs(apply):
    # A selection lies in memory in another order than a view, which NumPy's sums may show.
    ulps = 8.0 if apply is forward_gathers else 0.0
    for name, program, leaves in random_cases(4):
        try:
            check(program, apply(program), leaves, ulps)
        except Exception as error:
            raise AssertionError(name) from error


def squares(x):
    """A scalar loop over a vector."""
    total = 0.0
    for i in range(1, len(x)):
        total = total + 100.0 * (x[i] - x[i - 1] ** 2) ** 2 + (1.0 - x[i - 1]) ** 2
    return total


def test_the_gradient_of_a_scalar_loop_is_one_stack_of_numbers():
    program, leaves = recorded(ad.grad(squares), RNG.normal(size=7))
    found = dead(replace_arrays(program))
    check(program, found, leaves)
    assert "place" in names(program)
    assert names(found).count("stack") == 1
    assert not {"place", "reshape"} & set(names(found))
    assert all(s.shape == () for s in found.steps if s.op and s.op.name != "stack")


def test_entries_of_entries_are_read_from_the_input():
    program, leaves = recorded(lambda m: m[1][2] * m[0][1] + m[:, 1][0], RNG.normal(size=(2, 3)))
    found = dead(replace_arrays(program))
    check(program, found, leaves)
    reads = [s.params["index"] for s in found.steps if s.op and s.op.name == "getitem"]
    assert sorted(reads) == [(0, 1), (1, 2)]


@pytest.mark.parametrize("shape", [(1,), (3,), (2, 3), (0,)])
def test_places_of_single_numbers_in_any_shape(shape):
    def f(x):
        return [x[k] * (1.0 + sum(k)) for k in np.ndindex(shape)]

    weights = RNG.normal(size=int(np.prod(shape)))
    program, leaves = recorded(lambda x: ad.vjp(f, x)[1](list(weights))[0], RNG.normal(size=shape))
    check(program, replace_arrays(program), leaves)


def test_numbers_that_land_in_one_entry_are_added():
    program, leaves = recorded(ad.grad(lambda x: x[0] * x[0] * x[1] + x[0]), np.array([3.0, 5.0]))
    check(program, replace_arrays(program), leaves)


def test_a_scalar_loop_becomes_operations_on_vectors():
    program, leaves = recorded(ad.grad(squares), RNG.normal(size=200))
    found = optimise(program, exact=False)
    check(program, found, leaves, ulps=8.0)
    assert len(names(dead(replace_arrays(program)))) > 1000
    assert len(names(found)) < 30


@pytest.mark.parametrize("n", [63, 64, 200])
def test_packing_takes_levels_that_are_wide_enough(n):
    def f(x, y):
        return ad.stack([x[i] * y + x[n - 1 - i] / (2.0 + i) for i in range(n)])

    program, leaves = recorded(f, RNG.normal(size=n), 0.7)
    found = dead(pack_scalars(replace_arrays(program)))
    check(program, found, leaves)
    assert (len(names(found)) < n) == (n >= 64)


def test_packing_keeps_functions_single_where_bits_count():
    def f(x):
        return ad.stack([ad.exp(x[i]) for i in range(100)])

    program, leaves = recorded(f, RNG.normal(size=100))
    exact, loose = (
        pack_scalars(replace_arrays(program)),
        pack_scalars(replace_arrays(program), exact=False),
    )
    assert names(exact).count("exp") == 100
    assert names(loose).count("exp") == 1
    check(program, exact, leaves)
    check(program, loose, leaves, ulps=4.0)


def test_roll_and_its_transpose_are_selections():
    program, leaves = recorded(
        ad.grad(lambda x: np.sum(np.roll(x, 2) * np.flip(x) * x)), RNG.normal(size=6)
    )
    found = dead(forward_gathers(program))
    check(program, found, leaves)
    assert {"roll", "flip", "place"} <= set(names(program))
    # np.flip is a view of its argument, which costs nothing.
    assert not {"roll", "place"} & set(names(found))


def test_movements_that_fill_with_zeros_are_kept():
    program, leaves = recorded(lambda x: np.pad(x, (1, 2)) * 3.0, RNG.normal(size=4))
    found = forward_gathers(program)
    check(program, found, leaves)
    assert names(found) == names(program)


def residual(p):
    turn, point, shift = p[:3], p[3:6], p[6:8]
    moved = point + np.cross(turn, point) + turn * np.dot(turn, point)
    return moved[:2] / moved[2] + np.sum(shift * shift) * np.exp(shift)


@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_jacobians_of_many_samples_on_columns(mode):
    f = ad.vmap(ad.jacobian(residual, mode=mode))
    program, leaves = recorded(f, RNG.normal(size=(70, 8)))
    found = optimise(Columns(program, 70).followed(), exact=False)
    check(program, found, leaves, ulps=200.0)
    shapes = {s.shape for s in found.steps if s.op and s.op.kind != "moves"}
    assert shapes == {(70,)}


def test_columns_are_taken_only_where_they_are_cheaper():
    many, _ = recorded(ad.vmap(ad.jacobian(residual)), RNG.normal(size=(5000, 8)))
    wide, _ = recorded(lambda x: np.sin(x) * 2.0 + x, RNG.normal(size=(5000, 8)))
    few, _ = recorded(ad.vmap(residual), RNG.normal(size=(10, 8)))
    assert split_samples(many) is not many
    assert split_samples(wide) is wide
    assert split_samples(few) is few


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.sum(x, axis=0) * x[:, :1],
        lambda x: x @ np.arange(6.0).reshape(3, 2) + x[:, [0, 0]],
        lambda x: (x[:, :, None] * x[:, None, :]).reshape(70, 9) @ np.ones(9),
        lambda x: np.einsum("ni,ni->n", x, x)[:, None] - x.T.T,
        lambda x: x[::-1] + x,
        lambda x: np.where(x > 0, x, 0.5) * np.stack([x[:, 0], x[:, 1], x[:, 2]], axis=1),
        lambda x: np.concatenate([x, 2.0 * x], axis=1)[..., 2:5] + np.max(x, axis=1)[:, None],
        lambda x: x[:, None, :] @ np.ones((3, 4)) + np.broadcast_to(x[:, :1, None], (70, 1, 4)),
        lambda x: np.cumsum(x, axis=1) / np.sum(x * x, axis=(0, 1)),
    ],
)
def test_what_mixes_samples_is_left_as_it_is(f):
    program, leaves = recorded(f, RNG.normal(size=(70, 3)))
    check(program, Columns(program, 70).followed(), leaves, ulps=8.0)


def test_what_is_declared_to_move_entries_only_moves_them():
    """Sparse patterns and selections are read off what such an operation does to numbers."""
    seen = set()
    for k, name in enumerate(NAMES):
        p = ArrayProgram.grown(50_000 + k, name)
        program = record(p, *p.inputs)
        for step in program.steps:
            if step.op is not None and step.op.kind == "moves" and not step.op.custom:
                entries_of = [np.ravel(x) for x in program.arguments(step)]
                known = np.concatenate([np.zeros(1), *entries_of])
                parts = np.concatenate([known.real, known.imag])
                y = np.ravel(step.value)
                assert np.isin([y.real, y.imag], [parts, -parts]).all(), step.op.name
                seen.add(step.op.name)
    assert len(seen) > 20


PAIRS = np.triu_indices(120, 1)


def energy(x):
    d = x[PAIRS[0]] - x[PAIRS[1]]
    return np.sum(np.exp(-np.sum(d * d, axis=1)) + np.sum(np.rint(d) * d, axis=1))


def test_rows_that_are_picked_and_added_go_column_by_column():
    """What has a row for each pair is columns, and the gradient is put together once."""
    x = RNG.normal(size=(120, 3))
    program, leaves = recorded(ad.grad(energy), x)
    split = Columns(program, len(PAIRS[0])).followed()
    check(program, split, leaves, ulps=200.0)
    assert len(PAIRS[0]) not in {s.shape[0] for s in split.steps if len(s.shape) > 1}
    assert split_samples(program) is not program
    found = optimise(program, exact=False)
    assert names(found).count("stack") == 1
    assert names(found).count("getitem") == 9
    np.testing.assert_allclose(ad.compile(ad.grad(energy))(x), ad.grad(energy)(x), rtol=1e-12)


@pytest.mark.parametrize(
    "f",
    [
        lambda x, at: x[at] * x[at, :1],
        lambda x, at: np.sum(x[at] ** 2, axis=1)[:, None] + x[at][at],
        lambda x, at: (x[at] + x)[at] * np.sum(x),
        lambda x, at: x.reshape(70, 3, 1)[at] * x[at][:, None, :],
        lambda x, at: x[at[:, None] % 3, at % 3] + x[(at,)][:, 0],
    ],
)
def test_picked_rows_and_their_cotangents(f):
    x, at, w = RNG.normal(size=(70, 3)), RNG.integers(-70, 70, size=70), RNG.normal(size=())
    for g in (lambda x: f(x, at), ad.grad(lambda x: np.sum(np.sin(w * f(x, at))))):
        program, leaves = recorded(g, x)
        check(program, Columns(program, 70).followed(), leaves, ulps=2000.0)
