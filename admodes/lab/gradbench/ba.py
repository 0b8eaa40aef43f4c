"""ba: bundle adjustment. p observations, each of a point by a camera: the error of an observation
is the weighted distance between where the point is seen and where the camera model puts it, two
numbers. A camera is a rotation r (its direction the axis, its length the angle), the centre C, the
focal length f, the principal point u and the radial distortion κ:

    z = R(r) (X − C),  e = (z_1, z_2)/z_3,  s = |e|²,
    error = w (f e (1 + κ_1 s + κ_2 s²) + u − seen),

and a weight w has the error 1 − w².

An observation depends on the 11 numbers of its camera, the 3 of its point and its weight. So two
reverse sweeps through all observations at once, one for either coordinate, give all entries of the
Jacobian that are not zero: 15 in each row. It is kept by rows: where each row begins, and the
column and the value of each entry.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from admodes.core.reverse import vjp
from admodes.lab.gradbench.programs import PROGRAMS, Prepared
from admodes.lab.gradbench.reading import Fields

CAMERA, POINT = 11, 3
ENTRIES = CAMERA + POINT + 1
SHOWN = 30
"""So many first entries of each list are shown, and the last one."""


def rotated(r: Any, a: Any) -> Any:
    """The vectors a, turned about the axes r; both have the shape (3, p)."""
    square = np.sum(r * r, axis=0)
    turns = square > 0
    angle = np.sqrt(np.where(turns, square, 1.0))
    axis = r / angle
    cosine, sine = np.cos(angle), np.sin(angle)
    along = axis * (np.sum(axis * a, axis=0) * (1.0 - cosine))
    return np.where(turns, a * cosine + cross(axis, a) * sine + along, a + cross(r, a))


def cross(a: Any, b: Any) -> Any:
    """The cross product along the first axis."""
    return np.stack(
        [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
    )


def errors(cameras: Any, points: Any, weights: Any, seen: Any) -> Any:
    """The errors of all observations, (2, p), of what belongs to each: (11, p), (3, p), (p,) and
    (2, p)."""
    z = rotated(cameras[0:3], points - cameras[3:6])
    e = z[0:2] / z[2]
    s = np.sum(e * e, axis=0)
    distorted = e * (1.0 + cameras[9] * s + cameras[10] * (s * s))
    return weights * (cameras[6] * distorted + cameras[7:9] - seen)


def weight_errors(weights: Any) -> Any:
    """1 − w²"""
    return 1.0 - weights * weights


def all_errors(cameras: Any, points: Any, weights: Any, seen: Any) -> tuple[Any, Any]:
    """Those of the observations and of the weights, of n cameras, m points and p observations."""
    observed = errors(*_observed(cameras, points, len(weights)), weights, seen)
    return observed, weight_errors(weights)


def entries(cameras: Any, points: Any, weights: Any, seen: Any) -> tuple[Any, ...]:
    """What is not zero in the Jacobian: for either coordinate the derivatives by the cameras, by
    the points and by the weights, then those of the weights' errors."""
    p = len(weights)
    _, pull = vjp(lambda c, x, w: errors(c, x, w, seen), *_observed(cameras, points, p), weights)
    first, second = np.zeros((2, p)), np.zeros((2, p))
    first[0] = second[1] = 1.0
    _, pull_weights = vjp(weight_errors, weights)
    return *pull(first), *pull(second), *pull_weights(np.ones(p))


def _observed(cameras: Any, points: Any, p: int) -> tuple[Any, Any]:
    """The camera and the point of each observation, as columns."""
    i = np.arange(p)
    return cameras[:, i % cameras.shape[1]], points[:, i % points.shape[1]]


def sparse(n: int, m: int, found: tuple[np.ndarray, ...]) -> tuple[np.ndarray, ...]:
    """The Jacobian by rows: the starts of the rows, the columns and the values."""
    p = len(found[-1])
    i = np.arange(p)
    values = np.empty((p, 2, ENTRIES))
    columns = np.empty((p, 2, ENTRIES), int)
    for coordinate in (0, 1):
        cameras, points, weights = found[3 * coordinate : 3 * coordinate + 3]
        values[:, coordinate, :CAMERA] = cameras.T
        values[:, coordinate, CAMERA:-1] = points.T
        values[:, coordinate, -1] = weights
    columns[:, :, :CAMERA] = (CAMERA * (i % n))[:, None, None] + np.arange(CAMERA)
    first = CAMERA * n + POINT * (i % m)
    columns[:, :, CAMERA:-1] = first[:, None, None] + np.arange(POINT)
    last = CAMERA * n + POINT * m + i
    columns[:, :, -1] = last[:, None]
    starts = np.arange(0, ENTRIES * 2 * p + 1, ENTRIES)
    rows = np.concatenate([starts, starts[-1] + 1 + i])
    return (
        rows,
        np.concatenate([columns.ravel(), last]),
        np.concatenate([values.ravel(), found[-1]]),
    )


def objective(data: Any) -> Prepared:
    args, n, m = _input(data)
    return Prepared(PROGRAMS.ready(("ba", n, m), lambda: all_errors, *args), _shown_errors)


def jacobian(data: Any) -> Prepared:
    args, n, m = _input(data)
    derive = PROGRAMS.ready(("ba'", n, m), lambda: entries, *args)
    return Prepared(lambda: sparse(n, m, derive()), _shown_matrix)


def _shown_errors(result: tuple[np.ndarray, np.ndarray]) -> dict[str, Any]:
    observed, weights = result
    p = len(weights)
    return {
        "reproj_error": {"elements": observed[:, 0], "repeated": p},
        "w_err": {"element": weights[0], "repeated": p},
    }


def _shown_matrix(result: tuple[np.ndarray, ...]) -> dict[str, Any]:
    shown = (np.concatenate([x[:SHOWN], x[-1:]]) for x in result)
    return dict(zip(("rows", "cols", "vals"), shown))


def _input(data: Any) -> tuple[tuple[np.ndarray, ...], int, int]:
    fields = Fields(data)
    n, m, p = fields.whole("n", 1), fields.whole("m", 1), fields.whole("p", 10)
    args = (
        np.tile(fields.array("cam", CAMERA)[:, None], n),
        np.tile(fields.array("x", POINT)[:, None], m),
        np.full(p, fields.number("w")),
        np.tile(fields.array("feat", 2)[:, None], p),
    )
    return args, n, m
