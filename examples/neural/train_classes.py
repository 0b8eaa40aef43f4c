"""A small network learns to tell two moons apart, with scalars or with arrays.

    python examples/neural/train_classes.py --out moons.png

Both engines start from the same weights and see the same batches, so they print the same losses.
"""

import argparse

import numpy as np
from arrays import adam, adam_start, forward, initial
from console import png, progress, whole_from
from datasets import batches, two_moons
from scalar import MLP, Adam

import admodes as ad

SIZES = [2, 8, 8, 1]
RATE = 0.05
BATCH = 32
COLOURS = {-1: "#D55E00", 1: "#0072B2"}  # which colour-blind readers tell apart


def train_variable(params, batches, report):
    """Trained parameters, on ad.Variable: some 7000 Variables a step."""
    model = MLP(params)
    optimiser = Adam(model.parameters(), RATE)
    for x, y in batches:
        pairs = zip(x.tolist(), y.tolist(), strict=True)
        loss = sum(ad.softplus(-y_i * model(x_i)[0]) for x_i, y_i in pairs) / len(y)
        loss.backward()
        optimiser.step()
        report(loss.value)
    return model.params()


def logistic_loss(params, x, y):
    """The mean of -ln P(y), where P(y) = σ(y z) and z is the network's output."""
    return np.mean(np.logaddexp(0.0, -y * forward(params, x)[:, 0]))


def train_grad(params, batches, report):
    """The same on arrays, with ad.value_and_grad."""
    state = adam_start(params)
    for x, y in batches:
        value, grads = ad.value_and_grad(logistic_loss)(params, x, y)
        params, state = adam(params, grads, state, RATE)
        report(value)
    return params


ENGINES = {"grad": train_grad, "variable": train_variable}


def accuracy(params, x, y):
    """The share of points on the right side of the boundary."""
    return np.mean(np.sign(forward(params, x)[:, 0]) == y)


def draw(path, params, x, y):
    """The points over the probability that the network gives to class 1."""
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.figure import Figure  # not pyplot, which may want a display

    (left, bottom), (right, top) = x.min(axis=0) - 0.4, x.max(axis=0) + 0.4
    xs, ys = np.meshgrid(np.linspace(left, right, 300), np.linspace(bottom, top, 300))
    z = forward(params, np.stack([xs.ravel(), ys.ravel()], axis=1)).reshape(xs.shape)
    probability = ad.sigmoid(z)

    figure = Figure(figsize=(7.0, 4.8), layout="constrained")
    axes = figure.subplots()
    tints = LinearSegmentedColormap.from_list("classes", [COLOURS[-1], "white", COLOURS[1]])
    area = {"extent": (left, right, bottom, top), "origin": "lower"}
    shades = axes.imshow(probability, tints, vmin=0, vmax=1, alpha=0.5, **area)
    axes.contour(xs, ys, probability, [0.5], colors="black", linewidths=1.5)
    for label, marker in ((-1, "o"), (1, "^")):
        style = {"s": 28, "c": COLOURS[label], "ec": "white", "lw": 0.6, "marker": marker}
        axes.scatter(*x[y == label].T, **style, label=f"class {label}")
    axes.set(xlabel="x1", ylabel="x2", title=f"Two moons: accuracy {accuracy(params, x, y):.1%}")
    figure.legend(loc="outside lower center", ncols=2, frameon=False)
    figure.colorbar(shades, label="probability of class 1", shrink=0.8)
    figure.savefig(path, dpi=150)


def main(argv=None):
    parser = argparse.ArgumentParser(description="A small network learns two classes.")
    parser.add_argument("--engine", choices=ENGINES, default="grad")
    parser.add_argument("--steps", type=whole_from(1), default=300)
    parser.add_argument(
        "--seed", type=whole_from(0), default=0, help="of points, weights and batches"
    )
    parser.add_argument("--out", type=png, metavar="FILE.png", help="draw the decision boundary")
    options = parser.parse_args(argv)

    rng = np.random.default_rng(options.seed)
    x, y = two_moons(200, rng)
    params = initial(SIZES, rng)
    done = 0

    def report(loss):
        nonlocal done
        done += 1
        progress(done, options.steps, f"loss {loss:.6f}")

    params = ENGINES[options.engine](params, batches(x, y, BATCH, options.steps, rng), report)
    print(f"accuracy {accuracy(params, x, y):.1%} on the {len(x)} points learned from")
    print(f"accuracy {accuracy(params, *two_moons(1000, rng)):.1%} on 1000 new ones")
    if options.out:
        draw(options.out, params, x, y)
        print(f"wrote {options.out}")


if __name__ == "__main__":
    main()
