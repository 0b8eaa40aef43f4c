"""ba: bundle adjustment. p observations, each of a point by a camera: the error of an observation
is the weighted distance between where the point is seen and where the camera model puts it, two
numbers. A camera is a rotation r (its direction the axis, its length the angle), the centre C, the
focal length f, the principal point u and the radial distortion κ:

    z = R(r) (X − C),  e = (z_1, z_2)/z_3,  s = |e|²,
    error = w (f e (1 + κ_1 s + κ_2 s²) + u − seen),

and a weight w has the error 1 − w².

An observation depends on the 11 numbers of its camera, the 3 of its point and its weight. So two
reverse sweeps through many observations at once, one for either coordinate, give all entries of the
Jacobian that are not zero: 15 in each row. It is kept by rows: where each row begins, and the
column and the value of each entry.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np

from admodes.core.reverse import vjp
from admodes.lab.gradbench.programs import PROGRAMS, Prepared
from admodes.lab.gradbench.reading import Fields

CAMERA, POINT = 11, 3
ENTRIES = CAMERA + POINT + 1
TOGETHER = 1 << 13
"""Observations of which the sweeps stay in the caches."""
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


def both_errors(cameras: Any, points: Any, weights: Any, seen: Any) -> tuple[Any, Any]:
    """Those of observations and of their weights."""
    return errors(cameras, points, weights, seen), weight_errors(weights)


def entries(cameras: Any, points: Any, weights: Any, seen: Any) -> tuple[Any, ...]:
    """What is not zero in the Jacobian: for either coordinate the derivatives by the cameras, by
    the points and by the weights, then those of the weights' errors."""
    p = len(weights)
    _, pull = vjp(lambda c, x, w: errors(c, x, w, seen), cameras, points, weights)
    first, second = np.zeros((2, p)), np.zeros((2, p))
    first[0] = second[1] = 1.0
    _, pull_weights = vjp(weight_errors, weights)
    return *pull(first), *pull(second), *pull_weights(np.ones(p))


class Problem(NamedTuple):
    """The n cameras and m points, as columns, and p weights and measurements."""

    cameras: np.ndarray
    points: np.ndarray
    weights: np.ndarray
    seen: np.ndarray

    @property
    def sizes(self) -> tuple[int, int, int]:
        """n, m and p"""
        return self.cameras.shape[1], self.points.shape[1], len(self.weights)

    def observed(self, part: slice) -> tuple[np.ndarray, ...]:
        """What belongs to some observations: observation i is of point i mod m by camera i mod
        n."""
        n, m, p = self.sizes
        i = np.arange(p)[part]
        cameras, points = self.cameras[:, i % n], self.points[:, i % m]
        return cameras, points, self.weights[part], self.seen[:, part]

    def each(self, name: str, f: Callable) -> Callable[[], Iterator[tuple[slice, tuple]]]:
        """The results of the compiled f for all observations, TOGETHER at a time."""
        p = len(self.weights)
        parts = [slice(k, min(k + TOGETHER, p)) for k in range(0, p, TOGETHER)]
        # Only the last part may be of another size.
        programs = [
            PROGRAMS.program((name,), lambda: f, *self.observed(x)) for x in (parts[0], parts[-1])
        ]

        def run() -> Iterator[tuple[slice, tuple]]:
            for part in parts:
                yield part, programs[part is parts[-1]](*self.observed(part))

        return run


def sparse(problem: Problem, found: Iterable[tuple[slice, tuple]]) -> tuple[np.ndarray, ...]:
    """The Jacobian by rows: the starts of the rows, the columns and the values."""
    n, m, p = problem.sizes
    i = np.arange(p)
    values = np.empty((p, 2, ENTRIES))
    by_weights = np.empty(p)
    for part, derivatives in found:
        for coordinate in (0, 1):
            cameras, points, weights = derivatives[3 * coordinate : 3 * coordinate + 3]
            values[part, coordinate, :CAMERA] = cameras.T
            values[part, coordinate, CAMERA:-1] = points.T
            values[part, coordinate, -1] = weights
        by_weights[part] = derivatives[-1]
    columns = np.empty((p, 2, ENTRIES), int)
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
        np.concatenate([values.ravel(), by_weights]),
    )


def objective(data: Any) -> Prepared:
    problem = _input(data)
    each = problem.each("ba", both_errors)

    def run() -> tuple[np.ndarray, np.ndarray]:
        p = len(problem.weights)
        observed, by_weights = np.empty((2, p)), np.empty(p)
        for part, (some, weights) in each():
            observed[:, part], by_weights[part] = some, weights
        return observed, by_weights

    return Prepared(run, _shown_errors)


def jacobian(data: Any) -> Prepared:
    problem = _input(data)
    each = problem.each("ba'", entries)
    return Prepared(lambda: sparse(problem, each()), _shown_matrix)


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


def _input(data: Any) -> Problem:
    fields = Fields(data)
    n, m, p = fields.whole("n", 1), fields.whole("m", 1), fields.whole("p", 10)
    return Problem(
        np.tile(fields.array("cam", CAMERA)[:, None], n),
        np.tile(fields.array("x", POINT)[:, None], m),
        np.full(p, fields.number("w")),
        np.tile(fields.array("feat", 2)[:, None], p),
    )
