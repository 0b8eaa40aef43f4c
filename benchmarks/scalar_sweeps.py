"""One program of scalar operations, and its gradient by both modes and by a peer in micrograd's
style: what benchmarks/eager.py times, and benchmarks/against among other things.
"""

from __future__ import annotations

import math
import sys

from micrograd_style import Value

import admodes as ad

AT = (1.1, 0.7)
PEER = "micrograd style"
REVERSE = "reverse (vjp + pullback)"
DUAL = "one dual sweep (jvp)"
TARGETS = {REVERSE: 1.0, DUAL: 0.5}
"""The largest ratio of times to the peer that is good enough."""


def program(x, y, sin, exp, blocks):
    """4 multiplications, 3 additions and one of each of sin, exp, a power, a division and another
    multiplication in every block; one addition at the end."""
    for _ in range(blocks):
        z = sin(x) * y + x
        w = exp(z * 0.1)
        x = (w + z) / (w * w + 1.5)
        y = x**3.0 + y * 0.5
    return x + y


def candidates(blocks):
    """What is timed, by name: each returns the gradient, or a part of it."""
    # The peer's ordering recurses as deep as the graph is long.
    sys.setrecursionlimit(max(sys.getrecursionlimit(), 50 * blocks + 1000))

    def traced(x, y):
        return program(x, y, ad.sin, ad.exp, blocks)

    def plain():
        program(*AT, math.sin, math.exp, blocks)

    def reverse():
        _, pullback = ad.vjp(traced, *AT)
        return pullback(1.0)

    def dual():
        return ad.jvp(traced, AT, (1.0, 0.0))[1:]

    def variable():
        x, y = map(ad.Variable, AT)
        traced(x, y).backward()
        return x.grad, y.grad

    def peer():
        x, y = map(Value, AT)
        program(x, y, Value.sin, Value.exp, blocks).backward()
        return x.grad, y.grad

    return {
        "f on floats": plain,
        PEER: peer,
        REVERSE: reverse,
        DUAL: dual,
        "Variable.backward": variable,
    }
