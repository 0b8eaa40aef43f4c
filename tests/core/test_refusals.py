"""What plain libraries and Python itself do with traced values: right, or an error that names the
function and what to write instead."""

import cmath
import contextlib
import fractions
import importlib
import math
import statistics

import numpy as np
import pytest
import scipy.special

import admodes as ad
from admodes.core.tables import SCIPY
from admodes.errors import LostDerivative

XS = np.array([0.5, 1.5, 2.0, 3.5])
MATRIX = np.array([[2.0, 0.5], [0.5, 1.0]])
LINE = np.arange(4.0)


def refusal(f, x):
    with pytest.raises(TypeError) as caught:
        ad.jacobian(f)(x)
    return str(caught.value)


def taken(name):
    module, _, function = name.rpartition(".")
    return getattr(importlib.import_module(module), function)


OF_ONE_MATRIX = [
    *("expm", "logm", "sqrtm", "inv", "det", "cholesky", "eigh", "svd", "qr", "norm", "pinv"),
    *("lu", "schur", "eig", "eigvals", "eigvalsh", "cosm", "block_diag", "orth", "null_space"),
]
OF_ONE_VECTOR = [
    *("scipy.linalg.toeplitz", "scipy.stats.zscore", "scipy.stats.describe", "scipy.stats.skew"),
    *("scipy.stats.gmean", "scipy.stats.gaussian_kde", "scipy.integrate.trapezoid"),
    *("scipy.integrate.simpson", "scipy.integrate.cumulative_trapezoid", "scipy.fft.fft"),
    *("scipy.fft.dct", "scipy.signal.detrend", "scipy.special.softmax"),
    *("scipy.special.logsumexp", "scipy.special.log_softmax"),
]


@pytest.mark.parametrize("name", OF_ONE_MATRIX)
def test_linear_algebra_of_scipy_is_named(name):
    error = refusal(taken(f"scipy.linalg.{name}"), MATRIX)
    assert f"scipy.linalg.{name} takes plain numbers" in error
    if hasattr(np.linalg, name) and name != "eigvals":
        assert f"write np.linalg.{name} instead" in error
    else:
        assert "ad.custom_rule" in error or "np.linalg" in error


@pytest.mark.parametrize("name", OF_ONE_VECTOR)
def test_functions_of_a_vector_are_named(name):
    error = refusal(lambda x: taken(name)(x), XS)
    assert f"{name} takes plain numbers" in error
    assert "write " in error


def _calls():
    from scipy import integrate, interpolate, optimize, sparse, stats

    decay = lambda t, y: -y  # noqa: E731
    matrix = sparse.csr_matrix(np.eye(4))
    return {
        "scipy.stats.norm.logpdf": lambda x: stats.norm.logpdf(x),
        "scipy.stats.norm.cdf": lambda x: stats.norm.cdf(0.1, loc=x),
        "scipy.stats.multivariate_normal.logpdf": lambda x: stats.multivariate_normal.logpdf(
            x, np.zeros(4)
        ),
        "scipy.integrate.quad": lambda x: integrate.quad(lambda s: s * x[0], 0, 1)[0],
        "scipy.integrate.solve_ivp": lambda x: integrate.solve_ivp(decay, (0, 1), x).y,
        "scipy.integrate.odeint": lambda x: integrate.odeint(decay, x, [0.0, 1.0]),
        "scipy.optimize.minimize": lambda x: optimize.minimize(lambda p: (p[0] - x[0]) ** 2, [0.0]),
        "scipy.optimize.fsolve": lambda x: optimize.fsolve(lambda p: p - x, LINE),
        "scipy.optimize.root": lambda x: optimize.root(lambda p: p - x, LINE),
        "scipy.optimize.least_squares": lambda x: optimize.least_squares(lambda p: p - x, LINE),
        "scipy.interpolate.CubicSpline": lambda y: interpolate.CubicSpline(LINE, y)(0.5),
        "scipy.interpolate.interp1d": lambda x: interpolate.interp1d(LINE, LINE)(x / 4),
        "scipy.interpolate.PchipInterpolator": lambda x: interpolate.PchipInterpolator(LINE, x),
        "scipy.sparse.csr_matrix.multiply": lambda x: matrix.multiply(x),
        "scipy.sparse.linalg.spsolve": lambda x: importlib.import_module(
            "scipy.sparse.linalg"
        ).spsolve(matrix, x),
        "scipy.special.polygamma": lambda x: scipy.special.polygamma(1, x),
        "statistics.mean": lambda x: statistics.mean([x[0], 1.0]),
        "statistics.fmean": lambda x: statistics.fmean([x[0], 1.0]),
        "statistics.stdev": lambda x: statistics.stdev(x),
        "statistics.pvariance": lambda x: statistics.pvariance(x),
        "statistics.geometric_mean": lambda x: statistics.geometric_mean(x),
    }


