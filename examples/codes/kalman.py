"""Kalman filter: the negative log likelihood of a tracked object's measured positions.

The model moves at constant velocity in the plane, disturbed by white-noise acceleration; the filter
predicts and updates, and each innovation adds its Gaussian log density (the prediction error
decomposition). Minimising the result over the noise levels tunes the filter.

R. E. Kalman, A New Approach to Linear Filtering and Prediction Problems (1960); S. Särkkä, Bayesian
Filtering and Smoothing (2013), chapters 4 and 12.
"""

import numpy as np


def predict(m, P, F, Q):
    """Mean and covariance of the state one step later."""
    return F @ m, F @ P @ F.T + Q


def update(m, P, y, H, R):
    """Mean and covariance of the state given the measurement y, and -log p(y)."""
    v = y - H @ m
    S = H @ P @ H.T + R
    K = np.linalg.solve(S, H @ P).T  # P Hᵀ S⁻¹, S and P being symmetric
    _, logdet = np.linalg.slogdet(2 * np.pi * S)
    return m + K @ v, P - K @ S @ K.T, 0.5 * (v @ np.linalg.solve(S, v) + logdet)


def constant_velocity(dt):
    """Transition F, process noise G per unit of spectral density, measurement H.

    The state is (x, y, ẋ, ẏ); positions are measured.
    """
    plane = np.eye(2)
    F = np.kron(np.array([[1.0, dt], [0.0, 1.0]]), plane)
    G = np.kron(np.array([[dt**3 / 3, dt**2 / 2], [dt**2 / 2, dt]]), plane)
    H = np.kron(np.array([[1.0, 0.0]]), plane)
    return F, G, H


def negative_log_likelihood(log_q, log_r, m, P, measurements, dt):
    """-log p(measurements) for the log standard deviations log_q of the acceleration and log_r of
    the measured coordinates, and for the state's mean m and covariance P before the first step."""
    F, G, H = constant_velocity(dt)
    Q = np.exp(2 * log_q) * G
    R = np.diag(np.exp(2 * log_r))
    total = 0.0
    for y in measurements:
        m, P = predict(m, P, F, Q)
        m, P, surprise = update(m, P, y, H, R)
        total += surprise
    return total


def data(steps=15, dt=0.5):
    """A simulated track: the covariance of its first state, the measured positions, the step."""
    rng = np.random.default_rng(1960)
    F, G, H = constant_velocity(dt)
    P = np.diag([4.0, 4.0, 1.0, 1.0])
    state = np.array([0.0, 10.0, 1.0, -0.5])
    measurements = []
    for _ in range(steps):
        state = F @ state + rng.multivariate_normal(np.zeros(4), 0.3**2 * G)
        measurements.append(H @ state + rng.normal(0.0, [0.5, 0.8]))
    return P, np.stack(measurements), dt


def example():
    """The negative log likelihood of log_q, log_r and the first mean, and a point."""
    P, measurements, dt = data()

    def f(log_q, log_r, m):
        return negative_log_likelihood(log_q, log_r, m, P, measurements, dt)

    return f, (np.log(0.4), np.log([0.6, 0.6]), np.array([0.5, 9.0, 0.8, -0.2]))
