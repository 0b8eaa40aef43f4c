"""The whole registry and every covered NumPy function with masks, small integers and subclasses of
arrays: in every interpreter the result is NumPy's on plain arrays, or a clear error."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest
from whole_cases import Group, Whole, constants, groups, leaves_of

import admodes as ad
from admodes.errors import LostDerivative

BLOCKS = 6
APART = {
    "np.reciprocal": "NumPy divides 1 by a whole number without remainder, a program does not",
    "np.einsum": "NumPy takes the sum of truth values for `or` here alone, vmap counts",
    "logsumexp": "the operation behind ad.logsumexp, which makes floats first",
    "negate": "ad.negate of whole numbers gives floats eagerly, whole numbers in a program",
}
"""What is not compared, and why."""
GROUPS = [g for g in groups() if g.name not in APART]
CLEAR = (TypeError, ValueError)
HINTS = ("write ", "use ad.", "pass ", "plain", "has no derivative", "takes ", "join ", "must ")
"""What a clear error says beside what is wrong."""
BACKENDS = ["numpy", *(["llvm"] if find_spec("llvmlite") else [])]


def ones(xs: tuple) -> tuple:
    return tuple(np.ones_like(x)[()] for x in xs)


def outcome(run: Callable[[], Any], what: Any) -> Any:
    """The result, None for a clear refusal; anything else that is raised fails."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # NumPy's own, on the plain arrays that f makes.
        warnings.simplefilter("ignore", RuntimeWarning)
        warnings.simplefilter("ignore", FutureWarning)
        try:
            return run()
        except CLEAR as error:
            if any(hint in str(error) for hint in HINTS):
                return None
            raise AssertionError(f"{what}: unclear {type(error).__name__}: {error}") from error
        except Exception as error:
            raise AssertionError(f"{what}: {type(error).__name__}: {error}") from error


def close(found: Any, wanted: Any, what: Any, allowed: Any = 1e-5) -> None:
    """Equal in shape, and in entries where they are known."""
    wanted = np.asarray(wanted)
    assert np.shape(found) == wanted.shape, what
    known = np.isfinite(wanted)
    scale = 1.0 + float(np.max(np.abs(wanted), initial=0.0, where=known))
    error = np.abs(np.subtract(found, wanted, where=known, out=np.zeros_like(wanted)))
    assert np.all(error <= allowed * scale), f"{what}: {found}, right is {wanted}"


def same_value(found: Any, wanted: Any, what: Any) -> None:
    wanted = np.asarray(wanted)
    assert np.shape(found) == wanted.shape, what
    assert np.asarray(found).dtype == wanted.dtype, what
    rtol = 1e-10 if wanted.dtype.itemsize >= 8 else 1e-2
    np.testing.assert_allclose(found, wanted, rtol, rtol, err_msg=str(what))


def checked(group: Group) -> list[tuple[Whole, Any, Any]]:
    """The calls that NumPy takes and eager evaluation does not refuse, with value and slope, after
    a look at both modes."""
    taken = []
    for call in group.calls:
        known = call.expected()
        xs, what = call.floats, f"{call.name}, argument {call.i}, {call.kind}, {call.constant=}"
        if known is None:
            continue
        forward = outcome(lambda call=call, xs=xs: ad.jvp(call, xs, ones(xs)), what)
        if forward is None:
            continue
        _, pullback = ad.vjp(call, *xs)
        for y, t, value, slope in zip(*forward, *known, strict=True):
            same_value(y, value, what)
            close(t, slope, what)
        pairing = sum(np.sum(np.real(g)) for g in pullback(list(map(np.ones_like, known[0]))))
        close(pairing, sum(np.sum(np.real(t)) for t in forward[1]), f"{what}, reverse")
        taken.append((call, *known))
    return taken


@pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::FutureWarning")
@pytest.mark.parametrize("block", range(BLOCKS))
def test_masks_and_small_integers(block):
    wrong: list[str] = []
    refused = compared = 0
    for k, group in enumerate(GROUPS[block::BLOCKS]):
        try:
            taken = checked(group)
        except AssertionError as error:
            wrong.append(str(error))
            continue
        if not taken:
            continue
        found = Group(group.name, [call for call, *_ in taken])
        value = np.concatenate([np.ravel(y) for _, ys, _ in taken for y in ys])
        slope = np.concatenate([np.ravel(t) for *_, ts in taken for t in ts])
        allowed = np.repeat(
            [call.roughness() for call, *_ in taken], [sum(map(np.size, ys)) for _, ys, _ in taken]
        )
        for how, run in interpreters(found, k).items():
            what = f"{how}: {found}"
            try:
                result = outcome(run, what)
                refused += result is None
                if result is not None:
                    compared += 1
                    close(result[0], value, f"{what}, value", allowed)
                    close(result[1], slope, f"{what}, derivative", allowed)
            except AssertionError as error:
                wrong.append(str(error))
    assert not wrong, "\n\n".join(wrong)
    assert compared > 3 * refused


