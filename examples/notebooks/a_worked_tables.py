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
# # A. Worked tables
#
# The example of UBC's CPSC 532S, assignment 1: two outputs of two inputs,
#
# $$y_1 = e^{2 x_2} + x_1 \sin(3 x_2^2), \qquad y_2 = x_1 x_2 + \sigma(x_2),$$
#
# at $x_1 = 2$, $x_2 = 1$. Everything below comes from the list of operations that is recorded when
# the function runs once.

# %%
import numpy as np

import admodes as ad


def f(x1, x2):
    return ad.exp(2 * x2) + x1 * ad.sin(3 * x2**2), x1 * x2 + ad.sigmoid(x2)


trace = ad.trace(f, 2.0, 1.0, outputs=["y1", "y2"])

# %% [markdown]
# ## The computational graph
#
# Values flow from the inputs to the outputs.

# %%
trace.graph()

# %% [markdown]
# Both passes on one picture: values, the partials on the edges, and the adjoints for each output.

# %%
trace.graph(kind="both")

# %% [markdown]
# ## The tables
#
# Evaluation, local partials, a tangent table for each input, an adjoint table for each output, and
# the Jacobian by both modes.

# %%
trace

# %% [markdown]
# The printed solution of the course lost three minus signs in the tangents for $x_2$; these are the
# right ones.

# %%
tangents = [row.tangents["x2"] for row in trace.rows]
assert np.allclose(tangents[6:9], [-5.939955, -11.87991, 2.898202], atol=1e-6)
assert np.allclose(trace.jacobian["reverse"], [[0.14112, 2.898202], [1, 2.196612]], atol=1e-6)

# %% [markdown]
# ## One entry as a sum over paths
#
# From $x_2$ to $y_1$ there are two paths. The derivative is the sum of the products of the partials
# along them (Bauer 1974).

# %%
ad.explain(f, 2.0, 1.0, of="y1", wrt="x2", outputs=["y1", "y2"])

# %% [markdown]
# ## Is it right?
#
# Every rule against sympy, every digit against the derivative of the whole function.

# %%
ad.verify(f, 2.0, 1.0, outputs=["y1", "y2"])

# %% [markdown]
# ## Part 2: a network on vectors
#
# The same on whole arrays. The nodes of the graph are vectors with their shapes, and the adjoints
# are equations between them.


# %%
def network(x, W1, b1, W2, b2, s, r):
    z = W1 @ x + b1
    h = ad.sigmoid(z)
    y = W2 @ h + b2
    E = np.sum((y - s) ** 2) / 2
    R = r @ h
    L = E + R
    return L


rng = np.random.default_rng(532)
shapes = [(3,), (4, 3), (4,), (2, 4), (2,), (2,), (4,)]
data = [rng.normal(size=shape) for shape in shapes]
ad.graph(network, *data)

# %% [markdown]
# The equations are derived from the list and checked at the data: $\bar y = y - s$,
# $\bar h = r + W_2^\top \bar y$ (where the printed document multiplies by $\bar E$),
# $\bar z = \sigma'(z) \odot \bar h$, $\bar x = W_1^\top \bar z$.

# %%
equations = ad.equations(network, *data)
assert equations.passed
equations
