"""The workloads of benchmarks/compiled: derivatives by hand against admodes and every peer that is
installed, at small sizes; and what is reported of a contestant that is missing, wrong or fails."""

import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import admodes as ad
from admodes.lab.timing import machine
from admodes.lab.workloads import points, texts

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.compiled import (
    bundle,
    dynamics,
    jacobians,
    mixtures,
    networks,
    overheads,
    report,
    scalars,
    sparse,
)
from benchmarks.compiled.case import (
    COMPILED,
    EAGER,
    JAX,
    MANUAL,
    Contestant,
    Skipped,
    Target,
    Workload,
)
from benchmarks.compiled.measure import measured, relative_error

SMALL = [
    networks.network((5, 4, 3, 2), batch=7, with_casadi=True),
    networks.network((3, 1, 6, 4), batch=1),
    networks.log_sum_exp(9, with_casadi=True),
    networks.log_sum_exp(1),
    mixtures.mixture(3, 2, 7, texts.gmm, with_casadi=True),
    mixtures.mixture(2, 4, 5, mixtures.spelled_out, " (einsum)"),
    mixtures.mixture(1, 1, 3, texts.gmm),
    bundle.bundle_adjustment(4),
    jacobians.jacobian(4, 4, jacobians.square, jacobians.square_jacobian, 1.0),
    jacobians.jacobian(2, 7, jacobians.oblong, jacobians.oblong_jacobian, 1.0),
    jacobians.jacobian(7, 2, jacobians.oblong, jacobians.oblong_jacobian, 1.0),
    jacobians.hessian_product(6),
    jacobians.hessian_product(2),
    sparse.sparse_jacobian(6),
    scalars.minors(3, 1.0),
    scalars.chain(),
    dynamics.runge_kutta(),
    *overheads.all_workloads(),
]
CASES = [(w, name) for w in SMALL for name in w.contestants]


@pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning")
@pytest.mark.parametrize(("workload", "name"), CASES, ids=[f"{w.name} {n}" for w, n in CASES])
def test_contestants_agree_with_the_derivative_by_hand(workload, name):
    contestant = workload.contestants[name]
    try:
        run = contestant.prepare()
        found = contestant.arrays(run())
    except (ImportError, Skipped) as reason:
        pytest.skip(str(reason))
    expected = workload.arrays((workload.expected or workload.manual)())
    assert relative_error(found, expected) <= workload.tolerance


def test_sparse_derivative_by_hand_is_the_dense_jacobian():
    pytest.importorskip("scipy")
    for n in (2, 3, 8):
        u = np.random.default_rng(n).normal(size=n)
        found = sparse.burgers_jacobian(sparse.tridiagonal(n), u).toarray()
        expected = ad.jacobian(partial(sparse.burgers, np))(u)
        np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_both_texts_of_the_mixture_are_one_function():
    args = points.mixture(3, 4, 5)
    np.testing.assert_allclose(mixtures.spelled_out(np, *args), texts.gmm(np, *args), rtol=1e-13)


def test_relative_error_sees_shapes_values_and_nan():
    a = np.array([[1.0, 2.0], [3.0, -4.0]])
    assert relative_error([a], [a]) == 0.0
    assert relative_error([a], [a[0]]) == np.inf
    assert relative_error([a], [a, a]) == np.inf
    assert relative_error([a + np.array([0.0, 0.4])], [a]) == pytest.approx(0.1)
    assert not relative_error([a * np.nan], [a]) <= 1.0
    assert relative_error([np.zeros((0, 3))], [np.zeros((0, 3))]) == 0.0


def _missing():
    raise ImportError("No module named 'peer'")


def _tried():
    """A workload with a contestant of every fate."""
    x = np.arange(3.0)
    return Workload(
        name="twice " + "x" * 40,
        value=lambda: x.sum(),
        manual=lambda: 2.0 * x,
        contestants={
            COMPILED: Contestant(lambda: lambda: x + x),
            EAGER: Contestant(lambda: lambda: 3.0 * x),
            JAX: Contestant(_missing),
            "broken": Contestant(lambda: lambda: 1 / 0),
        },
        targets=(Target(COMPILED, 1e9), Target(COMPILED, 1.0, JAX)),
    )


def test_a_contestant_that_is_missing_wrong_or_broken_says_so():
    found = measured(_tried(), rounds=1)["contestants"]
    assert found[JAX] == {"skipped": "No module named 'peer'"}
    assert found[EAGER]["failed"].startswith("differs from the derivative by hand: 5.0e-01")
    assert found["broken"] == {"failed": "ZeroDivisionError: division by zero"}
    assert found[COMPILED]["error"] == 0.0
    assert found[MANUAL]["ratio"]["median"] == 1.0


def test_reports_fit_100_columns():
    data = measured(_tried(), rounds=1)
    run = {
        "machine": machine(),
        "threads": "BLAS threads: 1",
        "peers": {"jax": None, "torch": "2.13"},
        "workloads": {_tried().name: data},
    }
    text = report.text([run])
    assert max(map(len, text.splitlines())) <= 100
    assert "≤ 1e+09 met; ≤ 1 × jax –" in text
    assert "FAILED: ZeroDivisionError" in text
    assert "skipped, not installed: jax" in text
    assert "| ≤ 1e+09 met; ≤ 1 × jax – |" in report.markdown([run])
