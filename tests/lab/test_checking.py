"""Derivatives by hand: right ones pass, planted mistakes are named."""

import json
import math

import numpy as np
import pytest
from planted_mistakes import RIGHT, WRONG

import admodes as ad


@pytest.mark.parametrize(("f", "g", "args"), RIGHT)
def test_right_derivatives_pass(f, g, args):
    found = ad.check_gradient(f, g, *args)
    assert found.passed
    assert found.mistake is None
    assert found.points == 6
    assert all(e["right_everywhere"] for e in found.entries)


@pytest.mark.parametrize(
    ("kinds", "f", "g", "args", "word"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG]
)
def test_mistakes_are_named(kinds, f, g, args, word):
    for seed in (0, 1):
        found = ad.check_gradient(f, g, *args, seed=seed)
        assert not found.passed
        assert found.mistake.kind in kinds
        assert word in found.mistake.text


def test_a_derivative_that_is_right_at_the_point_alone_is_wrong():
    found = ad.check_gradient(lambda x: x**2, lambda x: 2.0 + 0.0 * x, 1.0)
    (entry,) = found.entries
    assert (entry["right_here"], entry["right_everywhere"], found.passed) == (True, False, False)
    assert "every point" in found.mistake.text


def test_nonsense_is_unknown():
    found = ad.check_gradient(lambda x: ad.sin(x), lambda x: x**5 + 0.3, 0.7)
    assert found.mistake.kind == "unknown"


@pytest.mark.parametrize("large", [1e8, 1e14, 1e200])
def test_an_entry_that_is_wrong_beside_a_much_larger_one_is_wrong(large):
    def f(x):
        return large * x[0] ** 2 + x[1] ** 2

    assert ad.check_gradient(f, lambda x: [2 * large * x[0], 2 * x[1]], [1.0, 2.0]).passed
    for factor in (0.0, 1.1, 1 + 1e-5):
        found = ad.check_gradient(f, lambda x: [2 * large * x[0], 2 * factor * x[1]], [1.0, 2.0])
        assert [e["right_everywhere"] for e in found.entries] == [True, False]
        assert found.mistake.kind in ("factor", "missing term")


def test_lines_that_are_wrong_in_a_small_entry_do_not_stand_in_other_places():
    found = ad.check_gradient(
        lambda x: ad.stack([1e14 * x[0] + x[1], 1e14 * x[0] + 2 * x[1]]),
        lambda x: np.array([[1e14, 3.0], [1e14, 6.0]]),
        [1.0, 2.0],
    )
    assert found.mistake.kind == "factor"


@pytest.mark.parametrize(
    "g",
    [
        lambda x: [1e10 * np.sin(x[1]), 1e10 * x[0] * np.cos(x[1]) - np.cos(x[1])],
        # Not for recording, which would tell how much they cancel.
        lambda x: [1e10 * math.sin(x[1]), 1e10 * x[0] * math.cos(x[1]) - math.cos(x[1])],
    ],
)
def test_what_cancels_beside_a_larger_entry_is_right(g):
    def f(x):
        return (1e10 * x[0] - 1.0) * np.sin(x[1])

    assert ad.check_gradient(f, g, [1e-10 * (1 + 1e-12), 0.5]).passed


def test_rounding_of_the_derivative_by_hand_alone_is_no_mistake():
    # The derivative with respect to x2 is a constant, which rounding does not touch.
    found = ad.check_gradient(
        lambda x: 1e10 * x[0] + 1e-3 * x[1],
        lambda x: [1e10, (1e8 * x[0] + 1e-3) - 1e8 * x[0]],
        [1.0, 2.0],
    )
    assert found.entries[1]["given"] != found.entries[1]["right"]
    assert found.passed


def test_complex_numbers_are_refused():
    with pytest.raises(TypeError, match="by hand gives no numbers: complex"):
        ad.check_gradient(lambda x: x**2, lambda x: 2 * x + 1j, 2.0)
    with pytest.raises(TypeError, match="f gives complex numbers"):
        ad.check_gradient(lambda x: 1j * x, lambda x: 1.0, 2.0)


def test_nan_by_hand_is_wrong():
    assert not ad.check_gradient(lambda x: x**2, lambda x: math.nan, 1.0).passed


