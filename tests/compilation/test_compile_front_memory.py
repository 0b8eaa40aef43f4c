"""Containers, views, memory and other kinds of arrays through which a function may reach an array:
a compiled function never gives the value from before a change."""

import collections
import contextvars
import ctypes
import threading
import types
import weakref

import numpy as np
import pytest
from reach import KINDS, USES, Holder, Ways, check_change

pytestmark = pytest.mark.filterwarnings("ignore::admodes.compilation.CompileWarning")

WAYS = Ways()
way, held = WAYS.way, WAYS.held


def container(name, make, get, put):
    def made():
        c = make(np.arange(1.0, 4.0))
        return lambda x: get(c) * x, get(c), None if put is None else lambda a: put(c, a)

    WAYS[name] = made


def set_item(key):
    return lambda c, a: c.__setitem__(key, a)


container("dict", lambda a: {"w": a}, lambda c: c["w"], set_item("w"))
container("list", lambda a: [a], lambda c: c[-1], set_item(0))
container("tuple", lambda a: (a, 1), lambda c: c[0], None)
container("deque", lambda a: collections.deque([a]), lambda c: c[0], set_item(0))
container("UserDict", lambda a: collections.UserDict(w=a), lambda c: c["w"], set_item("w"))
container("UserList", lambda a: collections.UserList([a]), lambda c: c[0], set_item(0))
container("ChainMap", lambda a: collections.ChainMap({}, {"w": a}), lambda c: c["w"], set_item("w"))
container("mapping proxy", lambda a: types.MappingProxyType({"w": a}), lambda c: c["w"], None)
container(
    "defaultdict", lambda a: collections.defaultdict(int, w=a), lambda c: c["w"], set_item("w")
)
container("named tuple", lambda a: collections.namedtuple("P", "w")(a), lambda c: c.w, None)
container(
    "namespace",
    lambda a: types.SimpleNamespace(w=a),
    lambda c: c.w,
    lambda c, a: setattr(c, "w", a),
)
container("dict in a list", lambda a: [{"w": [a]}], lambda c: c[0]["w"][0], None)
container("keys view", lambda a: {"w": a}.values(), lambda c: next(iter(c)), None)


@way
def a_proxy_of_a_dict_that_changes():
    inner = {"w": np.arange(1.0, 4.0)}
    proxy = types.MappingProxyType(inner)
    return lambda x: proxy["w"] * x, inner["w"], lambda a: inner.update(w=a)


@way
def a_bound_method_of_a_list():
    items = [np.arange(1.0, 4.0)]
    get = items.__getitem__
    return lambda x: get(0) * x, items[0], lambda a: items.__setitem__(0, a)


@way
def a_context_variable():
    var = contextvars.ContextVar("w")
    var.set(np.arange(1.0, 4.0))
    return lambda x: var.get() * x, var.get(), var.set


@way
def a_local_of_the_thread():
    local = threading.local()
    local.w = np.arange(1.0, 4.0)
    return lambda x: local.w * x, local.w, lambda a: setattr(local, "w", a)


@way
def a_weak_reference():
    h = Holder()
    keep, ref = [h], weakref.ref(h)
    return lambda x: ref().w0 * x, keep[0].w0, h.bind


@way
def a_sparse_matrix():
    sparse = pytest.importorskip("scipy.sparse")
    m = sparse.csr_array(np.diag([1.0, 2.0, 3.0]))
    return lambda x: m.toarray() @ x, m.data, lambda a: setattr(m, "data", a)


@way
def a_polynomial():
    p = np.poly1d([1.0, 2.0, 3.0])
    return lambda x: p(2.0) * x, p.coeffs, None


@way
def memory_of_ctypes():
    memory = (ctypes.c_double * 3)(1.0, 2.0, 3.0)
    view = np.frombuffer(memory)
    return lambda x: np.array(list(memory)) * x, view, None


@way
def an_array_over_memory():
    memory = bytearray(np.arange(1.0, 4.0).tobytes())
    a = np.frombuffer(memory)
    return lambda x: a * x, a, None


@way
def a_read_only_view():
    a = np.arange(1.0, 4.0)
    view = a.view()
    view.flags.writeable = False
    return lambda x: view * x, a, None


@way
def an_array_of_a_subclass():
    class Named(np.ndarray):
        pass

    a = np.arange(1.0, 4.0).view(Named)
    return lambda x: np.asarray(a) * x, a, None


@pytest.mark.parametrize("use", USES.values(), ids=list(USES))
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("make", WAYS.values(), ids=list(WAYS))
def test_no_value_from_before_a_change(make, kind, use):
    check_change(make, kind, use)
