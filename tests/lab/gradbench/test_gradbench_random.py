"""Random inputs of all twelve evals, judged by closed forms and complex steps."""

import math

import numpy as np
import pytest
from gradbench_driver import assert_close, output
from gradbench_examples import BA, COMPLICATED
from gradbench_references import (
    descent,
    hand_errors,
    landing,
    mixture,
    observation,
    recurrent_loss,
    runge_kutta,
    slopes,
)
from seeds import generator

from admodes.lab.gradbench import ba
from admodes.lab.gradbench.descents import MODES, Particle

MODES_OF_BOTH = pytest.mark.parametrize("modes", MODES)


@pytest.fixture
def rng(request):
    return generator(sum(map(ord, request.node.name)))


def test_hello(rng):
    for x in rng.normal(size=4) * 100:
        assert_close(output("hello", "square", x), x * x)
        assert_close(output("hello", "double", x), 2 * x)


@pytest.mark.parametrize("n", [1, 2, 50])
def test_lse(rng, n):
    x = rng.normal(size=n) * 10 + 800
    shares = np.exp(x - x.max())
    assert_close(output("lse", "primal", {"x": x.tolist()}), x.max() + math.log(shares.sum()))
    assert_close(output("lse", "gradient", {"x": x.tolist()}), shares / shares.sum())


@pytest.mark.parametrize(("m", "n"), [(1, 2), (4, 7), (9, 30)])
def test_llsq(rng, m, n):
    x = rng.normal(size=m)
    t = -1 + 2 * np.arange(n) / (n - 1)
    powers = np.vander(t, m, increasing=True)
    residual = np.sign(t) - powers @ x
    data = {"x": x.tolist(), "n": n}
    assert_close(output("llsq", "primal", data), 0.5 * residual @ residual)
    assert_close(output("llsq", "gradient", data), -powers.T @ residual)


@pytest.mark.parametrize("n", [1, 2, 4, 8, 9])
def test_det(rng, n):
    a = rng.normal(size=(n, n))
    data = {"A": a.ravel().tolist(), "ell": n}
    determinant = np.linalg.det(a)
    assert_close(output("det", "primal", data), determinant)
    assert_close(output("det", "gradient", data), (determinant * np.linalg.inv(a).T).ravel())


def test_the_cofactors_of_a_singular_matrix(rng):
    u, v, w, z = rng.normal(size=(4, 3))
    data = {"A": (np.outer(u, v) + np.outer(w, z)).ravel().tolist(), "ell": 3}
    assert_close(output("det", "primal", data), 0.0)
    assert_close(output("det", "gradient", data), np.outer(np.cross(u, w), np.cross(v, z)).ravel())


@pytest.mark.parametrize(("n", "s"), [(1, 1), (3, 4), (9, 2)])
def test_ode(rng, n, s):
    x = rng.uniform(0.5, 2.0, n)
    data = {"x": x.tolist(), "s": s}
    assert_close(output("ode", "primal", data), runge_kutta(x, s))
    assert_close(output("ode", "gradient", data), slopes(lambda x: runge_kutta(x, s)[-1], x)[0])


@pytest.mark.parametrize(("n", "k", "d"), [(6, 1, 1), (40, 7, 3)])
def test_kmeans(rng, n, k, d):
    points = rng.normal(size=(n, d))
    centroids = points[-k:]
    squares = np.sum((points[:, None] - centroids) ** 2, axis=2)
    owner = np.argmin(squares, axis=1)
    means = np.array([points[owner == j].mean(axis=0) for j in range(k)])
    data = {"points": points.tolist(), "centroids": centroids.tolist()}
    assert_close(output("kmeans", "cost", data), squares.min(axis=1).sum())
    assert_close(output("kmeans", "dir", data), centroids - means)


