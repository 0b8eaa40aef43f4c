"""Random programs as Python source: masks, small integers, updates in place, branches, captures.

A program is a function of numbers and arrays that refers to global names, as users write them:
statement after statement is drawn from templates, run on plain NumPy, and kept where the values
stay finite and moderate. The same source runs on traced values, on complex numbers for the complex
step, and on other captured values; and what fails is printed as a file that runs.
"""

from __future__ import annotations

import dataclasses
import linecache
import re
import types
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from fuzz_statements import REAL, STATEMENTS

MOST_ENTRIES = 12
LARGEST = 30.0
FASTEST = 60.0
NUDGE = 1e-6
SHAPES = [(), (3,), (2, 3), (3, 3), (1,)]
LIKELY = [0.3, 0.4, 0.12, 0.1, 0.08]
DTYPES = ["float64", "float32", "float16"]
HOW_OFTEN = [0.76, 0.16, 0.08]
WORD = re.compile(r"\{(\w)\}")


class Unfit(Exception):
    """A statement that plain NumPy refuses, or whose values grow too large or too fast."""


def captured(rng: np.random.Generator) -> dict[str, Any]:
    """What programs refer to by global names."""

    def around(*shape: int) -> np.ndarray:
        return np.round(rng.uniform(-1.5, 1.5, shape), 3)

    return {
        "W": around(3),
        "A": around(3, 3),
        "H": around(3).astype(np.float32),
        "M": rng.random(3) > 0.4,
        "N": rng.random((2, 3)) > 0.5,
        "U": rng.integers(0, 256, 3).astype(np.uint8),
        "I": rng.integers(-3, 4, 3).astype(np.int16),
        "K": rng.integers(-2, 3, (3, 3)),
        "S": float(around()),
        "P": np.float32(around()),
        "Q": np.float64(around()),
        "Z": np.array(float(around())),
        "box": types.SimpleNamespace(
            w=around(3), scale=float(around()), on=bool(rng.random() > 0.5)
        ),
    }


@dataclasses.dataclass
class Program:
    """The statements and the point; `result` is what is returned. real: not for complex steps."""

    parameters: tuple[str, ...]
    args: tuple
    globals: dict[str, Any]
    statements: list[tuple[str, ...]]
    result: str
    real: bool = False

    @property
    def source(self) -> str:
        body = [line for s in self.statements for line in s] + [f"return {self.result}"]
        return "\n".join([f"def f({', '.join(self.parameters)}):", *("    " + x for x in body), ""])

    @property
    def small(self) -> set[np.dtype]:
        """The kinds of floats below float64 that are about."""
        kinds = {np.asarray(a).dtype for a in self.args} - {np.dtype(float)}
        single = self._uses("H") or self._uses("P") or "np.float32" in self.source
        return kinds | ({np.dtype(np.float32)} if single else set())

    def function(self, changed: bool = False) -> Callable:
        """f with captured values of its own; `change` may alter them."""
        space = {"np": np, **{k: _copied(v) for k, v in self.globals.items()}}
        name = f"<fuzz {hash(self.source)}>"
        linecache.cache[name] = (len(self.source), None, self.source.splitlines(True), name)
        exec(compile(self.source, name, "exec"), space)
        if changed:
            change(space)
        return space["f"]

    def __str__(self) -> str:
        """A file that defines f and its arguments."""
        used = [f"{k} = {_shown(v)}" for k, v in self.globals.items() if self._uses(k)]
        head = ["import types", "import numpy as np", "import admodes as ad", *used]
        point = f"args = ({', '.join(map(_shown, self.args))},)"
        return "\n".join([*head, self.source, point])

    def _uses(self, name: str) -> bool:
        return re.search(rf"\b{name}\b", self.source) is not None


def change(space: dict[str, Any]) -> None:
    """Captured arrays change in place, an attribute is bound anew."""
    for name in ("W", "A", "H"):
        space[name] *= space[name].dtype.type(-0.75)
    space["M"][...] = ~space["M"]
    space["U"][...] = 255 - space["U"]
    space["I"] += 1
    space["box"].w[0] += 0.5
    space["box"].scale = 0.625


def _copied(x: Any) -> Any:
    if isinstance(x, types.SimpleNamespace):
        return types.SimpleNamespace(**{k: _copied(v) for k, v in vars(x).items()})
    return x.copy() if isinstance(x, np.ndarray) else x


