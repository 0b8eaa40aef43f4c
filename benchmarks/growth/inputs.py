"""A call of every function of NumPy that has a derivative, at arguments with about n entries."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.special

from admodes.core.carrier import UFUNCS
from admodes.numpy_functions.coverage import DERIVATIVE, numpy_coverage

SIZES = (10**2, 10**3, 10**4, 10**5, 10**6)
SQUARE = 10**4
"""The largest size where f takes more than in proportion to its entries, as a matrix product."""


@dataclass
class Call:
    """f of arguments that make(n, rng) draws; f takes in proportion to n up to the largest size."""

    name: str
    f: Callable[..., Any]
    make: Callable[[int, np.random.Generator], tuple]
    largest: int = SIZES[-1]


def vector(n: int, rng: np.random.Generator) -> np.ndarray:
    return rng.permutation(np.linspace(0.3, 0.9, n))


def square(n: int, rng: np.random.Generator) -> np.ndarray:
    side = round(n**0.5)
    return vector(side * side, rng).reshape(side, side)


def regular(n: int, rng: np.random.Generator) -> np.ndarray:
    """A symmetric positive definite matrix with eigenvalues well apart."""
    x = square(n, rng)
    return 0.1 * (x + x.T) / len(x) + np.diag(np.linspace(1.0, 3.0, len(x)))


def gapped(n: int, rng: np.random.Generator) -> np.ndarray:
    x = vector(n, rng)
    x[:: max(n // 10, 2)] = np.nan
    return x


def sorted_vector(n: int, rng: np.random.Generator) -> np.ndarray:
    return np.sort(vector(n, rng))


MAKERS: dict[str, Callable[[int, np.random.Generator], Any]] = {
    "v": vector,
    "m": square,
    "p": regular,
    "g": gapped,
    "o": sorted_vector,
    "w": lambda n, rng: vector(64, rng),
    "s": lambda n, rng: 0.5,
}
"""Kinds of arguments: a vector, a square matrix, a regular one, a vector with entries that are nan,
a sorted vector, a short vector, a number."""

la, fft = np.linalg, np.fft

LINES: dict[str, tuple[str, Callable[..., Any]]] = {
    "amax": ("v", np.amax),
    "amin": ("v", np.amin),
    "angle": ("v", lambda x: np.angle(x + 1j)),
    "append": ("vv", np.append),
    "apply_over_axes": ("m", lambda x: np.apply_over_axes(np.sum, x, (0, 1))),
    "around": ("v", np.around),
    "array_split": ("v", lambda x: np.array_split(x, 5)),
    "astype": ("v", lambda x: np.astype(x, np.float64)),
    "atleast_1d": ("v", np.atleast_1d),
    "atleast_2d": ("v", np.atleast_2d),
    "atleast_3d": ("v", np.atleast_3d),
    "average": ("vv", lambda x, w: np.average(x, weights=w)),
    "bincount": ("v", lambda x: np.bincount(np.arange(len(x)) % 97, weights=x)),
    "block": ("vv", lambda x, y: np.block([x, y])),
    "broadcast_arrays": ("vs", np.broadcast_arrays),
    "broadcast_to": ("v", lambda x: np.broadcast_to(x, (3, *x.shape))),
    "choose": ("vv", lambda x, y: np.choose(np.arange(len(x)) % 2, [x, y])),
    "clip": ("v", lambda x: np.clip(x, 0.4, 0.7)),
    "column_stack": ("vv", lambda x, y: np.column_stack([x, y])),
    "compress": ("v", lambda x: np.compress(np.arange(len(x)) % 3 > 0, x)),
    "concatenate": ("vv", lambda x, y: np.concatenate([x, y])),
    "convolve": ("vw", np.convolve),
    "copy": ("v", np.copy),
    "corrcoef": ("v", lambda x: np.corrcoef(x.reshape(2, -1))),
    "correlate": ("vw", np.correlate),
    "cov": ("v", lambda x: np.cov(x.reshape(2, -1))),
    "cross": ("vv", lambda x, y: np.cross(_threes(x), _threes(y))),
    "cumprod": ("v", lambda x: np.cumprod(x + 0.4)),
    "cumsum": ("v", np.cumsum),
    "cumulative_prod": ("v", lambda x: np.cumulative_prod(x + 0.4)),
    "cumulative_sum": ("v", lambda x: np.cumulative_sum(x)),
    "delete": ("v", lambda x: np.delete(x, [0, 5])),
    "diag": ("m", np.diag),
    "diagflat": ("w", np.diagflat),
    "diagonal": ("m", np.diagonal),
    "diff": ("v", np.diff),
    "dot": ("vv", np.dot),
    "dsplit": ("v", lambda x: np.dsplit(x.reshape(1, 1, -1), 2)),
    "dstack": ("vv", lambda x, y: np.dstack([x, y])),
    "ediff1d": ("v", np.ediff1d),
    "einsum": ("vv", lambda x, y: np.einsum("i,i->i", x, y)),
    "expand_dims": ("v", lambda x: np.expand_dims(x, 0)),
    "extract": ("v", lambda x: np.extract(np.arange(len(x)) % 3 > 0, x)),
    "fix": ("v", np.fix),
    "flip": ("v", np.flip),
    "fliplr": ("m", np.fliplr),
    "flipud": ("m", np.flipud),
    "geomspace": ("ss", lambda x, y: np.geomspace(x, y + 1.0, 10_000)),
    "gradient": ("v", np.gradient),
    "histogram": ("v", lambda w: np.histogram(np.linspace(0.0, 1.0, w.size), 10, weights=w)[0]),
    "hsplit": ("v", lambda x: np.hsplit(x, 2)),
    "hstack": ("vv", lambda x, y: np.hstack([x, y])),
    "imag": ("v", lambda x: np.imag(x * 1j)),
    "inner": ("vv", np.inner),
    "insert": ("v", lambda x: np.insert(x, 3, 1.0)),
    "interp": ("vv", lambda x, y: np.interp(x, np.linspace(0.0, 1.0, y.size), y)),
    "kron": ("vw", lambda x, y: np.kron(x, y[:4])),
    "linspace": ("ss", lambda x, y: np.linspace(x, y, 10_000)),
    "logspace": ("ss", lambda x, y: np.logspace(x, y, 10_000)),
    "matrix_transpose": ("m", np.matrix_transpose),
    "max": ("v", np.max),
    "mean": ("v", np.mean),
    "median": ("v", np.median),
    "meshgrid": ("vw", lambda x, y: np.meshgrid(x, y[:3])),
    "min": ("v", np.min),
    "moveaxis": ("m", lambda x: np.moveaxis(x, 0, 1)),
    "nan_to_num": ("g", np.nan_to_num),
    "nancumprod": ("g", lambda x: np.nancumprod(x + 0.4)),
    "nancumsum": ("g", np.nancumsum),
    "nanmax": ("g", np.nanmax),
    "nanmean": ("g", np.nanmean),
    "nanmedian": ("g", np.nanmedian),
    "nanmin": ("g", np.nanmin),
    "nanpercentile": ("g", lambda x: np.nanpercentile(x, 30)),
    "nanprod": ("g", lambda x: np.nanprod(x + 0.4)),
    "nanquantile": ("g", lambda x: np.nanquantile(x, 0.3)),
    "nanstd": ("g", np.nanstd),
    "nansum": ("g", np.nansum),
    "nanvar": ("g", np.nanvar),
    "outer": ("vw", np.outer),
    "pad": ("v", lambda x: np.pad(x, 2)),
    "partition": ("v", lambda x: np.partition(x, len(x) // 3)),
    "percentile": ("v", lambda x: np.percentile(x, [10, 50])),
    "piecewise": ("v", lambda x: np.piecewise(x, [x > 0.5], [np.sin, np.cos])),
    "polyadd": ("vv", np.polyadd),
    "polyder": ("v", np.polyder),
    "polyfit": ("vv", lambda x, y: np.polyfit(x, y, 3)),
    "polyint": ("v", np.polyint),
    "polymul": ("vw", np.polymul),
    "polysub": ("vv", np.polysub),
    "polyval": ("wv", lambda c, x: np.polyval(c[:8], x)),
    "prod": ("v", lambda x: np.prod(x + 0.4)),
    "ptp": ("v", np.ptp),
    "quantile": ("v", lambda x: np.quantile(x, 0.3)),
    "ravel": ("m", np.ravel),
    "real": ("v", lambda x: np.real(x * (1 + 1j))),
    "real_if_close": ("v", np.real_if_close),
    "repeat": ("v", lambda x: np.repeat(x, 2)),
    "reshape": ("v", lambda x: np.reshape(x, (2, -1))),
    "resize": ("v", lambda x: np.resize(x, 2 * len(x))),
    "roll": ("v", lambda x: np.roll(x, 3)),
    "rollaxis": ("m", lambda x: np.rollaxis(x, 1)),
    "rot90": ("m", np.rot90),
    "round": ("v", np.round),
    "select": ("vv", lambda x, y: np.select([x > y, x < 0.5], [x, y], 1.0)),
    "sinc": ("v", np.sinc),
    "sliding_window_view": ("v", lambda x: np.lib.stride_tricks.sliding_window_view(x, 4)),
    "sort": ("v", np.sort),
    "split": ("v", lambda x: np.split(x, 2)),
    "squeeze": ("v", lambda x: np.squeeze(x[None])),
    "stack": ("vv", lambda x, y: np.stack([x, y])),
    "std": ("v", np.std),
    "sum": ("v", np.sum),
    "swapaxes": ("m", lambda x: np.swapaxes(x, 0, 1)),
    "take": ("v", lambda x: np.take(x, np.arange(len(x))[::-1])),
    "take_along_axis": ("v", lambda x: np.take_along_axis(x, np.arange(len(x))[::-1], 0)),
    "tensordot": ("vv", lambda x, y: np.tensordot(x, y, 1)),
    "tile": ("v", lambda x: np.tile(x, 2)),
    "trace": ("m", np.trace),
    "transpose": ("m", np.transpose),
    "trapezoid": ("v", np.trapezoid),
    "tril": ("m", np.tril),
    "triu": ("m", np.triu),
    "unique": ("v", np.unique),
    "unstack": ("v", lambda x: np.unstack(x.reshape(4, -1))),
    "unwrap": ("v", lambda x: np.unwrap(9.0 * x)),
    "vander": ("v", lambda x: np.vander(x, 4)),
    "var": ("v", np.var),
    "vdot": ("vv", np.vdot),
    "vsplit": ("v", lambda x: np.vsplit(x.reshape(2, -1), 2)),
    "vstack": ("vv", lambda x, y: np.vstack([x, y])),
    "where": ("vv", lambda x, y: np.where(x > y, x, y)),
    **{
        f"fft.{f}": ("v", getattr(fft, f))
        for f in ("fft", "ifft", "rfft", "irfft", "hfft", "ihfft", "fftshift", "ifftshift")
    },
    **{
        f"fft.{f}": ("m", getattr(fft, f))
        for f in ("fft2", "ifft2", "rfft2", "irfft2", "fftn", "ifftn", "rfftn", "irfftn")
    },
    "linalg.diagonal": ("m", la.diagonal),
    "linalg.trace": ("m", la.trace),
    "linalg.matrix_transpose": ("m", la.matrix_transpose),
    "linalg.cross": ("vv", lambda x, y: la.cross(_threes(x), _threes(y))),
    "linalg.norm": ("v", la.norm),
    "linalg.vector_norm": ("v", la.vector_norm),
    "linalg.matrix_norm": ("m", la.matrix_norm),
    "linalg.outer": ("vw", la.outer),
    "linalg.tensordot": ("vv", lambda x, y: la.tensordot(x, y, axes=1)),
    "linalg.vecdot": ("vv", la.vecdot),
    "ufunc.accumulate maximum": ("v", np.maximum.accumulate),
    "ufunc.accumulate logaddexp": ("v", np.logaddexp.accumulate),
    "ufunc.accumulate subtract": ("v", np.subtract.accumulate),
    "ufunc.at": ("vv", lambda x, y: _added_at(x, y)),
    "ufunc.outer": ("vw", lambda x, y: np.multiply.outer(x, y[:4])),
    "ufunc.reduce logaddexp": ("v", np.logaddexp.reduce),
    "ufunc.reduce hypot": ("v", np.hypot.reduce),
    "ufunc.reduceat": ("v", lambda x: np.add.reduceat(x, np.arange(0, len(x), 7))),
    "x[i] += v, in a loop": ("v", lambda x: _filled(x)),
    "x[i] in a loop": ("v", lambda x: sum(x[i] ** 2 for i in range(len(x)))),
    "stack of x[i] in a loop": ("v", lambda x: np.stack([2.0 * x[i] for i in range(len(x))])),
}
"""Functions that take in proportion to the entries of their arguments, or a logarithm more."""

CUBIC: dict[str, tuple[str, Callable[..., Any]]] = {
    "apply_along_axis": ("m", lambda x: np.apply_along_axis(lambda r: r * r[0], 1, x)),
    "linalg.cholesky": ("p", la.cholesky),
    "linalg.cond": ("p", la.cond),
    "linalg.det": ("p", la.det),
    "linalg.eig": ("p", lambda x: la.eig(x)[0]),
    "linalg.eigh": ("p", lambda x: la.eigh(x)[0]),
    "linalg.eigvals": ("p", la.eigvals),
    "linalg.eigvalsh": ("p", la.eigvalsh),
    "linalg.inv": ("p", la.inv),
    "linalg.lstsq": ("pm", lambda a, b: la.lstsq(a, b[0], rcond=None)[0]),
    "linalg.matmul": ("mm", la.matmul),
    "linalg.matrix_power": ("p", lambda x: la.matrix_power(x, 3)),
    "linalg.multi_dot": ("mm", lambda x, y: la.multi_dot([x, y, x[0]])),
    "linalg.pinv": ("p", la.pinv),
    "linalg.qr": ("p", la.qr),
    "linalg.slogdet": ("p", lambda x: la.slogdet(x)[1]),
    "linalg.solve": ("pm", lambda a, b: la.solve(a, b[0])),
    "linalg.svd": ("p", lambda x: la.svd(x)[1]),
    "linalg.svdvals": ("p", la.svdvals),
    "linalg.tensorinv": ("p", lambda x: la.tensorinv(x, ind=1)),
    "linalg.tensorsolve": ("pm", lambda a, b: la.tensorsolve(a, b[0])),
    "matmul": ("mm", np.matmul),
    "matvec": ("mm", lambda x, y: np.matvec(x, y[0])),
    "poly": ("w", np.poly),
    "roots": ("w", lambda c: np.roots(c[:20])),
    "vecdot": ("mm", np.vecdot),
    "vecmat": ("mm", lambda x, y: np.vecmat(x[0], y)),
}
"""Functions that take more, at most at SQUARE entries."""

LEFT_OUT = {
    *("iscomplexobj", "isrealobj", "ndim", "shape", "size", "result_type", "count_nonzero"),
    *("argsort", "argpartition", "logical_and", "logical_or", "logical_xor", "invert"),
    *("empty_like", "full_like", "ones_like", "zeros_like"),
}
"""Functions whose results have no derivative."""

SPECIAL = {"xlogy": 2, "xlog1py": 2}
DOMAINS = {"arccosh": lambda x: x + 1.0}


def _threes(x: Any) -> Any:
    return x[: len(x) - len(x) % 3].reshape(-1, 3)


def _added_at(x: Any, y: Any) -> Any:
    z = x.copy()
    np.add.at(z, np.arange(len(y)) // 2, y)
    return z


def _written(write: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """An array after a function has written entries of another one into it."""

    def f(x: Any, y: Any) -> Any:
        z = x.copy()
        write(z, y)
        return z

    return f


WRITING = {
    "copyto": ("vv", _written(np.copyto)),
    "put": ("vv", _written(lambda z, y: np.put(z, np.arange(len(y))[::2], y))),
    "put_along_axis": (
        "vv",
        _written(lambda z, y: np.put_along_axis(z, np.arange(len(y))[::-1], y, 0)),
    ),
    "place": ("vv", _written(lambda z, y: np.place(z, np.arange(len(y)) % 2 == 0, y))),
    "putmask": ("vv", _written(lambda z, y: np.putmask(z, np.arange(len(y)) % 2 == 0, y))),
    "fill_diagonal": ("mv", _written(lambda z, y: np.fill_diagonal(z, y[: len(z)]))),
}
"""Functions that write into an array."""


def _filled(x: Any) -> Any:
    z = np.zeros(len(x) + 1)
    for i in range(len(x)):
        z[i + 1] = 0.9 * z[i] + x[i]
    return z


LOOPS = 10**4
"""The largest size of loops that Python runs."""


def calls() -> Iterator[Call]:
    """A call of every function that is covered. Raises KeyError for one that has none here."""
    for u in UFUNCS:
        if isinstance(u, np.ufunc) and u.signature is None and _differentiable(u):
            yield _of_ufunc(u)
    for table, largest in ((LINES, SIZES[-1]), (WRITING, SIZES[-1]), (CUBIC, SQUARE)):
        for name, (kinds, f) in table.items():
            most = min(largest, LOOPS if "loop" in name else largest)
            yield Call(name, f, _making(kinds), most)
    for name in SPECIALS:
        count = SPECIAL.get(name, 1)
        yield Call(f"special.{name}", getattr(scipy.special, name), _making("v" * count))


def _making(kinds: str) -> Callable[[int, np.random.Generator], tuple]:
    return lambda n, rng: tuple(MAKERS[k](n, rng) for k in kinds)


def _of_ufunc(u: np.ufunc) -> Call:
    if u in (np.ldexp,):
        return Call(u.__name__, lambda x: np.ldexp(x, 3), _making("v"))
    shift = DOMAINS.get(u.__name__)
    f = (lambda x: u(shift(x))) if shift else u
    return Call(u.__name__, f, _making("v" * u.nin))


def _differentiable(u: np.ufunc) -> bool:
    covered = {r["name"] for r in numpy_coverage() if r["gives"] == DERIVATIVE}
    return u.__name__ in covered - LEFT_OUT


SPECIALS = sorted(
    r["name"]
    for r in numpy_coverage()
    if r["module"] == "scipy.special" and r["gives"] == DERIVATIVE
)
