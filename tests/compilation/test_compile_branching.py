"""Cases that differ by decisions alone: which of them a call tries, and how many there may be."""

import random
import warnings
from importlib.util import find_spec
from queue import SimpleQueue

import numpy as np
import pytest

import admodes as ad
from admodes.compilation import branching
from admodes.compilation.branching import Family
from admodes.compilation.protocol import Miss

BACKENDS = ["interpreter", "numpy", *(["llvm"] if find_spec("llvmlite") else [])]


def counted(f):
    """f, and what gives the number of its calls so far, which f itself cannot see."""
    calls = SimpleQueue()

    def run(*args):
        calls.put(None)
        return f(*args)

    return run, calls.qsize


def root(x, start):
    """The square root of x by Newton's steps, as many as it takes."""
    steps = 0
    while abs(start * start - x) > 1e-9 * x and steps < 80:
        start = 0.5 * (start + x / start)
        steps += 1
    return start


def halvings(x):
    """A number of steps that is about the logarithm of x."""
    y = x
    while x > 1.0:
        x, y = 0.5 * x, ad.sin(y)
    return y


def tried(family):
    """How often cases of a family are run from here on, by the number of each."""
    found = []
    for number, case in enumerate(family.nodes):
        enter = case.enter

        def counting(args, kwargs, number=number, enter=enter):
            found.append(number)
            return enter(args, kwargs)

        case.enter = counting
    return found


@pytest.mark.parametrize(
    ("backend", "order"),
    [("numpy", "up"), ("numpy", "down"), *((backend, "mixed") for backend in BACKENDS)],
)
def test_67_counts_of_steps_are_67_cases_of_which_few_are_tried(backend, order):
    counts = list(range(3, 70))
    if order == "down":
        counts.reverse()
    elif order == "mixed":
        random.Random(3).shuffle(counts)
    f, calls = counted(halvings)
    c = ad.compile(f, backend)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for n in counts:
            c(0.75 * 2.0**n)
    assert calls() == len(c.specialisations) == 67
    (family,) = c._families
    trials = tried(family)
    for n in random.Random(4).choices(counts, k=100):
        before = len(trials)
        assert c(0.75 * 2.0**n) == halvings(0.75 * 2.0**n)
        assert len(trials) - before <= 4
    assert calls() == 67


@pytest.mark.parametrize("backend", BACKENDS)
def test_newtons_method_is_never_run_again_for_a_count_that_was_seen(backend):
    points = [(x, start) for x in (2.0, 3.0) for start in (1.0, 1e3, 1e8, 1e-5, 1.5, 1e20)]
    f, calls = counted(ad.value_and_grad(root))
    c = ad.compile(f, backend)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for point in points * 2:
            np.testing.assert_allclose(c(*point), ad.value_and_grad(root)(*point), rtol=1e-12)
    assert calls() == len(c.specialisations)


def decided(x, signs):
    """Decisions on numbers that were computed in another order than they are decided on."""
    parts = [x * s for s in signs]
    total = 0.0
    for part in (*parts[::-1], *parts[::2]):
        if part > 0.0:
            total = total + ad.sin(part)
        elif part < -1.0:
            total = total - part
    return total


@pytest.mark.parametrize("backend", BACKENDS)
def test_what_fails_first_is_told_whatever_the_order_of_rows(backend):
    draw = np.random.default_rng(5)
    f, calls = counted(lambda x, *signs: decided(x, signs))
    c = ad.compile(f, backend)
    points = [tuple(draw.uniform(-2.0, 2.0, 4).tolist()) for _ in range(200)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for point in points * 2:
            np.testing.assert_allclose(c(1.0, *point), decided(1.0, point), rtol=1e-13)
    recorded = calls()
    paths = {tuple((p > 0.0, p < -1.0) for p in point) for point in points}
    assert recorded == len(c.specialisations) == len(paths)


def test_a_run_tells_the_first_decision_that_comes_out_otherwise():
    def f(x, y):
        low, high = x < 0.0, y > 1.0
        if high:
            return x
        return y if low else x * y

    for backend in BACKENDS:
        c = ad.compile(f, backend)
        c(1.0, 0.0)
        (case,) = c.specialisations
        assert [case.run(x, 2.0).guard for x in (1.0, -1.0)] == [0, 0]
        assert case.run(-1.0, 0.0).guard == 1
        assert case.run(2.0, 0.5) == [1.0]


def test_the_limit_counts_cases_that_differ_by_decisions_by_their_rows(monkeypatch):
    def f(x, n):
        while x > 1.0:
            x = 0.5 * x
            for _ in range(n):
                x = x + 0.0 * x
        return x

    def called(c, *points):
        for point in points:
            c(*point)

    c = ad.compile(f, "numpy", limit=2)
    with pytest.warns(ad.CompileWarning, match="recorded anew at each"):
        called(c, *((2.0**k, 1) for k in range(8)))
    assert len(c.specialisations) == 8
    monkeypatch.setattr(branching, "ROWS", 160)
    long = ad.compile(lambda x: f(x, 60), "numpy", limit=2)
    with pytest.warns(ad.CompileWarning, match="recorded 3 times, the limit"):
        called(long, *((2.0**k,) for k in range(5)))
    one = ad.compile(lambda x: f(x, 1), "numpy", limit=1)
    with pytest.warns(ad.CompileWarning, match="recorded 1 times, the limit"):
        called(one, (1.0,), (2.0,))


class Path:
    """A case of a family that took these decisions."""

    def __init__(self, decisions):
        self.decisions = decisions
        self.program = self
        self.guards = self.steps = decisions

    def run(self, decisions):
        pairs = enumerate(zip(self.decisions, decisions, strict=False))
        return next((Miss(k) for k, (a, b) in pairs if a != b), self)


def test_every_path_is_found_in_a_family_of_paths_drawn_at_random():
    """Paths as a program takes them: where the decisions so far are equal, the next one is the same
    question."""
    draw = random.Random(7)

    def path():
        found = []
        while not found or (found[-1] != 2 and len(found) < 12):
            found.append(draw.choice((0, 0, 1, 1, 1, 2)))
        return tuple(found)

    for _ in range(20):
        first = Path(path())
        family, known = Family(first), {first.decisions}
        for _ in range(60):
            wanted = path()
            start = draw.choice(list(family.nodes))
            found = start.run(wanted)
            case = start
            if found.__class__ is Miss:
                case, found = family.followed(start, found, lambda c, w=wanted: c.run(w))
            assert (found.__class__ is not Miss) == (wanted in known)
            if found.__class__ is Miss:
                family.add(Path(wanted), case, found.guard)
                known.add(wanted)
            else:
                assert case.decisions == wanted
