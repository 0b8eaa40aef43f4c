"""Calls that go to native code without Python between: they are the same calls, for whatever is
given, and hand on what is of another case."""

import copy
import gc
import os
import pickle
import struct
import sys
import weakref

import numpy as np
import pytest
from threads import WORKERS, together

import admodes as ad
from admodes.compilation import backends
from admodes.compilation.cases import chosen
from admodes.compilation.compiled import Compiled, Entered
from admodes.optimisation import optimise

pytest.importorskip("llvmlite")

from admodes.compilation.llvm import direct
from admodes.compilation.llvm import direct_text as at

pytestmark = pytest.mark.skipif(direct.interface() is None, reason="Python is of another kind")

SCALE = 2.0
OTHER = np.ones(2).view(type("Other", (np.ndarray,), {}))


def native(f, *args, **options):
    """f compiled, and called often enough that calls go to native code."""
    compiled = ad.compile(f, "llvm", **options)
    compiled(*args), compiled(*args)
    assert compiled.__class__ is Entered
    return compiled


def calls_of(compiled):
    """How many calls native code has made itself, in all cases there are."""
    return sum(case.direct.calls for case in compiled.specialisations if case.direct)


def bits(x):
    return struct.pack("d", x)


def product(x, y):
    return x * y


def nested(p):
    (a, b), [c] = p
    return [a * b, (b * c, 3.0), ()], ad.sin(c)


def test_numbers_go_in_and_come_out():
    f = native(product, 2.0, 3.0)
    before = calls_of(f)
    assert [f(x, 0.5) for x in (1.0, -0.0, 5.0)] == [0.5, -0.0, 2.5]
    assert bits(f(-0.0, 0.5)) == bits(-0.0)
    assert bits(f(float("inf"), 0.0)) == bits(float("inf") * 0.0)
    assert calls_of(f) == before + 5
    assert f.specialisations[0].runs == 2 + 5


def test_structures_go_in_and_come_out():
    p = ((2.0, 3.0), [4.0])
    f = native(nested, p)
    before = calls_of(f)
    assert f(p) == nested(p)
    assert [type(x) for x in f(p)] == [list, float]
    assert calls_of(f) == before + 2


def test_arrays_go_in_and_come_out():
    f = native(lambda a, s: (a * s, (a * a).sum()), np.ones((2, 3)), 2.0)
    a = np.arange(6.0).reshape(2, 3)
    before = calls_of(f)
    y, total = f(a, 3.0)
    assert (total, type(total)) == (55.0, float)
    assert (y.flags.owndata, y.flags.writeable) == (True, True)
    z, _ = f(a, 1.0)
    assert np.array_equal([y, z], [3.0 * a, a])
    assert calls_of(f) == before + 2


@pytest.mark.parametrize(
    "a",
    [
        np.arange(12.0).reshape(2, 6)[:, ::2],
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.frombuffer(b"\0" + np.arange(6.0).tobytes(), float, offset=1).reshape(2, 3),
        np.arange(6.0).reshape(2, 3).astype(">f8"),
        np.arange(6.0).reshape(3, 2),
        np.arange(6.0),
        np.arange(6).reshape(2, 3),
        np.arange(6.0).reshape(2, 3).astype(np.float32),
    ],
    ids=["strided", "other order", "odd address", "bytes", "shape", "axes", "int", "32"],
)
def test_other_arrays_are_handed_on(a):
    def f(a):
        return a * 2.0

    c = native(f, np.ones((2, 3)))
    before = calls_of(c)
    found = c(a)
    assert np.array_equal(found, f(a))
    assert found.dtype == f(a).dtype
    assert calls_of(c) == before


class Half(float):
    def __mul__(self, other):
        raise AssertionError("it stands for its number")


@pytest.mark.parametrize("x", [1, True, Half(0.5), np.float32(2.0), np.int64(2), np.array(2.0), 1j])
def test_other_kinds_of_numbers_are_handed_on(x):
    f = native(product, 2.0, 3.0)
    before = calls_of(f)
    assert f(x, 3.0) == product(0.5 if type(x) is Half else x, 3.0)
    assert calls_of(f) == before


def test_numpys_numbers_are_taken_where_it_makes_no_difference():
    f = native(product, 2.0, 3.0)
    before = calls_of(f)
    assert type(f(np.float64(2.0), 4.0)) is float
    assert calls_of(f) == before + 1
    g = native(lambda x: x * 2.0 if x > 1.0 else x, 2.0)
    before = calls_of(g)
    g(np.float64(3.0))
    assert calls_of(g) == before


