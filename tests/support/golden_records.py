"""What tests/data/goldens holds: each file, and how its records are made.

Everything goes through the command line and public names, for the modules behind them move.
"""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from golden_points import NEED_SCIPY, POINTS
from golden_programs import (
    Records,
    called,
    compiled_entries,
    compiled_llvm,
    compiled_numpy,
    plain,
    programs,
    results,
    values,
)
from golden_text import blanked

import admodes as ad
from admodes.cli import main as command
from admodes.problems import PROBLEMS


class Golden(NamedTuple):
    """One file. peers: packages without which it cannot be made. same: packages of whose version,
    but for its last number, the content depends."""

    records: Callable[[], Records]
    peers: tuple[str, ...] = ()
    same: tuple[str, ...] = ()


# What came out.


def ran(*argv: str) -> Any:
    """What a command prints: the data of JSON, or lines; with the exit status where it is not 0."""
    out, err = io.StringIO(), io.StringIO()
    status: Any = 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            command(list(argv))
        except SystemExit as stopped:
            status = stopped.code or 0
    text = out.getvalue()
    shown = json.loads(text) if text.startswith("{\n") and "json" in argv else text.splitlines()
    if not status and not err.getvalue():
        return shown
    return {"status": status, "printed": shown, "said": err.getvalue().splitlines()}


def commands(name: str, targets: dict[str, tuple[str, ...]], *options: str) -> Records:
    """One command for several functions, once for each choice of options."""
    for target, point in targets.items():
        for chosen in options or ("",):
            argv = (name, target, *point, *chosen.split())
            key = f"admodes {name} {target} {chosen}".strip()
            yield key, lambda argv=argv: ran(*argv)


def at(point: dict[str, Any]) -> tuple[str, str]:
    """The option that gives a point."""
    return "--at", ",".join(f"{n}={np.asarray(x).tolist()}" for n, x in point.items())


ALL_PROBLEMS = {f"@{name}": () for name in PROBLEMS}
FUNCTIONS = {
    f"golden_functions:{name}": at(point)
    for name, point in POINTS.items()
    if name not in NEED_SCIPY
}
SPECIAL = {f"golden_functions:{name}": at(POINTS[name]) for name in NEED_SCIPY}


def some(targets: dict[str, tuple[str, ...]], *names: str) -> dict[str, tuple[str, ...]]:
    """The targets of these names."""
    return {t: p for t, p in targets.items() if t.lstrip("@").rpartition(":")[2] in names}


def small(targets: dict[str, tuple[str, ...]], most: int = 24) -> dict[str, tuple[str, ...]]:
    """The problems with at most so many numbers as inputs."""
    return {
        t: p
        for t, p in targets.items()
        if sum(np.size(x) for x in PROBLEMS[t.removeprefix("@")].at.values()) <= most
    }


def medium() -> dict[str, tuple[str, ...]]:
    """The functions without those whose tables are pages long."""
    long = ("kalman", "bundle_adjustment", "two_body", "burgers", "gaussian_process")
    return {t: p for t, p in FUNCTIONS.items() if t.rpartition(":")[2] not in long}


# The records of each file.

OF = ("f", "grad", "jacobian", "hessian", "hvp")
EACH_OF = tuple(f"--of {of}" for of in OF)
FEW = ("cpsc532s", "cpsc532s-network", "osu-eq4", "bu-perceptron")
FORMATS = tuple(f"--format {f}" for f in ("markdown", "latex", "html", "csv"))


def formats() -> Records:
    few = some(ALL_PROBLEMS, "cpsc532s", "cpsc532s-network")
    for name in ("trace", "jacobian", "equations", "program", "count"):
        yield from commands(name, few, *FORMATS)
    for name in ("gradient", "hessian"):
        yield from commands(name, some(ALL_PROBLEMS, "osu-eq4"), *FORMATS)
    for argv in ("chain 10,10,1,10,10 --steps", "revolve 7 --snapshots 2"):
        for form in FORMATS:
            chosen = f"{argv} {form}"
            yield f"admodes {chosen}", lambda argv=chosen: ran(*argv.split())


def trace() -> Records:
    long = some(ALL_PROBLEMS, "speelpenning")
    yield from commands("trace", long, "--tables evaluation,reverse,jacobian --format text")
    others = {t: p for t, p in ALL_PROBLEMS.items() if t not in long}
    yield from commands("trace", others, "", "--format json")


