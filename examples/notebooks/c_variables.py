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
# # C. DIY autograd
#
# After a homework at Oregon State University: variables that remember how they were made, dynamic
# graphs, `backward()`.

# %%
import math

import numpy as np

import admodes as ad

x1, x2, x3 = (ad.Variable(v, name=n) for n, v in {"x1": 5.0, "x2": -2.0, "x3": -5.0}.items())
y = ad.ln(x1 + ad.sin(x1)) * ad.max(x2, x3) * 2
y.backward()

# %%
for x in (x1, x2, x3):
    print(x.name, x.value, x.grad)
assert np.allclose([x1.grad, x2.grad, x3.grad], [-1.270614, 2.793022, 0.0], atol=1e-6)

# %% [markdown]
# The graph: inputs and constants apart from operations, values on the edges, and the derivatives
# that flow back in a second colour.

# %%
y.drawGraph()

# %% [markdown]
# ## One path, two paths
#
# $x_2$ reaches $y$ along one path and $x_1$ along two; the derivative is the sum over them.


# %%
def f(x1, x2, x3):
    return ad.ln(x1 + ad.sin(x1)) * ad.max(x2, x3) * 2


ad.explain(f, 5.0, -2.0, -5.0, wrt="x2")

# %%
two = ad.explain(f, 5.0, -2.0, -5.0, wrt="x1")
assert two.count == 2
assert math.isclose(sum(path["product"] for path in two.paths), x1.grad)
two

# %% [markdown]
# ## Dynamic graphs
#
# A loop with a branch in it: even steps add $x i$, odd ones subtract $x / i$, so that
# $y = 14 x / 3$. The graph is made anew by every run.


# %%
def loop(x):
    y = x * 0
    for i in range(5):
        y = y + x * i if i % 2 == 0 else y - x / i
    return y


x = ad.Variable(5.0, name="x")
y = loop(x)
y.backward()
assert math.isclose(y.value, 70 / 3)
assert math.isclose(x.grad, 14 / 3)
ad.graph(loop, 5.0)

# %% [markdown]
# ## Gradient ascent
#
# $f = (x_1 + x_2)(x_1 x_2 + x_1 x_2^2)$ has four stationary points, of which one is a maximum:
# $(3/8, -3/4)$. 500 steps from $(1, -1/2)$ reach it.


# %%
def g(x):
    return (x[0] + x[1]) * (x[0] * x[1] + x[0] * x[1] ** 2)


slope = ad.grad(g)
x = np.array([1.0, -0.5])
for _ in range(500):
    x = x + 0.1 * slope(x)
print(x, ad.hessian(g)(x))
assert np.allclose(x, [0.375, -0.75], atol=1e-6)
