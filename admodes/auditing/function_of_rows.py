"""The function that a table's rows compute, read from them alone: each row defines a name, numbers
say the point. Formulas are parsed as expressions and never run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from admodes.auditing.worked_table import WorkedCell, WorkedTable
from admodes.errors import BadValue, listed
from admodes.expression.errors import ExpressionError
from admodes.expression.lowering import functions
from admodes.expression.parser import ParsedFunction, parse, parse_number, parse_with
from admodes.expression.signs import DIGITS
from admodes.expression.tokens import CAPS

_LETTER = "[^\\W⁰¹²³⁴⁵⁶⁷⁸⁹ⁿˣ]"
_NAME = re.compile(rf"(?![\d_]){_LETTER}+(?:₋[₀-₉]+|\[\d+(?:,\d+)*\])?")
_ODD_NAME = re.compile(rf"(?![\d_]){_LETTER}+(?:₋[₀-₉]+|\[\d+(?:,\d+)*\])")
"""A name that expressions do not take: v₋₁, W[1,2]."""

_HEADING_WORD = re.compile(r"[^\W\d_]{4,}")
_OTHER_COLUMNS = re.compile(
    r"rule|operation|\bop\b|comment|note|step|tangent|adjoint|partial|derivative|gradient|[∂∇\u0304"
    r"\u0307]|\bd\w*/d",
    re.IGNORECASE,
)
"""Titles of columns that say neither a formula nor a value."""

_LONGEST_PRODUCT = 20
_MOST_ROWS = 1000
"""Rows of a function that is read from a table."""


@dataclass(frozen=True)
class Definition:
    """A row that says what a name is. formula: as ad.parse takes it, empty where the row has a
    number alone; number: as its text has it, empty where it has none; table, row: its place."""

    name: str
    formula: str
    number: str
    table: int
    row: int


class ReadFunction(NamedTuple):
    """A function that was read from rows, the names of its inputs, and its point."""

    function: ParsedFunction
    names: tuple[str, ...]
    args: tuple[float, ...]


def definitions_of(tables: Iterable[WorkedTable]) -> list[Definition]:
    """The rows that define names, each name once, inputs first: as v2 = 2 v1, or as v2 beside
    2 v1; and x1 beside a number where a formula uses x1 and nothing else says its number. Rows of
    derivatives (v̇2, ∂v2/∂x1, dv2 or v2b beside v2) are none.

    >>> from admodes.auditing.reading import tables_of
    >>> table = tables_of("v0 = x1,3\\nv1 = 2 v0,2 × 3 = 6\\n")
    >>> [(d.name, d.formula, d.number) for d in definitions_of(table)]
    [('v0', 'x1', '3'), ('v1', '2 v0', '6')]
    """
    rows: dict[str, Definition] = {}
    loose: dict[str, Definition] = {}
    for table in tables:
        for place, line in enumerate(table.rows):
            definition = _definition(table, place, line)
            if definition is None:
                continue
            if "=" not in line[0].text and _is_number(definition.formula):
                loose.setdefault(definition.name, definition)
                continue
            known = rows.setdefault(definition.name, definition)
            if not known.number and known.formula == definition.formula:
                rows[known.name] = definition
    told = {row.formula for row in rows.values() if row.number}
    used = {name for row in rows.values() for name in _NAME.findall(row.formula)}
    used |= {letter for name in used if len(name) < _LONGEST_PRODUCT for letter in name}
    inputs = {name: row for name, row in loose.items() if name in used - told - rows.keys()}
    rows = inputs | rows
    marked = {name for name, row in rows.items() if _is_derivative(row, rows)}
    return [
        row
        for name, row in rows.items()
        if name not in marked and not marked & set(_NAME.findall(row.formula))
    ]


def function_of_rows(tables: Iterable[WorkedTable]) -> ReadFunction:
    """The function that evaluation tables compute, with its inputs and its point.

    A name that no row computes is an input; its number stands in the row that names it (x1 = 2, or
    v0 = x1 with 2 beside it). Outputs are the rows that no other row uses. The order of the rows
    does not matter. Raises BadValue, which names what is missing: a row, the number of an input, or
    a formula that can be read.

    >>> from admodes.auditing.reading import tables_of
    >>> table = tables_of("v0 = x1,3\\nv1 = 2 v0,6\\nv2 = v1 + sin v0,6.1411\\n")
    >>> function, names, args = function_of_rows(table)
    >>> names, args, function.outputs
    (('x1',), (3.0,), ('v2',))
    """
    definitions = definitions_of(tables)
    if not definitions:
        raise BadValue(
            "no row says what it computes, as v2 = 2 v1 does: give the function and the point"
        )
    if len(definitions) > _MOST_ROWS:
        raise BadValue(
            f"a function is read from up to {_MOST_ROWS:,} rows, these are {len(definitions):,}: "
            "give the function and the point"
        )
    safe = _Names(definitions)
    rows = {safe.name(d.name): replace(d, formula=safe.formula(d.formula)) for d in definitions}
    rows = {name: _told(row, rows) for name, row in rows.items()}
    uses = {
        name: _used(row, rows)
        for name, row in rows.items()
        if not _is_number(row.formula) or ("e" in rows and "e" in _NAME.findall(row.formula))
    }
    inputs = _inputs(rows, uses)
    computed = {name: row for name, row in rows.items() if name not in inputs}
    order = _ordered(computed, uses)
    needed = {name for name in computed for name in uses[name]}
    ends = [name for name in computed if name not in needed]
    outputs = [n for n in ends if not _is_copy(rows[n], inputs)] or ends
    if not outputs:
        raise BadValue("no row computes anything from others: give the function and the point")
    texts: list[str] = []
    written: set[str] = set()
    for output in outputs:
        behind = _behind(output, uses)
        steps = [name for name in order if name in behind and name not in written]
        written |= {*steps, output}
        texts.append("; ".join(f"{n} = {rows[n].formula}" for n in [*steps, output] if n in rows))
    kept = [name for name in inputs if any(name in uses[other] for other in computed)]
    kept = sorted(kept or inputs, key=_natural)
    longest = min(max(map(len, texts)), CAPS["max_length"])
    try:
        function = parse(*texts, inputs=kept, max_length=max(longest, 1))
    except ExpressionError as error:
        reason = str(error).splitlines()[0]
        raise BadValue(f"the rows make no function: {reason}; give the function") from error
    return ReadFunction(function, tuple(kept), tuple(inputs[name] for name in kept))


# One row


def _definition(table: WorkedTable, place: int, line: Sequence[WorkedCell]) -> Definition | None:
    """What a row defines, if it does."""
    columns = [k for k, cell in enumerate(line) if cell.text and not _is_blank(cell.text)]
    first = line[columns[0]].text if columns else ""
    beside = line[columns[1]].text if len(columns) > 1 else ""
    named = _NAME.fullmatch(first) and not (_HEADING_WORD.fullmatch(first) and "=" in beside)
    for k in columns if not named else ():
        left, equals, right = line[k].text.partition("=")
        if equals and _NAME.fullmatch(left.strip()):
            after = [line[j].text for j in columns if j > k]
            sides = [side.strip() for side in right.split("=")]
            return _row(left.strip(), sides, after, table.position, place)
    if not named:
        return None
    heads = [cell.text for cell in table.head] or [""] * len(line)
    cells = [line[k].text for k in columns[1:] if not _OTHER_COLUMNS.search(heads[k])]
    if not cells or _is_matrix(table):
        return None
    sides = [side.strip() for side in cells[0].split("=")]
    if len(sides) > 1 and sides[0] == first:
        sides = sides[1:]
    return _row(first, sides, cells[1:], table.position, place)


def _is_blank(text: str) -> bool:
    return re.fullmatch(r"[-?_…. ]+", text) is not None


def _is_matrix(table: WorkedTable) -> bool:
    """Whether the columns are named as variables are: a Jacobian."""
    titles = [cell.text for cell in table.head[1:]]
    return len(titles) > 0 and all(re.fullmatch(r"[^\W\d_]₋?\d+|[xyzw]", t) for t in titles)


def _row(
    name: str, sides: Sequence[str], beside: Sequence[str], table: int, place: int
) -> Definition | None:
    """The definition of a name from the sides of its equation and the cells beside it."""
    formula = sides[0]
    if re.search("[∂\u0304\u0307]|[_^]\\(1\\)", formula):
        return None
    number = next((s for s in reversed(sides[1:]) if _is_number(s)), "")
    for cell in beside:
        ends = [side.strip() for side in cell.split("=")]
        if not number and (len(ends) == 1 or not _NAME.fullmatch(ends[0])) and _is_number(ends[-1]):
            number = ends[0] if _is_exact(ends) else ends[-1]
    if _is_number(formula):
        return Definition(name, formula, number or formula, table, place)
    return Definition(name, formula, number, table, place) if formula else None


def _is_exact(ends: Sequence[str]) -> bool:
    """Whether a number stands behind a constant that is the same and says more, as 1/3 = 0.333."""
    return len(ends) == 2 and re.fullmatch(r"-?\d+/\d+|(?:\d+ )?π(?:/\d+)?", ends[0]) is not None


def _is_number(text: str) -> bool:
    if not re.search(r"\d|π|pi|\be\b", text) or len(text) > 100 or text.startswith("["):
        return False
    try:
        parse_number(text)
    except ExpressionError:
        return False
    return True


def _is_derivative(row: Definition, rows: Mapping[str, Definition]) -> bool:
    """Whether a name is that of another row marked as a derivative: dv2, v2d, v2b. After cc, dd is
    a letter written twice."""
    first, last = row.name[:1], row.name[-1:]
    before = first == "d" and row.name[1:] in rows and (row.name != "dd" or "cc" not in rows)
    return before or (last in ("d", "b") and row.name[:-1] in rows and row.name[-2].isdigit())


# All rows


class _Names:
    """The names of rows as names that expressions take: W_1_2 for W[1,2], v_m1 for v₋₁."""

    def __init__(self, definitions: Sequence[Definition]) -> None:
        self.known = {d.name for d in definitions}
        either = "|".join(map(re.escape, sorted(self.known, key=len, reverse=True)))
        self.product = re.compile(f"(?>{either})++")
        self.factor = re.compile(either)

    def name(self, name: str) -> str:
        if not _ODD_NAME.fullmatch(name):
            return name
        plain = name.replace("₋", "_m").translate(DIGITS)
        return re.sub(r"\W+", "_", plain).strip("_")

    def formula(self, formula: str) -> str:
        """A formula with these names; of one that is none, but several written together, such as
        wx, the product."""
        formula = _ODD_NAME.sub(lambda match: self.name(match[0]), formula)
        return _NAME.sub(self._product, formula)

    def _product(self, match: re.Match[str]) -> str:
        word = match[0]
        unknown = word not in self.known and word not in functions()
        short = word.isalpha() and len(word) < _LONGEST_PRODUCT
        several = unknown and short and self.product.fullmatch(word)
        return " ".join(self.factor.findall(word)) if several else word


def _told(row: Definition, rows: Mapping[str, Definition]) -> Definition:
    """The row with exp(v) for e^v where e is a row, too, and the numbers say that that is not
    meant."""
    if "e" not in rows or not row.number or "e^" not in row.formula:
        return row
    numbers = {name: _number(other) for name, other in rows.items() if other.number}
    told = re.sub(r"\be\^(\([^()]*\)|\w+)", r"exp(\1)", row.formula)

    def off(formula: str) -> float:
        function, used = parse_with(_names_in(formula, rows), [formula])
        if not used <= numbers.keys():
            return 0.0
        value = function(*[numbers.get(name, 0.0) for name in function.inputs])
        real = np.isreal(value) and np.isfinite(value)
        return abs(float(value) - _number(row)) if real else np.inf

    return replace(row, formula=told) if off(told) < off(row.formula) else row


def _names_in(formula: str, rows: Mapping[str, Definition]) -> list[str]:
    """The rows that a formula names."""
    return [name for name in dict.fromkeys(_NAME.findall(formula)) if name in rows]


def _used(row: Definition, rows: Mapping[str, Definition]) -> set[str]:
    """The names that a formula uses."""
    where = f"the row {row.name} = {row.formula[:60]}"
    try:
        return parse_with(_names_in(row.formula, rows), [row.formula])[1]
    except ExpressionError as error:
        reason = str(error).splitlines()[0]
        raise BadValue(f"{where} cannot be read: {reason}; or give the function") from error


def _inputs(rows: Mapping[str, Definition], uses: Mapping[str, set[str]]) -> dict[str, float]:
    """The inputs with their numbers."""
    inputs: dict[str, float] = {}
    for name, row in rows.items():
        if name not in uses:
            inputs[name] = _number(row)
        elif row.formula not in rows and uses[name] == {row.formula} and row.number:
            inputs.setdefault(row.formula, _number(row))
    missing = {
        used: row
        for name, row in rows.items()
        for used in sorted(uses.get(name, ()))
        if used not in rows and used not in inputs
    }
    for used, row in missing.items():
        if row.formula == used:
            raise BadValue(f"the row {row.name} = {used} has no number: write that of {used}")
        raise BadValue(
            f"the row {row.name} = {row.formula[:60]} uses {used}, which no row computes, and "
            f"whose number no row says: add the row of {used}, or give the function and the point"
        )
    return inputs


def _number(row: Definition) -> float:
    value = parse_number(row.number)
    assert isinstance(value, float)
    return value


def _is_copy(row: Definition, inputs: Mapping[str, float]) -> bool:
    return row.formula in inputs


def _natural(name: str) -> list[tuple[int, str]]:
    """x2 before x10, as ad.parse orders inputs."""
    return [(int(p), "") if p.isdecimal() else (-1, p) for p in re.split(r"(\d+)", name) if p]


def _ordered(computed: Mapping[str, Definition], uses: Mapping[str, set[str]]) -> list[str]:
    """The names so that each comes after those it uses. Raises BadValue for a circle."""
    order: list[str] = []
    state: dict[str, int] = {}
    for start in computed:
        stack: list[tuple[str, Iterator[str]]] = [(start, iter(sorted(uses[start])))]
        if start in state:
            continue
        state[start] = 1
        while stack:
            name, others = stack[-1]
            following = next((o for o in others if o in computed and state.get(o) != 2), None)
            if following is None:
                stack.pop()
                state[name] = 2
                order.append(name)
            elif following in state:
                names = [n for n, _ in stack]
                circle = names[names.index(following) :]
                raise BadValue(
                    f"the rows {listed(circle)} use each other: no order computes them"
                    if len(circle) > 1
                    else f"the row {following} = {computed[following].formula} uses itself"
                )
            else:
                state[following] = 1
                stack.append((following, iter(sorted(uses[following]))))
    return order


def _behind(output: str, uses: Mapping[str, set[str]]) -> set[str]:
    """The names that an output is computed from."""
    behind: set[str] = set()
    waiting = [output]
    while waiting:
        fresh = uses.get(waiting.pop(), set()) - behind
        behind |= fresh
        waiting += fresh
    return behind
