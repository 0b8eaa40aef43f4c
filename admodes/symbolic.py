"""The recorded list on sympy symbols: exact expressions, exact partials, and reference values.

The derivative of an operation is here sympy's derivative of its symbolic form, never the partial
that the operation declares, so that the two can be held against each other. Reference values come
row by row through mpmath, at a cost linear in the length of the list: composed expressions swell
exponentially (W. Kahan's and A. Griewank's old objection to symbolic differentiation), rows do not.

sympy and mpmath are imported on first use.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from admodes.core.builders import shape_of
from admodes.core.op import Op
from admodes.core.record import Program, Ref

DIGITS = 50
"""Significant digits of reference values."""

LARGEST_EXPRESSION = 4000
"""Symbols and operations that an expression may have when it is written out."""

SMALLEST = 2.0**-1074
"""The smallest positive double, which a product that underflows may be wrong by."""

OUT_OF_RANGE = 1100
"""A power of two beyond which values, which no double has, are not followed any further."""


class NoSymbolicForm(ValueError):
    """An operation without a symbolic form, or an expression too long to be written out."""


class AtKink(ArithmeticError):
    """A symbolic derivative was asked for at a point where it jumps."""


@dataclass(frozen=True)
class LocalForm:
    """One operation in sympy: its expression in symbols a, b, …, its derivative by each of them
    (None where sympy finds none), and both as mpmath functions."""

    symbols: tuple
    expression: Any
    partials: tuple
    value: Callable[..., Any]
    derivatives: tuple


@functools.cache
def local_form(op: Op) -> LocalForm | None:
    """The symbolic form of an elementwise operation and sympy's partials, or None without one.

    >>> import admodes as ad
    >>> from admodes.symbolic import local_form
    >>> local_form(ad.hypot).partials
    (a/sqrt(a**2 + b**2), b/sqrt(a**2 + b**2))
    """
    import sympy as sp

    if op.symbol is None or op.arity is None:
        return None
    symbols = sp.symbols([chr(ord("a") + i) for i in range(op.arity)], real=True)
    expression = _expression(op.symbol(sp, *symbols))
    partials = tuple(_differentiated(expression, s) for s in symbols)
    return LocalForm(
        tuple(symbols),
        expression,
        partials,
        sp.lambdify(symbols, expression, "mpmath"),
        tuple(None if p is None else _compiled(p, symbols) for p in partials),
    )


def _differentiated(expression: Any, symbol: Any) -> Any:
    """sympy's derivative away from the steps of floor and ceiling, whose slope is 0; None where
    sympy leaves it unevaluated."""
    import sympy as sp

    steps = (sp.floor, sp.ceiling)
    found = sp.diff(expression, symbol)
    found = found.replace(sp.Subs, lambda e, *rest: sp.S.Zero if e.has(*steps) else sp.nan)
    found = found.replace(
        lambda e: isinstance(e, sp.Derivative) and isinstance(e.expr, steps),
        lambda e: sp.S.Zero,
    )
    return None if found.has(sp.Derivative, sp.Subs, sp.nan) else found


def _compiled(expression: Any, symbols: Sequence[Any]) -> Callable[..., Any]:
    """An mpmath function that raises AtKink where a step, sign or pulse is taken at 0."""
    import sympy as sp

    jumps = {"Heaviside": _step, "sign": _sign, "DiracDelta": _pulse}
    for name in jumps:
        stand_in = sp.Function(f"jump_{name}")
        expression = expression.replace(
            getattr(sp, name), lambda *args, stand_in=stand_in: stand_in(args[0])
        )
    named = {f"jump_{name}": function for name, function in jumps.items()}
    return sp.lambdify(symbols, expression, [named, "mpmath"])


def _step(x: Any) -> int:
    return int(_sign(x) > 0)


def _sign(x: Any) -> int:
    if x == 0:
        raise AtKink
    return 1 if x > 0 else -1


def _pulse(x: Any) -> int:
    _sign(x)
    return 0


@dataclass
class Expressions:
    """Symbols of the inputs, and an expression in them for every row and every output (an object
    array for rows that are arrays, None from an operation without symbolic form on). missing names
    the first such row, where there is one."""

    symbols: list
    rows: list
    outputs: list
    missing: str | None = None


def expressions(
    source: Any, names: Sequence[str] | None = None, exact: bool = False
) -> Expressions:
    """Every row of a Program or Trace as a sympy expression in the inputs.

    Where the function branched, the expressions are those of the branch that was taken. Constants
    print as short fractions and as pi and E where they equal these as doubles; exact=True takes
    each as exactly the double it is. names are those of the inputs' components (those of the
    Trace, or x1, x2, …).

    Raises NoSymbolicForm for expressions that are too long to be written out, ValueError for a
    wrong number of names.

    >>> import admodes as ad
    >>> from admodes.symbolic import expressions
    >>> expressions(ad.trace(lambda x, y: ad.sin(x * y) / 2, 1.0, 2.0)).rows
    [x, y, x*y, sin(x*y), sin(x*y)/2]
    """
    import sympy as sp

    program = _program(source)
    components = sum(int(np.size(program.steps[x.row].value)) for x in program.inputs)
    if names is None:
        given = [x["name"] for x in getattr(source, "inputs", []) if isinstance(x, dict)]
        names = given or [f"x{i + 1}" for i in range(components)]
    if len(names) != components:
        raise ValueError(f"{components} input names are needed, got {list(names)}")
    symbols = [sp.Symbol(name, real=True) for name in names]
    remaining = iter(symbols)
    constant = _exact_constant if exact else _short_constant
    rows: list = []
    sizes: list[float] = []
    missing = None
    for i, step in enumerate(program.steps):
        size = 1.0 + sum(sizes[a.row] if isinstance(a, Ref) else 1 for a in step.args)
        sizes.append(size)
        if size > LARGEST_EXPRESSION:
            raise NoSymbolicForm(
                f"the expression of row {i} has more than {LARGEST_EXPRESSION} parts when it is "
                "written out: symbolic expressions swell where recorded lists do not"
            )
        if step.op is None:
            rows.append(_fill(shape_of(step.value), remaining))
            continue
        args = [rows[a.row] if isinstance(a, Ref) else _entrywise(constant, a) for a in step.args]
        if any(a is None for a in args):
            rows.append(None)
        elif step.op.elementwise and step.op.symbol is None:
            missing = missing or f"row {i} ({step.op.name})"
            rows.append(None)
        else:
            rows.append(_symbolic_value(step, args))
    outputs = [
        rows[y.row] if isinstance(y, Ref) else _entrywise(constant, y) for y in program.outputs
    ]
    return Expressions(symbols, rows, outputs, missing)


def _program(source: Any) -> Program:
    program = getattr(source, "program", source)
    if not isinstance(program, Program):
        raise TypeError(f"a Program or a Trace is needed, got {type(source).__name__}")
    return program


def _fill(shape: tuple[int, ...], items: Iterator[Any]) -> Any:
    if shape == ():
        return next(items)
    made = np.empty(shape, dtype=object)
    for index in np.ndindex(shape):
        made[index] = next(items)
    return made


def _entrywise(function: Callable[[Any], Any], x: Any) -> Any:
    """function of a number, or of every entry of an array."""
    if shape_of(x) == ():
        return function(x)
    made = np.empty(shape_of(x), dtype=object)
    for index in np.ndindex(made.shape):
        made[index] = function(np.asarray(x)[index])
    return made


def _symbolic_value(step: Any, args: list) -> Any:
    import sympy as sp

    def symbol(*xs: Any) -> Any:
        return _expression(step.op.symbol(sp, *xs))

    if step.op.symbol is not None:
        return _broadcast(symbol, args, shape_of(step.value))
    return _structural(step.op, args, step.params)


def _broadcast(function: Callable[..., Any], args: Sequence[Any], shape: tuple[int, ...]) -> Any:
    """function entry by entry, with NumPy's broadcasting of the arguments to shape."""
    if shape == ():
        return function(*(a if shape_of(a) == () else np.asarray(a).item() for a in args))
    spread = [np.broadcast_to(_boxed(a), shape) for a in args]
    made = np.empty(shape, dtype=object)
    for index in np.ndindex(shape):
        made[index] = function(*(a[index] for a in spread))
    return made


