"""What there is to learn. Classes are -1 and 1."""

import numpy as np

AND_X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
AND_Y = np.array([-1.0, -1.0, -1.0, 1.0])


def two_moons(n, rng, noise=0.1):
    """n points on two half circles that reach into each other, with Gaussian noise."""
    y = np.where(np.arange(n) % 2 == 0, -1.0, 1.0)
    angle = rng.uniform(0, np.pi, n)
    x = np.stack([-y * np.cos(angle), -y * np.sin(angle)], axis=1)
    x += np.where(y[:, None] < 0, [0.0, 0.0], [1.0, 0.5])
    return x + rng.normal(0, noise, (n, 2)), y


def batches(x, y, size, steps, rng):
    """Random batches, one a step."""
    for _ in range(steps):
        chosen = rng.choice(len(x), size, replace=False)
        yield x[chosen], y[chosen]
