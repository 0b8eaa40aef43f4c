"""Gaussian process regression: the negative log marginal likelihood of the hyperparameters.

The kernel is the squared exponential (RBF) with a length scale for every input dimension.

C. E. Rasmussen, C. K. I. Williams, Gaussian Processes for Machine Learning (2006), algorithm 2.1
and section 5.4.1.
"""

import numpy as np


def rbf(A, B, lengths, signal):
    """Covariances between the rows of A and those of B."""
    d = (A[:, None, :] - B[None, :, :]) / lengths
    return signal**2 * np.exp(-0.5 * np.sum(d**2, axis=-1))


def negative_log_marginal_likelihood(log_lengths, log_signal, log_noise, X, y):
    """-log p(y | X) for the logarithms of length scales, signal and noise standard deviations."""
    n = len(y)
    K = rbf(X, X, np.exp(log_lengths), np.exp(log_signal)) + np.exp(2 * log_noise) * np.eye(n)
    L = np.linalg.cholesky(K)
    alpha = np.linalg.solve(L.T, np.linalg.solve(L, y))
    return 0.5 * y @ alpha + np.sum(np.log(np.diag(L))) + 0.5 * n * np.log(2 * np.pi)


def data(n=20):
    """Noisy values of a smooth function at random points of a square: X and y."""
    rng = np.random.default_rng(2006)
    X = rng.uniform(-2.0, 2.0, (n, 2))
    return X, np.sin(2 * X[:, 0]) + 0.5 * X[:, 1] + rng.normal(0.0, 0.1, n)


def example():
    """The negative log marginal likelihood of the log hyperparameters, and a point."""
    X, y = data()

    def f(log_lengths, log_signal, log_noise):
        return negative_log_marginal_likelihood(log_lengths, log_signal, log_noise, X, y)

    return f, (np.log([0.8, 1.5]), np.log(1.2), np.log(0.2))
