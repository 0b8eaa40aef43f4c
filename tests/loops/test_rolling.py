"""A list with loops gives what the list without them gives, to the last bit, and its length does
not depend on the number of turns."""

import numpy as np
import pytest

import admodes as ad
from admodes.core.carrier import quiet
from admodes.core.record import record
from admodes.lab.workloads.texts import lorenz_energy
from admodes.loops import repetition
from admodes.loops.operations import loop
from admodes.loops.rolling import rolled
from admodes.loops.table import Table
from admodes.programs.replay import rows_where_it_holds, value_of
from tests.support.loop_functions import drawn_loop

X = np.linspace(0.1, 0.9, 4)
DATA = np.linspace(-1.0, 1.0, 60).reshape(30, 2)


def bits(x):
    return type(x), np.shape(x), np.asarray(x).tobytes()


def results(program, leaves):
    with quiet():
        made = rows_where_it_holds(program)(leaves)
    assert made is not None
    return [bits(value_of(y, made)) for y in program.outputs]


def checked(f, *args):
    """The rolled list of f, which gives the same bits."""
    program = record(f, *args)
    leaves = [program.value(x) for x in program.inputs]
    short = rolled(program)
    assert results(short, leaves) == results(program, leaves)
    return short


def loops(program):
    return [step.params["region"] for step in program.steps if step.op is loop]


def lengths(program):
    return [len(program.steps), *(len(region.body.steps) for region in loops(program))]


def wave(n):
    def f(x):
        for _ in range(n):
            x = x + 0.01 * np.sin(x)
        return (x * x).sum()

    return f


def data_of_steps(n):
    def f(x, rows):
        total = 0.0
        for k in range(n):
            x = np.tanh(x * rows[k % 30, 0] + 0.1 * k)
            total = total + x[0] * k
        return total + x.sum()

    return lambda x: f(x, DATA)


def history(n):
    def f(x):
        states = []
        for k in range(n):
            x = x * np.cos(x) + 1.0 / (k + 1)
            states.append(x)
        return (ad.stack(states) ** 2).sum() + states[3].sum() + states[-2].sum()

    return f


def two_before(n):
    def f(x):
        a, b = x, 2.0 * x
        for _ in range(n):
            a, b = b, 0.5 * a + 0.3 * np.sin(b)
        return (a * b).sum()

    return f


def nested(n):
    def f(x):
        for _ in range(n):
            for _ in range(6):
                x = 0.9 * x + 0.1 * np.sin(x)
            x = x / (1.0 + x * x)
        return x.sum()

    return f


def lorenz(n):
    return lambda x: lorenz_energy(np, n, np.concatenate([x, x + 1.0]))


SHAPES = [wave, data_of_steps, history, two_before, nested, lorenz]


@pytest.mark.parametrize("of", SHAPES)
def test_length_is_that_of_a_turn(of):
    short, long = checked(of(16), X), checked(of(22), X)
    assert loops(long)
    assert lengths(short) == lengths(long)


@pytest.mark.parametrize("of", [wave, history, two_before, lorenz])
def test_reverse_sweeps_are_loops_that_run_back(of):
    short, long = (checked(ad.grad(of(n)), X) for n in (16, 22))
    assert lengths(short) == lengths(long)
    assert [region.backwards for region in loops(long)] == [False, True]


@pytest.mark.parametrize("of", [wave, two_before])
def test_second_derivatives(of):
    short, long = (checked(lambda x, v, n=n: ad.hvp(of(n), x, v), X, X) for n in (16, 22))
    assert lengths(short) == lengths(long)


@pytest.mark.parametrize("block", range(10))
def test_drawn_loops(block):
    found = 0
    for seed in range(30 * block, 30 * (block + 1)):
        f, x, _ = drawn_loop(seed)
        found += bool(loops(checked(f, x)))
        if seed % 2:
            checked(ad.grad(f), x)
        if not seed % 6:
            checked(lambda x, v, f=f: ad.hvp(f, x, v), x, x)
    assert found >= 20


def with_complex(n):
    def f(x):
        y = x * 1.0
        for _ in range(n):
            z = y + 0.3j * x
            y = 0.4 * np.real(z * np.conj(z)) + 0.1 * np.sin(y)
        return y.sum()

    return f


def with_small_floats(n):
    def f(x):
        total = 0.0
        for k in range(n):
            x = 0.9 * x + 0.1 * np.sin(x)
            small = (x * (1 + k)).astype(np.float32)
            total = total + (small * small).sum()
        return total + small.sum()

    return f


def with_positions(n):
    def f(x):
        found = []
        for _ in range(n):
            x = 0.9 * np.roll(x, 1) + 0.1 * np.sin(x)
            found.append(np.argsort(x))
        return (x * np.stack(found)).sum()

    return f


@pytest.mark.parametrize("derive", [lambda f: f, ad.grad, ad.hessian], ids=["f", "grad", "hess"])
@pytest.mark.parametrize("of", [with_complex, with_small_floats, with_positions])
def test_numbers_of_other_kinds(of, derive):
    """Results of turns that are read outside are float64 in a loop; those of other kinds were cast
    to that, and complex ones lost their imaginary parts."""
    checked(derive(of(9)), X)


def test_periods_for_which_there_is_no_room_left_are_not_looked_for(monkeypatch):
    def f(x):
        for _ in range(500):
            x = np.sin(x) * 0.5 + x * x
        return x

    looked_for = []
    runs = repetition._runs
    monkeypatch.setattr(repetition, "_runs", lambda *of: looked_for.append(of[1]) or runs(*of))
    table = Table(record(f, 0.3))
    assert len(repetition.likely_periods(table)) > 4
    assert [turns.stretch.period for turns in repetition.repeated(table)] == [4]
    assert looked_for == [4]
