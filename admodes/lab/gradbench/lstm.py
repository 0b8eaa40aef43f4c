"""lstm: the loss of a recurrent network that predicts a sequence of characters of b bits. All
weights are diagonal. A layer with the input x, the hidden state h and the cell c computes

    forget = σ(x w_f + b_f),  in = σ(h w_i + b_i),  out = σ(x w_o + b_o),
    change = tanh(h w_c + b_c),
    c ← c·forget + in·change,  h ← out·tanh c,

and its h is the input of the next layer. Between the first and the last layer x is scaled, in the
end scaled and shifted, by the extra parameters; the prediction is y. The loss is the mean of
−s (y − log(2 + Σ exp y)) over the bits s of the characters that follow.

σ(z) = ½ (1 + tanh ½z), so all gates of a layer come from one tanh. Some characters are a block.
"""

from __future__ import annotations

from functools import cache, partial
from typing import Any

import numpy as np

from admodes.derivatives.gradients import grad
from admodes.lab.gradbench.blocks import Block
from admodes.lab.gradbench.programs import PROGRAMS, Prepared
from admodes.lab.gradbench.reading import Fields

CHARACTERS = 16
"""Characters of a block: it is quick to compile, and few enough calls are left."""


def layer(weights: Any, biases: Any, hidden: Any, cell: Any, x: Any) -> tuple[Any, Any]:
    """The hidden state and the cell after an input."""
    b = len(cell)
    half = np.repeat([0.5, 0.5, 0.5, 1.0], b)
    inputs = np.concatenate([x, hidden, x, hidden])
    gates = (1.0 - half) + half * np.tanh(half * (inputs * weights + biases))
    forget, into, out, change = (gates[k * b : (k + 1) * b] for k in range(4))
    cell = cell * forget + into * change
    return out * np.tanh(cell), cell


def passage(main: Any, extra: Any, state: Any, sequence: Any) -> Any:
    """What one reads off all characters but the last: the state after them, and the sum of
    s (y − log(2 + Σ exp y)) over those that follow, in one vector."""
    states = [state[i] for i in range(len(state))]
    seen = []
    for t in range(len(sequence) - 1):
        x = sequence[t] * extra[0]
        for i in range(0, len(states), 2):
            x, states[i + 1] = layer(main[i], main[i + 1], states[i], states[i + 1], x)
            states[i] = x
        seen.append(x)
    y = np.stack(seen) * extra[1] + extra[2]
    logs = np.log(2.0 + np.sum(np.exp(y), axis=1))
    likelihood = np.sum(sequence[1:] * (y - logs[:, None]))
    return np.concatenate([*states, np.reshape(likelihood, (1,))])


def loss(main: Any, extra: Any, state: Any, sequence: Any, read: Any = None, size: int = 0) -> Any:
    """The loss. read does what passage does, for size characters at a time; by default for all."""
    read = read or passage
    shape, (c, b) = np.shape(state), np.shape(sequence)
    total = 0.0
    for start in range(0, c - 1, size or c):
        part = sequence[start : start + (size or c) + 1]
        found = read(main, extra, state, part)
        state, total = np.reshape(found[:-1], shape), total + found[-1]
    return -total / ((c - 1) * b)


def blocked(*shapes: tuple[int, ...]) -> Any:
    """loss, with CHARACTERS characters as one block. shapes: those of the other arguments."""

    @cache
    def block(characters: int) -> Block:
        return Block(passage, *shapes, (characters, shapes[1][1]))

    def read(main: Any, extra: Any, state: Any, part: Any) -> Any:
        return block(len(part))(main, extra, state, part)

    return partial(loss, read=read, size=CHARACTERS)


def objective(data: Any) -> Prepared:
    args, shapes = _input(data)
    return Prepared(PROGRAMS.ready(("lstm",), lambda: blocked(*shapes), *args))


def jacobian(data: Any) -> Prepared:
    args, shapes = _input(data)
    run = PROGRAMS.ready(("lstm'",), lambda: grad(blocked(*shapes), (0, 1)), *args)
    return Prepared(run, lambda result: np.concatenate([np.ravel(x) for x in result]))


def _input(data: Any) -> tuple[list[np.ndarray], list[tuple[int, ...]]]:
    fields = Fields(data)
    sequence = fields.array("sequence", None, None, least=(2, 1))
    b = sequence.shape[1]
    state = fields.array("state", None, b, least=(2, 1))
    layers = len(state) // 2
    main = fields.array("main_params", 2 * layers, 4 * b)
    state = fields.array("state", 2 * layers, b)
    args = [main, fields.array("extra_params", 3, b), state]
    return [*args, sequence], [x.shape for x in args]
