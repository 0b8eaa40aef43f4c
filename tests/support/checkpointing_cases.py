"""What the tests of checkpointing share: loops, plain and checkpointed."""

import numpy as np

import admodes as ad
from admodes.checkpointing import checkpointed_loop

MODES = (
    "forward-over-reverse",
    "reverse-over-forward",
    "forward-over-forward",
    "reverse-over-reverse",
)
SIZES = ((1, 1), (2, 1), (5, 2), (9, 3), (6, 10), (12, None))
STATES = {
    "number": (0.3, 0.8),
    "matrix": (np.linspace(-1.0, 1.0, 12).reshape(3, 4), np.array([0.5, 0.8, 1.1, 0.2])),
    "column": (np.array([0.2, -0.4, 0.9]), np.array([[0.7], [0.4]])),
    "empty": (np.zeros((0, 2)), np.array([0.5, 0.8])),
}


def plain_loop(step, state, n, *params, per_step=None, snapshots=None):
    """The loop as a user writes it without checkpoints, for arrays as per_step."""
    for i in range(n):
        state = step(state, i if per_step is None else per_step[i], *params)
    return state


LOOPS = plain_loop, checkpointed_loop


def rotate(state, i, w):
    return ad.sin(state * w) + 0.1 * i * w


def final(loop, step=rotate, n=6, snapshots=2):
    """The sum of the last state as a function of the first one and a parameter."""
    return lambda x, w: ad.sum(loop(step, x, n, w, snapshots=snapshots))
