"""The neural examples and the gradient ascent learn what they say, with either engine."""

import doctest
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import admodes as ad

EXAMPLES = Path(__file__).parent.parent / "examples"
sys.path[:0] = [str(EXAMPLES), str(EXAMPLES / "neural")]

import arrays  # noqa: E402
import ascent  # noqa: E402
import console  # noqa: E402
import scalar  # noqa: E402
import train_and  # noqa: E402
import train_classes  # noqa: E402
from datasets import AND_X, AND_Y, batches, two_moons  # noqa: E402

from admodes.problems import graduating, osu  # noqa: E402

DRAWING = {"train_classes": train_classes.main, "ascent": ascent.main}


def rng(seed=0):
    return np.random.default_rng(seed)


def silent(*args):
    """No progress."""


@pytest.mark.parametrize("module", [scalar, arrays])
def test_doctests(module):
    assert doctest.testmod(module).failed == 0


def test_the_neuron_of_the_project_sheet_on_variables():
    at = graduating.NEURON.at
    x = [ad.Variable(at[f"x{i}"]) for i in (1, 2, 3)]
    neuron = scalar.Neuron([at[f"w{i}"] for i in (1, 2, 3)], at["b"])
    y = neuron(x)
    y.backward()
    found = [v.grad for v in (*x, *neuron.parameters())]
    expected = [0.480521, -0.240261, 0.096104, 0.961043, 1.922086, -0.961043, 0.961043]
    assert y.value == pytest.approx(0.197375, abs=5e-7)
    assert found == pytest.approx(expected, abs=5e-7)
    assert found == pytest.approx(graduating.NEURON.figures["jacobian"][0], rel=1e-14)


def test_the_neuron_of_the_project_sheet_on_arrays():
    x = np.array([1.0, 2.0, -1.0])
    layer = {"W": np.array([[0.5], [-0.25], [0.1]]), "b": np.array([0.3])}

    def neuron(x, layer):
        return np.tanh(arrays.forward([layer], x))[0]

    y, (dx, dlayer) = ad.value_and_grad(neuron, argnums=(0, 1))(x, layer)
    assert y == pytest.approx(0.197375, abs=5e-7)
    assert dx == pytest.approx([0.480521, -0.240261, 0.096104], abs=5e-7)
    assert dlayer["W"].ravel() == pytest.approx([0.961043, 1.922086, -0.961043], abs=5e-7)
    assert dlayer["b"] == pytest.approx([0.961043], abs=5e-7)


@pytest.mark.parametrize(
    ("on_variables", "on_arrays"), [(ad.tanh, np.tanh), (ad.relu, arrays.relu)]
)
def test_both_engines_find_the_same_gradients(on_variables, on_arrays):
    params = arrays.initial([2, 5, 4, 1], rng())
    x, y = two_moons(12, rng(1))

    model = scalar.MLP(params, on_variables)
    outputs = [model(point)[0] for point in x.tolist()]
    loss = sum((out - target) ** 2 for out, target in zip(outputs, y.tolist(), strict=True))
    loss.backward()

    def squares(params):
        return np.sum((arrays.forward(params, x, on_arrays)[:, 0] - y) ** 2)

    value, grads = ad.value_and_grad(squares)(params)
    assert loss.value == pytest.approx(value, rel=1e-13)
    for layer, grad in zip(model.layers, grads, strict=True):
        for j, neuron in enumerate(layer.neurons):
            np.testing.assert_allclose([w.grad for w in neuron.w], grad["W"][:, j], atol=1e-13)
            assert neuron.b.grad == pytest.approx(grad["b"][j], abs=1e-13)


def test_weights_come_back_from_variables_as_they_went_in():
    params = arrays.initial([2, 3, 1], rng())
    arrays.tree_map(np.testing.assert_array_equal, scalar.MLP(params).params(), params)


@pytest.mark.parametrize("train", train_and.ENGINES.values(), ids=train_and.ENGINES)
def test_and_is_learned(train):
    layer = arrays.initial([2, 1], rng())[0]
    w, b, outputs = train(layer, 300, silent)
    assert np.sign(outputs).tolist() == AND_Y.tolist()
    assert outputs == pytest.approx(np.tanh(AND_X @ w + b))


def test_a_step_of_sgd():
    p = ad.Variable(1.0)
    (3 * p).backward()
    scalar.SGD([p], rate=0.1).step()
    assert p.value == pytest.approx(0.7)
    assert arrays.sgd([{"b": 1.0}], [{"b": 3.0}], rate=0.1) == [{"b": pytest.approx(0.7)}]


GRADIENTS = (1.0, -2.0, 3.0)
# By hand: m is 1/10, -11/100, 201/1000 and v is 1/10³, 4999/10⁶, 13994001/10⁹; 1 - beta^t takes the
# denominators 10, 100, 1000 to 1, 19, 271 in m, and those of v to 1, 1999, 2997001.
STEPS = (
    1,
    -(11 / 19) / (4999 / 1999) ** 0.5,
    (201 / 271) / (13994001 / 2997001) ** 0.5,
)


def test_adam_on_variables():
    p = ad.Variable(0.0)
    adam = scalar.Adam([p], rate=0.01, epsilon=0.0)
    for t, g in enumerate(GRADIENTS, 1):
        (g * p).backward()
        adam.step()
        assert p.value == pytest.approx(-0.01 * sum(STEPS[:t]), rel=1e-12)


