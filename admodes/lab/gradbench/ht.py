"""ht: the pose of a hand. 26 numbers theta turn the bones of a model; the vertices of its surface
follow the bones, and the errors are the distances between p measured points and the surface.

1. The pose is a matrix of 3 × (bones + 3): columns for the rotation of the whole hand, its scale
   (ones) and its place, then the angles of each bone, of which most are zero.
2. A bone with the angles (a_x, a_z, a_y) turns by R = R_z(a_z) R_y(a_y) R_x(a_x); where it takes
   its surroundings is what its parent does, then the place where it is joined to it, then R.
3. A vertex is the mean of where the bones take it, with weights.
4. Then all vertices turn about the axis theta[0:3] and move by theta[3:6].
5. A point is compared with a vertex ("simple"), or with a point of a triangle that two more
   numbers u tell ("complicated").

The derivatives by theta are forward sweeps, 26 directions at once. Those by the u are two more: a
point has two of its own, so all first ones share a sweep, and all second ones do.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from admodes.core.forward import jvp
from admodes.derivatives.gradients import jacobian as jacobian_of
from admodes.errors import BadValue
from admodes.lab.gradbench.programs import PROGRAMS, Prepared
from admodes.lab.gradbench.reading import Fields

THETA = 26
FINGERS, JOINTS = 5, 3
FIRST_FINGER = 5
"""The column of the pose where the fingers begin; each has one column more than joints."""
TURNED = 1e-4
"""The whole hand turns where theta[0:3] is at least so long."""


class Model(NamedTuple):
    """The arrays of a hand."""

    relatives: Any
    inverses: Any
    positions: Any
    weights: Any


class Plan(NamedTuple):
    """What is known of a hand and of the measured points beside numbers that vary: the parents of
    the bones, and for each point the vertices that it is compared with, 1 or 3 of them."""

    parents: tuple[int, ...]
    corners: np.ndarray
    is_mirrored: bool


def pose_places(bones: int) -> np.ndarray:
    """For each entry of the pose where it is in theta; 26 stands for 0 and 27 for 1."""
    place = np.full((3, bones + 3), THETA)
    place[:, 0], place[:, 1], place[:, 2] = range(3), THETA + 1, range(3, 6)
    k, c = 6, FIRST_FINGER
    for _ in range(FINGERS):
        for joint in range(JOINTS):
            place[0, c + joint] = k
            k += 1
            if joint == 0:
                place[1, c] = k
                k += 1
        c += JOINTS + 1
    return place


def rotations(x: Any, z: Any, y: Any) -> Any:
    """R_z R_y R_x as 4 × 4 matrices, for vectors of angles."""
    cx, cy, cz, sx, sy, sz = np.cos(x), np.cos(y), np.cos(z), np.sin(x), np.sin(y), np.sin(z)
    zero = np.zeros(len(x))
    rows = [
        [cz * cy, cz * sy * sx - sz * cx, cz * sy * cx + sz * sx, zero],
        [sz * cy, sz * sy * sx + cz * cx, sz * sy * cx - cz * sx, zero],
        [-sy, cy * sx, cy * cx, zero],
        [zero, zero, zero, zero + 1.0],
    ]
    return np.moveaxis(np.stack([np.stack(row) for row in rows]), 2, 0)


def axis_rotation(r: Any) -> Any:
    """The matrix that turns about r by the angle |r|."""
    square = np.sum(r * r)
    if not square >= TURNED**2:
        return np.eye(3)
    angle = np.sqrt(square)
    x, y, z = axis = r / angle
    zero = 0.0 * x
    across = np.stack([np.stack(row) for row in ([zero, -z, y], [z, zero, -x], [-y, x, zero])])
    outer = axis[:, None] * axis
    return np.cos(angle) * (np.eye(3) - outer) + outer + np.sin(angle) * across


def vertices(theta: Any, model: Model, plan: Plan) -> Any:
    """Where the vertices of the hand are."""
    bones = len(plan.parents)
    pose = np.concatenate([theta, [0.0, 1.0]])[pose_places(bones)]
    joints = model.relatives @ rotations(pose[0, 3:], pose[1, 3:], pose[2, 3:])
    absolutes: list[Any] = []
    for bone, parent in enumerate(plan.parents):
        absolutes.append(joints[bone] if parent < 0 else absolutes[parent] @ joints[bone])
    moved = (np.stack(absolutes) @ model.inverses)[:, :3]
    blend = np.reshape(model.weights @ np.reshape(moved, (bones, 12)), (-1, 3, 4))
    found = np.sum(blend * model.positions[:, None, :], axis=2)
    if plan.is_mirrored:
        found = found * np.array([-1.0, 1.0, 1.0])
    return found @ np.transpose(axis_rotation(pose[:, 0]) * pose[:, 1]) + pose[:, 2]


def errors(theta: Any, us: Any, points: Any, model: Model, plan: Plan) -> Any:
    """The errors of all points, one after the other."""
    found = vertices(theta, model, plan)
    if plan.corners.shape[1] == 1:
        return np.ravel(points - found[plan.corners[:, 0]])
    u, v = us[:, :1], us[:, 1:]
    first, second, third = (found[plan.corners[:, k]] for k in range(3))
    return np.ravel(points - (u * first + v * second + (1.0 - u - v) * third))


def derivative(theta: Any, us: Any, points: Any, model: Model, plan: Plan) -> Any:
    """The Jacobian of the errors: columns by the u of their own points, if there are such, and by
    theta."""
    by_theta = jacobian_of(lambda t: errors(t, us, points, model, plan), mode="forward")(theta)
    if not len(us):
        return by_theta
    columns = [
        jvp(lambda u: errors(theta, u, points, model, plan), (us,), (np.tile(unit, (len(us), 1)),))
        for unit in np.eye(2)
    ]
    return np.concatenate([np.stack([column for _, column in columns], axis=1), by_theta], axis=1)


def objective(data: Any) -> Prepared:
    return _prepared("ht", errors, data)


def jacobian(data: Any) -> Prepared:
    return _prepared("ht'", derivative, data)


def _prepared(name: str, f: Any, data: Any) -> Prepared:
    theta, us, points, model, plan = read(data)
    key = (name, plan.parents, plan.is_mirrored, plan.corners.tobytes())

    def build() -> Any:
        return lambda theta, us, points, *arrays: f(theta, us, points, Model(*arrays), plan)

    return Prepared(PROGRAMS.ready(key, build, theta, us, points, *model))


def read(data: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray, Model, Plan]:
    """What the input of a message says."""
    fields = Fields(data)
    theta = fields.array("theta", THETA)
    measured = fields.fields("data")
    points = measured.array("points", None, 3, least=(1, 3))
    us = fields.array("us", len(points), 2) if fields["us"] != [] else np.zeros((0, 2))
    hand = measured.fields("model")
    bones = hand.whole("bone_count", FIRST_FINGER + (JOINTS + 1) * FINGERS - 4)
    hand.items("bone_names", bones)
    parents = hand.positions("parents", bones, least=-1, below=bones)
    late = np.flatnonzero(parents >= np.arange(bones))
    if late.size:
        raise BadValue(f"data.model.parents[{late[0]}] must come before bone {late[0]}")
    positions = hand.array("base_positions", None, 4, least=(1, 4))
    triangles = hand.positions("triangles", None, 3, below=len(positions))
    model = Model(
        hand.array("base_relatives", bones, 4, 4),
        hand.array("inverse_base_absolutes", bones, 4, 4),
        positions,
        hand.array("weights", len(positions), bones),
    )
    known = triangles if len(us) else np.arange(len(positions))[:, None]
    chosen = measured.positions("correspondences", len(points), below=len(known))
    plan = Plan(tuple(parents.tolist()), known[chosen], hand.truth("is_mirrored"))
    return theta, us, points, model, plan
