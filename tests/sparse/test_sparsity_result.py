"""Sparsity as data, as text and as a picture."""

import builtins
import json
import sys

import numpy as np
import pytest
from sparsity_programs import BANDS, WIDE

pytest.importorskip("scipy", reason="sparse derivatives need scipy")
from admodes.sparse.result import sparsity
from admodes.sparse.rows import sparse


def burgers_of(n):
    return sparsity(BANDS["burgers"][0], np.linspace(1, 2, n))


def test_a_stencil():
    found = burgers_of(6)
    assert (found.shape, found.nnz, found.mode, found.sweeps) == ((6, 6), 12, "forward", 3)
    assert found.columns.tolist() == [0, 1, 2, 0, 1, 2]
    assert set(found.rows.tolist()) == {-1}
    assert str(found).splitlines() == [
        "6 × 6, 12 entries (33.3 %)",
        "forward: 3 forward sweeps",
        "entries by their group, the sweep that finds them; · is always zero",
        "│ ······ │",
        "│ 012··· │",
        "│ ·120·· │",
        "│ ··201· │",
        "│ ···012 │",
        "│ ······ │",
    ]


def test_an_arrow_takes_both_sides():
    found = sparsity(WIDE["an arrow"][0], np.linspace(1, 2, 9))
    assert (found.mode, found.forward_sweeps, found.reverse_sweeps) == ("both", 2, 1)
    assert str(found).splitlines()[1] == "both: 2 forward and 1 reverse sweeps"
    row, _, group = found.entries()
    assert set(group[row == 0]) == {2}


def test_a_hessian():
    found = sparsity(lambda x: (x[1:] * x[:-1] ** 2).sum(), np.ones(5), of="hessian")
    assert (found.mode, found.nnz) == ("star", 12)


def test_large_matrices_fit_into_80_columns():
    for shape in ((1000, 1000), (3, 500), (500, 3), (90, 200)):
        m, n = shape
        text = str(sparsity(lambda x, m=m: np.resize(x, m), np.ones(n)))
        assert max(map(len, text.splitlines())) <= 80
        assert len(text.splitlines()) <= 83
        assert "•" in text


def test_thin_shapes():
    assert "0 × 0, 0 entries" in str(sparsity(lambda x: x, np.ones(0)))
    assert str(sparsity(lambda x: x**2, 3.0)).endswith("│ 0 │")


def test_plain_data():
    found = json.loads(json.dumps(burgers_of(4).to_dict()))
    assert found["row"] == [1, 1, 1, 2, 2, 2]
    assert found["column"] == [0, 1, 2, 1, 2, 3]
    assert found["shape"] == [4, 4]


@pytest.mark.parametrize("n", [4, 200])
def test_pictures(n, tmp_path):
    pytest.importorskip("matplotlib", reason="pictures need matplotlib")
    for kind in ("png", "svg"):
        path = burgers_of(n).draw(tmp_path / f"pattern.{kind}")
        assert path.stat().st_size > 1000
    with pytest.raises(ValueError, match=r"\.png, \.svg, \.pdf"):
        burgers_of(n).draw(tmp_path / "pattern.txt")


def test_a_picture_shows_every_entry_in_the_color_of_its_group(tmp_path):
    pyplot = pytest.importorskip("matplotlib.image", reason="pictures need matplotlib")
    image = pyplot.imread(burgers_of(6).draw(tmp_path / "a.png"))[..., :3]
    flat = image.reshape(-1, 3)
    saturated = flat[flat.max(1) - flat.min(1) > 0.3]
    _, count = np.unique(np.round(saturated, 2), axis=0, return_counts=True)
    assert sum(count > 200) == 3


def test_errors():
    with pytest.raises(ValueError, match="choose jacobian or hessian"):
        sparsity(lambda x: x, np.ones(2), of="tensor")
    with pytest.raises(ValueError, match="choose from auto, forward, reverse, both"):
        sparsity(lambda x: x, np.ones(2), mode="star")


def test_without_scipy_there_is_a_hint(monkeypatch):
    original = builtins.__import__

    def without(name, *args, **kwargs):
        if name.startswith("scipy"):
            raise ImportError(name)
        return original(name, *args, **kwargs)

    for name in [m for m in sys.modules if m.startswith("scipy")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match=r"pip install 'admodes\[sparse\]'"):
        sparse()


def test_without_matplotlib_there_is_a_hint(monkeypatch, tmp_path):
    original = builtins.__import__

    def without(name, *args, **kwargs):
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return original(name, *args, **kwargs)

    found = burgers_of(4)
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match=r"pip install 'admodes\[plots\]'"):
        found.draw(tmp_path / "a.png")
