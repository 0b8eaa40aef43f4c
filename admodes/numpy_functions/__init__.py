"""What NumPy's functions, its ufuncs' methods and its arrays' methods become on traced values: a
call of NumPy's goes in, operations on its arguments come out, so that derivatives follow. Importing
it fills the tables that NumPy's calls are looked up in; the operations' own entries are made where
they are declared, in admodes.ops."""

from admodes.numpy_functions import (
    buffers,
    decompositions,
    differences,
    eigen,
    extremes,
    fourier,
    layout,
    linalg,
    methods,
    norms,
    plain,
    polynomials,
    products,
    quantiles,
    sampling,
    splits,
    statistics,
    ufunc_methods,
    writing,
)
