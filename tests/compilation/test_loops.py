"""Programs with loops: what the back ends give is what the same turns one after the other give."""

import numpy as np
import pytest

import admodes as ad
from admodes.compilation.backends import built
from admodes.compilation.interpreter import interpret
from admodes.compilation.llvm import planned
from admodes.compilation.llvm.segments import flattened
from admodes.compilation.numpy.backend import write
from admodes.compilation.numpy.turns import LISTED
from admodes.compilation.protocol import MISS
from admodes.core.pytree import flatten, unflatten
from admodes.core.record import record, record_leaves
from admodes.loops.operations import Parts, loop
from admodes.loops.region import Region
from admodes.optimisation import optimise

N = 6


def heat(u, c):
    return (np.concatenate([u[:1], u[1:-1] + c * (u[2:] - 2.0 * u[1:-1] + u[:-2]), u[-1:]]),)


def recurrent(h, x, w, v):
    h = np.tanh(w @ h + v @ x)
    return h, h[::-1] * x[0], h


def before(h, x, w, v):
    return np.tanh(w @ h + v @ x), h, h[1:] * 2.0


def wave(u, p):
    return 2.0 * u - p + 0.1 * (np.roll(u, 1) - 2.0 * u + np.roll(u, -1)), u


def swapped(a, b):
    return b * 1.5, a


def circle(a, b, c):
    return b, c, a


def turned(a, b):
    return a[::-1], a + b


def numbers(x, s, t):
    y = np.sin(x) * s + 1.0
    return y, y * t, x


def momentum(x, v, g):
    v = 0.9 * v + g * x
    return x - 0.1 * v, v


def covariance(p, f, y):
    k = p @ f.T
    return p - k @ f @ p * 1e-3, k @ y, np.sum(k), k[0, 0]


def hoisted(x, w):
    return np.tanh(w.T @ x), w[0] * 2.0, 1.0 * x[0]


BODIES = {
    "heat": (heat, 1, 0, [(9,), ()]),
    "recurrent": (recurrent, 1, 1, [(3,), (3,), (3, 3), (3, 3)]),
    "before": (before, 1, 1, [(4,), (3,), (4, 4), (4, 3)]),
    "wave": (wave, 2, 0, [(8,), (8,)]),
    "swapped": (swapped, 2, 0, [(3,), (3,)]),
    "circle": (circle, 3, 0, [(3,), (3,), (3,)]),
    "turned": (turned, 2, 0, [(3,), (3,)]),
    "numbers": (numbers, 1, 1, [(), (), ()]),
    "momentum": (momentum, 2, 0, [(5,), (5,), ()]),
    "covariance": (covariance, 1, 0, [(3, 3), (3, 3), (3,)]),
    "hoisted": (hoisted, 1, 0, [(3,), (3, 3)]),
    "as long": (momentum, 2, 0, [(N,), (N,), ()]),
}
"""Bodies by name: the function of a turn, how many of its arguments are carried and belong to
turns, and their shapes."""


def numbers_of(shape, rng):
    return 0.4 * rng.standard_normal(shape) if shape else float(0.4 * rng.standard_normal())


def case(name, n=N, backwards=False):
    """The loop of a body as a function, the same turns one after the other, and arguments."""
    turn, carried, per_turn, shapes = BODIES[name]
    rng = np.random.default_rng(len(name))
    region = Region(
        record(turn, *(numbers_of(s, rng) for s in shapes)), n, carried, per_turn, backwards
    )

    def rolled(*args):
        parts = Parts(loop(*args, region=region), region.results)
        return summed(parts[k] for k in range(len(region.results)))

    def unrolled(*args):
        state, kept = args[:carried], [None] * n
        for i in region.turns:
            own = [x[i] for x in args[carried : carried + per_turn]]
            found = turn(*state, *own, *args[carried + per_turn :])
            state, kept[i] = found[:carried], found[carried:]
        return summed([*state, *(np.stack(ys) for ys in zip(*kept, strict=True))])

    return rolled, unrolled, [numbers_of(s, rng) for s in region.arguments]


def summed(parts):
    """A number that depends on every entry in its way."""
    return sum(np.sum(np.cos(x + k)) for k, x in enumerate(parts))


def value(f):
    return f


def gradient(f):
    return lambda *args: ad.grad(lambda xs: f(*xs))(list(args))


