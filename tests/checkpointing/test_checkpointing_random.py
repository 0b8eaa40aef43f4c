"""Random programs of checkpoints and loops in each other, over closures, against plain ones."""

import numpy as np
import pytest
from checkpointing_cases import plain_loop
from seeds import generator

import admodes as ad
from admodes.checkpointing import checkpoint, checkpointed_loop

STEPS = (
    lambda a, b: ad.sin(a * b),
    lambda a, b: a * ad.cos(b),
    lambda a, b: a + 0.3 * b,
    lambda a, b: ad.tanh(a) * b + a,
    lambda a, b: ad.exp(-(a * a)) + b * b,
)


def program(rng, depth):
    """A random function of two values: a tree of steps, segments, loops and inner derivatives."""
    kind = rng.choice(["step", "chain", "segment", "closure", "loop", "derivative"])
    if depth == 0 or kind == "step":
        step = STEPS[rng.integers(len(STEPS))]
        return lambda wrap, loop, a, b: step(a, b)
    f, g = program(rng, depth - 1), program(rng, depth - 1)
    n, snapshots = int(rng.integers(1, 5)), int(rng.integers(1, 4))

    def run(wrap, loop, a, b):
        if kind == "chain":
            return f(wrap, loop, g(wrap, loop, a, b), b)
        if kind == "segment":
            return wrap(lambda a, b: f(wrap, loop, a, g(wrap, loop, b, a)))(a, b)
        if kind == "closure":
            c = g(wrap, loop, b, a)
            return wrap(lambda a: f(wrap, loop, a, c) + c)(a)
        if kind == "loop":
            c = g(wrap, loop, b, a)
            return loop(
                lambda s, i, b: ad.sin(f(wrap, loop, s, b)) + 0.1 * c, a, n, b, snapshots=snapshots
            )
        return f(wrap, loop, ad.jvp(lambda a: ad.sin(g(wrap, loop, a, b)), (a,), (a,))[1], b)

    return run


def derivative(f, modes):
    """f differentiated along its first argument and summed, once per mode."""
    for mode in modes:
        f = along(f, mode)
    return f


def along(f, mode):
    if mode == "forward":
        return lambda a, b: ad.jvp(lambda a: f(a, b), (a,), (a * 0.0 + 1.0,))[1]
    if mode == "reverse":
        return lambda a, b: ad.grad(lambda a: ad.sum(f(a, b)))(a)
    return lambda a, b: ad.grad(lambda b: ad.sum(f(a, b)))(b) + a


@pytest.mark.parametrize("seed", range(60))
def test_derivatives_are_those_of_the_plain_program(seed):
    rng = generator(seed)
    run = program(rng, 3)
    a, b = (0.4, 0.9) if seed % 2 else (np.array([0.4, -0.2]), np.array([0.9, 0.5]))
    for _ in range(3):
        modes = rng.choice(["forward", "reverse", "second"], int(rng.integers(1, 4)))
        plain, ours = (
            derivative(lambda a, b, w=wrap, o=loop: run(w, o, a, b), modes)(a, b)
            for wrap, loop in ((lambda f: f, plain_loop), (checkpoint, checkpointed_loop))
        )
        assert np.allclose(plain, ours, rtol=1e-9, atol=1e-11), modes
