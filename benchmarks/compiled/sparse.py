"""The sparse Jacobian of Burgers' equation, discretised by central differences.

du/dt = ν u″ − u u′ on (0, 1), u = 0 at both ends: three diagonals.
"""

from __future__ import annotations

from functools import partial
from importlib.util import find_spec

import numpy as np

import admodes as ad
from admodes.lab.workloads import points
from admodes.lab.workloads.texts import VISCOSITY, burgers

from . import peers
from .case import ASDEX, CASADI, COMPILED, Contestant, Skipped, Target, Workload


def tridiagonal(n):
    """Columns and row starts of a tridiagonal CSR matrix."""
    columns = np.arange(n, dtype=np.int32)[:, None] + np.array([-1, 0, 1], dtype=np.int32)
    starts = 3 * np.arange(n + 1, dtype=np.int32) - 1
    starts[0], starts[-1] = 0, 3 * n - 2
    return columns.ravel()[1:-1].copy(), starts


def burgers_jacobian(pattern, u):
    """By hand: the three diagonals side by side are the entries of a CSR matrix, row by row. The
    pattern is the same at every u, and made once."""
    from scipy.sparse import csr_array

    n = len(u)
    h = 1.0 / (n + 1)
    diffusion = VISCOSITY / h**2
    transport = u / (2.0 * h)
    slope = np.zeros(n)
    slope[:-1] += u[1:]
    slope[1:] -= u[:-1]
    entries = np.empty((n, 3))
    entries[:, 0] = diffusion + transport
    entries[:, 1] = -2.0 * diffusion - slope / (2.0 * h)
    entries[:, 2] = diffusion - transport
    return csr_array((entries.ravel()[1:-1], *pattern), shape=(n, n))


def csr_parts(matrix):
    """Entries, columns and row starts in canonical order, so that two matrices can be compared."""
    matrix = matrix.tocsr()
    matrix.sum_duplicates()
    return [matrix.data, matrix.indices, matrix.indptr]


def burgers_casadi(casadi, n):
    ca = casadi
    u = ca.SX.sym("u", n)
    h = 1.0 / (n + 1)
    left, right = ca.vertcat(0, u[:-1]), ca.vertcat(u[1:], 0)
    y = VISCOSITY * (left - 2 * u + right) / h**2 - u * (right - left) / (2 * h)
    return ca.Function("j", [u], [ca.jacobian(y, u)])


def _from_casadi(n, found):
    """The nonzeros of a tridiagonal matrix, column by column."""
    from scipy.sparse import csc_array

    return csr_parts(csc_array((found, *tridiagonal(n)), shape=(n, n)))


def _from_asdex(found):
    from scipy.sparse import coo_array

    rows, columns = np.asarray(found.indices).T
    return csr_parts(coo_array((np.asarray(found.data), (rows, columns)), shape=found.shape))


def _asdex(jax, jnp, u):
    import asdex

    return asdex.jacobian(partial(burgers, jnp), u)


def _ours(u):
    if not hasattr(ad, "sparse_jacobian"):
        raise Skipped("this admodes has no ad.sparse_jacobian")
    return partial(ad.sparse_jacobian(partial(burgers, np)), u)


def sparse_jacobian(n):
    (u,) = points.burgers(n)
    return Workload(
        name=f"sparse Jacobian, Burgers {n:,}",
        value=partial(burgers, np, u),
        manual=partial(burgers_jacobian, tridiagonal(n), u),
        contestants={
            COMPILED: Contestant(partial(_ours, u), csr_parts),
            ASDEX: peers.jax(partial(_asdex, u=u), u, arrays=_from_asdex),
            CASADI: peers.casadi(partial(burgers_casadi, n=n), u, arrays=partial(_from_casadi, n)),
        },
        arrays=csr_parts,
        targets=(Target(COMPILED, 2.0),),
    )


def all_workloads():
    if find_spec("scipy") is None:
        print("sparse Jacobians: skipped, since scipy is missing")
        return []
    return [sparse_jacobian(10_000), sparse_jacobian(100_000)]
