"""Every way in which a function may reach an array, times every kind of change: a compiled function
never gives the value from before the change. A new way is one more function in WAYS;
containers, memory and arrays of other kinds are in test_compile_front_memory.py."""

import dataclasses
import functools
import importlib
import operator
import sys
import types

import numpy as np
import pytest
from reach import KINDS, USES, Holder, Ways, check_change

pytestmark = pytest.mark.filterwarnings("ignore::admodes.compilation.CompileWarning")

WAYS = Ways()
way, held = WAYS.way, WAYS.held


@held
def attribute(h, x):
    return h.w0 * x


@held
def attribute_by_a_computed_name(h, x):
    return getattr(h, f"w{0}") * x


@held
def attribute_through_vars(h, x):
    return vars(h)["w" + str(0)] * x


@held
def values_of_the_dict(h, x):
    return next(v for v in h.__dict__.values() if v is not None) * x


@held
def attrgetter(h, x):
    return operator.attrgetter("w0")(h) * x


@held
def a_match(h, x):
    match h:
        case Holder(w0=w):
            return w * x


@held
def outside_the_trace(h, x):
    return (getattr(h, "w" + "0") * 2) @ x * x


@held
def a_decision(h, x):
    return x * 2 if getattr(h, "w" + "0")[0] > 1.5 else x * 3


@way
def attrgetter_made_before():
    h, get = Holder(), operator.attrgetter("w0")
    return lambda x: get(h) * x, h.w0, h.bind


@way
def getattr_under_another_name():
    h, take = Holder(), getattr
    return lambda x: take(h, "".join("w0")) * x, h.w0, h.bind


@way
def a_dataclass():
    @dataclasses.dataclass
    class Config:
        w: np.ndarray

    config = Config(np.arange(1.0, 4.0))

    def f(x):
        return functools.reduce(
            operator.mul, (getattr(config, q.name) for q in dataclasses.fields(config)), x
        )

    return f, config.w, lambda a: setattr(config, "w", a)


@way
def a_decorator_that_is_a_class():
    class Scaled:
        def __init__(self, f):
            functools.update_wrapper(self, f)
            self.f, self.w = f, np.arange(1.0, 4.0)

        def __call__(self, x):
            return self.f(x) * self.w

    f = Scaled(lambda x: x + 1)
    return f, f.w, lambda a: setattr(f, "w", a)


@way
def a_cached_function():
    @functools.lru_cache(None)
    def table():
        return np.arange(1.0, 4.0)

    table()
    return lambda x: table() * x, table(), None


@way
def a_cached_function_with_a_limit():
    @functools.lru_cache(4)
    def table(n):
        return np.arange(1.0, n)

    return lambda x: table(4) * x, table(4), None


@way
def a_cached_function_outside_the_trace():
    @functools.cache
    def table(n):
        return np.arange(1.0, n)

    return lambda x: (table(4) * 2) * x, table(4), None


@way
def a_partial_method():
    class A:
        def __init__(self):
            self.w = np.arange(1.0, 4.0)

        def scaled(self, k, x):
            return self.w * x * k

        doubled = functools.partialmethod(scaled, 2.0)

    a = A()
    return lambda x: a.doubled(x), a.w, lambda w: setattr(a, "w", w)


@way
def single_dispatch():
    store = {"w": np.arange(1.0, 4.0)}

    @functools.singledispatch
    def scaled(x):
        return store["w"] * x

    return lambda x: scaled(x), store["w"], lambda a: store.update(w=a)


@way
def a_default_attribute():
    class Lazy:
        def __init__(self):
            self.inner = {"w": np.arange(1.0, 4.0)}

        def __getattr__(self, name):
            return self.inner[name]

    lazy = Lazy()
    return lambda x: lazy.w * x, lazy.inner["w"], lambda a: lazy.inner.update(w=a)


