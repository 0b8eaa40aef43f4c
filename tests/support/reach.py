"""What the tests of ways to reach an array share: how a way is entered, and the kinds of change
after which a compiled function must not give the value from before."""

import functools

import numpy as np

import admodes as ad
from admodes.compilation import compile

X = np.array([0.3, 0.5, 0.8])


class Holder:
    def __init__(self):
        self.w0 = np.arange(1.0, 4.0)
        self.unused = None

    def bind(self, a):
        self.w0 = a


class Ways(dict):
    """By name, make() -> (f, the array that f reaches, bind(a) so that f reaches a, or None)."""

    def way(self, make):
        """Enter a way."""
        self[make.__name__] = make
        return make

    def held(self, f):
        """Enter the way of an object whose attribute w0 f reaches."""

        def make():
            h = Holder()
            return functools.partial(f, h), h.w0, h.bind

        self[f.__name__] = make
        return f


KINDS = ["entries", "entries at once", "another array", "another and then its entries"]
USES = {
    "value": lambda f: f,
    "gradient": lambda f: ad.grad(lambda x: (f(x) * x).sum()),
}


def check_change(make, kind, use):
    """The compiled function and the function itself agree before and after the change."""
    f, a, bind = make()
    if bind is None:
        bind = functools.partial(np.copyto, a)
    g = use(f)
    c = compile(g, "numpy")

    def check():
        np.testing.assert_allclose(c(X), g(X), rtol=1e-13)

    check()
    if kind != "entries at once":
        check()
        check()
    if "another" in kind:
        new = np.array([5.0, -1.0, 2.0])
        bind(new)
        check()
        if "then" in kind:
            check()
            new[0] = 7.0
    else:
        a[...] = [4.0, 3.0, 2.5]
    check()
    check()
    a *= 3.0
    check()