def _is_double(x: Any) -> bool:
    """Whether x is a number of double precision, of NumPy or of Python."""
    return np.ndim(x) == 0 and np.asarray(x).dtype in (float, complex)


def _given(x: Any, numpys: bool) -> Any:
    """x for plain NumPy; a number of double precision as NumPy's own or as Python's."""
    if _is_double(x):
        return np.asarray(x)[()] if numpys else np.asarray(x).item()
    return x if np.ndim(x) == 0 else x.copy()


def _shown(x: Any) -> str:
    if isinstance(x, types.SimpleNamespace):
        inner = ", ".join(f"{k}={_shown(v)}" for k, v in vars(x).items())
        return f"types.SimpleNamespace({inner})"
    if isinstance(x, np.ndarray):
        return f"np.array({x.tolist()!r}, np.{x.dtype.name})".replace("np.bool)", "bool)")
    return f"np.{x.dtype.name}({x.item()!r})" if isinstance(x, np.generic) else repr(x)


def plain(f: Callable, args: tuple) -> Any:
    """f as NumPy runs it, on Python's numbers for those of float64, as ad takes them beside smaller
    floats. Truth values of the two kinds of numbers add up in two ways: where that decides, on
    NumPy's numbers. Unfit where f raises, and where that decides and Python's numbers are among
    args: ad takes all numbers of a call for one kind."""
    y = of_pythons_numbers(f, args)
    if not any(map(_is_double, args)):
        return y
    z = _run_plainly(f, tuple(_given(a, True) for a in args))
    near = 0.02 * np.max(np.abs(y), initial=0.0)
    if np.shape(y) == np.shape(z) and np.allclose(y, z, rtol=0.02, atol=near, equal_nan=True):
        return y
    if any(isinstance(a, float | complex) and not isinstance(a, np.generic) for a in args):
        raise Unfit("the kind of a number decides")
    return z


def of_pythons_numbers(f: Callable, args: tuple) -> Any:
    return _run_plainly(f, tuple(_given(a, False) for a in args))


def _run_plainly(f: Callable, args: tuple) -> Any:
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            return f(*args)
        except Exception as error:
            raise Unfit(str(error)) from error