def trace_rows() -> Records:
    """By scalars what is printed by arrays, and the other way about."""
    arrays = some(ALL_PROBLEMS, "bu-einsum-trace", "bu-einsum-product", "rosenbrock", "bu-root")
    yield from commands("trace", arrays, "--rows scalar")
    yield from commands("trace", small(ALL_PROBLEMS, 3), "--rows array --format json")
    numbers = {t: p for t, p in small(ALL_PROBLEMS).items() if not _of_arrays(t)}
    yield from commands("trace", numbers, "--rows array")


def _of_arrays(target: str) -> bool:
    return any(np.ndim(x) for x in PROBLEMS[target.removeprefix("@")].at.values())


def trace_functions() -> Records:
    yield from commands("trace", medium(), "--tables evaluation,reverse")
    few = ("branches", "complex_numbers", "indexing", "attention")
    yield from commands("trace", some(FUNCTIONS, *few), "--format json")


def trace_options() -> Records:
    scalars = some(ALL_PROBLEMS, "cpsc532s")
    arrays = some(ALL_PROBLEMS, "cpsc532s-network", "bu-perceptron")
    yield from commands(
        "trace",
        scalars,
        *("--steps", "--numbering griewank", "--notation dot", "--layout transposed"),
        *("--mode forward", "--mode reverse", "--digits 3", "--input x1", "--seed x1=1,x2=-2"),
        "--steps --numbering griewank --format json",
        *(f"--tables {t}" for t in ("evaluation", "partials", "forward", "reverse", "jacobian")),
    )
    yield from commands(
        "trace",
        arrays,
        *("--full", "--seed x=1", "--seed x=1 --format json", "--digits 3 --numbering griewank"),
        *(f"--tables {t}" for t in ("evaluation", "reverse", "buffers")),
    )
    yield from commands("jacobian", scalars, "--layout transposed", "--digits 3")


ERRORS = {
    *("ulp", "ulp_forward", "ulp_reverse", "tolerance", "digits", "condition", "error"),
    *("differences", "differences_error"),
}
"""Numbers in the JSON of verify and equations that are rounding errors, or made of them."""


def _without_errors(x: Any, key: str = "") -> Any:
    if isinstance(x, dict):
        return {k: _without_errors(v, k) for k, v in x.items()}
    if isinstance(x, list):
        return [_without_errors(v, key) for v in x]
    if isinstance(x, str) and key in ("summary", "note", "verdict", "said"):
        return blanked(x)
    return "#" if key in ERRORS and isinstance(x, int | float) else x


def verify() -> Records:
    functions = some(FUNCTIONS, "branches", "planar", "shaping", "ascent")
    for target, point in {**small(ALL_PROBLEMS, 4), **functions}.items():
        key = f"admodes verify {target} --format json, without errors"
        argv = ("verify", target, *point, "--format", "json")
        yield key, lambda argv=argv: _without_errors(ran(*argv))
    for target in some(ALL_PROBLEMS, *FEW):
        key = f"admodes verify {target}, without fractions"
        yield key, lambda t=target: [blanked(line) for line in ran("verify", t)]


def equations() -> Records:
    yield from commands("equations", ALL_PROBLEMS)
    yield from commands("equations", medium(), "--format markdown")
    for target in ALL_PROBLEMS:
        key = f"admodes equations {target} --format json, without errors"
        yield key, lambda t=target: _without_errors(ran("equations", t, "--format", "json"))


def program() -> Records:
    yield from commands("program", ALL_PROBLEMS, "--of f", "--of grad")
    yield from commands("program", small(ALL_PROBLEMS, 8), "--of jacobian", "--of hvp")
    hessians = some(ALL_PROBLEMS, "cpsc532s", "osu-ascent", "bu-shared", "rosenbrock", "grad-h")
    yield from commands("program", hessians, "--of hessian")
    yield from commands("program", ALL_PROBLEMS, "--of grad --optimised", "--format json")
    few = some(ALL_PROBLEMS, *FEW)
    yield from commands("program", few, "--explain", "--of jacobian --optimised")
    few = some(ALL_PROBLEMS, "osu-ascent")
    yield from commands("program", few, "--explain --format json")


def code() -> Records:
    yield from commands("code", ALL_PROBLEMS)
    few = some(ALL_PROBLEMS, *FEW)
    yield from commands("code", few, "--of f", "--of tangent", "--of adjoint", "--format json")
    yield from commands("code", medium(), "--of adjoint")