@pytest.mark.parametrize("name", _calls())
def test_a_call_inside_a_library_names_what_the_user_called(name):
    error = refusal(_calls()[name], XS)
    assert f"{name} takes plain numbers" in error
    assert "write " in error


def test_the_other_operand_of_a_sparse_matrix():
    matrix = importlib.import_module("scipy.sparse").csr_matrix(np.eye(4))
    for f in (lambda x: x * matrix, lambda x: x - matrix):
        assert ".toarray()" in refusal(f, XS)


def test_an_error_of_the_user_behind_a_refusal_that_was_handled_stays():
    def f(x):
        with contextlib.suppress(TypeError):
            scipy.linalg.expm(x)
        return scipy.linalg.inv(np.zeros((2, 2)))

    importlib.import_module("scipy.linalg")
    with pytest.raises(np.linalg.LinAlgError):
        ad.jacobian(f)(MATRIX)


@pytest.mark.parametrize(
    ("call", "instead"),
    [
        (lambda x: math.sin(x), "ad.sin"),
        (lambda x: math.erf(x), "ad.erf"),
        (lambda x: math.fsum([x, x]), "np.sum"),
        (lambda x: math.isnan(x), "np.isnan"),
        (lambda x: math.fmod(x, 2), "np.fmod"),
        (lambda x: math.gamma(x), "ad.value"),
        (lambda x: cmath.exp(x), "ad.exp"),
        (lambda x: complex(x, 1), "1j"),
        (lambda x: bytes(x), "ad.value"),
        (lambda x: float(x), "ad.value"),
        (lambda x: int(x), "ad.floor"),
        (lambda x: [1.0, 2.0][x], "ad.value"),
        (lambda x: range(x), "ad.value"),
        (lambda x: np.float64(x), "astype"),
        (lambda x: np.array([x, 1.0]), "ad.array"),
        (lambda x: np.random.normal(x), "standard_normal"),
        (lambda x: np.full(3, [x]), "np.ones"),
        (lambda x: np.fromiter([x], float), "ad.array"),
        (lambda x: x.is_integer(), "ad.value"),
        (lambda x: f"{x:d}", "'d'"),
        (lambda x: np.frompyfunc(lambda s: s, 1, 1)(x), "ad.custom_rule"),
        (lambda x: np.packbits(x), "ad.custom_rule"),
        (lambda x: scipy.special.jv(1, x), "scipy.special.jv"),
        (lambda x: scipy.special.lambertw(x), "scipy.special.lambertw"),
        (lambda x: scipy.special.beta(x, 2.0), "ad.custom_rule"),
    ],
)
def test_python_and_functions_written_in_c_say_what_to_write(call, instead):
    with pytest.raises((TypeError, AttributeError, ValueError)) as caught:
        ad.grad(call)(0.4)
    assert instead in str(caught.value)


LISTED = [
    *("mean", "sum", "prod", "max", "min", "std", "var", "median", "sort", "cumsum", "ptp"),
    *("diff", "dot", "cross", "outer", "stack", "linalg.norm", "flip", "sin", "exp", "argmax"),
    *("average", "trapezoid", "gradient", "interp", "polyval", "kron", "allclose"),
]


@pytest.mark.parametrize("name", LISTED)
def test_a_list_of_traced_numbers_is_refused_by_the_name_of_the_function(name):
    function = np
    for part in name.split("."):
        function = getattr(function, part)
    two = name in ("dot", "cross", "outer", "polyval", "kron", "allclose")

    def f(x):
        if name == "interp":
            return np.interp([x, 1.0], [0.0, 1.0], [1.0, 2.0])
        if name == "stack":
            return np.stack([[x, 1.0], [2.0, x]])
        return function([x, 1.0, 2.0], [1.0, 2.0, 3.0]) if two else function([x, 1.0, 2.0])

    error = refusal(f, 0.5)
    assert f"np.{name}" in error
    assert "ad.array" in error


PROTOCOLS = [
    (math.floor, 3.0, 0.0),
    (math.ceil, 4.0, 0.0),
    (math.trunc, 3.0, 0.0),
    (round, 4.0, 0.0),
    (lambda x: round(x, 1), 3.6, 0.0),
    (lambda x: divmod(x, 2.0)[0], 1.0, 0.0),
    (lambda x: divmod(x, 2.0)[1], 1.6, 1.0),
    (lambda x: divmod(8.0, x)[1], 0.8, -2.0),
    (lambda x: abs(-x), 3.6, 1.0),
    (lambda x: pow(x, 2), 12.96, 7.2),
    (lambda x: +x, 3.6, 1.0),
    (lambda x: sum([x, x]), 7.2, 2.0),
    (lambda x: statistics.median([x, 1.0, 9.0]), 3.6, 1.0),
    (lambda x: ad.trunc(-x), -3.0, 0.0),
    (lambda x: 2 * x if x in [3.6] else x, 7.2, 2.0),
    (lambda x: 2 * x if 3.6 in np.stack([x, x]) else x, 7.2, 2.0),
]