def interpreters(f: Group, k: int) -> dict[str, Callable[[], tuple]]:
    """Runs that give the value and the derivative along ones."""
    xs = f.floats

    def both(*zs: Any) -> tuple:
        return ad.jvp(f, zs, ones(xs))

    def again(backend: str) -> tuple:
        compiled = ad.compile(both, backend=backend)
        compiled(*xs)
        return compiled(*xs)

    def mapped() -> tuple:
        y, t = ad.vmap(both)(*(np.stack([x, x]) for x in xs))
        return y[1], t[1]

    def sparse() -> tuple:
        parts = [ad.sparse_jacobian(f, i)(*xs).toarray() for i in range(len(xs))]
        return both(*xs)[0], sum(np.sum(part, axis=1) for part in parts)

    runs = {
        "record": lambda: ad.jvp(ad.record(f, *xs), xs, ones(xs)),
        "numpy": lambda: again("numpy"),
    }
    if all(call.constant or call.kind == "mask" for call in f.calls):
        # Whole numbers in a batch become floats, which do not wrap.
        runs["vmap"] = mapped
    if "llvm" in BACKENDS and k % 2:
        runs["llvm"] = lambda: again("llvm")
    if not k % 2 and find_spec("scipy") and all(np.ndim(x) for x in xs):
        runs["sparse"] = sparse
    return runs


def numpys(found: Any, f: Callable, args: tuple, i: int, odd: Any) -> bool:
    """Whether a result begins with what NumPy gives on the subclass: ufuncs do not ask its
    operators."""
    y = found[0] if isinstance(found, tuple) else found
    wanted = f(*args[:i], odd, *args[i + 1 :])
    pairs = zip(leaves_of(y), leaves_of(wanted), strict=False)
    same = [(a, np.asarray(b)) for a, b in pairs if np.shape(a) == np.shape(b)]
    return all(np.allclose(a, b) for a, b in same)


class Scaled(np.ndarray):
    """A user's array whose product is another."""

    def __mul__(self, other: Any) -> Any:
        return np.asarray(self) * 10 * other

    __rmul__ = __mul__


SUBCLASSES = {
    "Scaled": lambda x: np.asarray(x).view(Scaled),
    "MaskedArray": lambda x: np.ma.masked_array(x, np.zeros(np.shape(x), bool)),
    "matrix": lambda x: np.asarray(x).view(np.matrix),
}
"""np.matrix warns where it is made from a list."""
TOLD_FIRST = ("np.full_like", "cannot write a traced value into a plain array")
"""np.full_like(a, x) asks for the fill value first, and what writes for an array that takes it."""


@pytest.mark.filterwarnings("ignore:.*will ignore the 'mask'")  # NumPy's, of x.partition
@pytest.mark.parametrize("kind", SUBCLASSES)
def test_subclasses_are_refused_by_name(kind):
    """As arguments, and as constants beside a traced value; never taken for plain arrays."""
    wrong = []
    for name, f, args, i in constants():
        if np.ndim(args[i]) == 0 or (kind == "matrix" and np.ndim(args[i]) != 2):
            continue
        odd = SUBCLASSES[kind](args[i])

        def g(*xs: Any, f: Any = f, i: int = i, odd: Any = odd) -> Any:
            return f(*xs[:i], odd, *xs[i:])

        others = args[:i] + args[i + 1 :]
        runs = {
            "forward": lambda: ad.jvp(g, others, ones(others)),
            "reverse": lambda: ad.vjp(g, *others),
            "vmap": lambda: ad.vmap(g)(*(np.stack([x, x]) for x in others)),
            "compiled": lambda: ad.compile(g, backend="numpy")(*others),
            "argument": lambda: ad.vjp(f, *args[:i], odd, *args[i + 1 :]),
        }
        for how, run in runs.items():
            try:
                if not numpys(run(), f, args, i, odd):
                    wrong.append(f"{name}, argument {i}, {how}: taken for a plain array")
            except LostDerivative:
                continue
            except TypeError as error:
                if not any(told in str(error) for told in (kind, *TOLD_FIRST)):
                    wrong.append(f"{name}, argument {i}, {how}: {error}")
    assert not wrong, "\n".join(wrong)
