"""Jacobians of bundle adjustment: 2 residuals of 15 inputs for each of many observations.

After the BA of ADBench (Šrajer, Kukelova, Fitzgibbon, 2018): a camera of 11 parameters (rotation
vector, centre, focal length, principal point, two radial distortions), a point and a weight.
"""

from __future__ import annotations

from functools import partial

import numpy as np

import admodes as ad

from . import peers
from .case import CASADI, COMPILED, JAX, TORCH, Target, Workload

INPUTS = 15


def residual(np, p, seen):
    """The weighted reprojection error of one observation."""
    r, centre, focal, principal = p[:3], p[3:6], p[6], p[7:9]
    k1, k2, point, weight = p[9], p[10], p[11:14], p[14]
    angle = np.sqrt(np.sum(r * r))
    axis = r / angle
    v = point - centre
    c, s = np.cos(angle), np.sin(angle)
    rotated = v * c + np.cross(axis, v) * s + axis * np.sum(axis * v) * (1.0 - c)
    flat = rotated[:2] / rotated[2]
    square = np.sum(flat * flat)
    distorted = flat * (1.0 + k1 * square + k2 * square * square)
    return weight * (focal * distorted + principal - seen)


def residual_jacobians(p, seen):
    """By hand, for all observations at once, components before observations so that NumPy's loops
    are long. With R the rotation by r, the derivative of R v along r is
    −R [v]ₓ (r rᵀ + (Rᵀ − 1)[r]ₓ) / |r|² (Gallego and Yezzi, 2015)."""
    p, seen = np.ascontiguousarray(p.T), np.ascontiguousarray(seen.T)
    r, centre, focal, principal = p[:3], p[3:6], p[6], p[7:9]
    k1, k2, point, weight = p[9], p[10], p[11:14], p[14]
    angle2 = (r * r).sum(axis=0)
    angle = np.sqrt(angle2)
    axis = r / angle
    c, s = np.cos(angle), np.sin(angle)
    identity = np.eye(3)[:, :, None]
    rotation = c * identity + s * _cross(axis) + (1.0 - c) * axis[:, None] * axis
    v = point - centre
    x, y, z = _apply(rotation, v)
    flat = np.stack([x, y]) / z
    square = (flat * flat).sum(axis=0)
    radial = 1.0 + k1 * square + k2 * square * square
    scale = weight * focal
    # ∂(flat · radial)/∂flat, and then by the rotated point
    by_flat = (2.0 * (k1 + 2.0 * k2 * square)) * flat[:, None] * flat
    by_flat[0, 0] += radial
    by_flat[1, 1] += radial
    by_flat *= scale / z
    last = -(by_flat[:, 0] * flat[0] + by_flat[:, 1] * flat[1])
    by_rotated = np.concatenate([by_flat, last[:, None]], axis=1)
    by_point = _product(by_rotated, rotation)
    transposed = rotation.transpose(1, 0, 2)
    turn = (r[:, None] * r + _product(transposed - identity, _cross(r))) / angle2
    found = np.zeros((2, INPUTS, p.shape[1]))
    found[:, :3] = -_product(_product(by_point, _cross(v)), turn)
    found[:, 3:6] = -by_point
    found[:, 6] = weight * radial * flat
    found[0, 7] = found[1, 8] = weight
    found[:, 9] = scale * square * flat
    found[:, 10] = scale * square * square * flat
    found[:, 11:14] = by_point
    found[:, 14] = focal * radial * flat + principal - seen
    return np.ascontiguousarray(found.transpose(2, 0, 1))


def _cross(v):
    """[v]ₓ, the matrix of the cross product with v."""
    x, y, z = v
    o = np.zeros_like(x)
    return np.array([[o, -z, y], [z, o, -x], [-y, x, o]])


def _product(a, b):
    return np.einsum("ijn,jkn->ikn", a, b)


def _apply(a, v):
    return np.einsum("ijn,jn->in", a, v)


def residual_casadi(casadi, n):
    """One observation as a scalar program, mapped over all."""
    ca = casadi
    p, seen = ca.SX.sym("p", INPUTS), ca.SX.sym("seen", 2)

    class names:
        sqrt, sin, cos, cross, sum = ca.sqrt, ca.sin, ca.cos, ca.cross, ca.sum1

    y = residual(names, p, seen)
    jacobian = ca.densify(ca.jacobian(y, p))
    return ca.Function("j", [p, seen], [jacobian], {"cse": True}).map(n)


def _stacked(found):
    """Columns of 2 for 15 inputs for each observation, as casadi leaves them, as the Jacobians."""
    return [found.reshape(-1, INPUTS, 2).transpose(0, 2, 1)]


def data(n):
    """Cameras near the origin that look at points in front of them."""
    rng = np.random.default_rng(8)
    p = rng.normal(size=(n, INPUTS)) * 0.3
    p[:, 6] = 500.0 + 50.0 * p[:, 6]
    p[:, 9:11] *= 0.1
    p[:, 13] += 5.0
    p[:, 14] = rng.uniform(0.5, 1.5, size=n)
    return p, rng.normal(size=(n, 2)) * 10.0


def bundle_adjustment(n):
    args = data(n)

    def torch(torch, p, seen):
        f = partial(residual, peers.torch_numpy(torch))
        return partial(torch.func.vmap(torch.func.jacrev(f)), p, seen)

    return Workload(
        name=f"2×15 Jacobians, bundle adjustment {n:,}",
        value=partial(ad.vmap(partial(residual, np)), *args),
        manual=partial(residual_jacobians, *args),
        contestants={
            **peers.admodes(ad.vmap(ad.jacobian(partial(residual, np))), args),
            JAX: peers.jax(lambda jax, jnp: jax.vmap(jax.jacrev(partial(residual, jnp))), *args),
            TORCH: peers.torch(torch, *args),
            CASADI: peers.casadi(
                partial(residual_casadi, n=n), *(a.T for a in args), arrays=_stacked
            ),
        },
        targets=(Target(COMPILED, 1.2),),
    )


def all_workloads():
    return [bundle_adjustment(10_000)]
