"""Imports run one way, in one total order, and importing stays light."""

import ast
import functools
import subprocess
import sys
from pathlib import Path

import pytest

import admodes
from admodes.cli.commands import GROUPS

ROOT = Path(__file__).parent.parent / "admodes"

FOLDERS = ("admodes", "tests", "benchmarks", "examples", "reports")

ORDER = [
    *("errors", "version", "views", "drawing", "core", "ops", "numpy_functions", "derivatives"),
    *("programs", "loops"),
    *("optimisation", "compilation", "symbolic", "backpropagation", "explorer", "tracing"),
    *("python_code", "verification", "sparse", "checkpointing", "sheets"),
    *("expression", "problems", "lab", "diagnosis", "auditing", "exercises", "grading"),
    *("__init__", "cli", "__main__"),
]
"""The rooms: each imports from itself and from those before it, inside functions and for types
too."""


def dotted(path: Path) -> str:
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


START = {"tracing", "expression", "problems", "cli"}
"""Of the later rooms, those that every start of the command needs."""


MODULES = {dotted(path): path for path in sorted(ROOT.rglob("*.py"))}


@functools.cache
def imports(name: str) -> set[str]:
    """The modules of admodes that a module imports, wherever it does, or names in a table of what
    is imported later."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(MODULES[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name}: a relative import"
            full = [f"{node.module}.{alias.name}" for alias in node.names]
            found.update(x if x in MODULES else node.module or "" for x in full)
        elif isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.Dict):
            parts = (*node.keys, *node.values)
            later = {x.value for x in parts if isinstance(x, ast.Constant)}
            found.update(later & MODULES.keys() - {"admodes"})
    return {x for x in found if x.partition(".")[0] == "admodes"}


def room(name: str) -> str:
    return name.split(".")[1] if "." in name else "__init__"


@pytest.mark.parametrize("name", MODULES)
def test_a_module_imports_only_from_its_room_and_from_those_before(name):
    assert room(name) in ORDER, f"{name} has no place: add it to ORDER"
    for other in imports(name):
        assert other in MODULES, f"{name} imports {other}, which is no module"
        assert ORDER.index(room(other)) <= ORDER.index(room(name)), f"{name} imports {other}"


def test_the_order_names_what_there_is():
    assert len(set(ORDER)) == len(ORDER)
    assert set(ORDER) == set(map(room, MODULES))


def circle(name: str, path: list[str], done: set[str]) -> list[str]:
    """A circle of imports that is met on the way from a module, or none."""
    if name in path:
        return [*path[path.index(name) :], name]
    if name in done:
        return []
    done.add(name)
    onward = (circle(other, [*path, name], done) for other in sorted(imports(name)))
    return next(filter(None, onward), [])


def test_no_modules_import_each_other_in_a_circle():
    done: set[str] = set()
    for name in MODULES:
        assert not circle(name, [], done)


def test_few_modules_stand_beside_the_packages():
    assert len(list(ROOT.glob("*.py"))) <= 6


def test_no_module_hides_behind_a_public_name():
    """`import admodes.trace as m` would give the function of that name."""
    public = set(admodes.__all__)
    for name, path in MODULES.items():
        if path.name == "__init__.py":
            held = {p.stem for p in path.parent.iterdir() if p.suffix == ".py" or p.is_dir()}
            shown = public if name == "admodes" else bound(path) & public
            assert not held & shown, name


def bound(path: Path) -> set[str]:
    """The names that the statements of a module bind."""
    names: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            names.update(alias.asname or alias.name for alias in node.names)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
    return names


def test_core_and_views_know_nothing_else():
    for name in MODULES:
        if room(name) in ("core", "views"):
            assert set(map(room, imports(name))) <= {room(name), "errors"}, name


def test_the_engines_do_not_know_each_other():
    assert "admodes.core.reverse" not in imports("admodes.core.forward")
    assert "admodes.core.forward" not in imports("admodes.core.reverse")


def imported(statement: str) -> set[str]:
    """The modules that a statement imports in a new process."""
    code = f"import sys\n{statement}\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def rooms(modules: set[str]) -> set[str]:
    return {name.split(".")[1] for name in modules if name.startswith("admodes.")}


def test_importing_admodes_imports_neither_sympy_nor_scipy_nor_what_draws():
    modules = imported("import admodes, admodes.cli")
    assert not {"sympy", "scipy", "matplotlib", "mpmath", "tabulate"} & modules
    # Rooms that a plain start of the command does without.
    assert not rooms(modules) & {*ORDER[ORDER.index("optimisation") :], "drawing"} - START


def test_importing_admodes_imports_what_gradients_need():
    """Traces, counts and expressions come when they are first used, and so does the recorder."""
    modules = imported("import admodes")
    engines = {"core", "ops", "numpy_functions", "derivatives"}
    assert rooms(modules) == {"errors", "version"} | engines
    assert not {"admodes.core.record", "admodes.core.program", "json", "html"} & modules
    assert rooms(imported("import admodes; admodes.grad(admodes.sin)(1.0)")) == rooms(modules)


def test_names_that_come_later_are_listed():
    """Interpreters complete what a user types by dir."""
    assert set(admodes.__all__) <= set(dir(admodes))


def test_a_command_imports_the_modules_of_no_other():
    modules = imported(
        "import contextlib, admodes.cli\n"
        "with contextlib.suppress(SystemExit):\n"
        "    admodes.cli.main(['trace', '@cpsc532s', '-o', '/dev/null'])"
    )
    of_commands = {module for members in GROUPS.values() for module in members.values()}
    assert of_commands & modules == {GROUPS["See"]["trace"]}


def test_errors_for_the_user_are_errors_of_the_package():
    """`raise ValueError(message)` would pass for an error of the user's function."""
    for name, path in MODULES.items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
                raised = getattr(node.exc.func, "id", "")
                plain = {"ValueError", "TypeError", "ImportError", "RuntimeError", "OverflowError"}
                assert raised not in plain, f"{name} raises {raised}"


def test_nothing_that_a_user_typed_is_evaluated_as_code():
    for name, path in MODULES.items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                called = getattr(node.func, "id", getattr(node.func, "attr", ""))
                assert called not in {"eval", "exec", "sympify", "parse_expr"}, f"{name}: {called}"


def test_no_file_is_longer_than_400_lines():
    files = [p for folder in FOLDERS for p in (ROOT.parent / folder).rglob("*.py")]
    assert len(files) > 400
    for path in [*files, *ROOT.parent.glob("*.py")]:
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 400, path
