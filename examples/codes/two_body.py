"""Two bodies under gravitation: positions and momenta carried forward by the leapfrog method.

Kick, drift, kick (Störmer-Verlet) is symplectic, so its energy error stays bounded. Units are
astronomical: solar masses, astronomical units and years, in which G = 4π².

E. Hairer, C. Lubich, G. Wanner, Geometric Numerical Integration (2006), chapters I and VI.
"""

import numpy as np

G = 4 * np.pi**2


def forces(q, masses):
    """The force on each body, one row a body."""
    d = q[1] - q[0]
    pull = G * masses[0] * masses[1] * d / np.linalg.norm(d) ** 3
    return np.stack([pull, -pull])


def energy(q, p, masses):
    """Kinetic plus potential energy."""
    kinetic = np.sum(p**2 / (2 * masses[:, None]))
    return kinetic - G * masses[0] * masses[1] / np.linalg.norm(q[1] - q[0])


def leapfrog(q, p, masses, dt, steps):
    """Positions and momenta after the given number of steps of dt."""
    p = p + 0.5 * dt * forces(q, masses)
    for _ in range(steps - 1):
        q = q + dt * p / masses[:, None]
        p = p + dt * forces(q, masses)
    q = q + dt * p / masses[:, None]
    p = p + 0.5 * dt * forces(q, masses)
    return q, p


def energy_error(q, p, masses, dt, steps):
    """Relative change of the energy over the integration."""
    before = energy(q, p, masses)
    return (energy(*leapfrog(q, p, masses, dt, steps), masses) - before) / before


def data():
    """A binary star on an eccentric orbit: positions, momenta, masses, time step, steps."""
    masses = np.array([1.0, 0.6])
    q = np.array([[-0.375, 0.0], [0.625, 0.0]])
    v = np.array([[0.0, -2.55], [0.0, 4.25]])
    return q, masses[:, None] * v, masses, 0.01, 40


def example():
    """The final positions and momenta, stacked, of the initial ones, and a point."""
    q, p, masses, dt, steps = data()

    def f(q, p):
        return np.stack(leapfrog(q, p, masses, dt, steps))

    return f, (q, p)
