"""JAX with 64 bits on one thread: forward mode, reverse mode, and jitted."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

from admodes.core.pytree import flatten
from admodes.core.rebinding import Library
from admodes.lab.adapters.adapter import leaf_function, one_number, total_size
from admodes.lab.adapters.rebound import Rebound
from admodes.problems.scenario import Scenario

ONE_THREAD = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"


class Jax(Rebound):
    """how: jacfwd, jacrev, or jit, which takes reverse mode, or forward mode where there are fewer
    inputs than outputs. Second derivatives are forward mode over these."""

    package = "jax"
    own_memory = True
    # Measured: XLA's threads and arenas take 1.1 GB of addresses and 20 MB of memory.
    reserve = 4 << 30

    def __init__(self, how: str) -> None:
        self.how, self.backend = how, f"jax {how}"
        self.compiles = how == "jit"

    def load(self) -> str:
        os.environ["JAX_PLATFORMS"] = "cpu"
        os.environ["JAX_ENABLE_X64"] = "1"
        os.environ["XLA_FLAGS"] = ONE_THREAD
        version = super().load()
        import jax

        # The user's module may have imported it before.
        jax.config.update("jax_enable_x64", True)
        return version

    def hindrance(self) -> str | None:
        """The threads of XLA, which start when jax is first used, are in no fork: it waits for
        them for ever."""
        bridge = sys.modules.get("jax._src.xla_bridge")
        if not getattr(bridge, "_backends", None):
            return None
        return (
            "jax has been used in this process, and hangs in forks of it; call compare first, or "
            "use the command line"
        )

    def library(self) -> Library:
        import jax.numpy as jnp
        import jax.scipy.special

        return Library({"numpy": jnp, "scipy.special": jax.scipy.special}, jnp.asarray)

    def prepare(self, scenario: Scenario) -> Callable[[], Any]:
        import jax

        f, leaves = leaf_function(scenario)
        leaves = [jax.numpy.asarray(x, dtype=float) for x in leaves]
        derivative = self._derivative(jax, f, leaves, scenario)
        run = jax.jit(derivative) if self.compiles else derivative
        return lambda: jax.block_until_ready(run(*leaves))

    def _derivative(
        self, jax: Any, f: Callable[..., list], leaves: list, scenario: Scenario
    ) -> Callable:
        every = tuple(range(len(scenario.sizes)))

        def number(*xs: Any) -> Any:
            return one_number(f(*xs))

        forward = self.how == "jacfwd"
        if scenario.operator == "jacobian":
            if self.how == "jit":
                forward = sum(scenario.sizes) < total_size(f(*leaves))
            found: Callable = (jax.jacfwd if forward else jax.jacrev)(f, every)
            return found
        first = jax.jacfwd(number, every) if forward else jax.grad(number, every)
        if scenario.operator == "gradient":
            return first  # type: ignore[no-any-return]
        if scenario.operator == "hessian":
            return jax.jacfwd(first, every)  # type: ignore[no-any-return]
        along = tuple(jax.numpy.asarray(v, dtype=float) for v in flatten(scenario.direction())[0])
        return lambda *xs: jax.jvp(first, xs, along)[1]


ADAPTERS = (Jax("jacfwd"), Jax("jacrev"), Jax("jit"))