def count() -> Records:
    json_of = [f"{of} --format json" for of in EACH_OF]
    yield from commands("count", ALL_PROBLEMS, "", *json_of[:2])
    yield from commands("count", small(ALL_PROBLEMS, 8), json_of[2], json_of[4])
    yield from commands("count", small(ALL_PROBLEMS, 2), json_of[3])
    yield from commands("count", FUNCTIONS, "--format json")


def sparsity() -> Records:
    functions = some(FUNCTIONS, "burgers", "ring", "heat", "residuals")
    yield from commands("sparsity", {**ALL_PROBLEMS, **functions}, "", "--of hessian")
    yield from commands("sparsity", small(ALL_PROBLEMS, 8) | functions, "--format json")
    yield from commands("sparsity", functions, "--of hessian --format json")


def graphs() -> Records:
    """The graph of each problem's function, with gradients where there is one output."""
    for name, problem in PROBLEMS.items():
        yield f"Variable.draw() of @{name}", lambda p=problem: _graph(p)


def _graph(problem: Any) -> list[str]:
    xs = [ad.Variable(np.array(x) if np.ndim(x) else x, n) for n, x in problem.at.items()]
    y = problem.function(*xs)
    y = y[0] if isinstance(y, tuple | list) else y
    y.backward(np.ones(np.shape(y.value)) if np.ndim(y.value) else 1.0)
    return y.draw().splitlines()


def listed(*argv: str) -> list[str]:
    """What `admodes ops` prints in a process that has met no operations of other tests."""
    command = [sys.executable, "-m", "admodes", "ops", *argv]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def operations() -> Records:
    """The catalogue; the costs of some operations are found by running them with scipy."""
    yield "admodes ops", listed
    yield "admodes ops --format latex", lambda: listed("--format", "latex")


def numpy_functions() -> Records:
    yield "admodes ops --numpy", lambda: listed("--numpy")


def tables() -> Records:
    yield "admodes problems", lambda: ran("problems")
    yield from commands("problems", ALL_PROBLEMS)
    for n in ("1", "7", "30 --snapshots 3", "50 --snapshots 5"):
        for form in ("", " --format json"):
            argv = f"revolve {n}{form}"
            yield f"admodes {argv}", lambda argv=argv: ran(*argv.split())
    for dims in ("1,2,3,3,5,5,4", "10,10,1,10,10", "3,2", "4,9,2,7,7,1"):
        for form in ("", " --steps", " --format json"):
            argv = f"chain {dims}{form}"
            yield f"admodes {argv}", lambda argv=argv: ran(*argv.split())


def special() -> Records:
    yield from commands("trace", SPECIAL, "", "--format json")
    yield from commands("program", SPECIAL, "--of grad", "--of grad --optimised")
    yield from commands("count", SPECIAL, "--format json")
    for name, (f, args) in called(without=tuple(POINTS.keys() - NEED_SCIPY)).items():
        yield name, lambda f=f, a=args: plain(f(*a))


GOLDENS = {
    "trace": Golden(trace),
    "trace_rows": Golden(trace_rows),
    "trace_functions": Golden(trace_functions),
    "trace_options": Golden(trace_options),
    "trace_symbolic": Golden(
        lambda: commands("trace", some(ALL_PROBLEMS, "cpsc532s", "osu-eq4"), "--symbolic"),
        same=("sympy",),
    ),
    "formats": Golden(formats),
    "jacobian": Golden(
        lambda: commands("jacobian", small(ALL_PROBLEMS, 8), "", "--format json"),
    ),
    "gradient": Golden(lambda: commands("gradient", ALL_PROBLEMS, "", "--format json")),
    "hessian": Golden(lambda: commands("hessian", small(ALL_PROBLEMS), "", "--format json")),
    "program": Golden(program),
    "count": Golden(count),
    "verify": Golden(verify),
    "equations": Golden(equations),
    "code": Golden(code),
    "sparsity": Golden(sparsity, peers=("scipy",)),
    "graphs": Golden(graphs),
    "results": Golden(results),
    "tables": Golden(tables),
    "operations": Golden(operations, peers=("scipy",)),
    "numpy_functions": Golden(numpy_functions, same=("numpy",)),
    "programs": Golden(programs),
    "compiled_numpy": Golden(compiled_numpy),
    "compiled_entries": Golden(compiled_entries),
    "compiled_llvm": Golden(compiled_llvm, peers=("llvmlite",)),
    "values": Golden(values),
    "special": Golden(special, peers=("scipy",)),
}
