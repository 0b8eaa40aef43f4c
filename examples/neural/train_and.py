"""One neuron, tanh(x·w + b), learns the logical AND by steepest descent.

python examples/neural/train_and.py --engine variable
"""

import argparse

import numpy as np
from arrays import forward, initial, sgd
from console import progress, whole_from
from datasets import AND_X, AND_Y
from scalar import SGD, Neuron

import admodes as ad

RATE = 0.2


def train_variable(layer, steps, report):
    """The trained neuron and its outputs, on ad.Variable."""
    neuron = Neuron(layer["W"][:, 0], layer["b"][0])
    optimiser = SGD(neuron.parameters(), RATE)
    points, targets = AND_X.tolist(), AND_Y.tolist()
    for step in range(1, steps + 1):
        loss = sum((neuron(x) - y) ** 2 for x, y in zip(points, targets, strict=True)) / 4
        loss.backward()
        optimiser.step()
        report(step, steps, f"loss {loss.value:.6f}")
    *w, b = (p.value for p in neuron.parameters())
    return w, b, [neuron(x).value for x in points]


def train_grad(layer, steps, report):
    """The same on arrays, with ad.value_and_grad."""

    def output(params):
        return np.tanh(forward(params, AND_X))[:, 0]

    def loss(params):
        return np.mean((output(params) - AND_Y) ** 2)

    params = [layer]
    for step in range(1, steps + 1):
        value, grads = ad.value_and_grad(loss)(params)
        params = sgd(params, grads, RATE)
        report(step, steps, f"loss {value:.6f}")
    return params[0]["W"][:, 0].tolist(), float(params[0]["b"][0]), output(params).tolist()


ENGINES = {"variable": train_variable, "grad": train_grad}


def main(argv=None):
    parser = argparse.ArgumentParser(description="One neuron learns the logical AND.")
    parser.add_argument("--engine", choices=ENGINES, default="variable")
    parser.add_argument("--steps", type=whole_from(1), default=300)
    parser.add_argument("--seed", type=whole_from(0), default=0, help="of the initial weights")
    options = parser.parse_args(argv)

    layer = initial([2, 1], np.random.default_rng(options.seed))[0]
    w, b, outputs = ENGINES[options.engine](layer, options.steps, progress)

    print(f"\ntanh({w[0]:.3f} x1 {w[1]:+.3f} x2 {b:+.3f})\n\nx1  x2  AND  neuron")
    for (x1, x2), target, output in zip(AND_X, AND_Y, outputs, strict=True):
        print(f"{x1:2.0f}  {x2:2.0f}  {target:3.0f}  {output:6.3f}")


if __name__ == "__main__":
    main()
