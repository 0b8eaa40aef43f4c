"""What derivatives leave behind: nothing that lives on, no state, no memory that is shared."""

from __future__ import annotations

import gc
import subprocess
import sys

import numpy as np
import pytest
from harness import derivative, nestings
from threads import together

import admodes as ad
from admodes.core.tape import Node

MODES = ("forward", "reverse")


def test_eight_threads_of_nested_gradients():
    def work(k):
        return [
            derivative(lambda x: x * derivative(lambda y: (k + x) * y * y, 0, inner)(x), 0, outer)(
                1.0 + n / 100
            )
            for n in range(60)
            for outer, inner in nestings(2)
        ]

    found = together(work, often=True)
    # x · 2 (k + x) x = 2 k x² + 2 x³ has the derivative 4 k x + 6 x².
    for k in range(8):
        xs = [1.0 + n / 100 for n in range(60) for _ in range(4)]
        assert found[k] == pytest.approx([4 * k * x + 6 * x * x for x in xs], rel=1e-14)


LONG = """
import gc, sys, threading
import admodes as ad
n = 1_000_000

def chain(x):
    y = x
    for _ in range(n):
        y = y * 1.000001 if _ % 2 else y - x
    return y

def run():
    sys.setrecursionlimit(120)
    out, tangent = ad.jvp(chain, (1.0,), (1.0,))
    again, pullback = ad.vjp(chain, 1.0)
    assert out == again
    (slope,) = pullback(1.0)
    assert abs(slope - tangent) <= 1e-9 * abs(tangent), (slope, tangent)
    assert pullback(2.0)[0] == 2 * slope
    del pullback
    gc.collect()
    print("done")

threading.stack_size(4 * 1024 * 1024)
t = threading.Thread(target=run)
t.start()
t.join()
"""


def test_a_chain_of_a_million_operations_needs_no_recursion():
    """Differentiated and freed under a recursion limit of 120, on a C stack of 4 MB."""
    done = subprocess.run([sys.executable, "-c", LONG], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")


def nodes_alive():
    gc.collect()
    return sum(isinstance(o, Node) for o in gc.get_objects())


def test_nodes_live_no_longer_than_what_refers_to_them():
    before = nodes_alive()
    _, pullback = ad.vjp(lambda x: ad.sin(x) * x, 1.0)
    assert nodes_alive() > before
    del pullback
    assert nodes_alive() == before
    gc.disable()
    try:
        ad.grad(lambda x: ad.sin(x * x))(2.0)
        alive = sum(isinstance(o, Node) for o in gc.get_objects())
        assert alive == before, "nodes are kept alive by a reference cycle"
    finally:
        gc.enable()


@pytest.mark.parametrize("mode", MODES)
def test_an_exception_leaves_no_state_behind(mode):
    class Boom(Exception):
        pass

    kept = []

    def bad(x):
        kept.append(x)
        y = ad.sin(x) * derivative(lambda z: z * x, 0, "forward")(1.0)
        kept.append(y)
        raise Boom

    before = nodes_alive()
    for _ in range(3):
        with pytest.raises(Boom):
            derivative(bad, 0, mode)(1.0)
    assert not any(x.level.alive for x in kept)
    kept.clear()
    assert derivative(lambda x: x * derivative(lambda y: x + y, 0, mode)(1.0), 0, mode)(1.0) == 1.0
    assert nodes_alive() == before


def test_changing_an_input_afterwards_does_not_change_the_pullback():
    x = np.array([1.0, 2.0])
    out, pullback = ad.vjp(lambda x: x * x, x)
    same, identity = ad.vjp(lambda x: x, x)
    x[:] = 100.0
    out[:] = 200.0
    same[:] = 300.0
    np.testing.assert_array_equal(pullback(np.ones(2))[0], [2.0, 4.0])
    w = np.ones(2)
    (back,) = identity(w)
    back[:] = 5.0
    np.testing.assert_array_equal(w, 1.0)


def test_memory_of_a_forward_sweep_does_not_grow_with_the_chain():
    def f(x):
        y = x
        for _ in range(20_000):
            y = y * 1.0001
        return y

    before = len(gc.get_objects())
    ad.jvp(f, (1.0,), (1.0,))
    assert len(gc.get_objects()) - before < 100


def test_a_buffer_reused_inside_the_function_does_not_change_what_was_computed():
    def scaled(x):
        c, y = np.array([1.0]), x
        for k in range(3):
            c[0] = k + 1.0
            y = y * c
        return y.sum()

    def masked(x):
        mask, total = np.zeros(2, bool), 0.0
        for i in range(2):
            mask[:] = False
            mask[i] = True
            total = total + ad.where(mask, x * (i + 1.0), 0.0).sum()
        return total

    def indexed(x):
        index, total = [0], 0.0
        for i in range(2):
            index[0] = i
            total = total + (x[index] * (i + 1)).sum()
        return total

    x = np.array([1.0, 1.0])
    np.testing.assert_array_equal(ad.grad(scaled)(np.array([1.0])), [6.0])
    assert ad.trace(scaled, np.array([1.0])).jacobian["reverse"] == [[6.0]]
    np.testing.assert_array_equal(ad.grad(masked)(x), [1.0, 2.0])
    np.testing.assert_array_equal(ad.grad(indexed)(x), [1.0, 2.0])


def test_results_do_not_alias_the_inputs():
    x, v = np.array([1.0, 2.0]), np.array([1.0, 0.0])
    out, dot = ad.jvp(lambda x: x, (x,), (v,))
    out[0] = dot[0] = 9.0
    assert (x[0], v[0]) == (1.0, 1.0)
    with pytest.raises(ValueError, match="read-only"):
        ad.grad(lambda x: ad.value(x).__setitem__(0, 9.0) or x.sum())(x)
