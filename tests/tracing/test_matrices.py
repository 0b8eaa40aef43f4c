"""Gradients, Jacobians and Hessians by names: closed forms, one run of the function, and what the
second derivative test says."""

import math

import numpy as np
import pytest

import admodes as ad
from admodes.tracing.matrices import named_gradient, named_hessian, named_jacobian


def rosenbrock(x, y):
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


def counted(f):
    def run(*args):
        run.times += 1
        return f(*args)

    run.times = 0
    return run


def test_the_gradient_is_that_of_the_closed_form():
    f = counted(rosenbrock)
    found = named_gradient(f, (2.0, 3.0), names=["x", "y"])
    assert found.inputs == {"x": 2.0, "y": 3.0}
    assert found.value == 101.0
    assert found.gradient == {"x": 2.0 + 800.0, "y": -200.0}
    assert f.times == 1


def test_the_jacobian_by_both_modes_and_the_entries_of_an_array():
    f = counted(lambda v: (v[0] * v[1], v[1] * v[2], v[0]))
    found = named_jacobian(f, (np.array([2.0, 3.0, 5.0]),), names=["v1", "v2", "v3"])
    expected = [[3.0, 2.0, 0.0], [0.0, 5.0, 3.0], [1.0, 0.0, 0.0]]
    assert found.jacobian == {"forward": expected, "reverse": expected}
    assert found.counts.sweeps == {"forward": 3, "reverse": 3}
    assert "rows inputs, columns outputs" in found.to_table(layout="transposed")
    assert f.times == 1


def matrices(found, **options):
    """The tables of numbers by their titles, and the notes under them."""
    tables = [t for t in found.tables(**options) if t.title.startswith("Jacobian")]
    return [t.title for t in tables], [n for t in tables for n in t.notes]


def test_one_matrix_is_shown_where_both_modes_agree():
    found = named_jacobian(lambda x, y: (x * y, ad.sin(x)), (2.0, 3.0))
    titles, notes = matrices(found)
    assert titles == ["Jacobian, forward: 2 sweeps, reverse: 2 sweeps"]
    assert notes == ["both modes give the same numbers"]
    titles, notes = matrices(named_jacobian(lambda x: ad.ln(x) / x, (-1.0,)))
    assert len(titles) == 1
    assert notes[0] == "both modes give the same numbers"


def test_two_matrices_are_shown_where_the_modes_differ_and_by_how_many_ulp():
    found = named_jacobian(lambda x, y: (x * y, x + y, y), (2.0, 3.0))
    found.jacobian["forward"][1][0] = 1.0 + 2 * 2.0**-52
    found.jacobian["reverse"][0][1] = np.nextafter(2.0, 3.0)
    titles, notes = matrices(found)
    assert titles == ["Jacobian, forward: 2 sweeps", "Jacobian, reverse: 3 sweeps"]
    assert notes == [
        "the modes differ by at most 2 ulp, in ∂f2/∂x: 1.0000000000000004 forward, 1.0 reverse"
    ]
    found.jacobian["reverse"][2][1] = math.nan
    (note,) = matrices(found)[1]
    assert note == (
        "the modes differ where a number is not finite, in ∂f3/∂y: 1.0 forward, nan reverse"
    )


def test_the_matrix_of_formulas_stays_beside_the_one_of_numbers():
    found = named_jacobian(lambda x, y: x * y, (2.0, 3.0), symbolic=True)
    assert matrices(found)[0] == [
        "Jacobian, forward: 2 sweeps, reverse: 1 sweep",
        "Jacobian, symbolic: exact",
    ]


@pytest.mark.parametrize(
    ("f", "point", "matrix", "kind"),
    [
        (rosenbrock, (1.0, 1.0), [[802.0, -400.0], [-400.0, 200.0]], "local minimum"),
        (lambda x, y: x * y, (0.0, 0.0), [[0.0, 1.0], [1.0, 0.0]], "saddle"),
        (lambda x, y: -(x**2) - y**2, (0.0, 0.0), [[-2.0, 0.0], [0.0, -2.0]], "local maximum"),
        (lambda x, y: x**2 + 0 * y, (0.0, 0.0), [[2.0, 0.0], [0.0, 0.0]], "undecided"),
        (lambda x, y: x * y, (1.0, 0.0), [[0.0, 1.0], [1.0, 0.0]], "not stationary"),
    ],
)
def test_the_hessian_and_the_kind_of_the_point(f, point, matrix, kind):
    f = counted(f)
    found = named_hessian(f, point, names=["x", "y"])
    assert found.hessian.tolist() == matrix
    assert found.kind == kind
    assert found.obstacle is None
    assert np.allclose(found.eigenvalues, np.linalg.eigvalsh(matrix))
    assert f.times == 1


def test_a_kink_stands_in_the_way_of_the_second_derivative_test():
    found = named_hessian(lambda x, y: abs(x) + y**2, (0.0, 0.0), names=["x", "y"])
    assert found.kind == "not classified"
    assert found.obstacle == "v2: |·| at its kink 0"
    assert any("jumps there" in note for note in found.notes)


def test_a_branch_beside_the_point_is_taken():
    """Beside a kink the function itself is asked, since another branch is another list."""

    def f(x):
        return ad.abs(x) if x > -1e-9 else -x

    assert any("from -1 to 1" in note for note in named_hessian(f, (0.0,)).notes)


def test_no_inputs_and_no_single_output():
    assert named_hessian(lambda: 7.0, ()).obstacle == "there are no inputs"
    with pytest.raises(ValueError, match=r"one output, and there are 2 \(f1, f2\)"):
        named_gradient(lambda x, y: (x, y), (1.0, 2.0))
    with pytest.raises(ad.Error, match="jacobian: 1000 inputs and 1000 outputs"):
        named_jacobian(lambda x: x, (np.ones(1000),))
