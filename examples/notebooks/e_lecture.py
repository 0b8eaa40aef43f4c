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
# # E. An automatic differentiation lecture
#
# After a lecture at Boston University, which puts inputs in rows and outputs in columns,
# $D[f]_{ij} = \partial f_j / \partial x_i$, and multiplies from the left:
# $D[g \circ f] = D[f]\, D[g]$.

# %%
import numpy as np

import admodes as ad


def pair(x1, x2, x3):
    return x1**2, x1 * x2 * x3


print(ad.trace(pair, 2.0, 3.0, 4.0).to_table(tables=["jacobian"], layout="transposed"))

# %% [markdown]
# ## The bipartite graph
#
# Nodes of operations and nodes of variables alternate; sources and sinks are variables.


# %%
def cubic(x1, x2):
    return x1**3 * x2


ad.graph(cubic, 2.0, 3.0, kind="bipartite")

# %% [markdown]
# ## The chain rule
#
# With a reused input: $D_Z[f(Z, 2Z)] = D_X[f](z, 2z) + 2 D_Y[f](z, 2z)$. (The slide prints $(z, z)$
# in the first term.)


# %%
def f(X, Y):
    return X**2 * Y


z = 3.0
D_X, D_Y = ad.grad(f, (0, 1))(z, 2 * z)
assert ad.grad(lambda Z: f(Z, 2 * Z))(z) == D_X + 2 * D_Y

# %% [markdown]
# With several inputs: $(X (Z + W))^2$ at $(2, 2, 3)$.

# %%
ad.trace(lambda X, Z, W: (X * (Z + W)) ** 2, 2.0, 2.0, 3.0)

# %% [markdown]
# ## The forward pass, then the backward pass
#
# The forward pass keeps what the backward pass needs, and gives it out as one function, the
# pullback: there is none before it, and so no way to go backward first.

# %%
out, pullback = ad.vjp(cubic, 2.0, 3.0)
assert (out, pullback(1.0)) == (24.0, (36.0, 8.0))

# %% [markdown]
# ## Batched functions
#
# Row by row of a batch; the Jacobian of the whole batch shows that rows do not mix.


# %%
def layer(x):
    return (x @ np.array([[1.0, 2.0, 0.0], [0.0, 1.0, 0.0]])) ** 2


X = np.array([[1.0, 2.0], [3.0, -1.0], [0.5, 2.0]])
rows = ad.vmap(ad.jacobian(layer))(X)
whole = ad.jacobian(layer)(X)
assert rows.shape == (3, 3, 2)
for i in range(3):
    for j in range(3):
        assert np.array_equal(whole[i, :, j, :], rows[i] if i == j else np.zeros((3, 2)))

# %% [markdown]
# ## ReLU, cross-entropy, a perceptron


# %%
def loss(W1, W2, W3, x):
    h1 = np.maximum(W1 @ x, 0)
    h2 = np.maximum(W2 @ h1, 0)
    s = W3 @ h2
    p = np.exp(s) / np.sum(np.exp(s))
    return -np.log(p[0])


rng = np.random.default_rng(7)
data = [rng.normal(size=shape) for shape in [(3, 2), (3, 3), (2, 3), (2,)]]
ad.trace(loss, *data)

# %% [markdown]
# ## einsum and contraction
#
# Every einsum is differentiated in each operand. A tensor of shape (2, 3, 4, 5) is a linear map
# from 2 × 3 to 4 × 5, and in this layout it is its own derivative.

# %%
for subscripts, shapes in {
    "ij,jk->ik": [(2, 3), (3, 4)],
    "ij->ji": [(2, 3)],
    "ii->": [(3, 3)],
    "ik,ikj->ij": [(2, 3), (2, 3, 4)],
    "abc,bad->ab": [(2, 3, 4), (3, 2, 5)],
}.items():
    operands = [rng.normal(size=shape) for shape in shapes]

    def contracted(*xs, subscripts=subscripts):
        return np.einsum(subscripts, *xs)

    ad.check_grads(contracted, tuple(operands), order=1)
    print(subscripts, "agrees with differences in both modes")

# %%
T = rng.normal(size=(2, 3, 4, 5))
D = ad.jacobian(lambda X: ad.contract(X, T, 2))(rng.normal(size=(2, 3)))
assert np.allclose(np.moveaxis(D, (2, 3), (0, 1)), T)