@way
def a_method_under_super():
    class Base:
        def scaled(self, x):
            return x * np.ones(3)

    class Above(Base):
        def __call__(self, x):
            return self.scaled(x)

        def scaled(self, x):
            return super().scaled(x) * 2

    def bind(a):
        Base.scaled = lambda self, x: x * a

    w = np.arange(1.0, 4.0)
    bind(w)
    return Above(), w, bind


TABLE = np.arange(1.0, 4.0)


def set_table(a):
    globals()["TABLE"] = a


@way
def globals_by_a_computed_name():
    set_table(np.arange(1.0, 4.0))
    return lambda x: globals()["TAB" + "LE"] * x, TABLE, set_table


@way
def a_module_that_is_imported_inside():
    module = types.ModuleType("module_of_the_user")
    sys.modules[module.__name__] = module
    module.w = np.arange(1.0, 4.0)

    def f(x):
        return importlib.import_module("module_of_the_user").w * x

    return f, module.w, lambda a: setattr(module, "w", a)


@way
def a_property():
    class A:
        def __init__(self):
            self._w = np.arange(1.0, 4.0)

        @property
        def w(self):
            return self._w * 2

    a = A()
    return lambda x: a.w * x, a._w, lambda w: setattr(a, "_w", w)


@way
def a_descriptor():
    class Stored:
        def __get__(self, instance, owner):
            return instance.__dict__["hidden"]

    class A:
        w = Stored()

    a = A()
    a.hidden = np.arange(1.0, 4.0)
    return lambda x: a.w * x, a.hidden, lambda w: setattr(a, "hidden", w)


@way
def a_closure_in_a_closure():
    w = np.arange(1.0, 4.0)

    def outer():
        return lambda x: w * x

    inner = outer()

    def bind(a):
        nonlocal w
        w = a

    return lambda x: inner(x), w, bind


@way
def a_slot():
    class A:
        __slots__ = ("w",)

    a = A()
    a.w = np.arange(1.0, 4.0)
    return lambda x: getattr(a, "".join("w")) * x, a.w, lambda w: setattr(a, "w", w)


@way
def a_pydantic_model():
    pydantic = pytest.importorskip("pydantic")

    class Config(pydantic.BaseModel):
        model_config = {"arbitrary_types_allowed": True}
        w: np.ndarray

    config = Config(w=np.arange(1.0, 4.0))
    return lambda x: config.w * x, config.w, lambda a: setattr(config, "w", a)


@way
def a_generator_of_a_vectorized_function():
    store = [np.arange(1.0, 4.0)]
    g = np.vectorize(lambda k: store[0][k], otypes=[float])
    return lambda x: g(np.arange(3)) * x, store[0], lambda a: store.__setitem__(0, a)


@way
def a_property_of_a_metaclass():
    class Meta(type):
        @property
        def w(cls):
            return cls._w

    class A(metaclass=Meta):
        _w = np.arange(1.0, 4.0)

    return lambda x: A.w * x, A._w, lambda a: setattr(A, "_w", a)


@way
def a_class_attribute():
    class A:
        w = np.arange(1.0, 4.0)

    a = A()
    return lambda x: a.w * x, A.w, lambda w: setattr(A, "w", w)


@way
def an_attribute_that_is_missing_at_first():
    class A:
        pass

    a, w = A(), np.arange(1.0, 4.0)

    def f(x):
        try:
            return a.w * x
        except AttributeError:
            return w * x

    return f, w, lambda w: setattr(a, "w", w)


@way
def a_key_that_is_missing_at_first():
    d, w = {}, np.arange(1.0, 4.0)

    def f(x):
        try:
            return d["w"] * x
        except KeyError:
            return w * x

    return f, w, lambda w: d.update(w=w)


@pytest.mark.parametrize("use", USES.values(), ids=list(USES))
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("make", WAYS.values(), ids=list(WAYS))
def test_no_value_from_before_a_change(make, kind, use):
    check_change(make, kind, use)