def _boxed(x: Any) -> Any:
    if isinstance(x, np.ndarray):
        return x
    box = np.empty((), dtype=object)
    box[()] = x
    return box


def _structural(op: Op, args: Sequence[Any], params: dict | None) -> Any:
    """A linear operation's own value function, on arrays of objects."""
    if op.name == "unbroadcast":
        picked = _sum_to(np.asarray(_boxed(args[0])), (params or {})["shape"])
    elif op.name == "where":
        picked = op.array(*(np.asarray(a) if i == 0 else _boxed(a) for i, a in enumerate(args)))
    else:
        picked = op.array(*map(_boxed, args), **(params or {}))
    result = np.asarray(picked, dtype=object)
    return result[()] if result.shape == () else result


def _sum_to(x: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The sum over every axis that broadcasting stretched; NumPy's own sum of an array of objects
    over all axes is an object, not an array."""
    extra = x.ndim - len(shape)
    stretched = tuple(i for i, n in enumerate(x.shape) if i < extra or shape[i - extra] != n)
    return np.sum(x, axis=stretched, keepdims=True).reshape(shape)


def _exact_constant(c: Any) -> Any:
    import sympy as sp

    if isinstance(c, (bool, np.bool_)):
        return sp.true if c else sp.false
    c = float(c)
    if not math.isfinite(c):
        return sp.nan if math.isnan(c) else sp.oo if c > 0 else -sp.oo
    return sp.Rational(*c.as_integer_ratio())


def _expression(x: Any) -> Any:
    """What a symbolic form returned, as a sympy expression; text is refused, never evaluated."""
    import sympy as sp

    if isinstance(x, sp.Basic):
        return x
    if isinstance(x, (bool, int, float, np.generic)):
        return _exact_constant(x)
    raise TypeError(f"a symbolic form returned {type(x).__name__}, which is no sympy expression")


def _short_constant(c: Any) -> Any:
    import sympy as sp

    exact = _exact_constant(c)
    if not exact.is_Rational or exact.is_Integer:
        return exact
    known = {math.pi: sp.pi, math.e: sp.E, math.pi / 2: sp.pi / 2, 2 * math.pi: 2 * sp.pi}
    if float(c) in known:
        return known[float(c)]
    short = exact.limit_denominator(1000)
    return short if float(short) == float(c) else sp.Float(float(c), 17)


def jacobian_matrix(source: Any, names: Sequence[str] | None = None, exact: bool = False) -> Any:
    """The exact Jacobian as a sympy Matrix, outputs by inputs, by sympy's own differentiation.

    Arguments as for expressions(). Raises NoSymbolicForm where an operation has no symbolic form
    or derivative, or an expression is too long.

    >>> import admodes as ad
    >>> from admodes.symbolic import jacobian_matrix
    >>> jacobian_matrix(ad.trace(lambda x, y: (x * y, ad.sin(x)), 1.0, 2.0))
    Matrix([
    [     y, x],
    [cos(x), 0]])
    """
    import sympy as sp

    found = expressions(source, names, exact)
    entries = []
    for y in found.outputs:
        for component in np.ravel(_boxed(y)):
            if component is None:
                raise NoSymbolicForm(
                    f"{found.missing} has no symbolic form: give symbol= to its rule"
                )
            line = [_differentiated(_expression(component), x) for x in found.symbols]
            if any(d is None for d in line):
                raise NoSymbolicForm(f"sympy finds no derivative of {component}")
            entries.append([d.replace(sp.DiracDelta, lambda *args: sp.S.Zero) for d in line])
    return sp.Matrix(len(entries), len(found.symbols), [d for line in entries for d in line])


def symbolic_jacobian(source: Any, names: Sequence[str] | None = None) -> list[list[str]]:
    """The exact Jacobian as strings, one list per output. Raises as jacobian_matrix().

    >>> import admodes as ad
    >>> from admodes.symbolic import symbolic_jacobian
    >>> symbolic_jacobian(ad.trace(lambda x1, x2: x1 * ad.exp(2 * x2), 1.0, 2.0))
    [['exp(2*x2)', '2*x1*exp(2*x2)']]
    """
    import sympy as sp

    matrix = jacobian_matrix(source, names)
    return [[sp.sstr(matrix[i, j]) for j in range(matrix.cols)] for i in range(matrix.rows)]


class Sensitivity:
    """The derivative of one number with respect to the inputs' components, with what bounds its
    error: for each input the derivative, the sum of the absolute values of all contributions to
    it, the error that inexact partials bring in, and whether every partial was symbolic.

    It adds and scales, so that linear operations run on arrays of it. An input that contributes
    nothing has no entry; 0 times a partial is 0, however infinite that is.
    """

    __slots__ = ("terms",)

    def __init__(self, terms: dict[int, tuple[Any, Any, Any, bool]]) -> None:
        self.terms = terms

    def __add__(self, other: Any) -> Any:
        if not isinstance(other, Sensitivity):
            return self if other == 0 else NotImplemented
        total = dict(self.terms)
        for k, (t, s, e, known) in other.terms.items():
            if k in total:
                t0, s0, e0, known0 = total[k]
                total[k] = (t0 + t, s0 + s, e0 + e, known and known0)
            else:
                total[k] = (t, s, e, known)
        return Sensitivity(total)

    __radd__ = __add__

    def __mul__(self, factor: Any) -> Any:
        return self.scaled(_number(factor))

    __rmul__ = __mul__

    def __eq__(self, other: object) -> bool:
        return other == 0 and all(t == 0 for t, *_ in self.terms.values())

    __hash__ = None  # type: ignore[assignment]

    def scaled(self, p: Any, slack: Any = 0, known: bool = True) -> Sensitivity:
        """This times a partial p that is wrong by no more than slack."""
        size = abs(p)
        return Sensitivity(
            {
                k: (
                    p * t if t else t,
                    size * s if s else s,
                    (size * e if e else e) + slack * s + SMALLEST,
                    known and symbolic,
                )
                for k, (t, s, e, symbolic) in self.terms.items()
            }
        )


def sensitivities(
    program: Program, partials: Sequence[Any], slacks: Sequence[Any] | None = None
) -> list[list[dict[int, tuple[Any, Any, Any, bool]]]]:
    """Accumulate local partials over the list into derivatives of each output component.

    partials[i][k] is that of row i by its argument k (a number, or an array of the row's shape;
    None for nothing); slacks[i][k] is (error bound, whether the partial is symbolic), in the same
    shape. Linear operations propagate by themselves, exactly. One list per output with the terms
    of Sensitivity for each component.
    """
    rows: list = []
    counter = itertools.count()
    for i, step in enumerate(program.steps):
        if step.op is None:
            one = _number(1)
            units = (Sensitivity({k: (one, one, 0, True)}) for k in counter)
            rows.append(_fill(shape_of(step.value), units))
        elif step.is_test:
            rows.append(None)
        elif step.op.elementwise:
            rows.append(_chained(step, rows, partials[i], slacks[i] if slacks else None))
        else:
            rows.append(_moved(step, rows, program.arguments(step)))
    outputs = []
    for y in program.outputs:
        found = rows[y.row] if isinstance(y, Ref) else None
        components = [None] * int(np.size(y)) if found is None else np.ravel(_boxed(found))
        outputs.append([c.terms if isinstance(c, Sensitivity) else {} for c in components])
    return outputs


def _chained(step: Any, rows: list, partials: Any, slacks: Any) -> Any:
    total: Any = None
    shape = shape_of(step.value)
    for k, a in enumerate(step.args):
        if not isinstance(a, Ref) or rows[a.row] is None or partials[k] is None:
            continue
        slack, known = slacks[k] if slacks else (_entrywise(lambda _: 0, partials[k]), True)

        def term(t: Any, p: Any, e: Any, known: bool = known) -> Any:
            if not isinstance(t, Sensitivity) or (step.op.selects and p == 0 and e == 0):
                return Sensitivity({})
            return t.scaled(p, e, known)

        terms = _broadcast(term, (rows[a.row], partials[k], slack), shape)
        total = terms if total is None else total + terms
    if total is None:
        return _fill(shape, iter(lambda: Sensitivity({}), None))
    return total


def _moved(step: Any, rows: list, xs: tuple) -> Any:
    """The tangent rule of a linear operation: itself, jointly or in each argument."""
    op = step.op
    given = [
        rows[a.row] if isinstance(a, Ref) and op.active(i) else None
        for i, a in enumerate(step.args)
    ]
    if getattr(op, "joint", True):
        filled = [
            (_entrywise(lambda _: 0, x) if op.active(i) else x) if t is None else t
            for i, (t, x) in enumerate(zip(given, xs, strict=True))
        ]
        return _structural(op, filled, step.params)
    plain = [_entrywise(_number, x) for x in xs]
    total: Any = None
    for i, t in enumerate(given):
        if t is not None:
            term = _structural(op, [*plain[:i], t, *plain[i + 1 :]], step.params)
            total = term if total is None else total + term
    return total


@dataclass
class RowReference:
    """One row at high precision. exact follows from the inputs alone; value and partials are taken
    at exactly the doubles that the engines saw in the row's arguments. partials has one entry per
    argument (None for constants and where there is no symbolic form), formulas sympy's text for
    it. kink is a note where the row sits on a kink: its partials are then admodes' convention."""

    row: int
    exact: Any = None
    value: Any = None
    partials: list = field(default_factory=list)
    formulas: list = field(default_factory=list)
    kink: str | None = None
    symbolic: bool = True


@dataclass
class Reference:
    """The rows at high precision, and the Jacobian swept from their partials: jacobian[i][j] for
    component i of the outputs and j of the inputs, None where a row on the way has no symbolic
    form; magnitude[i][j] is the sum of the absolute values of all contributions to it."""

    rows: list[RowReference]
    jacobian: list[list[Any]]
    magnitude: list[list[Any]]


def reference(source: Any, digits: int = DIGITS) -> Reference:
    """Values, local partials and Jacobian of a Program or Trace to `digits` digits, row by row.

    Every row is evaluated by mpmath from the operation's symbolic form, its partials from sympy's
    derivative of that form. A value outside the real domain is nan. At a kink the partials are
    those of admodes' convention and the row carries a note; at a pole they are None.

    >>> import admodes as ad
    >>> from admodes.symbolic import reference
    >>> found = reference(ad.trace(lambda x: ad.exp(x) * x, 1.0), digits=30)
    >>> import mpmath
    >>> mpmath.nstr(found.rows[1].exact, 30), mpmath.nstr(found.jacobian[0][0], 15)
    ('2.71828182845904523536028747135', '5.43656365691809')
    """
    import mpmath

    program = _program(source)
    with mpmath.workdps(digits):
        rows = [row_reference(program, i, digits) for i in range(len(program.steps))]
        for step, row in zip(program.steps, rows, strict=True):
            row.exact = _exact(program, step, rows, digits)
        known = [
            [
                None if p is None and not _needed(step, k) else _entrywise(_or_nan, p)
                for k, p in enumerate(row.partials)
            ]
            for step, row in zip(program.steps, rows, strict=True)
        ]
        swept = [terms for y in sensitivities(program, known) for terms in y]
        inputs = range(sum(int(np.size(program.steps[x.row].value)) for x in program.inputs))
        zero = (mpmath.mpf(0), mpmath.mpf(0), 0, True)
        found = [[terms.get(j, zero) for j in inputs] for terms in swept]
    return Reference(
        rows,
        [[None if mpmath.isnan(t) else +t for t, *_ in line] for line in found],
        [[s for _, s, *_ in line] for line in found],
    )


def _needed(step: Any, k: int) -> bool:
    """Whether something is propagated to argument k of an elementwise step."""
    return step.op.elementwise and isinstance(step.args[k], Ref)


def _or_nan(p: Any) -> Any:
    return _number("nan") if p is None else p


def row_reference(program: Program, i: int, digits: int = DIGITS) -> RowReference:
    """Row i of a program at exactly the doubles of its arguments (without `exact`)."""
    step = program.steps[i]
    xs = program.arguments(step)
    found = RowReference(i, partials=[None] * len(xs), formulas=[None] * len(xs))
    if step.op is None or step.is_test:
        found.value = _entrywise(_number, step.value)
        return found
    if not step.op.elementwise:
        found.value = _structural(step.op, _lifted(step.op, xs), step.params)
        return found
    form = local_form(step.op)
    if form is None:
        found.symbolic = False
        return found
    shape = shape_of(step.value)
    found.value = _broadcast(lambda *v: evaluate(form.value, v, digits), xs, shape)
    notes = {step.op.domain.kink(*v) for v in _points(xs, shape)} if step.op.domain.kink else {None}
    for k, a in enumerate(step.args):
        if isinstance(a, Ref):
            found.formulas[k] = str(form.partials[k])
            found.partials[k] = _partial_reference(step.op, k, xs, shape, notes, digits)
    found.kink = next((n for n in notes if n), None)
    return found


def _lifted(op: Op, xs: Sequence[Any]) -> list:
    return [_entrywise(_number, x) if op.active(i) else x for i, x in enumerate(xs)]


def _points(xs: Sequence[Any], shape: tuple[int, ...]) -> Iterator[tuple]:
    """The arguments of each component of a row, as numbers."""
    spread = [np.broadcast_to(np.asarray(x), shape) for x in xs]
    return (tuple(float(x[index]) for x in spread) for index in np.ndindex(shape))


def _partial_reference(
    op: Op, k: int, xs: Sequence[Any], shape: tuple[int, ...], notes: set, digits: int
) -> Any:
    """sympy's partial by argument k at the doubles xs; at kinks the declared one, with a note."""
    form = local_form(op)
    assert form is not None
    derivative = form.derivatives[k]

    def at(*v: Any) -> Any:
        noted = op.domain.kink(*map(float, v)) if op.domain.kink else None
        if noted is None and derivative is not None:
            try:
                return evaluate(derivative, v, digits)
            except AtKink:
                noted = f"{op.name} at a kink: no symbolic derivative"
                notes.add(noted)
        if noted is None:
            return None
        plain = tuple(map(float, v))
        return _number(op.partial(k, op.plain(plain), plain))  # type: ignore[attr-defined]

    return _broadcast(at, xs, shape)


def one_sided(op: Op, k: int, xs: Sequence[float]) -> list[float]:
    """The limits of sympy's partial of op by argument k as one argument at a time approaches xs
    from either side; infinite where it grows without bound. Empty without a symbolic form.

    >>> import admodes as ad
    >>> from admodes.symbolic import one_sided
    >>> sorted(one_sided(ad.abs, 0, [0.0])), one_sided(ad.sqrt, 0, [0.0])
    ([-1.0, 1.0], [inf])
    """
    import mpmath

    form = local_form(op)
    if form is None or form.derivatives[k] is None:
        return []
    limits = []
    digits = 1400
    with mpmath.workdps(digits):
        for j, side in itertools.product(range(len(xs)), (1, -1)):
            near, nearer = (
                _near(form, k, xs, j, side * mpmath.mpf(2) ** power, digits)
                for power in (-1000, -2000)
            )
            if near is None or nearer is None:
                continue
            grows = abs(nearer) > 1 and abs(nearer) > abs(near) * (1 + mpmath.mpf(2) ** -40)
            limits.append(math.copysign(math.inf, nearer) if grows else float(nearer))
    return limits


def _near(form: LocalForm, k: int, xs: Sequence[float], j: int, step: Any, digits: int) -> Any:
    """The partial by argument k with argument j moved by step; None outside the domain."""
    moved = [_number(x) for x in xs]
    moved[j] += step
    try:
        y = evaluate(form.derivatives[k], moved, digits)
    except AtKink:
        return None
    value = evaluate(form.value, moved, digits)
    return None if y is None or y != y or value is None or value != value else y


def _exact(program: Program, step: Any, rows: list[RowReference], digits: int) -> Any:
    """The row's value from the exact values of its arguments; None where it has none."""
    if step.op is None or step.is_test:
        return _entrywise(_number, step.value)
    xs = [rows[a.row].exact if isinstance(a, Ref) else a for a in step.args]
    if any(component is None for x in xs for component in np.ravel(_boxed(x))):
        return None
    if not step.op.elementwise:
        actual = program.arguments(step)
        xs = [x if step.op.active(i) else actual[i] for i, x in enumerate(xs)]
        return _structural(step.op, _lifted(step.op, xs), step.params)
    form = local_form(step.op)
    if form is None:
        return None
    return _broadcast(lambda *v: evaluate(form.value, v, digits), xs, shape_of(step.value))


def evaluate(function: Callable[..., Any], xs: Sequence[Any], digits: int = DIGITS) -> Any:
    """A compiled symbolic form at xs to `digits` digits: nan outside the real domain, None at
    poles and for arguments that are not finite. Raises AtKink at a jump.

    >>> from admodes.symbolic import evaluate, local_form
    >>> import admodes as ad
    >>> print(evaluate(local_form(ad.ln).value, [-1.0]))
    nan
    """
    import mpmath

    args = [_number(x) for x in xs]
    if not all(mpmath.isfinite(a) and mpmath.mag(a) < OUT_OF_RANGE for a in args):
        return None
    with mpmath.workdps(_working_digits(args, digits)):
        try:
            y = mpmath.mpmathify(function(*args))
        except AtKink:
            raise
        except (ZeroDivisionError, ValueError, OverflowError):
            return None
        if isinstance(y, mpmath.mpc):
            y = y.real if y.imag == 0 else mpmath.nan
    with mpmath.workdps(digits + 5):
        return +y


def _working_digits(args: Sequence[Any], digits: int) -> int:
    """Enough digits for the cancellation in forms such as e^a - 1 or 1 - tanh² a: the decimal
    exponents of the arguments, and of their exponentials as far as doubles reach."""
    import mpmath

    extra = 20.0
    for a in args:
        if a:
            extra += abs(mpmath.mag(a)) * 0.302 + min(float(abs(a)), 800.0)
    return digits + int(extra)


def _number(x: Any) -> Any:
    """x as an mpmath number, exactly."""
    import mpmath

    if isinstance(x, mpmath.mpf):
        return x
    return mpmath.mpf(x) if isinstance(x, str) else mpmath.mpf(float(x))
