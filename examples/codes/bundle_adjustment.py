"""Bundle adjustment: the reprojection residuals of points seen by several cameras.

A camera is nine numbers: an axis-angle rotation, a translation, a focal length and two coefficients
of radial distortion. It looks down its negative z axis. Every observation has a weight, which a
robust fit determines together with cameras and points.

S. Agarwal, N. Snavely, S. M. Seitz, R. Szeliski, Bundle Adjustment in the Large (2010); the weights
are those of C. Zach, Robust Bundle Adjustment Revisited (2014).
"""

import numpy as np


def rotate(w, X):
    """Rotate X about the axis w by the angle |w| (Rodrigues' formula), row by row."""
    angle2 = np.sum(w**2, axis=-1, keepdims=True)
    small = angle2 < 1e-8
    angle = np.sqrt(np.where(small, 1.0, angle2))  # the 1 keeps 0/0 out of the branch not taken
    sine = np.where(small, 1 - angle2 / 6, np.sin(angle) / angle)
    versine = np.where(small, 0.5 - angle2 / 24, (1 - np.cos(angle)) / angle**2)
    along = np.sum(w * X, axis=-1, keepdims=True)
    return (1 - versine * angle2) * X + sine * np.cross(w, X) + versine * along * w


def project(cameras, X):
    """Pixel coordinates of X, one row per camera row."""
    w, t, focal = cameras[:, :3], cameras[:, 3:6], cameras[:, 6:7]
    k1, k2 = cameras[:, 7:8], cameras[:, 8:9]
    P = rotate(w, X) + t
    p = -P[:, :2] / P[:, 2:]
    r2 = np.sum(p**2, axis=1, keepdims=True)
    return focal * (1 + k1 * r2 + k2 * r2**2) * p


def residuals(cameras, points, weights, camera_index, point_index, observed):
    """Weighted reprojection errors, then 1 - weight² for every observation."""
    errors = project(cameras[camera_index], points[point_index]) - observed
    return np.concatenate([(weights[:, None] * errors).ravel(), 1 - weights**2])


def data():
    """Two cameras, three points, and every point observed by both cameras with half a pixel of
    noise: cameras, points, camera_index, point_index, observed."""
    rng = np.random.default_rng(2010)
    # The first camera is the frame of reference: its rotation is exactly zero.
    cameras = np.array(
        [
            [0.0, 0.0, 0.0, 0.0, 0.0, -5.0, 520.0, -0.05, 0.01],
            [0.05, -0.30, 0.02, 1.5, 0.1, -4.5, 480.0, -0.08, 0.02],
        ]
    )
    points = rng.uniform(-1.0, 1.0, (3, 3))
    camera_index, point_index = np.repeat([0, 1], 3), np.tile([0, 1, 2], 2)
    observed = project(cameras[camera_index], points[point_index]) + rng.normal(0.0, 0.5, (6, 2))
    return cameras, points, camera_index, point_index, observed


def example():
    """The residuals of cameras, points and weights, and a point."""
    cameras, points, camera_index, point_index, observed = data()

    def f(cameras, points, weights):
        return residuals(cameras, points, weights, camera_index, point_index, observed)

    return f, (cameras, points + 0.02, np.linspace(0.7, 1.1, 6))