@pytest.mark.parametrize("args", [("a", 1.0), (None, 1.0), (1.0,), (1.0, 2.0, 3.0), (1.0, OTHER)])
def test_errors_are_those_of_python(args):
    f = native(product, 2.0, 3.0)
    plain = ad.compile(product, "numpy")
    with pytest.raises(TypeError) as ours:
        f(*args)
    with pytest.raises(TypeError) as theirs:
        plain(*args)
    assert str(ours.value) == str(theirs.value)
    assert f(2.0, 3.0) == 6.0


def test_arguments_by_name_are_handed_on():
    f = native(product, 2.0, 3.0)
    assert f(2.0, y=4.0) == f(x=2.0, y=4.0) == f(*(2.0, 4.0)) == 8.0


def test_containers_of_other_lengths_and_kinds_are_handed_on():
    f = native(lambda p: p[0] * p[1], [2.0, 3.0])
    before = calls_of(f)
    assert f((2.0, 4.0)) == 8.0
    assert f([2.0, 4.0, 5.0]) == 8.0
    assert f({0: 2.0, 1: 4.0}) == 8.0
    assert calls_of(f) == before
    assert f([2.0, 5.0]) == 10.0


def test_branches_lead_to_other_cases():
    f = native(lambda x: x * x if x > 1.0 else -x, 3.0)
    found = [f(x) for x in (2.0, 0.5, 0.25, 4.0, -1.0, 3.0)]
    assert found == [4.0, -0.5, -0.25, 16.0, 1.0, 9.0]
    assert len(f.specialisations) == 2
    assert sum(case.runs for case in f.specialisations) == 8
    before = calls_of(f)
    assert f(5.0) == 25.0
    assert calls_of(f) == before + 1


def test_what_a_function_refers_to_may_change(monkeypatch):
    kept = [2.0]
    w = np.arange(1.0, 4.0)

    def f(x):
        return (w * x).sum() * (SCALE * kept[0])

    c = native(f, 3.0)
    before = calls_of(c)
    w[0] = 10.0
    assert c(3.0) == f(3.0) == 180.0
    assert calls_of(c) == before + 1
    w = np.arange(4.0)
    assert c(3.0) == f(3.0) == 72.0
    kept[0] = 5.0
    assert c(3.0) == f(3.0) == 180.0
    monkeypatch.setitem(globals(), "SCALE", 1.0)
    assert c(3.0) == f(3.0) == 90.0
    w = None
    with pytest.raises(TypeError):
        c(3.0)


def test_what_is_not_finite_is_calculated_exactly():
    def f(x, y):
        return ad.exp(x) / ad.exp(y) * (x + y - x)

    slope = native(ad.grad(f, (0, 1)), 1.0, 2.0)
    plain = ad.compile(ad.grad(f, (0, 1)), "interpreter")
    for args in ((800.0, 800.0), (1e308, 1e308), (float("nan"), 1.0), (0.5, 0.25)):
        assert np.allclose(slope(*args), plain(*args), rtol=1e-14, equal_nan=True)


def test_strict_is_seen():
    f = native(ad.grad(lambda x: ad.abs(x - 1.0) * x), 3.0)
    with ad.strict(), pytest.raises(ad.StrictError):
        f(1.0)
    assert f(3.0) == 5.0


def test_what_was_chosen_is_entered():
    f = ad.compile(product, "numpy")
    assert f(2.0, 3.0) == 6.0
    (case,) = f.specialisations
    run = backends._run("llvm", optimise(case.program), case.program)
    chosen(weakref.ref(f), weakref.ref(case), run)
    assert f.__class__ is Entered
    assert f(2.0, 4.0) == 8.0
    assert (case.runs, calls_of(f)) == (2, 1)


def test_checked_functions_go_through_python():
    c = ad.compile(product, "llvm", check=True)
    for _ in range(4):
        c(2.0, 3.0)
    assert c.__class__ is Compiled


def test_it_is_a_function_like_any_other():
    f = native(product, 2.0, 3.0)
    assert isinstance(f, Compiled)
    assert (f.__name__, callable(f)) == ("product", True)
    assert list(map(f, [1.0, 2.0], [3.0, 4.0])) == [3.0, 8.0]
    assert f.__call__(2.0, 3.0) == 6.0
    assert copy.copy(f)(2.0, 3.0) == pickle.loads(pickle.dumps(f))(2.0, 3.0) == 6.0

    class Body:
        times = native(lambda self, x: x * 2.0, None, 1.0)

    assert Body().times(4.0) == 8.0