def second(f):
    """The derivative of the gradient along a direction of ones."""

    def along(*args):
        ones = [np.ones(np.shape(x)) if np.ndim(x) else 1.0 for x in args]
        return ad.jvp(lambda xs: ad.grad(lambda ys: f(*ys))(xs), (list(args),), (ones,))[1]

    return along


def program(f, args):
    """f recorded, with loops as rows."""
    leaves, tree = flatten(list(args))
    return record_leaves(lambda *xs: f(*unflatten(tree, list(xs))), leaves, f, loops=True)


def loops_in(recorded):
    return sum(step.op is loop for step in recorded.steps)


@pytest.mark.parametrize("derive", [value, gradient, second])
@pytest.mark.parametrize("name", BODIES)
def test_a_loop_gives_what_its_turns_give_one_after_the_other(name, derive, backend):
    backwards = derive is value or len(name) % 2 == 0
    rolled, unrolled, args = case(name, n=4, backwards=backwards)
    short, long = program(derive(rolled), args), program(derive(unrolled), args)
    assert loops_in(short)
    assert not loops_in(long)
    want = interpret(long, args)
    for exact in (True, False) if backend == "numpy" else (False,):
        run = built(short, backend, exact)
        assert (backend == "llvm") == ("define i64" in run.source)
        for _ in range(2):
            for x, y in zip(want, run(*args), strict=True):
                np.testing.assert_allclose(y, x, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("derive", [value, gradient, second])
@pytest.mark.parametrize("name", ["heat", "wave", "circle", "turned", "numbers", "momentum"])
def test_the_same_kernels_give_the_same_bits(name, derive, backend):
    rolled, unrolled, args = case(name)
    runs = [built(program(derive(f), args), backend, exact=True) for f in (rolled, unrolled)]
    for x, y in zip(*(run(*args) for run in runs), strict=True):
        np.testing.assert_array_equal(x, y)


@pytest.mark.parametrize("derive", [value, gradient])
@pytest.mark.parametrize("name", BODIES)
def test_the_code_does_not_grow_with_the_turns(name, derive):
    counts = []
    for n in (5, 50):
        rolled, _, args = case(name, n)
        text = write(optimise(program(derive(rolled), args), exact=False)).text
        # How many buffers there are depends on their sizes.
        lines = [line.split() for line in text.splitlines()]
        counts.append(sum("empty" not in "".join(line[2:3]) for line in lines))
    assert counts[0] == counts[1]


def test_a_decision_is_taken_in_every_turn(backend):
    def turn(x, s):
        return (x * s if x < 4.0 else x + s,)

    region = Region(record(turn, 1.0, 1.5), 3, 1, 0)
    recorded = program(lambda x, s: loop(x, s, region=region)[0] * 1.0, [1.0, 1.5])
    run = built(recorded, backend, exact=False)
    assert run(1.0, 1.5) == [1.0 * 1.5**3]
    assert run(1.0, 2.5) is MISS
    assert run(1.0, 1.25) == [1.0 * 1.25**3]
    assert interpret(recorded, [1.0, 2.5]) is MISS


@pytest.mark.parametrize("name", ["recurrent", "numbers", "wave"])
def test_one_loop_there_and_one_back_serve_a_function_and_its_gradient(name):
    rolled, _, args = case(name)
    recorded = program(lambda *xs: [rolled(*xs), gradient(rolled)(*xs)], args)
    assert loops_in(recorded) > 2
    found = optimise(recorded)
    assert loops_in(found) == 2
    for x, y in zip(interpret(recorded, args), interpret(found, args), strict=True):
        np.testing.assert_allclose(y, x, rtol=1e-13)


@pytest.mark.parametrize("name", BODIES)
def test_native_code_does_not_grow_with_the_turns(name):
    plans = []
    for n in (5, 50):
        rolled, _, args = case(name, n)
        plans.append(planned(optimise(program(gradient(rolled), args), exact=False)))
    assert len(flattened(plans[0])) == len(flattened(plans[1]))


def test_numbers_stay_numbers_from_loop_to_loop():
    rolled, _, args = case("numbers")
    text = built(program(gradient(rolled), args), "numpy", exact=False).source
    assert "reversed(kept" in text
    assert "keep((" in text


def test_memory_is_that_of_what_the_way_back_reads():
    n, entries = 300, 9
    rolled, _, args = case("heat", n)
    code = write(optimise(program(gradient(rolled), args), exact=False))
    # Of a heat step the way back needs nothing but c and, for its gradient, the difference.
    assert code.nbytes <= 8 * (n * entries + 40 * entries)


def test_a_loop_of_numbers_has_no_arrays():
    region = Region(record(lambda x, a: (x - (x * x - a) / (2.0 * x),), 1.0, 2.0), 8, 1, 0)

    def root(x, a):
        return Parts(loop(x, a, region=region), region.results)[0]

    for derive in (value, gradient, second):
        recorded = program(derive(root), [1.0, 2.0])
        code = write(optimise(recorded, exact=False))
        assert not code.has_arrays
        assert code.nbytes == 0
        run = built(recorded, "numpy", exact=False)
        np.testing.assert_allclose(run(1.0, 2.0), interpret(recorded, [1.0, 2.0]), rtol=1e-13)


def test_a_loop_in_a_loop_and_more_turns_than_views_are_kept_for(backend):
    def inner(y, i, a):
        return a * np.sin(y) + 0.1 * y

    def outer(state, x, a):
        y, z = state
        y = ad.loop(inner, y + x, 3, a)
        last, left = ad.scan(lambda c, u: (0.5 * c + np.sum(u), c * u), 0.3, np.ones((4, 2)) * y)
        return 0.9 * y, z + last + np.sum(left)

    def f(y, a, xs):
        y, z = ad.loop(outer, (y, 0.0), 5, a, per_step=xs)
        return np.sum(y) + z

    args = np.array([0.1, 0.2]), 0.7, np.linspace(0.0, 1.0, 10).reshape(5, 2)
    derive = ad.grad(f, argnums=(0, 1, 2))
    compiled = ad.compile(derive, backend=backend)
    for _ in range(2):
        for x, y in zip(derive(*args), compiled(*args), strict=True):
            np.testing.assert_allclose(y, x, rtol=1e-12)

    n = LISTED + 1
    long = ad.grad(lambda y, a: np.sum(ad.loop(inner, y, n, a)), argnums=(0, 1))
    for x, y in zip(long(*args[:2]), ad.compile(long, backend=backend)(*args[:2]), strict=True):
        np.testing.assert_allclose(y, x, rtol=1e-12)


HIDES = {
    "shown": lambda x, c: np.sqrt(x) * c + x,
    "hidden": lambda x, c: ad.where(x > 0.5, np.sqrt(x - 0.5) * c, x),
    "cut off": lambda x, c: np.maximum(np.sqrt(x) * c, 0.0) + c * x,
}


@pytest.mark.parametrize("size", [0, 3])
@pytest.mark.parametrize("derive", [gradient, second])
@pytest.mark.parametrize("name", HIDES)
def test_infinite_slopes_times_nothing_are_nothing(name, derive, size, backend):
    """As where a plain product would give nan for inf · 0."""
    body = HIDES[name]

    def f(x, c):
        return np.sum(ad.loop(lambda x, i, c: body(x, c), x, 4, c))

    compiled = ad.compile(derive(f), backend=backend)
    for x, c in ((0.0, 0.0), (0.5, 0.0), (0.0, 1.0), (2.0, 0.3)):
        args = (np.full(size, x), np.full(size, c)) if size else (x, c)
        for want, found in zip(derive(f)(*args), compiled(*args), strict=True):
            np.testing.assert_allclose(found, want, rtol=1e-12, equal_nan=True)


def test_numbers_that_go_on_are_read_one_by_one_as_well(backend):
    def f(a, xs):
        last, left = ad.scan(lambda x, u: (x * u + a, x * a), 0.5, xs)
        x, y = ad.loop(lambda s, i: (s[1] * a, s[0] + 0.1), (last, a), 3)
        return x * y + last + left[1] * left[3] + sum(left[k] for k in (0, 2, 4)) + left[-1]

    args = 0.7, np.linspace(0.1, 1.0, 6)
    for derive in (value, gradient, second):
        compiled = ad.compile(derive(f), backend=backend)
        for want, found in zip(
            flatten(derive(f)(*args))[0], flatten(compiled(*args))[0], strict=True
        ):
            np.testing.assert_allclose(found, want, rtol=1e-12)
