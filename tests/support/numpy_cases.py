"""Cases for every NumPy function that admodes differentiates."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from case_builder import (
    ABOVE,
    AXES,
    NONE,
    ONE,
    ONE_AXIS,
    PAIRS,
    SHAPES,
    UNIT,
    Case,
    M,
    V,
    cases,
)
from numpy_algebra_cases import of_algebra, of_fourier, of_products
from numpy_writing_cases import of_writing

import admodes as ad
from admodes.core.carrier import UFUNCS

la = np.linalg
GAPPED = np.array([[0.3, np.nan, 0.5], [0.7, 0.2, np.nan]])
TRUE = np.array([[True, False, True, True], [False, True, True, False], [True, True, True, True]])
PASSIVE = [
    *(np.greater, np.greater_equal, np.less, np.less_equal, np.equal, np.not_equal, np.logical_and),
    *(np.logical_or, np.logical_xor, np.logical_not, np.isnan, np.isfinite, np.isinf, np.signbit),
]
ON_TRUTHS = [np.bitwise_and, np.bitwise_or, np.bitwise_xor, np.invert]
PRODUCTS = [getattr(np, n) for n in ("matmul", "vecdot", "matvec", "vecmat") if hasattr(np, n)]
HOLOMORPHIC = [
    *(np.negative, np.reciprocal, np.square, np.sqrt, np.exp, np.exp2, np.expm1, np.log, np.log2),
    *(np.log10, np.log1p, np.sin, np.cos, np.tan, np.arcsin, np.arccos, np.arctan, np.sinh),
    *(np.cosh, np.tanh, np.arcsinh, np.arccosh, np.arctanh, np.conj, np.abs, np.positive),
]
STEPPED = ((2.2, 2.8), (1.0, 1.09))


def ufuncs(count: int) -> list[Any]:
    left = {*PASSIVE, *ON_TRUTHS, *PRODUCTS, np.ldexp, np.modf, np.divmod}
    return [u for u in UFUNCS if isinstance(u, np.ufunc) and u.nin == count and u not in left]


def of_ufuncs() -> Iterator[Case]:
    for u in ufuncs(1):
        domain = ABOVE if u is np.arccosh else UNIT
        for shape in SHAPES:
            yield from cases(u, (shape,), domain=domain)
    z = np.array([0.4 + 0.3j, -0.5 + 0.6j, 0.3 - 0.7j])
    yield from cases(HOLOMORPHIC, (z,))
    yield from cases([np.add, np.subtract, np.multiply, np.divide, np.power], (z, z[::-1] * 1j))
    yield from cases([np.add, np.multiply, np.divide, np.power], (z, (3,)))
    yield from cases([np.subtract, np.multiply, np.divide, np.power], ((3,), z))
    yield from cases([np.exp, np.abs, np.real, np.angle, np.conj], (0.4 + 0.3j,))
    yield from cases(np.log, (z,), lambda z: ad.sigmoid(z) * ad.inverse(np.log(z)))
    for u in ufuncs(2):
        for pair in PAIRS:
            yield from cases(u, pair, domain=STEPPED)
        yield from cases(u, ((2, 3), (2,)), lambda a, b, u=u: u.outer(a, b), domain=STEPPED)
        yield from cases(u, (M,), *(lambda a, u=u, k=k: u(a, np.arange(1, 5)) for k in (0,)))
        steps = (np.remainder, np.fmod, np.floor_divide, np.heaviside)
        if u.nout == 1 and u not in steps:
            fold = [lambda a, u=u, k=k: u.reduce(a, axis=k) for k in (0, 1)]
            if u.identity is not None:
                fold += [lambda a, u=u: u.reduce(a, axis=None, keepdims=True)]
            fold += [lambda a, u=u, k=k: u.accumulate(a, axis=k) for k in (0, 1)]
            yield from cases(u, ((3, 2),), *fold, domain=ABOVE)
    for shape in SHAPES:
        yield from cases(np.modf, (shape,))
        yield from cases(np.ldexp, (shape,), (3,))
    for pair in PAIRS:
        yield from cases(np.divmod, pair, domain=STEPPED)


def of_reductions() -> Iterator[Case]:
    alike = [np.sum, np.mean, np.var, np.std, np.max, np.min, np.ptp, np.prod, np.median]
    alike += [np.amax, np.amin]
    yield from cases(alike, (M,), *AXES)
    yield from cases(alike, (ONE,), {}, {"axis": 0})
    yield from cases(alike, ((),))
    yield from cases([np.sum, np.prod], (NONE,))
    yield from cases(
        [np.sum, np.prod, np.mean], ((2, 0),), {"axis": 0}, {"axis": -2, "keepdims": True}
    )
    yield from cases([np.sum, np.prod, np.max], (M,), {"initial": 2.0})
    yield from cases(
        [np.sum, np.prod, np.mean, np.var, np.std],
        (M,),
        {"where": TRUE},
        {"where": TRUE, "axis": 0},
    )
    yield from cases([np.max, np.min], (M,), {"where": TRUE, "initial": 0.5})
    yield from cases([np.var, np.std], (M,), {"ddof": 1, "axis": 1})
    yield from cases(np.average, (M,), *ONE_AXIS)
    yield from cases(
        np.average,
        (M, V),
        lambda a, w: np.average(a, axis=1, weights=w),
        lambda a, w: np.average(a, axis=1, weights=w, returned=True),
    )
    yield from cases(np.average, (M, M), lambda a, w: np.average(a, weights=w))
    gapped = [np.nansum, np.nanprod, np.nanmean, np.nanvar, np.nanstd, np.nanmax, np.nanmin]
    gapped += [np.nanmedian]
    yield from cases(gapped, (M,), *AXES)

    def with_gaps(function: Any, **given: Any) -> Callable:
        return lambda a: function(np.where(np.isnan(GAPPED), np.nan, a), **given)

    for f in [*gapped, np.nancumsum, np.nancumprod]:
        yield from cases(f, ((2, 3),), with_gaps(f), with_gaps(f, axis=0), with_gaps(f, axis=1))
    yield from cases([np.cumsum, np.cumprod, np.nancumsum, np.nancumprod], (M,), *ONE_AXIS)
    yield from cases([np.cumsum, np.cumprod], (NONE,))
    yield from cases([np.cumsum, np.cumprod], ((),))
    if hasattr(np, "cumulative_sum"):
        cumulative = [np.cumulative_sum, np.cumulative_prod]
        yield from cases(cumulative, (M,), {"axis": 1}, {"axis": 0, "include_initial": True})
    yield from cases(np.sort, (M,), *ONE_AXIS)
    yield from cases(np.partition, ((5,),), (2,), ((1, 3),))
    yield from cases(np.partition, (M,), *[{"kth": 1, **k} for k in ONE_AXIS])
    for f, q in ((np.quantile, 0.3), (np.percentile, 30.0)):
        quantiles = [lambda a, k=k, f=f, q=q: f(a, q, **k) for k in AXES]
        quantiles += [lambda a, f=f, q=q: f(a, [q, 2 * q], axis=1)]
        methods = ("lower", "higher", "midpoint")
        quantiles += [lambda a, f=f, q=q, m=m: f(a, q, method=m) for m in methods]
        yield from cases(f, (M,), *quantiles)
    yield from cases(np.nanquantile, ((2, 3),), with_gaps(np.nanquantile, q=0.4, axis=1))
    yield from cases(np.nanpercentile, ((2, 3),), with_gaps(np.nanpercentile, q=[40, 60], axis=0))


def of_differences() -> Iterator[Case]:
    x = np.array([0.0, 0.5, 0.8, 2.0])
    yield from cases(np.diff, (M,), {}, {"axis": 0}, {"n": 2}, {"prepend": 1.0, "append": 2.0})
    yield from cases(np.ediff1d, (M,), {}, {"to_begin": 1.0, "to_end": [2.0, 3.0]})
    yield from cases(np.gradient, (M,), {}, {"axis": 1}, (0.5,), (0.5, x), {"edge_order": 2})
    yield from cases(np.gradient, (V, V), lambda f, h: np.gradient(f, np.cumsum(h), edge_order=2))
    integral = np.trapezoid if hasattr(np, "trapezoid") else np.trapz
    yield from cases(integral, (M,), {}, {"axis": 0}, {"dx": 0.5}, {"x": x})
    yield from cases(integral, (V, V))
    yield from cases(np.unwrap, (V,), lambda p: np.unwrap(6 * np.cumsum(p)), {"period": 0.4})


def of_layout() -> Iterator[Case]:
    yield from cases(np.reshape, (M,), ((2, 6),), ((4, -1),), (-1,))
    yield from cases([np.ravel, np.transpose, np.squeeze, np.copy], (M,))
    yield from cases([np.ravel, np.transpose, np.squeeze, np.copy], ((),))
    yield from cases([np.matrix_transpose, la.matrix_transpose], ((2, 3, 4),))
    yield from cases(np.transpose, ((2, 3, 4),), ((1, 2, 0),), {"axes": (-1, 0, 1)})
    yield from cases(np.swapaxes, ((2, 3, 4),), (0, -1))
    yield from cases(np.moveaxis, ((2, 3, 4),), (0, -1), ((0, 1), (-1, -2)))
    yield from cases(np.rollaxis, ((2, 3, 4),), (2,), (0, 2))
    yield from cases(np.expand_dims, (V,), (0,), ((0, -1),))
    yield from cases(np.squeeze, ((1, 3, 1),), {}, {"axis": 0})
    yield from cases(np.broadcast_to, (V,), ((3, 4),))
    yield from cases(np.broadcast_arrays, (M, V))
    yield from cases([np.atleast_1d, np.atleast_2d, np.atleast_3d], (V,))
    yield from cases([np.atleast_1d, np.atleast_2d, np.atleast_3d], ((), M))
    joins = [np.stack, np.hstack, np.vstack, np.dstack, np.column_stack, np.concatenate]
    for f in joins:
        yield from cases(f, (V, V), lambda a, b, f=f: f([a, b, a]))
        yield from cases(f, (M, M), lambda a, b, f=f: f((a, np.ones((3, 4)), b)))
    for k in (1, -1):
        yield from cases(np.stack, (M, M), lambda a, b, k=k: np.stack([a, b], axis=k))
    yield from cases(np.concatenate, (M, (3, 1)), lambda a, b: np.concatenate([a, b], axis=1))
    yield from cases(np.concatenate, (M, V), lambda a, b: np.concatenate([a, b], axis=None))
    yield from cases(np.block, ((2, 2), (2, 1)), lambda a, b: np.block([[a, b], [b.T, 1.0]]))
    yield from cases(np.append, (M, V), {})
    yield from cases(np.append, (M, (2, 4)), {"axis": 0})
    yield from cases(np.insert, (M, (3,)), lambda a, b: np.insert(a, 1, b, axis=1))
    yield from cases(np.insert, (M, ()), lambda a, b: np.insert(a, [1, 3], b))
    yield from cases(
        [np.split, np.array_split], (M,), (3,), {"indices_or_sections": [1, 3], "axis": 1}
    )
    yield from cases(np.array_split, ((5,),), (3,))
    yield from cases(np.hsplit, (M,), (2,))
    yield from cases(np.vsplit, (M,), (3,))
    yield from cases(np.dsplit, ((2, 2, 4),), (2,))
    if hasattr(np, "unstack"):
        yield from cases(np.unstack, (M,), {}, {"axis": 1})
    yield from cases(np.meshgrid, (V, (3,)), {}, {"indexing": "ij", "sparse": True})
    yield from cases([np.flip, np.fliplr, np.flipud, np.rot90, np.diag, np.diagflat], (M,))
    yield from cases([np.diagonal, np.tril, np.triu], (M,), {}, (1,))
    yield from cases([np.diag, np.diagflat], (V,), {}, {"k": -1})
    yield from cases(np.roll, (M,), (1,), {"shift": (1, 2), "axis": (0, 1)})
    yield from cases([np.tile, np.repeat], (M,), (2,))
    yield from cases([np.tile, np.repeat], ((),), (3,))
    yield from cases(np.repeat, (M,), {"repeats": [1, 0, 2], "axis": 0})
    yield from cases(np.take, (M,), ([3, 0, 3],), {"indices": 1, "axis": 1})
    yield from cases(np.delete, (M,), (1,), {"obj": [0, 2], "axis": 1})
    yield from cases(np.resize, (M,), ((2, 3),), ((5, 4),))
    yield from cases(
        np.lib.stride_tricks.sliding_window_view, (M,), ((2, 2),), {"window_shape": 3, "axis": 1}
    )
    modes = [{"mode": m} for m in ("edge", "reflect", "symmetric", "wrap")]
    pads = [
        lambda a, k=k: np.pad(a, ((1, 0), (2, 1)), **k)
        for k in [{}, {"constant_values": 2.0}, *modes]
    ]
    yield from cases(np.pad, (M,), *pads)
    yield from cases(np.compress, (M,), lambda a: np.compress([True, False, True], a, axis=0))
    yield from cases(np.extract, (M,), lambda a: np.extract(TRUE, a))
    yield from cases(
        np.take_along_axis, (M,), (np.array([[2, 0, 1, 1]]), 0), (np.array([5, 1]), None)
    )
    yield from cases(
        [np.zeros_like, np.ones_like, np.empty_like], (M,), lambda a: a * np.ones_like(a)
    )
    yield from cases(np.full_like, (M, ()), {}, lambda a, b: np.full_like(a, 2.0) * a)
    if hasattr(np, "astype"):
        yield from cases(np.astype, (M,), (np.float64,))
    yield from cases([np.real, np.imag, np.angle, np.real_if_close], (M,))


def of_choices() -> Iterator[Case]:
    yield from cases(
        np.where, (M, V), lambda a, b: np.where(TRUE, a, b), lambda a, b: np.where(a > b, a * a, b)
    )
    yield from cases(np.select, (M, V), lambda a, b: np.select([TRUE, a > b], [a, b * b], 3.0))
    yield from cases(np.choose, (V, V), lambda a, b: np.choose([0, 1, 1, 0], [a, b]))
    yield from cases(np.piecewise, (M,), lambda a: np.piecewise(a, [a > 0.5], [np.sin, np.cos]))
    yield from cases(np.clip, (M,), (0.4, 0.7), {"min": 0.4}, {"a_min": None, "a_max": 0.6})
    yield from cases(np.clip, (M, V, ()), domain=((0.3, 0.9), (0.35, 0.45), (0.7, 0.8)))
    yield from cases([np.round, np.around], (M,), {}, {"decimals": 1})
    yield from cases([np.fix, np.sinc], (M,))
    yield from cases([np.fix, np.sinc], ((),))
    yield from cases(np.nan_to_num, (M,), {}, {"nan": 1.0})
    yield from cases(np.unique, (M,), samples=False)
    yield from cases(np.bincount, (V,), lambda w: np.bincount([0, 2, 2, 1], weights=w))
    yield from cases(np.interp, (V,), lambda x: np.interp(x, [0.0, 0.5, 1.0], [1.0, 3.0, 2.0]))
    yield from cases(np.interp, (M, V, V), lambda x, xp, fp: np.interp(3 * x, np.cumsum(xp), fp))
    yield from cases(
        np.interp,
        (V, (3,)),
        lambda x, f: np.interp(9 * x, [0.0, 1.0, 2.0], f, period=2.5),
        lambda x, f: np.interp(9 * x, [0.0, 1.0, 2.0], f, left=7.0, right=-1.0),
    )
    yield from cases(np.cov, (M,), {}, {"rowvar": False}, {"bias": True}, {"ddof": 0})
    yield from cases(np.cov, (V, V))
    yield from cases(np.cov, (V,))
    yield from cases(np.corrcoef, (M,), {}, {"rowvar": False})
    yield from cases(
        np.apply_along_axis,
        (M,),
        *(lambda a, k=k: np.apply_along_axis(lambda r: r * r[0], k, a) for k in (0, 1)),
    )
    yield from cases(np.apply_along_axis, (M,), lambda a: np.apply_along_axis(np.sum, 0, a))
    yield from cases(
        np.apply_over_axes, ((2, 3, 4),), lambda a: np.apply_over_axes(np.sum, a, (0, 2))
    )
    yield from cases(
        [np.linspace, np.logspace, np.geomspace],
        ((), ()),
        {"num": 4},
        {"num": 4, "endpoint": False},
    )
    yield from cases(np.linspace, (V, ()), {"num": 3})
    yield from cases(np.polyval, ((3,), M))
    yield from cases(np.polyval, ((3,), ()))
    yield from cases(np.vander, (V,), {}, {"N": 3, "increasing": True})
    yield from cases([np.polyadd, np.polysub, np.polymul], ((2,), V))
    yield from cases([np.polyder, np.polyint], (V,), {}, {"m": 2})
    yield from cases(np.polyint, (V,), {"k": 2.0})
    yield from cases(np.poly, ((3,),))
    yield from cases(np.polyfit, ((6,), (6,)), {"deg": 2}, {"deg": 1, "w": np.arange(1.0, 7)})
    yield from cases(np.roots, (np.array([1.0, 0.5, 2.0, -1.5]),))


def of_methods() -> Iterator[Case]:
    plain = [
        *(
            "sum",
            "mean",
            "prod",
            "max",
            "min",
            "var",
            "std",
            "cumsum",
            "cumprod",
            "ravel",
            "flatten",
        ),
        *(
            "flatten",
            "squeeze",
            "copy",
            "transpose",
            "T",
            "mT",
            "trace",
            "diagonal",
            "conj",
            "conjugate",
        ),
        *("real", "imag", "round", "flat", "tolist"),
    ]
    for name in plain:

        def use(x: Any, name: str = name) -> Any:
            found = getattr(x, name)
            found = found() if callable(found) else found
            return np.stack(list(found)) if name == "flat" else found

        yield from cases(f"ndarray.{name}", (M,), use, samples=name not in ("flat", "tolist"))
    yield from cases("ndarray.ptp", (M,), lambda x: x.max() - x.min())
    calls = {
        "sum": lambda x: x.sum(0, keepdims=True),
        "mean": lambda x: x.mean(axis=(0, 1)),
        "reshape": lambda x: x.reshape(2, -1) * x.reshape((2, 6)),
        "transpose": lambda x: x.transpose(1, 0) + x.transpose((1, 0)),
        "swapaxes": lambda x: x.swapaxes(0, 1),
        "repeat": lambda x: x.repeat(2, axis=1),
        "take": lambda x: x.take([1, 0], axis=1),
        "compress": lambda x: x.compress([True, False, True], axis=0),
        "clip": lambda x: x.clip(0.4, 0.7),
        "dot": lambda x: x.dot(np.arange(4.0)) + np.arange(3.0).dot(np.ones((3, 1))),
        "astype": lambda x: x.astype(float).astype(complex),
        "item": lambda x: x.item(5) * x.item(1, 2) + x[:1, :1].item(),
        "argsort": lambda x: np.take_along_axis(x, x.argsort(0), 0),
    }
    for name, f in calls.items():
        yield from cases(f"ndarray.{name}", (M,), f)
    x = (M,)
    arr = np.array
    indices = [
        *(0, -1, (1, 2), (..., 1), None, slice(None, None, -1), (slice(1), slice(2, None)), [0, 2]),
        *(
            [],
            ([0, 1], [2, 2]),
            (slice(None), [1, 1]),
            arr([[0, 1], [2, 0]]),
            TRUE,
            (TRUE[:, 0], 1),
        ),
        *(
            (1, [0, 2]),
            (None, [0], slice(1, 3)),
            ([[0], [2]], [1, 3]),
            (slice(None), None, arr([3])),
        ),
    ]
    for index in indices:
        yield from cases("ndarray.__getitem__", x, lambda a, index=index: a[index])
    cube = ((2, 3, 4),)
    for index in [
        (0, slice(None), [1, 2]),
        ([0, 1], slice(None), [1, 2]),
        (slice(None), [0, 2], 1),
    ]:
        yield from cases("ndarray.__getitem__", cube, lambda a, index=index: a[index])


def all_cases() -> list[Case]:
    parts = (of_ufuncs, of_products, of_reductions, of_differences, of_layout, of_choices)
    found = [c for part in (*parts, of_algebra, of_fourier, of_methods, of_writing) for c in part()]
    for k, c in enumerate(found):
        c.name = f"{c.name}-{k}"
    return found
