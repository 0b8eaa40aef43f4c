"""The JSON of a trace as tables: each number of it stands in a cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from admodes.auditing.drafts import Draft, cell
from admodes.errors import BadValue
from admodes.views.dialects import Text

SCHEMAS = ("admodes.trace/1", "admodes.array-trace/1")


def trace_tables(data: Mapping[str, Any]) -> list[Draft]:
    """The tables of a trace: values, partials, tangents by input, adjoints by output, Jacobians; of
    a trace of arrays values and adjoints. Raises BadValue for what is no such data."""
    schema = data.get("schema")
    if schema not in SCHEMAS:
        raise BadValue(
            f"JSON of the schema {schema!r} has no tables: give that of admodes trace "
            f"({' or '.join(SCHEMAS)})"
        )
    try:
        return _arrays(data) if schema == SCHEMAS[1] else _numbers(data)
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise BadValue(
            f"the trace does not hold what {schema} says ({type(error).__name__}: {error}): write "
            "it anew with admodes trace --format json"
        ) from error


_WRITE = Text(None)


def _number(x: Any) -> str:
    return _WRITE.array(x, full=True) if isinstance(x, list) else _WRITE.number(x)


def _draft(heading: str, head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[Draft]:
    lines = [[cell(text) for text in line] for line in (head, *rows)]
    return [Draft(heading, lines, 1)] if rows else []


def _evaluated(left: str, value: Any) -> str:
    number = _number(value)
    return number if not left or left == number else f"{left} = {number}"


def _values(data: Mapping[str, Any]) -> list[tuple[str, ...]]:
    names = [str(row["name"]) for row in data["rows"]]
    rows: list[tuple[str, ...]] = []
    for row in data["rows"]:
        name, formula = _WRITE.variable(str(row["name"])), str(row["symbolic"])
        left = name if name == formula else f"{name} = {formula}"
        substituted = row.get("substituted")
        rows.append((left, _evaluated(str(substituted or ""), row["value"])))
    for output in data["outputs"]:
        source = "" if output["row"] is None else names[output["row"]]
        if source != output["name"]:
            left = f"{output['name']} = {_WRITE.variable(source)}" if source else output["name"]
            rows.append((str(left), _number(output["value"])))
    return rows


def _numbers(data: Mapping[str, Any]) -> list[Draft]:
    rows = data["rows"]
    names = [str(row["name"]) for row in rows]
    drafts = _draft("Evaluation trace", ("Expression", "Evaluation"), _values(data))
    partials = [
        (_WRITE.derivative(names[k], names[arg["row"]]), _number(partial))
        for k, row in enumerate(rows)
        for arg, partial in zip(row["args"], row["partials"], strict=True)
        if "row" in arg and partial is not None
    ]
    drafts += _draft("Local partials", ("Partial", "Evaluation"), partials)
    for direction in data["seeds"]["forward"]:
        tangents = [
            (_WRITE.derivative(names[k], direction), _number(row["tangents"][direction]))
            for k, row in enumerate(rows)
            if row["tangents"].get(direction) is not None
        ]
        title = f"Forward tangent trace for {direction}"
        drafts += _draft(title, ("Expression", "Evaluation"), tangents)
    for direction in data["seeds"]["reverse"]:
        adjoints = [
            (_WRITE.bar(names[k]), _adjoint(row, direction))
            for k, row in reversed(list(enumerate(rows)))
            if row["adjoints"].get(direction) is not None
        ]
        title = f"Reverse adjoint trace for {direction}"
        drafts += _draft(title, ("Expression", "Evaluation"), adjoints)
    inputs = [str(x["name"]) for x in data["inputs"]]
    outputs = [str(y["name"]) for y in data["outputs"]]
    for mode in ("forward", "reverse"):
        matrix = data["jacobian"].get(mode)
        lines = [(y, *map(_number, line)) for y, line in zip(outputs, matrix or [])]
        drafts += _draft(f"Jacobian, {mode}", ("", *inputs), lines)
    return drafts


def _adjoint(row: Mapping[str, Any], direction: str) -> str:
    """[adjoint × partial] + … = value, with the contributions that the trace has."""
    parts = [
        " × ".join(f"({n})" if n.startswith("-") else n for n in map(_number, pair))
        for c in row["contributions"].get(direction, [])
        for pair in [(c["adjoint"], c["partial"])]
    ]
    left = parts[0] if len(parts) == 1 else " + ".join(f"[{part}]" for part in parts)
    return _evaluated(left, row["adjoints"][direction])


def _arrays(data: Mapping[str, Any]) -> list[Draft]:
    drafts = _draft("Evaluation trace", ("Expression", "Value"), _values(data))
    for name, accent in (("tangent", _WRITE.dot), ("adjoint", _WRITE.bar)):
        rows = [
            (
                accent(str(row["name"]))
                + (f" = {row[name + '_symbolic']}" if row[name + "_symbolic"] else ""),
                _number(row[name]),
            )
            for row in data["rows"]
            if row[name] is not None
        ]
        title = "Forward tangent trace" if name == "tangent" else "Reverse adjoint trace"
        order = rows if name == "tangent" else rows[::-1]
        drafts += _draft(title, ("Expression", "Value"), order)
    return drafts
