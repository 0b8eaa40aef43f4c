"""The derivative walk: against the engines and differences, and which rows it visits."""

import numpy as np
import pytest
import random_expressions
from random_arrays import MOVES, ArrayProgram
from seeds import generator

import admodes as ad
from admodes.core.record import Ref, record
from admodes.programs.sweep import (
    DerivativeDomain,
    Numbers,
    has_derivative,
    output_seeds,
    pull,
    push,
)

NAMES = sorted(MOVES)


def inputs_of(program):
    return [x.row for x in program.inputs]


def outputs_of(program, by_row):
    """The tangents of the outputs; 0 where none arrives."""
    rows = [y.row if isinstance(y, Ref) else None for y in program.outputs]
    return [0.0 if by_row.get(r) is None else by_row[r] for r in rows]


def close(found, expected):
    return np.allclose(found, expected, rtol=1e-11, atol=1e-12, equal_nan=True)


def agrees_with_the_engines(f, args, directions, rng):
    program = record(f, *args)
    out, dots = ad.jvp(f, tuple(args), tuple(directions))
    seeds = dict(zip(inputs_of(program), directions, strict=True))
    tangents = dict(push(program, seeds, Numbers(program)))
    for found, dot in zip(outputs_of(program, tangents), dots, strict=True):
        assert close(found, dot)
    weights = [rng.uniform(-1, 1, np.shape(y))[()] for y in out]
    bars = ad.vjp(f, *args)[1](tuple(weights))
    adjoints = dict(pull(program, output_seeds(program, weights), Numbers(program)))
    for row, bar in zip(inputs_of(program), bars, strict=True):
        assert close(adjoints.get(row, 0.0), bar)
    return program, tangents, adjoints, weights


@pytest.mark.parametrize("block", range(4))
def test_random_programs_on_arrays_agree_with_jvp_and_vjp(block):
    rng = generator(block)
    for k, name in list(enumerate(NAMES))[block::12]:
        p = ArrayProgram.grown(70_000 + k, name, on_kinks=k % 4 == 0)
        with np.errstate(all="ignore"):  # plain NumPy warns where an entry leaves the domain
            results = p(*p.inputs)
        if any(np.iscomplexobj(y) for y in results):
            continue
        agrees_with_the_engines(lambda *xs, p=p: tuple(p(*xs)), p.inputs, p.direction, rng)


def shifted(program, row, by):
    """The outputs with a number added to a row, by running the list again."""
    values = []
    for i, step in enumerate(program.steps):
        at = [values[a.row] if isinstance(a, Ref) else a for a in step.args]
        y = step.value if step.op is None else step.op.plain(tuple(at), step.params)
        values.append(y + by if i == row else y)
    return [values[y.row] if isinstance(y, Ref) else y for y in program.outputs]


def test_random_expressions_agree_with_jvp_and_vjp_and_every_adjoint_with_differences():
    rng = generator(0)

    def check(f):
        program, _, adjoints, weights = agrees_with_the_engines(
            f, f.at, rng.uniform(-1, 1, len(f.at)).tolist(), rng
        )
        for row, bar in adjoints.items():
            h = 1e-6 * max(1.0, abs(program.steps[row].value))
            up, down = (np.dot(shifted(program, row, by), weights) for by in (h, -h))
            other = np.dot(shifted(program, row, 2 * h), weights)
            steady = abs(other - 2 * up + np.dot(program_values(program), weights)) / h
            if steady < 1e-4 and abs(bar) < 1e4:
                assert abs((up - down) / (2 * h) - bar) <= 1e-3 * (1 + abs(bar)), (row, f.steps)

    random_expressions.collected(random_expressions.expressions(), 40, check)


def program_values(program):
    return [program.steps[y.row].value if isinstance(y, Ref) else y for y in program.outputs]


