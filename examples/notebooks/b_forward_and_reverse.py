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
# # B. Forward against reverse, and practical backpropagation
#
# After series 4 of ETH's Deep Learning. The figure of the network there does not survive; we take
# $y = w_3 \tanh(w_1 x_1 + w_2 x_2)$.

# %%
import numpy as np

import admodes as ad


def net(w1, w2, w3, x1, x2):
    z = w1 * x1 + w2 * x2
    h = ad.tanh(z)
    y = w3 * h
    return y


point = (0.5, -0.25, 2.0, 1.0, -1.0)
ad.graph(net, *point)

# %% [markdown]
# ## The gradient computation is itself a graph
#
# For every node the nodes are added that contribute to a derivative.

# %%
ad.graph(net, *point, kind="gradient")

# %% [markdown]
# ## $\partial y / \partial w_1$ in both modes, and what each costs
#
# Reverse mode takes one sweep for all weights; forward mode takes one for each.

# %%
trace = ad.trace(net, *point)
(forward,), (reverse,) = trace.jacobian["forward"], trace.jacobian["reverse"]
assert np.allclose(forward, reverse)
ad.count(net, *point)


# %%
def wide(w, x):
    total = w[0] * x[0]
    for i in range(1, len(w)):
        total = total + w[i] * x[i]
    return ad.tanh(total)


for n in (1, 2, 4, 8, 16):
    counts = ad.count(wide, [0.1] * n, [1.0] * n)
    both = {mode: sum(cost.values()) for mode, cost in counts.totals.items()}
    print(
        f"{2 * n:3d} inputs: {both['forward']:5d} operations forward, {both['reverse']:4d} reverse"
    )

# %% [markdown]
# ## The order of multiplication in a chain of Jacobians
#
# Scalar multiplications for the dimensions 1, 2, 3, 3, 5, 5, 4 from left to right (75), from right
# to left (228), and at best (75).

# %%
ad.chain([1, 2, 3, 3, 5, 5, 4])

# %% [markdown]
# ## A network of three ReLU layers with two losses
#
# $\delta = 2(\hat y - y) + \operatorname{sign}(\hat y - y)$ is where the losses meet; below it is
# one backward sweep. An elementwise layer costs a product and never a matrix.


# %%
def two_losses(W1, W2, W3, x, y):
    z1 = W1 @ x
    h1 = np.maximum(z1, 0)
    z2 = W2 @ h1
    h2 = np.maximum(z2, 0)
    ŷ = W3 @ h2
    L = np.sum((ŷ - y) ** 2) + np.sum(np.abs(ŷ - y))
    return L


rng = np.random.default_rng(4)
data = [rng.normal(size=shape) for shape in [(4, 3), (4, 4), (2, 4), (3,), (2,)]]
ad.equations(two_losses, *data)

# %% [markdown]
# What sharing saves: the losses as two outputs need a reverse sweep each.


# %%
def apart(W1, W2, W3, x, y):
    ŷ = W3 @ np.maximum(W2 @ np.maximum(W1 @ x, 0), 0)
    return np.sum((ŷ - y) ** 2), np.sum(np.abs(ŷ - y))


shared = ad.count(two_losses, *data, rows="array")
separate = ad.count(apart, *data, rows="array")
for name, counts in {"one sweep": shared, "two sweeps": separate}.items():
    print(f"{name}: {counts.totals['reverse']['multiplications']} multiplications")

# %% [markdown]
# ## A forward buffer and a backward buffer at each node

# %%
print(ad.trace(two_losses, *data).to_table(tables=["buffers"]))

# %% [markdown]
# The Jacobian of $W x$ with respect to $W$ has three axes. It exists on demand, and no reverse
# sweep forms it.

# %%
W, x = data[0], data[3]
J = ad.jacobian(lambda W: W @ x)(W)
assert J.shape == (4, 4, 3)
assert np.allclose(ad.vjp(lambda W: W @ x, W)[1](np.ones(4))[0], np.outer(np.ones(4), x))