@pytest.mark.parametrize(("d", "k", "n", "m"), [(1, 1, 2, 0), (3, 2, 5, 2)])
def test_gmm(rng, d, k, n, m):
    shapes = {"alpha": (k,), "mu": (k, d), "q": (k, d), "l": (k, d * (d - 1) // 2)}
    arrays = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    data = {"d": d, "k": k, "n": n, "m": m, "gamma": 0.8, "x": rng.normal(size=(n, d)).tolist()}
    data |= {name: a.tolist() for name, a in arrays.items()}
    ends = np.cumsum([a.size for a in arrays.values()])[:-1]

    def f(z):
        parts = np.split(z, ends)
        return mixture(data, *(p.reshape(s) for p, s in zip(parts, shapes.values())))

    point = np.concatenate([a.ravel() for a in arrays.values()])
    parts = np.split(slopes(f, point)[0], ends)
    expected = {name: p.reshape(shapes[name]).tolist() for name, p in zip(shapes, parts)}
    assert_close(output("gmm", "objective", data), f(point).real)
    assert_close(output("gmm", "jacobian", data), expected)


@pytest.mark.parametrize(("layers", "b", "c"), [(1, 1, 2), (2, 3, 20)])
def test_lstm(rng, layers, b, c):
    sizes = [2 * layers * 4 * b, 3 * b]
    state = rng.normal(size=(2 * layers, b))
    sequence = rng.integers(0, 2, size=(c, b)).tolist()

    def f(z):
        main, extra = np.split(z, sizes[:1])
        main = main.reshape(2 * layers, 4 * b)
        return recurrent_loss(main, extra.reshape(3, b), state, sequence)

    z = rng.normal(size=sum(sizes))
    data = {
        "main_params": z[: sizes[0]].reshape(2 * layers, 4 * b).tolist(),
        "extra_params": z[sizes[0] :].reshape(3, b).tolist(),
        "state": state.tolist(),
        "sequence": sequence,
    }
    assert_close(output("lstm", "objective", data), f(z))
    assert_close(output("lstm", "jacobian", data), slopes(f, z)[0])


@pytest.mark.parametrize(("turns", "together"), [(True, 100), (False, 100), (True, 5)])
def test_ba(rng, monkeypatch, turns, together):
    monkeypatch.setattr(ba, "TOGETHER", together)
    n, m, p = 2, 3, 13
    z = np.concatenate([rng.normal(size=14), [0.6]])
    z[13] += 9.0
    z[:3] *= turns
    data = {"n": n, "m": m, "p": p, "w": 0.6, "feat": [0.2, -0.7]}
    data |= {"cam": z[:11].tolist(), "x": z[11:14].tolist()}
    error = observation(z, data["feat"])
    columns = []
    for i in range(p):
        camera, point = 11 * (i % n), 11 * n + 3 * (i % m)
        row = [*range(camera, camera + 11), *range(point, point + 3), 11 * n + 3 * m + i]
        columns += row + row
    columns += range(11 * n + 3 * m, 11 * n + 3 * m + p)
    values = slopes(lambda z: observation(z, data["feat"]), z).ravel().tolist() * p
    rows = [*range(0, 30 * p + 1, 15), *range(30 * p + 1, 31 * p + 1)]
    found = output("ba", "jacobian", data)
    assert found["rows"] == [*rows[:30], rows[-1]]
    assert found["cols"] == [*columns[:30], columns[-1]]
    assert_close(found["vals"], [*values[:30], -1.2])
    assert_close(
        output("ba", "objective", data),
        {
            "reproj_error": {"elements": error.tolist(), "repeated": p},
            "w_err": {"element": 0.64, "repeated": p},
        },
    )


def test_index_lists_and_repetitions_are_whole_numbers():
    found = output("ba", "jacobian", BA)
    assert {type(x) for name in ("rows", "cols") for x in found[name]} == {int}
    assert {type(x) for x in found["vals"]} == {float}
    assert type(output("ba", "objective", BA)["w_err"]["repeated"]) is int


@MODES_OF_BOTH
def test_saddle(rng, modes):
    start = rng.uniform(0.5, 1.5, 2)
    r = descent(lambda r: r @ r, lambda r: 2 * r, start)
    p = descent(lambda p: p @ p - r @ r, lambda p: 2 * p, start)
    assert_close(output("saddle", modes, {"start": start.tolist()}), [*p, *r])


@MODES_OF_BOTH
def test_particle(rng, modes):
    start = rng.uniform(0.05, 0.4)
    expected = descent(
        lambda w: landing(w[0]), lambda w: slopes(lambda w: landing(w[0]), w)[0], [start]
    )
    assert_close(output("particle", modes, {"w": start}), expected[0], 1e-8)


@MODES_OF_BOTH
def test_the_landing_of_a_particle_and_its_derivative(modes):
    known = [(0.0, 3.1990790025082, -19.40463645002), (0.1, 1.171779285066907, -18.55420913346643)]
    particle = Particle(modes)
    for w, expected, slope in known:
        found, gradient = particle.both(np.array([w]))
        assert_close([found, gradient[0]], [expected, slope], 1e-11)
        assert_close(gradient[0], slopes(lambda z: landing(z[0]), [w])[0, 0], 1e-10)


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("simple", [False, True])
def test_ht(rng, simple, turned, mirrored):
    theta, us = rng.normal(size=26) * 0.4, [] if simple else rng.random((3, 2)).tolist()
    theta[:3] *= turned
    model = COMPLICATED["data"]["model"] | {"is_mirrored": mirrored}
    model["weights"] = rng.random((5, 22)).tolist()
    at = rng.integers(0, 5 if simple else 3, 3).tolist()
    data = {"correspondences": at, "points": rng.normal(size=(3, 3)).tolist(), "model": model}
    full = {"theta": theta.tolist(), "us": us, "data": data}
    expected = hand_errors(theta, np.array(us), data)
    assert_close(output("ht", "objective", full), expected.real)
    by_theta = slopes(lambda t: hand_errors(t, np.array(us), data), theta)
    if not turned:
        # Below the limit the hand does not turn, whatever theta[0:3].
        assert not by_theta[:, :3].any()
    squeezed = []
    if not simple:
        by_us = slopes(lambda u: hand_errors(theta, u.reshape(3, 2), data), np.ravel(us))
        squeezed = [
            np.array([by_us[3 * i + j, 2 * i : 2 * i + 2] for i in range(3) for j in range(3)])
        ]
    assert_close(output("ht", "jacobian", full), np.hstack([*squeezed, by_theta]))
