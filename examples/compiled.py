"""Where speed and memory count: a compiled gradient, a sparse Jacobian, a checkpointed loop.

python examples/compiled.py

fit: gradient descent on a small network; every step replays one recording of the gradient.
burgers: Burgers' equation by implicit Euler steps, a sparse Jacobian for each Newton step.
spring: the gradient of a loop of 5000 steps, of which 14 states are kept.

Needs scipy: pip install '.[sparse]'.
"""

import argparse

import numpy as np
from neural.console import whole_from

import admodes as ad


def loss(params, x, y):
    h = np.tanh(x @ params["W"] + params["b"])
    return np.mean((h @ params["v"] - y) ** 2)


def fit(steps, rate=0.2):
    """The losses on the way down to y = sin 3x at 64 points, and the compiled gradient."""
    rng = np.random.default_rng(0)
    x = np.linspace(-1, 1, 64)[:, None]
    y = np.sin(3 * x[:, 0])
    params = {"W": rng.normal(size=(1, 16)), "b": rng.normal(size=16), "v": rng.normal(size=16) / 4}
    step = ad.compile(ad.value_and_grad(loss))
    losses = []
    for _ in range(steps):
        value, gradient = step(params, x, y)
        params = {name: p - rate * gradient[name] for name, p in params.items()}
        losses.append(value)
    return losses, step


def slope(u, dx, viscosity):
    """du/dt of Burgers' equation on a ring: -u u_x + viscosity u_xx by central differences."""
    left, right = np.roll(u, 1), np.roll(u, -1)
    return -u * (right - left) / (2 * dx) + viscosity * (right - 2 * u + left) / dx**2


def implicit_step(u, dt, dx, viscosity, jacobian):
    """v with v = u + dt slope(v), by Newton's method, and the number of iterations."""
    from scipy.sparse import eye_array
    from scipy.sparse.linalg import spsolve

    v, identity = u, eye_array(u.size)
    for iterations in range(20):
        residual = v - u - dt * slope(v, dx, viscosity)
        if np.max(np.abs(residual)) < 1e-10:
            return v, iterations
        v = v - spsolve((identity - dt * jacobian(v, dx, viscosity)).tocsc(), residual)
    raise ArithmeticError(f"Newton's method stays at a residual of {np.max(np.abs(residual)):.1e}")


def burgers(n, steps, dt=0.02, viscosity=0.01):
    """The last state on n points of the ring of length 1, and the iterations of all steps."""
    x = np.arange(n) / n
    u = 1 + np.sin(2 * np.pi * x)
    jacobian = ad.sparse_jacobian(slope)
    iterations = 0
    for _ in range(steps):
        u, k = implicit_step(u, dt, 1 / n, viscosity, jacobian)
        iterations += k
    return u, iterations


def swing(state, i, stiffness, damping):
    """One step of a damped spring, of length 0.001."""
    x, v = state
    v = v - 0.001 * (stiffness * x + damping * v)
    return x + 0.001 * v, v


def position_after(n):
    """The position after n steps, as a function of stiffness and damping."""

    def position(stiffness, damping):
        return ad.checkpointed_loop(swing, (1.0, 0.0), n, stiffness, damping)[0]

    return position


def main(argv=None):
    parser = argparse.ArgumentParser(description="Compiled, sparse, checkpointed.")
    parser.add_argument("--steps", type=whole_from(1), default=2000, help="of gradient descent")
    parser.add_argument("--points", type=whole_from(3), default=10_000, help="of the ring")
    parser.add_argument("--length", type=whole_from(1), default=5000, help="of the loop")
    options = parser.parse_args(argv)

    losses, step = fit(options.steps)
    print(
        f"fit: loss {losses[0]:.4f}, after {options.steps} steps {losses[-1]:.4f}; "
        f"recorded {len(step.specialisations)} ×"
    )

    u, iterations = burgers(options.points, 10)
    print(
        f"burgers: {options.points} points, 10 implicit steps in {iterations} iterations; "
        f"mean {u.mean():.6f}, steepest {np.max(-np.diff(u)) * options.points:.2f}"
    )

    gradient = ad.grad(position_after(options.length), argnums=(0, 1))(2.0, 0.1)
    cost = ad.revolve(options.length)
    print(
        f"spring: gradient ({gradient[0]:.6f}, {gradient[1]:.6f}); {cost.states} of "
        f"{options.length + 1} states kept, {cost.factor:.2f} evaluations a step"
    )


if __name__ == "__main__":
    main()