class Visits(DerivativeDomain):
    """Notes what it is asked; a derivative is the row's number."""

    def __init__(self, program):
        super().__init__(program)
        self.asked = []

    def push(self, row, tangents):
        self.asked.append(("push", row, tangents))
        return row

    def pull(self, row, k, adjoint):
        self.asked.append(("pull", row, k))
        return row

    def add(self, row, contributions):
        self.asked.append(("add", row, contributions))
        return row


def branching(x, y, z):
    test = x > y  # row 3, of truth values
    a = np.where(test, x, y) * 2.0  # rows 4 and 5
    return a, a * a, 7.0, np.floor(z)  # rows 6 and 7


def test_tangents_reach_the_rows_that_depend_on_a_seed():
    program = record(branching, 3.0, 2.0, 1.5)
    domain = Visits(program)
    found = dict(push(program, {0: "x"}, domain))
    assert found == {0: "x", 1: None, 2: None, 3: None, 4: 4, 5: 5, 6: 6, 7: None}
    assert domain.asked == [
        ("push", 4, [None, "x", None]),
        ("push", 5, [4, None]),
        ("push", 6, [5, 5]),
    ]


def test_adjoints_reach_the_rows_that_an_output_depends_on():
    program = record(branching, 3.0, 2.0, 1.5)
    domain = Visits(program)
    seeds = output_seeds(program, ["a", "y", "a constant has none", "b"])
    assert seeds == [(5, "a"), (6, "y"), (7, "b")]
    assert [row for row, _ in pull(program, seeds[:2], domain)] == [6, 5, 4, 1, 0]
    assert domain.asked == [
        ("add", 6, ["y"]),
        ("pull", 6, 0),
        ("pull", 6, 1),
        ("add", 5, ["a", 6, 6]),
        ("pull", 5, 0),
        ("add", 4, [5]),
        ("pull", 4, 1),
        ("pull", 4, 2),
        ("add", 1, [4]),
        ("add", 0, [4]),
    ]


def test_what_is_kept_is_what_the_next_rows_read():
    class Named(Visits):
        def keep(self, row, derivative):
            return f"{derivative}!"

    program = record(lambda x: np.sin(x) * x, 2.0)
    assert dict(push(program, {0: "x"}, Named(program))) == {0: "x!", 1: "1!", 2: "2!"}
    assert list(pull(program, [(2, "y")], Named(program))) == [(2, "2!"), (1, "1!"), (0, "0!")]


def test_a_contribution_of_nothing_is_none():
    class Second(Visits):
        def pull(self, row, k, adjoint):
            return row if k else None

    program = record(lambda x, y: x * y, 2.0, 3.0)
    assert dict(pull(program, [(2, 1.0)], Second(program))) == {2: 2, 1: 1}


def test_the_adjoint_of_a_real_row_is_real_where_complex_rows_read_it():
    program = record(lambda x: np.real(np.fft.ifft(np.fft.fft(x) * 1j)), np.array([1.0, 2.0, 4.0]))
    complex_rows = [i for i, s in enumerate(program.steps) if np.iscomplexobj(s.value)]
    adjoints = dict(pull(program, [(len(program.steps) - 1, np.ones(3))], Numbers(program)))
    assert any(np.iscomplexobj(adjoints[i]) for i in complex_rows)
    assert np.isrealobj(adjoints[0])


def test_truth_values_and_whole_numbers_have_no_derivative():
    program = record(lambda x: (x > 0, np.floor(x), x * 2.0), np.ones(3))
    assert [has_derivative(step) for step in program.steps] == [True, False, False, True]


class Paths(DerivativeDomain):
    """In the place of an adjoint, the number of ways from an output to a row."""

    def pull(self, row, k, adjoint):
        return adjoint

    def add(self, row, contributions):
        return sum(contributions)


def test_a_domain_of_ones_own_counts_the_ways_to_an_input():
    def doubling(x):
        for _ in range(20):
            x = x + x
        return x

    program = record(doubling, 1.0)
    ways = dict(pull(program, output_seeds(program, [1]), Paths(program)))
    assert ways[0] == 2**20 == ad.grad(doubling)(1.0)