def test_adam_on_arrays_changes_nothing_in_place():
    start = params = [{"W": np.zeros((2, 1))}]
    state = arrays.adam_start(params)
    for t, g in enumerate(GRADIENTS, 1):
        grads = [{"W": np.full((2, 1), g)}]
        params, state = arrays.adam(params, grads, state, rate=0.01, epsilon=0.0)
        np.testing.assert_allclose(params[0]["W"], -0.01 * sum(STEPS[:t]), rtol=1e-12)
    assert not start[0]["W"].any()


def test_epsilon_keeps_a_gradient_of_zero_from_dividing_by_zero():
    p = ad.Variable(1.0)
    (0.0 * p).backward()
    scalar.Adam([p]).step()
    params, _ = arrays.adam([1.0], [0.0], arrays.adam_start([1.0]))
    assert p.value == params[0] == 1.0


@pytest.mark.parametrize("seed", range(3))
def test_the_classes_are_learned(seed):
    generator = rng(seed)
    x, y = two_moons(200, generator)
    params = arrays.initial(train_classes.SIZES, generator)
    params = train_classes.train_grad(params, batches(x, y, 32, 300, generator), silent)
    assert train_classes.accuracy(params, x, y) > 0.95
    assert train_classes.accuracy(params, *two_moons(1000, generator)) > 0.95


def test_both_engines_train_alike():
    x, y = two_moons(40, rng())
    params = arrays.initial([2, 4, 1], rng(1))
    losses, trained = {}, {}
    for name, train in train_classes.ENGINES.items():
        losses[name] = []
        trained[name] = train(params, batches(x, y, 8, 20, rng(2)), losses[name].append)
    np.testing.assert_allclose(losses["grad"], losses["variable"], rtol=1e-9)
    arrays.tree_map(
        lambda a, b: np.testing.assert_allclose(a, b, atol=1e-9),
        trained["grad"],
        trained["variable"],
    )


def test_the_ascent_reaches_the_maximum():
    figures = osu.ASCENT.figures
    how = figures["ascent"]
    path = ascent.ascend(ascent.f, ascent.START, how["steps"], how["step"])
    assert len(path) == 501
    assert path[-1] == pytest.approx((0.375, -0.75), abs=5e-7)
    assert np.all(np.diff(ascent.f(path.T)) >= -1e-16)
    published = {p["at"]: p["kind"] for p in figures["stationary"].values()}
    assert {x: ascent.kind(x) for x in ascent.STATIONARY} == published


@pytest.mark.parametrize("name", DRAWING)
def test_a_picture_is_written(name, tmp_path, capsys):
    path = tmp_path / "picture.png"
    DRAWING[name](["--steps", "20", "--out", str(path)])
    assert f"wrote {path}" in capsys.readouterr().out
    assert path.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("name", DRAWING)
def test_a_missing_matplotlib_is_one_line(name, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(SystemExit) as stopped:
        DRAWING[name](["--out", str(tmp_path / "picture.png")])
    out, err = capsys.readouterr()
    assert stopped.value.code == 2
    assert not out
    assert err == "--out needs matplotlib: pip install 'admodes[plots]'\n"


@pytest.mark.parametrize("name", ["nowhere/picture.png", "picture.jpeg"])
def test_a_file_that_cannot_be_drawn_is_refused_before_the_work(name, tmp_path, capsys):
    with pytest.raises(SystemExit) as stopped:
        ascent.main(["--out", str(tmp_path / name)])
    out, err = capsys.readouterr()
    assert stopped.value.code == 2
    assert not out
    assert "is not a .png file in a folder that exists" in err


@pytest.mark.parametrize("steps", ["0", "-3", "many"])
def test_steps_are_whole_numbers_from_1(steps, capsys):
    with pytest.raises(SystemExit) as stopped:
        train_and.main([f"--steps={steps}"])
    assert stopped.value.code == 2
    assert "is not a whole number from 1" in capsys.readouterr().err


def test_a_seed_is_not_negative(capsys):
    with pytest.raises(SystemExit) as stopped:
        train_and.main(["--seed=-1"])
    assert stopped.value.code == 2
    assert "is not a whole number from 0" in capsys.readouterr().err


def test_progress_is_one_line_on_a_terminal_and_about_ten_in_a_pipe(capsys, monkeypatch):
    for step in range(1, 101):
        console.progress(step, 100, "loss")
    assert len(capsys.readouterr().out.splitlines()) == 11
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    for step in range(1, 101):
        console.progress(step, 100, "loss")
    out = capsys.readouterr().out
    assert out.count("\r") == 100
    assert out.count("\n") == 1
    assert out.endswith("step 100/100  loss\x1b[K\n")


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("neural/train_and.py", "AND  neuron"),
        ("neural/train_classes.py", "on 1000 new ones"),
        ("ascent.py", "(0.375, -0.75)  local maximum"),
    ],
)
def test_the_scripts_run_from_any_folder(script, says, tmp_path):
    command = [sys.executable, "-W", "error", str(EXAMPLES / script), "--steps", "3"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    assert says in done.stdout
    assert not any(tmp_path.iterdir())
