"""What is known of the derivatives of each code without differentiating it: closed forms, other
ways to the same number, and what a Jacobian has to conserve.

Every function takes an example's f and args with a Jacobian J of f (rows: results; columns: all
numbers of args) and returns {statement: relative error}.
"""

import bundle_adjustment
import gaussian_process
import kalman
import logistic_regression
import numpy as np
import two_body

import admodes as ad


def flat(parts):
    """The numbers of a tuple of arrays, as one vector."""
    return np.concatenate([np.ravel(part) for part in parts])


def error(found, expected):
    """Largest difference in each column, relative to the column's largest entry; the worst."""
    found, expected = np.atleast_2d(found), np.atleast_2d(expected)
    return np.max(np.max(abs(found - expected), axis=0) / np.max(abs(expected), axis=0))


def kalman_theory(f, args, J):
    """The measurements are jointly Gaussian, with a covariance linear in the variances."""
    log_q, log_r, m = args
    P, y, dt = kalman.data()
    F, G, H = kalman.constant_velocity(dt)
    times = range(1, len(y) + 1)

    def seen_from(j):
        """The matrix from the state after step j to all measurements, those before j being 0."""
        return np.concatenate(
            [H @ np.linalg.matrix_power(F, max(k - j, 0)) * (k >= j) for k in times]
        )

    by_q = np.exp(2 * log_q) * sum(seen_from(j) @ G @ seen_from(j).T for j in times)
    by_r = [np.diag(np.tile(np.exp(2 * log_r) * axis, len(y))) for axis in np.eye(2)]
    first = seen_from(0)
    S = first @ P @ first.T + by_q + sum(by_r)
    v = np.ravel(y) - first @ m
    inverse = np.linalg.inv(S)
    a = inverse @ v
    value = 0.5 * (v @ a + np.linalg.slogdet(2 * np.pi * S)[1])
    # A part's derivative by its log standard deviation is twice the part; the ½ takes the 2.
    gradient = [np.trace(inverse @ part) - a @ part @ a for part in (by_q, *by_r)]
    return {
        "value: joint density of all measurements": error(f(*args), value),
        "gradient: by traces of the joint covariance": error(J, [*gradient, *(-first.T @ a)]),
    }


def bundle_adjustment_theory(f, args, J):
    """Moving, turning or scaling the scene together with its cameras changes no residual."""
    cameras, points, weights = args
    motions = []
    for axis in np.eye(3):
        turned, moved = np.zeros_like(cameras), np.zeros_like(cameras)
        turned[:, :3] = [-inverse_right_jacobian(w) @ axis for w in cameras[:, :3]]
        moved[:, 3:6] = -bundle_adjustment.rotate(cameras[:, :3], axis)
        motions.append((turned, np.cross(axis, points), 0 * weights))
        motions.append((moved, np.tile(axis, (len(points), 1)), 0 * weights))
    scaled = np.zeros_like(cameras)
    scaled[:, 3:6] = cameras[:, 3:6]
    motions.append((scaled, points, 0 * weights))
    free = np.stack([flat(motion) for motion in motions], axis=1)

    n = len(weights)
    errors = f(cameras, points, np.ones(n))[: 2 * n]
    one_each = np.eye(n)
    by_weight = np.concatenate(
        [np.repeat(one_each, 2, axis=0) * errors[:, None], -2 * weights * one_each]
    )
    drift = np.max(abs(J @ free)) / np.max(abs(J) @ abs(free))
    return {
        "seven free motions of the scene: J g = 0": drift,
        "by the weights: errors and -2 weight": error(J[:, -n:], by_weight),
    }


def inverse_right_jacobian(w):
    """The matrix A with R(w + A d) = R(w) R(d) to first order in d, on the rotation group."""
    K = np.cross(w, np.eye(3)).T
    angle = np.linalg.norm(w)
    if angle == 0:
        return np.eye(3)
    return np.eye(3) + K / 2 + (1 / angle**2 - 1 / (2 * angle * np.tan(angle / 2))) * K @ K


def logistic_regression_theory(f, args, J):
    """Bishop's equations 4.91, 4.109 and 4.110, with those of the penalty."""
    W, b = args
    X, y, penalty = logistic_regression.data()
    n = len(y)
    P = np.exp(X @ W + b)
    P = P / P.sum(axis=1, keepdims=True)
    excess = P - np.eye(3)[y]
    gradient = [X.T @ excess / n + penalty * W, excess.mean(axis=0)]

    v = np.cos(np.arange(12.0)).reshape(4, 3), np.array([1.0, -2.0, 0.5])
    change = X @ v[0] + v[1]
    change = P * (change - np.sum(P * change, axis=1, keepdims=True))
    product = [X.T @ change / n + penalty * v[0], change.mean(axis=0)]

    w, side = W[:, 0], np.where(y == 0, 1.0, -1.0)
    two = ad.grad(lambda w: logistic_regression.binary_loss(w, X, side, penalty))(w)
    by_hand = -X.T @ (side / (1 + np.exp(side * (X @ w)))) / n + penalty * w
    twice = ad.hvp(lambda x: f(*x), args, v)
    return {
        "gradient: Xᵀ (P - Y)": error(J, flat(gradient)),
        "Hessian times a vector: Xᵀ (∂P)": error(flat(twice), flat(product)),
        "two classes: -Xᵀ y σ(-y X w)": error(two, by_hand),
    }


def two_body_theory(f, args, J):
    """Leapfrog is symplectic and keeps the momentum; the energy's gradient is known."""
    q, p, masses, dt, steps = two_body.data()
    omega = np.kron(np.array([[0, 1], [-1, 0]]), np.eye(4))
    momentum = np.kron(np.array([[0, 0, 1, 1]]), np.eye(2))

    def steepness(q, p):
        return flat([-two_body.forces(q, masses), p / masses[:, None]])

    before = two_body.energy(q, p, masses)
    change = two_body.energy_error(q, p, masses, dt, steps)
    by_hand = (J.T @ steepness(*f(q, p)) - (1 + change) * steepness(q, p)) / before
    gradient = ad.grad(two_body.energy_error, argnums=(0, 1))(q, p, masses, dt, steps)
    return {
        "symplectic: Jᵀ Ω J = Ω": np.max(abs(J.T @ omega @ J - omega)) / np.max(abs(J)) ** 2,
        "total momentum is kept": np.max(abs(momentum @ J - momentum)) / np.max(abs(J)),
        "gradient of the energy error: Jᵀ ∇H": error(flat(gradient), by_hand),
    }


def gaussian_process_theory(f, args, J):
    """Rasmussen and Williams, equation 5.9."""
    log_lengths, log_signal, log_noise = args
    X, y = gaussian_process.data()
    K = gaussian_process.rbf(X, X, np.exp(log_lengths), np.exp(log_signal))
    noise = np.exp(2 * log_noise) * np.eye(len(y))
    inverse = np.linalg.inv(K + noise)
    a = inverse @ y
    apart = (X[:, None, :] - X[None, :, :]) / np.exp(log_lengths)
    partials = [K * apart[:, :, 0] ** 2, K * apart[:, :, 1] ** 2, 2 * K, 2 * noise]
    gradient = [0.5 * np.trace((inverse - np.outer(a, a)) @ partial) for partial in partials]
    return {"gradient: ½ tr((K⁻¹ - ααᵀ) ∂K)": error(J, gradient)}