def test_clear_forgets_it():
    f = native(product, 2.0, 3.0)
    f.clear()
    assert (f.__class__, f.specialisations) == (Compiled, ())
    assert f(2.0, 5.0) == 10.0


def test_nothing_is_held_or_lost():
    rows = [[float("2.25"), 3.0], [4.0, 5.0]]
    a = np.ones(3)
    f = native(lambda r, a: ([r[0][0] * r[1][1], [r[0][1]]], a * r[1][0]), rows, a)
    watched = rows, rows[0], rows[0][0], a, a.dtype, float, list, np.ndarray
    before = calls_of(f)
    gc.collect()
    gc.disable()
    try:
        held = list(map(sys.getrefcount, watched))
        results = [f(rows, a) for _ in range(100)]
        assert calls_of(f) == before + 100
        assert {sys.getrefcount(r) for r in results} == {3}
        assert {sys.getrefcount(r[0][1]) for r in results} == {2}
        assert {sys.getrefcount(r[1]) for r in results} == {2}
        del results
        assert list(map(sys.getrefcount, watched)) == held
    finally:
        gc.enable()
    blocks = sys.getallocatedblocks()
    for _ in range(5000):
        f(rows, a)
        f(rows, a[::-1])
    gc.collect()
    assert sys.getallocatedblocks() - blocks < 500


def test_the_function_is_collected():
    class Weight:
        factor = 2.0

    w = Weight()
    f = native(lambda x: w.factor * x, 3.0)
    alive = weakref.ref(f)
    del f
    gc.collect()
    assert alive() is None


def test_a_call_within_a_call_has_memory_of_its_own():
    f = native(lambda x, y: [x * y, [x + y]], 2.0, 3.0)
    seen = []

    class Ends:
        def __del__(self):
            seen.append(f(10.0, 20.0))

    def garbage():
        e = Ends()
        e.itself = e

    before = gc.get_threshold()
    gc.set_threshold(1)
    try:
        found = []
        for k in range(200):
            garbage()
            found.append(f(float(k), 2.0))
    finally:
        gc.set_threshold(*before)
    gc.collect()
    assert found == [[2.0 * k, [k + 2.0]] for k in range(200)]
    assert seen == [[200.0, [30.0]]] * 200


def test_threads_share_it():
    f = native(lambda x, a: (x * 0.5, a + x), 2.0, np.ones(4))

    def wrong(k):
        points = [float(k * 1000 + i) for i in range(1000)]
        found = [f(x, np.full(4, x)) for x in points]
        return [
            x
            for x, (y, a) in zip(points, found, strict=True)
            if y != x * 0.5 or a.tolist() != [2.0 * x] * 4
        ]

    assert together(wrong, often=True) == [[]] * WORKERS


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked here")
def test_a_forked_process_goes_on():
    f = native(product, 2.0, 3.0)
    child = os.fork()
    if not child:
        os._exit(0 if f(3.0, 4.0) == 12.0 and calls_of(f) == 2 else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_results_that_tables_do_not_know_go_through_python():
    f = ad.compile(lambda x: {"y": x * 2.0, "positive": x > 0.0}, "llvm")
    assert [f(x) for x in (1.0, 2.0)] == [
        {"y": 2.0, "positive": True},
        {"y": 4.0, "positive": True},
    ]
    assert f.__class__ is Compiled


def test_another_python_is_not_relied_on(monkeypatch):
    monkeypatch.setattr(sys.implementation, "name", "other")
    assert not direct.is_known_python()


def test_no_memory_for_a_result_is_an_error():
    """The table asks for a container of a length that there cannot be."""
    f = native(lambda x: [x * 2.0, [x]], 2.0)
    own = f.specialisations[0].direct
    begin = (own.words[2 * list(at.SECTIONS).index("filled")] - own.words.ctypes.data) // 8
    length = begin + len(at.SECTIONS["filled"]) + 3
    kept = own.words[length]
    own.words[length] = 1 << 62

    def failing():
        for _ in range(1000):
            try:
                own.function(3.0)
            except MemoryError:
                continue
            raise AssertionError("there is room")

    failing()
    blocks = sys.getallocatedblocks()
    failing()
    assert sys.getallocatedblocks() - blocks < 100
    own.words[length] = kept
    assert f(3.0) == [6.0, [3.0]]
