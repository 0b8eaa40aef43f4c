"""The compiled example learns, keeps to the equation, and differentiates its loop rightly."""

import sys
from pathlib import Path

import numpy as np
import pytest

import admodes as ad

EXAMPLES = Path(__file__).parent.parent / "examples"
sys.path.insert(0, str(EXAMPLES))

import compiled  # noqa: E402


def test_the_network_learns_from_one_recording():
    losses, step = compiled.fit(400)
    assert losses[-1] < 0.01 < losses[0]
    assert len(step.specialisations) == 1


def test_the_jacobian_of_burgers_equation_is_that_of_the_formula():
    pytest.importorskip("scipy", reason="sparse Jacobians need scipy")
    n, viscosity = 7, 0.1
    u = np.random.default_rng(0).normal(size=n)
    ahead, behind, i = np.roll(u, -1), np.roll(u, 1), np.arange(n)
    expected = np.zeros((n, n))
    expected[i, i] = -(ahead - behind) * n / 2 - 2 * viscosity * n**2
    expected[i, (i + 1) % n] = -u * n / 2 + viscosity * n**2
    expected[i, (i - 1) % n] = u * n / 2 + viscosity * n**2
    found = ad.sparse_jacobian(compiled.slope)(u, 1 / n, viscosity)
    assert found.nnz == 3 * n
    np.testing.assert_allclose(found.toarray(), expected, rtol=1e-13)


def test_burgers_equation_keeps_the_mean_and_each_step_solves_the_implicit_equation():
    pytest.importorskip("scipy", reason="the implicit step needs scipy")
    u = 1 + np.sin(2 * np.pi * np.arange(60) / 60)
    jacobian = ad.sparse_jacobian(compiled.slope)
    v, iterations = compiled.implicit_step(u, 0.02, 1 / 60, 0.01, jacobian)
    assert np.max(np.abs(v - u - 0.02 * compiled.slope(v, 1 / 60, 0.01))) < 1e-10
    assert iterations <= 6
    last, _ = compiled.burgers(60, 5)
    assert abs(last.mean() - 1) < 1e-12


def test_the_checkpointed_gradient_is_that_of_the_plain_loop():
    def position(stiffness, damping):
        state = (1.0, 0.0)
        for i in range(300):
            state = compiled.swing(state, i, stiffness, damping)
        return state[0]

    found = ad.grad(compiled.position_after(300), argnums=(0, 1))(2.0, 0.1)
    assert found == pytest.approx(ad.grad(position, argnums=(0, 1))(2.0, 0.1), rel=1e-13)


def test_the_script_prints_one_line_each(capsys):
    pytest.importorskip("scipy", reason="the implicit step needs scipy")
    compiled.main(["--steps", "20", "--points", "50", "--length", "50"])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == ["fit", "burgers", "spring"]
    assert "recorded 1 ×" in lines[0]
    assert "7 of 51 states kept" in lines[2]
