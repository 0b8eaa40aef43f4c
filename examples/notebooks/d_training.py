# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # D. Graduating autograd
#
# After a project sheet: a derivative in stages, a neuron, and a neuron that learns.

# %%
import numpy as np

import admodes as ad

z = ad.parse("log(x1*x2)*sin(x2)")
ad.trace(z, 1.0, 2.0)

# %% [markdown]
# In stages, along its path, the derivative with respect to $x_1$ is
# $1 \cdot y_2 \cdot \frac1a \cdot x_2$. (The sheet prints $\frac{d}{dx} \sin x = -\cos x$; it is
# $\cos x$.)

# %%
ad.explain(z, 1.0, 2.0, wrt="x1")

# %%
assert np.allclose(ad.grad(z, (0, 1))(1.0, 2.0), [0.909297, 0.166198], atol=1e-6)
assert ad.grad(lambda x: 3 * x**2 + 4 * x + 2)(3.0) == 22

# %% [markdown]
# ## A neuron
#
# $\tanh(x \cdot w + b)$, with two kinds of nodes: operations and values.


# %%
def neuron(x, w, b):
    return np.tanh(x @ w + b)


at = (np.array([1.0, 2.0, -1.0]), np.array([0.5, -0.25, 0.1]), 0.3)
dx, dw, db = ad.grad(neuron, (0, 1, 2))(*at)
assert np.allclose(dx, [0.480521, -0.240261, 0.096104], atol=1e-6)
assert np.allclose(dw, [0.961043, 1.922086, -0.961043], atol=1e-6)
ad.graph(neuron, *at, kind="bipartite")

# %% [markdown]
# ## Learning the logical AND
#
# Neurons of `ad.Variable`: each step computes the loss anew, goes back through its graph, and moves
# the weights downhill.

# %%
points = [(-1.0, -1.0), (-1.0, 1.0), (1.0, -1.0), (1.0, 1.0)]
targets = [-1.0, -1.0, -1.0, 1.0]
w1, w2, b = (ad.Variable(v, name=n) for n, v in {"w1": 0.1, "w2": -0.2, "b": 0.0}.items())


def output(p, q):
    return ad.tanh(w1 * p + w2 * q + b)


for _ in range(100):
    loss = sum((output(*x) - t) ** 2 for x, t in zip(points, targets, strict=True)) / 4
    loss.backward()
    for parameter in (w1, w2, b):
        parameter.value = parameter.value - 0.2 * parameter.grad

print([round(output(*x).value, 3) for x in points], "loss", round(loss.value, 4))
assert [output(*x).value > 0 for x in points] == [False, False, False, True]

# %% [markdown]
# The same on arrays, compiled: `ad.compile` records the gradient once and runs it as NumPy code.

# %%
X, t = np.array(points), np.array(targets)


@ad.compile
def step(w, b):
    def loss(w, b):
        return np.mean((np.tanh(X @ w + b) - t) ** 2)

    return ad.value_and_grad(loss, (0, 1))(w, b)


w, b = np.array([0.1, -0.2]), 0.0
for _ in range(100):
    value, (w_bar, b_bar) = step(w, b)
    w, b = w - 0.2 * w_bar, b - 0.2 * b_bar
assert np.isclose(value, loss.value)
