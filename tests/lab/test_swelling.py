"""Expression swell: the published table of the logistic map, and closed forms."""

import json

import pytest

from admodes.lab.swelling import swelling


def test_the_logistic_map_swells_as_published():
    points = swelling(["logistic"], [2, 3, 4]).families["logistic"]
    assert [p["f"] for p in points] == [3, 8, 18]
    assert [p["raw"] for p in points] == [2, 21, 82]
    # Three operations a step; seven more with partials and either sweep.
    assert [p["program"] for p in points] == [3, 6, 9]
    assert [p["reverse"] for p in points] == [p["forward"] for p in points] == [7, 14, 21]


@pytest.mark.parametrize("n", [2, 3, 8, 16])
def test_speelpennings_product(n):
    (p,) = swelling(["speelpenning"], [n]).families["speelpenning"]
    assert p["f"] == p["program"] == n - 1
    assert p["raw"] == n * (n - 2)  # n products of n - 1 factors
    # f and two products for every product of f; the seed 1 is one of the factors of the first two.
    assert p["reverse"] == n - 1 + 2 * (n - 1)
    assert p["forward"] == n - 1 + n * 3 * (n - 1)


def test_formulas_that_are_too_long_are_not_simplified():
    points = swelling(["logistic"], [4, 6]).families["logistic"]
    assert points[0]["simplified"] <= points[0]["raw"]
    assert points[1]["simplified"] is None


@pytest.mark.parametrize(
    ("families", "sizes", "message"),
    [
        (["cubic"], None, "cubic"),
        (["logistic"], [0], "0 is no whole number"),
        (["logistic"], [2.5], "2.5 is no whole number"),
        (["logistic"], [40], "the limit is 12"),
    ],
)
def test_misuse_is_named(families, sizes, message):
    with pytest.raises(ValueError, match=message):
        swelling(families, sizes)


def test_the_command(run, tmp_path):
    status, out, _ = run("swell", "--family", "logistic", "--sizes", "2,3", "--format", "json")
    assert status == 0
    data = json.loads(out)
    assert data["schema"] == "admodes.swell/1"
    assert [p["raw"] for p in data["families"]["logistic"]] == [2, 21]
    status, out, _ = run("swell", "--sizes", "many")
    assert status == 2
    pytest.importorskip("matplotlib", reason="plots need matplotlib")
    path = tmp_path / "swell.svg"
    status, out, _ = run("swell", "--sizes", "2,3", "-o", str(path))
    assert status == 0
    assert "after cse" in path.read_text("utf-8")
