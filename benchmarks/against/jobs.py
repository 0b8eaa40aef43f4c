"""What two checkouts are compared by: functions without arguments, by name, made of public names of
admodes alone. A job is made when it is asked for first, as compiling takes time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from scalar_sweeps import AT, DUAL, PEER, REVERSE, candidates, program

import admodes as ad
from admodes.problems import PROBLEMS
from benchmarks import workloads
from benchmarks.compiled import bundle, dynamics, jacobians, mixtures, networks, scalars, sparse
from benchmarks.compiled.case import EAGER, LLVM, NUMPY

Job = Callable[[], Any]
BLOCKS = 100


def makers() -> dict[str, Callable[[], Job]]:
    """By name, what makes a job."""
    return dict([*_sweeps(), *_single(), *_arrays(), *_compiled(), *_lists()])


def _sweeps() -> Iterator[tuple[str, Callable[[], Job]]]:
    jobs = candidates(BLOCKS)
    for name in (REVERSE, DUAL, PEER, "Variable.backward"):
        yield f"scalar {name}", lambda name=name: jobs[name]


OPERATIONS: dict[str, Callable[[Any], Any]] = {
    "x * x + x": lambda x: x * x + x,
    "x / (x + 2)": lambda x: x / (x + 2.0),
    "x ** 3": lambda x: x**3.0 * 1e-3 + 1.0,
    "sin": ad.sin,
    "exp": lambda x: ad.exp(x * 0.1),
    "relu": lambda x: ad.relu(x) + 0.1,
}


def _single() -> Iterator[tuple[str, Callable[[], Job]]]:
    """Loops over one or two operations on numbers."""
    for name, step in OPERATIONS.items():

        def f(x: Any, step: Callable = step) -> Any:
            for _ in range(BLOCKS):
                x = step(x) * 0.5
            return x

        yield f"dual {name}", lambda f=f: lambda: ad.jvp(f, (0.7,), (1.0,))
        yield f"grad {name}", lambda f=f: partial(ad.grad(f), 0.7)


def _arrays() -> Iterator[tuple[str, Callable[[], Job]]]:
    chosen = [*workloads.small(), workloads._gmm(10, 25, 1000, None)]
    chosen += [workloads._mlp((512, 512, 512, 10), 64, None), workloads._log_sum_exp(10**6, None)]
    chosen.append(workloads.elementwise_chain(10, 25))
    for workload in chosen:
        yield f"grad {workload.name}", lambda w=workload: w.gradients()[workloads.OURS]
    chain = partial(workloads.chain, np, blocks=25)
    c = np.random.default_rng(0).uniform(0.5, 1.5, size=10)
    yield "jvp chain, 10 entries", lambda: lambda: ad.jvp(chain, (c,), (c,))
    rng = np.random.default_rng(6)
    for n, m, f in ((20, 20, jacobians.square), (5, 1000, jacobians.oblong)):
        a, x = rng.normal(size=(m, n)) / np.sqrt(n), rng.normal(size=n)
        for mode in ("forward", "reverse"):
            job = partial(ad.jacobian(partial(f, np, a), mode=mode), x)
            yield f"jacobian {n} → {m}, {mode}", lambda job=job: job
    x = rng.normal(size=20)
    yield "hessian rosenbrock 20", lambda: partial(ad.hessian(_rosenbrock), x)
    yield "vmap grad", lambda: partial(ad.vmap(ad.grad(_rosenbrock)), rng.normal(size=(50, 20)))


def _rosenbrock(x: Any) -> Any:
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def _compiled() -> Iterator[tuple[str, Callable[[], Job]]]:
    """Calls of compiled derivatives, and the recording and compiling itself."""
    chosen = [
        networks.network((64, 64, 64, 8)),
        networks.log_sum_exp(1000),
        mixtures.mixture(2, 5, 1000, workloads.gmm),
        bundle.bundle_adjustment(1000),
        scalars.minors(5, 1.0),
        dynamics.runge_kutta(),
    ]
    for workload in chosen:
        for backend in (NUMPY, LLVM):
            yield f"{backend}: {workload.name}", workload.contestants[backend].prepare
    yield f"eager: {chosen[3].name}", chosen[3].contestants[EAGER].prepare
    burgers = sparse.sparse_jacobian(10_000)
    yield burgers.name, burgers.contestants["compiled"].prepare
    x = np.linspace(0.0, 1.0, 20)

    def first_call() -> Any:
        return ad.compile(ad.grad(_rosenbrock), backend="numpy")(x)

    yield "compiling grad rosenbrock, numpy", lambda: first_call
    many = lambda x, y: program(x, y, ad.sin, ad.exp, 3)  # noqa: E731
    yield (
        "compiling a scalar grad, numpy",
        lambda: lambda: ad.compile(ad.grad(many, (0, 1)), backend="numpy")(*AT),
    )


def _lists() -> Iterator[tuple[str, Callable[[], Job]]]:
    """What is printed: traces, counts, equations, code, patterns, verification."""
    looped = partial(program, sin=ad.sin, exp=ad.exp, blocks=10)
    yield "trace of a loop", lambda: lambda: ad.trace(looped, *AT)
    yield "printed trace of a loop", lambda: lambda: str(ad.trace(looped, *AT))
    small = partial(workloads.mlp, np)
    layers = workloads._mlp((4, 3, 3, 2), 2, None).args
    yield "array trace of an MLP", lambda: lambda: ad.trace(small, *layers)
    for tool in (ad.count, ad.code):
        yield f"{tool.__name__} of a loop", lambda tool=tool: lambda: tool(looped, *AT)
        yield f"{tool.__name__} of an MLP", lambda tool=tool: lambda: tool(small, *layers)
    for tool in (ad.trace, ad.equations):
        yield f"{tool.__name__} of all problems", lambda tool=tool: partial(_each, tool, PROBLEMS)
    for name in ("cpsc532s", "osu-loop", "rosenbrock"):
        yield f"verify {name}", lambda name=name: partial(_each, ad.verify, [name])
    x = np.linspace(0.1, 1.0, 30)
    for name, f in {"burgers": partial(sparse.burgers, np), "diffs": np.diff}.items():
        yield f"sparsity {name}", lambda f=f: partial(ad.sparsity, f, x)


def _each(tool: Callable, names: Any) -> None:
    """A tool on problems at their default points."""
    for name in names:
        problem = PROBLEMS[name]
        at = problem.at.values()
        tool(problem.function, *(np.array(x) if isinstance(x, tuple) else x for x in at))