def test_a_kink_takes_any_slope_between_both_sides():
    found = ad.check_gradient(ad.abs, lambda x: np.where(x > 0, 1.0, -1.0), 0.0)
    assert found.passed
    assert "kink" in str(found)
    assert not ad.check_gradient(ad.abs, lambda x: np.where(x >= 0, 1.5, -1.0), 0.0).passed


def test_a_derivative_that_fails_elsewhere_is_wrong_and_says_why():
    def g(x):
        if x < 0:
            raise TypeError("no negative numbers")
        return 2 * x

    found = ad.check_gradient(lambda x: x**2, g, 1.0)
    assert not found.passed
    assert any("no negative numbers" in note for note in found.notes)

    def gives_up(x):
        if x != 1.0:
            raise ValueError("only at 1")
        return 2.0

    assert not ad.check_gradient(lambda x: x**2, gives_up, 1.0).passed


def test_what_explains_one_branch_alone_says_so():
    def f(x):
        return ad.sin(x**2) if x < 1.7 else x

    found = ad.check_gradient(f, lambda x: np.cos(x**2) if x < 1.7 else 7.0, 1.5)
    assert "of this branch" in found.mistake.text


def test_points_outside_the_domain_are_left_out():
    found = ad.check_gradient(lambda x: ad.ln(x), lambda x: 1 / x, 2.0)
    assert found.passed
    assert found.points > 3


def test_random_points_do_not_all_lie_near_the_point():
    met = []

    def g(x):
        met.append(float(x))
        return 2 * x

    ad.check_gradient(lambda x: x**2, g, 5.0)
    assert max(abs(x - 5.0) for x in met) > 3
    assert min(met) < 0 < max(met)


def test_several_arguments_and_trees():
    def f(p, t):
        return p["a"] * np.sum(p["w"] ** 2) * t

    def g(p, t):
        s = np.sum(p["w"] ** 2)
        return {"a": s * t, "w": 2 * p["a"] * p["w"] * t}, p["a"] * s

    args = ({"a": 2.0, "w": np.array([1.0, -3.0])}, 0.5)
    assert ad.check_gradient(f, g, *args).passed
    wrong = ad.check_gradient(f, lambda p, t: (g(p, t)[0], -g(p, t)[1]), *args)
    assert wrong.mistake.kind == "sign"
    assert sum(not e["right_everywhere"] for e in wrong.entries) == 1


@pytest.mark.parametrize(
    ("g", "options", "message"),
    [
        (lambda x: [1.0, 2.0, 3.0], {}, "shape"),
        (lambda x: "abc", {}, "no numbers"),
        (lambda x: x, {"of": "slope"}, "slope"),
        (lambda x: x, {"points": 0}, "points 0"),
    ],
)
def test_misuse_is_named(g, options, message):
    with pytest.raises((ValueError, TypeError), match=message):
        ad.check_gradient(lambda x: np.sum(x**2), g, np.ones(2), **options)


def test_the_command(run, tmp_path):
    right = ("--gradient", "2*x1*x2", "--gradient", "x1**2")
    status, out, _ = run("check", "x1**2*x2", *right, "--at", "x1=1,x2=3")
    assert status == 0
    assert "right" in out
    path = tmp_path / "mine.py"
    path.write_text(
        "import numpy as np\n\ndef f(x):\n    return np.sum(np.sin(x))\n\n"
        "def g(x):\n    return -np.cos(x)\n"
    )
    argv = ("check", f"{path}:f", "--gradient", f"{path}:g", "--at", "x=[1, 2]")
    status, out, _ = run(*argv, "--format", "json")
    assert status == 1
    data = json.loads(out)
    assert data["schema"] == "admodes.check/1"
    assert (data["passed"], data["mistake"]["kind"]) == (False, "sign")
    assert [e["wrt"] for e in data["entries"]] == ["x1", "x2"]


@pytest.mark.parametrize(
    ("gradient", "named"), [("q*2", "q"), ("nothing.py:g", "nothing.py"), ("x1 +", "x1 +")]
)
def test_a_gradient_that_cannot_be_read_is_named(run, gradient, named):
    status, _, err = run("check", "x1**2", "--gradient", gradient, "--at", "x1=1")
    assert status == 2
    assert named in err
