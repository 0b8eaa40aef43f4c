"""Copies and views are NumPy's, for every covered function: what x += v changes after it, and what
it leaves alone. The expected values are those of the same program on plain arrays."""

from __future__ import annotations

import copy

import numpy as np
import pytest
from numpy_cases import all_cases

import admodes as ad
from admodes.core.pytree import flatten

CASES = [c for c in all_cases() if any(np.ndim(a) and np.size(a) for a in c.args)]


def touched(case, i, first):
    """The results and the i-th argument after += 1 on a result (the first one) or the argument."""

    def run(*xs):
        xs = [x * 1.0 for x in xs]
        ys = [y for y in flatten(case.f(*xs))[0] if np.ndim(y)]
        y = ys[0] if first else xs[i]
        y += 1.0
        return [*ys, xs[i]]

    return run


def interpreters(f, args):
    yield "forward", lambda: ad.jvp(f, args, args)[0]
    yield "reverse", lambda: ad.vjp(f, *args)[0]
    yield "recorded", lambda: ad.record(f, *args)(*args)
    yield "batch", lambda: [y[0] for y in ad.vmap(f)(*(np.stack([a, a]) for a in args))]


def outcome(run):
    try:
        return run()
    except (TypeError, ValueError) as error:
        return error


def agrees(found, wanted, shared):
    """Whether the results are NumPy's, or refused where NumPy gives views."""
    if isinstance(found, Exception):
        return shared and "write x = x +" in str(found)
    return all(np.allclose(x, y, equal_nan=True) for x, y in zip(found, wanted, strict=True))


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_in_place_changes_reach_what_they_reach_in_numpy(case):
    bad = []
    results = [y for y in flatten(case.f(*case.args))[0] if np.ndim(y)]
    for i, a in enumerate(case.args):
        if not results or not np.ndim(a):
            continue
        shared = any(np.shares_memory(x, y) for x in case.args for y in results)
        for first in (False, True):
            f = touched(case, i, first)
            wanted = outcome(lambda f=f: f(*case.args))
            if isinstance(wanted, Exception):
                continue
            for name, run in interpreters(f, case.args):
                if (name == "batch" and not case.samples) or (
                    name == "recorded" and any(map(np.iscomplexobj, case.args))
                ):
                    continue
                found = outcome(run)
                if not agrees(found, wanted, shared):
                    bad.append((name, i, first, found))
    assert not bad


X = np.array([1.0, 2.0, 3.0])
COPIES = {
    "astype": lambda z: z.astype(float),
    "np.astype": lambda z: np.astype(z, float) if hasattr(np, "astype") else z.copy(),
    "copy.copy": copy.copy,
    "copy.deepcopy": copy.deepcopy,
    "in a list": lambda z: copy.deepcopy([z, (z, {"z": z})])[1][1]["z"],
    "positive": lambda z: +z,
    "np.positive": np.positive,
    "np.conj": np.conj,
    "ad.checkpointed_loop": lambda z: ad.checkpointed_loop(lambda s, i: s, z, 0),
    "nan_to_num": np.nan_to_num,
    "meshgrid": lambda z: np.meshgrid(z)[0],
    "np.copy": np.copy,
    "np.diag": lambda z: np.diag(z)[np.arange(3), np.arange(3)],
}
SHOWN = {
    "flip": np.flip,
    "rot90": lambda z: np.rot90(z.reshape(1, 3), 2)[0],
    "einsum": lambda z: np.einsum("i->i", z),
    "einsum of two axes": lambda z: np.einsum("ij->ji", z.reshape(1, 3))[:, 0],
    "conj": lambda z: z.conj(),
    "conjugate": lambda z: z.conjugate(),
    "real": lambda z: z.real,
    "np.real": np.real,
    "astype without a copy": lambda z: z.astype(float, copy=False),
    "nan_to_num in place": lambda z: np.nan_to_num(z, copy=False),
    "squeeze": lambda z: z.reshape(1, 3).squeeze(),
    "ellipsis": lambda z: z[...],
    "windows": lambda z: np.lib.stride_tricks.sliding_window_view(z, 1)[:, 0],
}


def written(make):
    """A function that writes into what was made of a traced array, and reads both."""

    def f(x):
        z = 1.0 * x
        w = make(z)
        w += z * z
        return 10.0 * z.sum() + w.sum()

    return f


def read(make):
    """The same with the parts exchanged."""

    def f(x):
        z = 1.0 * x
        w = make(z)
        z += w * w
        return 10.0 * z.sum() + w.sum()

    return f


def slopes(f):
    yield ad.jacobian(f, mode="forward")
    yield ad.jacobian(f, mode="reverse")
    yield ad.compile(ad.grad(f), backend="numpy")
    yield ad.sparse_jacobian(lambda x: f(x) * np.ones(1))
    yield lambda x: ad.vmap(ad.grad(f))(x[None])[0]


@pytest.mark.parametrize("program", [written, read])
@pytest.mark.parametrize("name", COPIES)
def test_what_numpy_copies_is_a_copy(name, program):
    f = program(COPIES[name])
    wanted = [10 + 1 + 2 * x if program is written else 11 + 20 * x for x in X]
    for slope in slopes(f):
        found = slope(X)
        found = found.toarray()[0] if hasattr(found, "toarray") else found
        np.testing.assert_allclose(found, wanted)


@pytest.mark.parametrize("program", [written, read])
@pytest.mark.parametrize("name", SHOWN)
def test_what_numpy_shows_is_the_array_itself_or_refused(name, program):
    f = program(SHOWN[name])
    for slope in slopes(f):
        found = outcome(lambda slope=slope: slope(X))
        if isinstance(found, Exception):
            assert "one is a view of the other" in str(found)
            continue
        found = found.toarray()[0] if hasattr(found, "toarray") else found
        np.testing.assert_allclose(found, 11 * (1 + 2 * X))


def test_masks_of_a_recording_change_under_all_of_their_names():
    def f(x):
        m = x > 0.0
        n = m
        n &= x < 2.5
        return np.sum(np.where(m, x * x, x))

    for slope in slopes(f):
        found = slope(X)
        found = found.toarray()[0] if hasattr(found, "toarray") else found
        np.testing.assert_allclose(found, [2.0, 4.0, 1.0])
