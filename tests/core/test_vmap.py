"""vmap against loops over the samples, with derivatives in and around it, and what it refuses."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest
from sampled_arrays import CUBE, ROW, M, close
from seeds import generator

import admodes as ad

RNG = generator(12)


def test_vmap_over_one_argument_equals_the_loop():
    def f(x):
        return np.sin(x) @ M.T + x[1] * np.sum(x)

    xs = RNG.normal(size=(5, 4))
    close(ad.vmap(f)(xs), [f(x) for x in xs])


@pytest.mark.parametrize("size", [0, 1, 2, 7])
def test_sizes(size):
    def f(x):
        return {"sum": x.sum(), "outer": x[:, None] * x, "same": np.ones(2), "row": x @ M.T}

    xs = RNG.normal(size=(size, 4))
    found = ad.vmap(f)(xs)
    assert found["sum"].shape == (size,)
    assert found["outer"].shape == (size, 4, 4)
    assert found["same"].shape == (size, 2)
    assert found["row"].shape == (size, 3)
    close(found["sum"], xs.sum(axis=1))
    close(found["outer"], xs[:, :, None] * xs[:, None])
    close(found["row"], xs @ M.T)
    close(ad.vmap(ad.grad(lambda x: np.sum(x**3)))(xs), 3 * xs**2)
    assert ad.vmap(ad.hessian(lambda x: np.sum(x**3)))(xs).shape == (size, 4, 4)


def test_samples_that_are_numbers():
    xs = RNG.normal(size=5)

    def f(x):
        assert x.shape == ()
        return x * np.sin(x) + 2.0

    close(ad.vmap(f)(xs), f_of(xs))
    close(ad.vmap(ad.grad(f))(xs), np.sin(xs) + xs * np.cos(xs))
    close(ad.vmap(ad.grad(ad.grad(f)))(xs), 2 * np.cos(xs) - xs * np.sin(xs))
    close(ad.vmap(lambda x, y: x * y)(xs, xs), xs * xs)
    close(ad.vmap(lambda x: np.stack([x, 1.0, x * x]))(xs), np.stack([xs, 1 + 0 * xs, xs**2], 1))
    close(ad.vmap(lambda x: x * ROW)(xs), np.outer(xs, ROW))
    close(ad.vmap(lambda x: ROW**2 + x)(xs), ROW**2 + xs[:, None])


def f_of(x):
    return x * np.sin(x) + 2.0


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -2, -3])
@pytest.mark.parametrize("out", [0, 1, -1, -2])
def test_in_axes_and_out_axes(axis, out):
    def f(x):
        return np.cumsum(x, axis=1) * x[:1]

    expected = [f(x) for x in np.moveaxis(CUBE, axis, 0)]
    close(ad.vmap(f, in_axes=axis, out_axes=out)(CUBE), np.stack(expected, axis=out))


def test_axes_for_each_argument():
    def f(x, w, b):
        return np.tanh(x @ w + b)

    xs, w, bs = RNG.normal(size=(4, 5)), M.T, RNG.normal(size=(5, 3))
    expected = np.stack([f(xs[:, k], w, bs[k]) for k in range(5)])
    close(ad.vmap(f, in_axes=(1, None, 0))(xs, w, bs), expected)
    ws = RNG.normal(size=(4, 5, 3))
    expected = np.stack([f(ROW, ws[:, k], bs[k]) for k in range(5)])
    close(ad.vmap(f, in_axes=(None, 1, 0))(ROW, ws, bs), expected)
    expected = np.stack([f(xs[:, 0], ws[:, k], bs[0]) for k in range(5)])
    close(ad.vmap(f, in_axes=(None, 1, None))(xs[:, 0], ws, bs[0]), expected)


class Layer(NamedTuple):
    w: Any
    b: Any


def test_trees_of_arguments_and_results():
    layers = [Layer(RNG.normal(size=(5, 2, 3)), RNG.normal(size=(5, 3)))]
    state = {"x": RNG.normal(size=(5, 2)), "scale": RNG.normal(size=5)}

    def f(layers, state):
        (layer,) = layers
        y = state["x"] @ layer.w + layer.b
        return Layer(y * state["scale"], {"norm": np.sum(y * y), "w": layer.w[0]})

    found = ad.vmap(f)(layers, state)
    assert type(found) is Layer
    for k in range(5):
        one = f([Layer(layers[0].w[k], layers[0].b[k])], {n: v[k] for n, v in state.items()})
        close(found.w[k], one.w)
        close(found.b["norm"][k], one.b["norm"])
        close(found.b["w"][k], one.b["w"])
    fixed = [Layer(M.T, np.ones(3))]
    xs = {"x": RNG.normal(size=(5, 4)), "scale": np.ones(5)}
    found = ad.vmap(f, in_axes=(None, 0))(fixed, xs)
    close(found.w, xs["x"] @ M.T + 1.0)
    assert found.b["w"].shape == (5, 3)


def test_nested_vmap():
    xs, ys = RNG.normal(size=(5, 4)), RNG.normal(size=(6, 4))

    def f(x, y):
        return np.sum(np.sin(x * y[::-1])) + x @ y

    every = ad.vmap(ad.vmap(f, in_axes=(None, 0)), in_axes=(0, None))
    expected = np.array([[f(x, y) for y in ys] for x in xs])
    close(every(xs, ys), expected)
    turned = ad.vmap(ad.vmap(f, in_axes=(0, None)), in_axes=(None, 0))
    close(turned(xs, ys), expected.T)
    both = ad.vmap(ad.vmap(lambda x: x * x.sum()))
    close(both(CUBE), CUBE * CUBE.sum(axis=2, keepdims=True))
    close(ad.vmap(lambda r: ad.vmap(lambda x: x * r[0])(r))(xs), xs * xs[:, :1])


def energy(x, w):
    return np.sum(np.tanh(w @ x) ** 2) + np.prod(x) * np.max(x) + np.linalg.norm(x)


def test_vmap_of_derivatives():
    xs = RNG.normal(size=(5, 4))
    g = ad.grad(energy)
    h = ad.hessian(energy)
    close(ad.vmap(g, in_axes=(0, None))(xs, M), [g(x, M) for x in xs])
    close(ad.vmap(h, in_axes=(0, None))(xs, M), [h(x, M) for x in xs])
    values, slopes = ad.vmap(ad.value_and_grad(energy), in_axes=(0, None))(xs, M)
    close(values, [energy(x, M) for x in xs])
    close(slopes, [g(x, M) for x in xs])
    ws = RNG.normal(size=(5, 3, 4))
    of_w = ad.grad(energy, argnums=1)
    close(ad.vmap(of_w)(xs, ws), [of_w(x, w) for x, w in zip(xs, ws, strict=True)])
    for mode in ("forward", "reverse", "auto"):
        j = ad.jacobian(lambda x: np.cumprod(x)[1:] * (M @ x), mode=mode)
        close(ad.vmap(j)(xs), [j(x) for x in xs])

    def along(x, v):
        return ad.jvp(lambda x: np.sort(np.sin(x)) * x, (x,), (v,))[1]

    close(ad.vmap(along)(xs, xs), [along(x, x) for x in xs])
    close(ad.vmap(along, in_axes=(0, None))(xs, ROW), [along(x, ROW) for x in xs])

    def back(x, w):
        return ad.vjp(lambda x: np.sort(np.sin(x)) * x, x)[1](w)[0]

    close(ad.vmap(back)(xs, xs), [back(x, x) for x in xs])
    close(ad.vmap(back, in_axes=(None, 0))(ROW, xs), [back(ROW, w) for w in xs])


@pytest.mark.parametrize(
    "mode",
    [
        "forward-over-reverse",
        "reverse-over-forward",
        "forward-over-forward",
        "reverse-over-reverse",
    ],
)
def test_vmap_of_hessians_in_all_compositions(mode):
    xs = RNG.normal(size=(3, 4))
    h = ad.hessian(energy, mode=mode)
    close(ad.vmap(h, in_axes=(0, None))(xs, M), [h(x, M) for x in xs], rtol=1e-11)


@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_derivatives_of_vmap(mode):
    xs = RNG.normal(size=(5, 4))

    def f(x):
        return np.sin(x) * x[::-1] + np.prod(x)

    one = ad.jacobian(f)
    expected = np.zeros((5, 4, 5, 4))
    for k in range(5):
        expected[k, :, k] = one(xs[k])
    close(ad.jacobian(ad.vmap(f), mode=mode)(xs), expected)
    _, tangent = ad.jvp(ad.vmap(f), (xs,), (xs,))
    close(tangent, [one(x) @ x for x in xs])
    (back,) = ad.vjp(ad.vmap(f), xs)[1](xs)
    close(back, [x @ one(x) for x in xs])

    def loss(w):
        return np.sum(ad.vmap(energy, in_axes=(0, None))(xs, w))

    close(ad.grad(loss)(M), sum(ad.grad(energy, argnums=1)(x, M) for x in xs))
    second = ad.jacobian(ad.grad(loss), mode=mode)(M)
    singles = (ad.hessian(energy, argnums=1)(x, M) for x in xs)
    close(second, sum(singles), rtol=1e-11)

    def captured(w):
        """The outer variable enters the batch by closure."""
        return np.sum(ad.vmap(lambda x: np.tanh(w @ x) @ w)(xs))

    close(ad.grad(captured)(M), ad.grad(lambda w: sum(np.sum(np.tanh(w @ x) @ w) for x in xs))(M))


def test_the_levels_of_vmap_and_derivatives_stay_apart():
    """d/dx [x · d/dy Σ_k (x + c_k y)] = Σ c, whatever is batched."""
    c = np.array([1.0, 2.0, 4.0])

    def f(x):
        return x * ad.grad(lambda y: np.sum(ad.vmap(lambda k: x + k * y)(c)))(1.0)

    assert ad.grad(f)(3.0) == 7.0
    assert ad.jvp(f, (3.0,), (1.0,))[1] == 7.0
    close(ad.vmap(ad.grad(f))(c), np.full(3, 7.0))


def test_an_index_that_is_the_same_for_all_samples():
    xs = RNG.normal(size=(5, 3, 4))
    index = np.array([2, 0])
    mask = M > 0
    for f in (
        lambda x: x[index],
        lambda x: x[:, index],
        lambda x: x[index, index],
        lambda x: x[mask],
        lambda x: x[..., None, 1],
        lambda x: np.take(x, index, axis=1),
        lambda x: x[0][None] * x[-1, ::-2].sum(),
    ):
        close(ad.vmap(f)(xs), [f(x) for x in xs])


def test_choices_by_sample():
    xs = RNG.normal(size=(6, 4))

    def f(x):
        y = np.where(x > 0, np.log(np.where(x > 0, x, 1.0)), x**2)
        return np.where(np.sum(x) > 0, y, -y) + np.maximum(x, 0.1) * np.clip(x, -0.5, 0.5)

    close(ad.vmap(f)(xs), [f(x) for x in xs])
    j = ad.jacobian(f)
    close(ad.vmap(j)(xs), [j(x) for x in xs])


def test_truth_values_and_integers_by_sample():
    xs = RNG.normal(size=(6, 4))
    masks = RNG.random((6, 4)) < 0.5

    def f(mask, x):
        return np.where(mask & (x > -0.5), x * x, 0.0) + np.where(~mask, x, 1.0)

    close(ad.vmap(f)(masks, xs), [f(m, x) for m, x in zip(masks, xs, strict=True)])
    slopes = ad.vmap(ad.jacobian(f, argnums=1))(masks, xs)
    close(slopes, [ad.jacobian(f, argnums=1)(m, x) for m, x in zip(masks, xs, strict=True)])
    close(ad.vmap(lambda k, x: k * x)(np.arange(6), xs), np.arange(6.0)[:, None] * xs)
    assert ad.vmap(np.isnan)(xs).dtype == bool
    np.testing.assert_array_equal(ad.vmap(np.argsort)(xs), np.argsort(xs))


# What is refused.


@pytest.mark.parametrize(
    ("call", "kind", "said"),
    [
        (lambda: ad.vmap(lambda x, y: x + y)(np.ones(3), np.ones(4)), ValueError, r"\[3, 4\]"),
        (lambda: ad.vmap(lambda x: x)(1.0), ValueError, r"axis 0.*shape \(\)"),
        (lambda: ad.vmap(lambda x: x, in_axes=2)(M), ValueError, r"axis 2.*shape \(3, 4\)"),
        (lambda: ad.vmap(lambda x: x, in_axes=None)(M), ValueError, "no axis to map"),
        (lambda: ad.vmap(lambda x: x, in_axes=(0, 0))(M), ValueError, "2 entries for 1 argument"),
        (lambda: ad.vmap(lambda x: x.sum(), out_axes=1)(M), ValueError, "out_axes"),
        (lambda: ad.vmap(lambda x: x, out_axes=-3)(M), ValueError, "out_axes"),
        (lambda: ad.vmap(lambda x, y: x, in_axes=([0], None))(M, 1.0), TypeError, "in_axes"),
        (lambda: ad.vmap(lambda x: x, in_axes="rows")(M), TypeError, "in_axes"),
        (lambda: ad.vmap(lambda x: x - ad.value(np.max(x)))(M), TypeError, "sample"),
        (lambda: ad.vmap(lambda x: x if x[0] > 0 else -x)(M), TypeError, r"branch.*ad\.where"),
        (lambda: ad.vmap(lambda x: x if x.any() else -x)(M), TypeError, r"branch.*ad\.where"),
        (lambda: ad.vmap(lambda x: ROW[x[0] > 0])(M), TypeError, r"."),
        (lambda: ad.vmap(lambda x: x[x > 0])(M), TypeError, r"index.*sample"),
        (lambda: ad.vmap(lambda x: x[np.argmax(x)])(M), TypeError, r"index.*sample"),
        (lambda: ad.vmap(lambda x: range(x[0]))(M), TypeError, r"."),
        (lambda: ad.vmap(lambda x: "text")(M), TypeError, "text"),
        (lambda: ad.vmap(ad.grad(lambda x: x))(M), TypeError, r"shape \(4,\).*\.sum\(\)"),
        (lambda: ad.vmap(lambda x: float(x[0]))(M), TypeError, "derivative|sample"),
        (
            lambda: ad.jvp(np.sin, (ROW,), (ROW,), batched=True),
            ValueError,
            r"shape \(4,\).*one axis more",
        ),
        (
            lambda: ad.jvp(np.add, (ROW, ROW), (np.ones((2, 4)), np.ones((3, 4))), batched=True),
            ValueError,
            r"directions differ: \[2, 3\]",
        ),
        (lambda: ad.vjp(np.sin, ROW)[1](ROW, batched=True), ValueError, "one axis more"),
    ],
)
def test_misuse_is_named(call, kind, said):
    with pytest.raises(kind, match=said):
        call()


def test_a_batch_that_leaks_is_refused():
    kept = []
    ad.vmap(lambda x: kept.append(x) or x.sum())(M)
    with pytest.raises(ValueError, match="outlived"):
        ad.grad(lambda x: np.sum(x * kept[0]))(ROW)
    with pytest.raises(ValueError, match="outlived"):
        ad.vmap(lambda x: x)(kept[0])
