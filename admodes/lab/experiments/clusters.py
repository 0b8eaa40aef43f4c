"""A cluster of dask as an executor."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from concurrent.futures import Executor

from admodes.errors import BadValue, MissingPackage

PATIENCE = 30.0
"""Seconds to wait for a scheduler to answer, and for its first worker."""

RETRIES = 2
"""How often dask runs a point again by itself."""


@contextlib.contextmanager
def dask_executor(address: str) -> Iterator[tuple[Executor, Callable[[], int]]]:
    """An executor on the workers of the scheduler at an address, and what tells how many points
    they run at a time, since workers come and go; the connection is closed at the end, the cluster
    goes on.

    Raises MissingPackage without dask.distributed, BadValue where no scheduler answers or it has no
    workers.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise MissingPackage(
            "dask.distributed is not installed: pip install 'admodes[sweep]'"
        ) from error
    try:
        client = Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        raise BadValue(f"no scheduler of dask answers at {address}: {error}") from error
    with client:
        try:
            client.wait_for_workers(1, timeout=PATIENCE)
        except TimeoutError as error:
            raise BadValue(f"the scheduler at {address} has no workers: start some") from error
        with client.get_executor(retries=RETRIES) as executor:
            yield executor, lambda: max(1, sum(client.nthreads().values()))