@pytest.mark.parametrize(("f", "value", "slope"), PROTOCOLS)
def test_protocols_of_python_numbers(f, value, slope):
    assert ad.value_and_grad(f)(3.6) == pytest.approx((value, slope), abs=1e-12)
    assert ad.jvp(f, (3.6,), (1.0,)) == pytest.approx((value, slope), abs=1e-12)


def test_fractions_are_refused():
    with pytest.raises(TypeError):
        ad.grad(lambda x: fractions.Fraction(x))(0.5)


@pytest.mark.parametrize("name", SCIPY)
def test_ufuncs_of_scipy_special(name):
    function = getattr(scipy.special, name)
    x = np.array([0.2, 0.4, 0.7])
    more = (np.array([0.9, 0.3, 0.5]),) * (function.nin - 1)
    h = 1e-4
    value, tangent = ad.jvp(lambda v: function(v, *more), (x,), (np.ones(3),))
    np.testing.assert_allclose(value, function(x, *more), rtol=1e-14)
    near = {k: function(x + k * h, *more) for k in (-2, -1, 1, 2)}
    expected = (8 * (near[1] - near[-1]) - near[2] + near[-2]) / (12 * h)
    np.testing.assert_allclose(tangent, expected, rtol=1e-9, atol=1e-10)
    for at in (0.4, np.float64(0.4)):
        one = tuple(float(m[0]) for m in more)
        assert ad.grad(lambda v: function(v, *one) * 1.0)(at) == pytest.approx(
            float(ad.jvp(lambda v: function(v, *one) * 1.0, (0.4,), (1.0,))[1])
        )
    if len(more) == 1:
        ad.check_grads(lambda a, b: function(a, b), (x, more[0]))


AT = np.array([0.1, 0.2, 0.7, 0.9])
BINNINGS = [
    {"bins": 3},
    {"bins": [0.0, 0.2, 0.9]},
    {"bins": 4, "range": (0, 1)},
    {"bins": 4, "density": True},
    {"bins": [0.1, 0.25, 0.7, 0.9], "density": True},
    {"bins": [0.15, 0.5]},
]


@pytest.mark.parametrize("given", BINNINGS, ids=str)
def test_histogram_of_traced_weights(given):
    w = np.array([0.5, 1.0, 2.0, 3.0])
    value, pullback = ad.vjp(lambda w: np.histogram(AT, weights=w, **given)[0], w)
    np.testing.assert_allclose(value, np.histogram(AT, weights=w, **given)[0])
    if "density" not in given:
        rows = [np.histogram(AT, weights=row, **given)[0] for row in np.eye(4)]
        for i, got in enumerate(np.eye(len(value))):
            np.testing.assert_allclose(pullback(got)[0], np.array(rows)[:, i])
    ad.check_grads(lambda w: np.histogram(AT, weights=w, **given)[0], (w,))
    for backend in ("numpy", "llvm"):
        compiled = ad.compile(lambda w: np.histogram(AT, weights=w, **given)[0], backend=backend)
        for at in (w, 2 * w[::-1]):
            np.testing.assert_allclose(
                compiled(at), np.histogram(AT, weights=at, **given)[0], rtol=1e-14
            )


@pytest.mark.parametrize("given", BINNINGS, ids=str)
def test_histogram_of_traced_data(given):
    def f(x):
        return np.histogram(x, **given)[0] * x[0]

    if "range" not in given and isinstance(given["bins"], int):
        assert "range=" in refusal(f, AT)
        return
    counts = np.histogram(AT, **given)[0]
    np.testing.assert_allclose(ad.jacobian(f)(AT)[:, 0], counts)


def test_bincount():
    places, w = np.array([0, 2, 2, 1]), np.array([0.5, 1.0, 2.0, 3.0])
    jacobian = ad.jacobian(lambda w: np.bincount(places, w, 4))(w)
    np.testing.assert_allclose(jacobian, (places == np.arange(4)[:, None]) * 1.0)
    assert "np.floor" in refusal(lambda x: np.bincount(x), w)
    with pytest.raises(ValueError, match="weights"):
        ad.jacobian(lambda w: np.bincount(places, w[:2]))(w)


def test_the_refusal_is_one_class():
    assert issubclass(LostDerivative, TypeError)