class Grower:
    """Draws statements, and keeps those that fit."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.globals = captured(rng)
        shapes = [SHAPES[k] for k in rng.choice(len(SHAPES), int(rng.integers(1, 4)), p=LIKELY)]
        kind = rng.choice(DTYPES, p=HOW_OFTEN)
        mixed = rng.random() < 0.15
        kinds = [rng.choice(DTYPES[:2]) if mixed else kind for _ in shapes]
        self.args = tuple(map(self._argument, shapes, kinds))
        self.parameters = tuple("xyz"[: len(shapes)])
        self.statements: list[tuple[str, ...]] = []
        self.real = False
        self._restart()

    def _argument(self, shape: tuple, kind: str) -> Any:
        # Never at 0, where masks would tie with them.
        x = (np.round(self.rng.uniform(-2, 2, shape), 3) + 0.0004).astype(kind)
        if shape:
            return x
        if kind != "float64":
            return x[()]
        return (float(x), float(x), np.float64(x), x)[self.rng.integers(4)]

    def _restart(self) -> None:
        moved = tuple(self._nudged(a) for a in self.args)
        self.spaces = [self._space(args) for args in (self.args, moved)]
        for s in self.statements:
            self._run(s)

    def _space(self, args: tuple) -> dict[str, Any]:
        space = {"np": np, **{k: _copied(v) for k, v in self.globals.items()}}
        return space | dict(zip(self.parameters, map(_copied, args), strict=True))

    @staticmethod
    def _nudged(a: Any) -> Any:
        return a + NUDGE if isinstance(a, float) else (a.astype(float) + NUDGE)

    def _run(self, statement: tuple[str, ...]) -> None:
        code = compile("\n".join(statement), "<statement>", "exec")
        for space in self.spaces:
            exec(code, space)

    def grow(self, count: int) -> Program:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("error")
            tries = 0
            while len(self.statements) < count and tries < 200:
                tries += 1
                self._try()
        last = [s for s in self._names("f") if s[0] == "v"] or [self.parameters[0]]
        return Program(
            self.parameters, self.args, self.globals, self.statements, last[-1], self.real
        )

    def _try(self) -> None:
        template = STATEMENTS[self.rng.integers(len(STATEMENTS))]
        made = self._filled(template)
        if made is None:
            return
        try:
            self._run(made)
            self._moderate()
        except Exception:
            self._restart()
            return
        self.statements.append(made)
        self.real = self.real or REAL.search("\n".join(made)) is not None

    def _moderate(self) -> None:
        here, there = self.spaces
        for name in self._names("f"):
            x, y = np.asarray(here[name]), np.asarray(there[name])
            if x.size > MOST_ENTRIES or x.size == 0 or x.shape != y.shape or x.dtype.kind == "c":
                raise Unfit
            limit = LARGEST / 8 if x.dtype.itemsize == 2 else LARGEST
            if not np.all(np.abs(x) < limit):
                raise Unfit
            if x.dtype == y.dtype == float and np.any(np.abs(x - y) > FASTEST * NUDGE):
                raise Unfit

    def _names(self, kinds: str) -> list[str]:
        """Arguments and variables of these kinds of dtype, oldest first."""
        mine = {k: v for k, v in self.spaces[0].items() if k[0] in "vxyz" or k in self.parameters}
        return [k for k, v in mine.items() if np.asarray(v).dtype.kind in kinds]

    def _filled(self, template: tuple[str, ...]) -> tuple[str, ...] | None:
        """{a} {b} are floats, {e} is an array of them, {m} {n} truth values, {i} whole numbers,
        {k} any captured value, {s} a literal; the same letter is the same thing, {v} a new name."""
        chosen = {"v": f"v{len(self.statements)}"}
        for letter in {x for line in template for x in WORD.findall(line)} - {"v"}:
            found = self._chosen(letter)
            if found is None:
                return None
            chosen[letter] = found
        return tuple(WORD.sub(lambda found: chosen[found.group(1)], line) for line in template)

    def _chosen(self, letter: str) -> str | None:
        rng = self.rng
        if letter == "s":
            return repr(round(float(rng.uniform(-1.5, 1.5)), 2))
        if letter == "k":
            return str(rng.choice(["W", "H", "M", "U", "I", "S", "P", "Q", "Z", "box.w", "A[0]"]))
        if letter == "m" or letter == "n":
            names = [*self._names("b")[-3:], *(["M", "N"] if rng.random() < 0.25 else [])]
            if not names or rng.random() < 0.5:
                return f"({self._chosen('a')} {rng.choice(['>', '<', '>='])} {self._chosen('s')})"
            return str(rng.choice(names))
        if letter == "i":
            return str(rng.choice([*self._names("iu")[-3:], "U", "I", "K[0]"]))
        names = self._names("f")
        if letter == "e":
            names = [x for x in names if np.ndim(self.spaces[0][x])]
            if not names:
                return None
        recent = names[-3:] if rng.random() < 0.6 else names
        return str(rng.choice(recent))


def grown(seed: int, longest: int = 8) -> Program:
    """The program of a seed."""
    rng = np.random.default_rng(seed)
    return Grower(rng).grow(int(rng.integers(2, longest + 1)))


def smaller(p: Program) -> Iterator[Program]:
    """Programs with an earlier result, with fewer statements, or with one that only copies a name
    of the old one."""
    for k, s in enumerate(p.statements[:-1]):
        made = re.match(r"(v\d+) = ", s[0])
        if made is not None:
            yield dataclasses.replace(p, statements=p.statements[: k + 1], result=made[1])
    for k in reversed(range(len(p.statements))):
        rest = p.statements[:k] + p.statements[k + 1 :]
        yield dataclasses.replace(p, statements=rest)
        made = re.match(r"(v\d+) = ", p.statements[k][0])
        if made is None:
            continue
        for name in dict.fromkeys(re.findall(r"\b(?:v\d+|[xyz])\b", "\n".join(p.statements[k]))):
            if p.statements[k] != (f"{made[1]} = {name}",) and name != made[1]:
                short = (f"{made[1]} = {name}",)
                yield dataclasses.replace(
                    p, statements=[*p.statements[:k], short, *p.statements[k + 1 :]]
                )


def shrunk(p: Program, fails: Callable[[Program], bool]) -> Program:
    """The smallest program found that still fails."""
    while True:
        for q in smaller(p):
            if fails(q):
                p = q
                break
        else:
            return p
