"""The same network as plain NumPy code, differentiated as it is.

The parameters are a list with one dict {"W": inputs × outputs, "b": outputs} a layer. ad.grad gives
gradients of the same structure, and the optimisers are pure functions on such trees.
"""

from itertools import pairwise

import numpy as np


def initial(sizes, rng):
    """Random weights for layers of these sizes, scaled so that tanh is not saturated (Glorot)."""
    return [
        {"W": rng.normal(0, (2 / (n + m)) ** 0.5, (n, m)), "b": np.zeros(m)}
        for n, m in pairwise(sizes)
    ]


def forward(params, x, activation=np.tanh):
    """The outputs for a batch x, one row a point; the last layer is linear."""
    *hidden, last = params
    for layer in hidden:
        x = activation(x @ layer["W"] + layer["b"])
    return x @ last["W"] + last["b"]


def relu(z):
    return np.maximum(z, 0.0)


def tree_map(f, tree, *others):
    """f of corresponding leaves, in the structure of the first tree.

    >>> tree_map(lambda a, b: a + b, {"W": 1, "b": [2, 3]}, {"W": 10, "b": [20, 30]})
    {'W': 11, 'b': [22, 33]}
    """
    if isinstance(tree, dict):
        return {key: tree_map(f, tree[key], *(other[key] for other in others)) for key in tree}
    if isinstance(tree, list):
        return [tree_map(f, *parts) for parts in zip(tree, *others, strict=True)]
    return f(tree, *others)


def sgd(params, grads, rate=0.1):
    """Parameters after one step of steepest descent."""
    return tree_map(lambda p, g: p - rate * g, params, grads)


def adam_start(params):
    """The state of Adam before the first step: number of steps, first and second moments."""
    zeros = tree_map(np.zeros_like, params)
    return 0, zeros, zeros


def adam(params, grads, state, rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8):
    """Parameters and state after one step of Adam (Kingma and Ba 2015, algorithm 1)."""
    t, m, v = state
    t += 1
    m = tree_map(lambda m, g: beta1 * m + (1 - beta1) * g, m, grads)
    v = tree_map(lambda v, g: beta2 * v + (1 - beta2) * g**2, v, grads)

    def stepped(p, m, v):
        # The moments start at 0; dividing takes that bias away.
        m, v = m / (1 - beta1**t), v / (1 - beta2**t)
        return p - rate * m / (np.sqrt(v) + epsilon)

    return tree_map(stepped, params, m, v), (t, m, v)
