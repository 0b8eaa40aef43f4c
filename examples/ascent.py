"""Gradient ascent on f = (x1 + x2)(x1 x2 + x1 x2²), from (1, -1/2) to its local maximum.

python examples/ascent.py --out ascent.png
"""

import argparse

import numpy as np
from neural.console import png, whole_from

import admodes as ad
from admodes.derivatives.stationary import classify

START = (1.0, -0.5)
STATIONARY = ((0.0, 0.0), (0.0, -1.0), (1.0, -1.0), (3 / 8, -3 / 4))


def f(x):
    x1, x2 = x
    return (x1 + x2) * (x1 * x2 + x1 * x2**2)


def ascend(f, x, steps, rate):
    """The path from x uphill, one row a point: x ← x + rate · ∇f(x)."""
    gradient = ad.grad(f)
    path = [np.asarray(x)]
    for _ in range(steps):
        path.append(path[-1] + rate * gradient(path[-1]))
    return np.stack(path)


def kind(x):
    """What the second derivative test says of a point."""
    x = np.asarray(x)
    return classify(ad.grad(f)(x), ad.hessian(f)(x), x).kind


def draw(path, out):
    """The path over the contours of f, with the stationary points."""
    from matplotlib.figure import Figure  # not pyplot, which may want a display

    figure = Figure(figsize=(7.0, 5.4), layout="constrained")
    axes = figure.subplots()
    xs, ys = np.meshgrid(np.linspace(-0.6, 1.6, 300), np.linspace(-1.5, 0.4, 300))
    # Denser near 0: the maximum is only 0.026 high.
    levels = 0.5 * np.linspace(-1, 1, 31) ** 3
    tints = axes.contourf(xs, ys, f((xs, ys)), levels, cmap="PuOr_r", extend="both", alpha=0.7)
    axes.contour(xs, ys, f((xs, ys)), levels, colors="#777777", linewidths=0.5, linestyles="-")
    figure.colorbar(tints, label="f", ticks=levels[::3], format="%.3f", shrink=0.8)
    axes.plot(*path.T, color="black", lw=2, label=f"ascent, {len(path) - 1} steps")
    axes.plot(*path[0], "o", color="black", label="start")
    for x1, x2 in STATIONARY:
        what = kind((x1, x2))
        marker, offset = ("*", (-52, 12)) if what == "local maximum" else ("D", (8, 8))
        axes.plot(x1, x2, marker, color="#D55E00", mec="white", ms=13 if marker == "*" else 8)
        label = f"({x1:g}, {x2:g})\n{what}"
        axes.annotate(label, (x1, x2), offset, textcoords="offset points", fontsize=9)
    axes.set(xlabel="x1", ylabel="x2", aspect="equal", title="f = (x1 + x2)(x1 x2 + x1 x2²)")
    figure.legend(loc="outside lower center", ncols=2, frameon=False)
    figure.savefig(out, dpi=150)


def main(argv=None):
    parser = argparse.ArgumentParser(description="Gradient ascent on (x1 + x2)(x1 x2 + x1 x2²).")
    parser.add_argument("--steps", type=whole_from(1), default=500)
    parser.add_argument("--rate", type=float, default=0.1, help="step length / gradient")
    parser.add_argument("--out", type=png, metavar="FILE.png", help="draw the path")
    options = parser.parse_args(argv)

    path = ascend(f, START, options.steps, options.rate)
    print("step         x1         x2          f")
    for step in np.unique(np.linspace(0, options.steps, 6, dtype=int)):
        x = path[step]
        print(f"{step:4}  {x[0]:9.6f}  {x[1]:9.6f}  {f(x):9.6f}")
    print("\nstationary points")
    for x in STATIONARY:
        print(f"  ({x[0]:g}, {x[1]:g})  {kind(x)}")
    if options.out:
        draw(path, options.out)
        print(f"wrote {options.out}")


if __name__ == "__main__":
    main()
