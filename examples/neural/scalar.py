"""Neurons made of ad.Variable: every weight a number with a gradient, the graph made as it runs.

Gradients are read from `.grad` after `loss.backward()`, which replaces those of the step before:
nothing has to be set to zero in between.
"""

import numpy as np

import admodes as ad


class Neuron:
    """activation(x·w + b).

    >>> neuron = Neuron([0.5, -0.25, 0.1], 0.3)
    >>> y = neuron([1.0, 2.0, -1.0])
    >>> y.backward()
    >>> print(f"{y.value:.6f}", [f"{p.grad:.6f}" for p in neuron.parameters()])
    0.197375 ['0.961043', '1.922086', '-0.961043', '0.961043']
    """

    def __init__(self, w, b, activation=ad.tanh):
        self.w = [ad.Variable(float(w_i), name=f"w_{i}") for i, w_i in enumerate(w, 1)]
        self.b = ad.Variable(float(b), name="b")
        self.activation = activation

    def __call__(self, x):
        z = sum(x_i * w_i for x_i, w_i in zip(x, self.w, strict=True)) + self.b
        return self.activation(z) if self.activation else z

    def parameters(self):
        return [*self.w, self.b]


class Layer:
    """Neurons side by side; a column of W and an entry of b make one neuron."""

    def __init__(self, W, b, activation=ad.tanh):
        self.neurons = [Neuron(w, b_j, activation) for w, b_j in zip(W.T, b, strict=True)]

    def __call__(self, x):
        return [neuron(x) for neuron in self.neurons]

    def parameters(self):
        return [p for neuron in self.neurons for p in neuron.parameters()]

    def params(self):
        """The weights as arrays.py has them."""
        W = np.array([[w.value for w in neuron.w] for neuron in self.neurons]).T
        return {"W": W, "b": np.array([neuron.b.value for neuron in self.neurons])}


class MLP:
    """Layers one after the other; the last is linear. The weights are as in arrays.py."""

    def __init__(self, params, activation=ad.tanh):
        *hidden, last = params
        self.layers = [Layer(**layer, activation=activation) for layer in hidden]
        self.layers.append(Layer(**last, activation=None))

    def __call__(self, x):
        for layer in self.layers:
            x = layer(x)
        return x

    def parameters(self):
        return [p for layer in self.layers for p in layer.parameters()]

    def params(self):
        """The weights as arrays.py has them."""
        return [layer.params() for layer in self.layers]


class SGD:
    """Steepest descent: p ← p - rate · ∂loss/∂p."""

    def __init__(self, parameters, rate=0.1):
        self.parameters = parameters
        self.rate = rate

    def step(self):
        for p in self.parameters:
            p.value = p.value - self.rate * p.grad


class Adam:
    """Kingma and Ba (2015), algorithm 1: steps scaled by running moments of the gradient."""

    def __init__(self, parameters, rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8):
        self.parameters = parameters
        self.rate, self.beta1, self.beta2, self.epsilon = rate, beta1, beta2, epsilon
        self.t = 0
        self.m = [0.0] * len(parameters)
        self.v = [0.0] * len(parameters)

    def step(self):
        self.t += 1
        for i, p in enumerate(self.parameters):
            self.m[i] = self.beta1 * self.m[i] + (1 - self.beta1) * p.grad
            self.v[i] = self.beta2 * self.v[i] + (1 - self.beta2) * p.grad**2
            # The moments start at 0; dividing takes that bias away.
            m = self.m[i] / (1 - self.beta1**self.t)
            v = self.v[i] / (1 - self.beta2**self.t)
            p.value = p.value - self.rate * m / (v**0.5 + self.epsilon)
