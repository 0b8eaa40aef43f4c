"""Presets by name, and a user's own as TOML: a name or the path of a file goes in, a Preset comes
out, and a Preset as the text of such a file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from admodes.errors import BadValue, choices
from admodes.views.presets import CHOICES, PARTS, PRESETS, UBC, Block, Preset, Sheet
from admodes.views.tables import Table
from admodes.views.visible import visible

ENDING = ".toml"
TEXTS = ("name", "source", "letter", "tangent", "adjoint", "times", "between", "title")
COLUMNS = {"partials": 2, "jacobian": 0}
"""The tables with lines of their own, and how many columns have a text in head."""

DERIVED = {"forward": ("tangent", "rule"), "reverse": ("adjoint",)}
"""The parts that only a kind of table has, by their first words."""


def preset_of(preset: str | Preset) -> Preset:
    """A preset by its name, or by the path of a file that ends in .toml. Raises ValueError.

    >>> preset_of("wikipedia").letter
    'w'
    """
    if isinstance(preset, Preset):
        return preset
    if str(preset).endswith(ENDING):
        return read_preset(preset)
    if preset not in PRESETS:
        raise BadValue(
            f"preset {preset!r} is unknown; {choices(preset, PRESETS)}; or give a file that ends "
            f"in {ENDING} (admodes presets ubc prints one to start from)"
        )
    return PRESETS[preset]


def read_preset(path: str | Path) -> Preset:
    """The preset in a TOML file. What it does not say is as in the preset that it names with
    `like`, ubc unless it names one. Raises ValueError where it cannot be read."""
    import tomllib  # only where a file is read: importing it takes time

    try:
        data = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise BadValue(f"{path}: cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadValue(f"{path}: no TOML: {error}") from error
    try:
        return preset_from({"name": Path(path).stem, **data})
    except BadValue as error:
        raise BadValue(f"{path}: {error}") from error


def preset_from(data: Mapping[str, Any]) -> Preset:
    """The preset that plain data describe: the fields of Preset, and like. Raises ValueError that
    names a key that is unknown or has a value that does not fit.

    >>> preset_from({"like": "griewank", "letter": "u"}).letter
    'u'
    """
    like = data.get("like", UBC.name)
    if not isinstance(like, str) or like not in PRESETS:
        raise BadValue(f"like = {like!r}: {choices(like, PRESETS)}")
    values = {k: v for k, v in data.items() if k != "like"}
    made = _checked(Preset, values, "")
    return replace(PRESETS[like], **made)


def _checked(kind: type, data: Any, where: str) -> dict[str, Any]:
    """The values of the fields of a Preset, Sheet or Block."""
    if not isinstance(data, dict):
        raise BadValue(f"{where.removesuffix('.')}: a table of keys is needed, not {data!r}")
    known = [part.name for part in fields(kind)]
    for key in data:
        if key not in known:
            raise BadValue(f"{where}{key} is unknown; {choices(key, known)}")
    return {key: _value(key, x, f"{where}{key}") for key, x in data.items()}


def _value(key: str, x: Any, where: str) -> Any:
    if key == "sheets":
        return tuple(_sheet(part, f"{where}[{k}].") for k, part in enumerate(_listed(x, where)))
    if key == "blocks":
        return tuple(_block(part, f"{where}[{k}].") for k, part in enumerate(_listed(x, where)))
    if key == "lines":
        lines = [tuple(_listed(line, where)) for line in _listed(x, where)]
        for part in (part for line in lines for part in line):
            _among(part, tuple(PARTS), where)
        if not lines or not lines[0] or len(set(map(len, lines))) != 1:
            raise BadValue(f"{where}: every line needs the same number of parts")
        return tuple(lines)
    if key in ("head", "notes"):
        return tuple(_text(part, where) for part in _listed(x, where))
    if key == "swapped":
        return tuple(_among(part, CHOICES[key], where) for part in _listed(x, where))
    if key in CHOICES:
        return _among(x, CHOICES[key], where)
    if key in TEXTS:
        return _mark(key, _text(x, where), where)
    if not isinstance(x, bool):
        raise BadValue(f"{where} = {x!r}: true or false is needed")
    return x


def _sheet(data: Any, where: str) -> Sheet:
    values = _checked(Sheet, data, where)
    if "kind" not in values:
        raise BadValue(f"{where}kind is missing; choose from {', '.join(CHOICES['kind'])}")
    sheet = Sheet(**values)
    lines = [line for block in sheet.blocks for line in block.lines]
    if sheet.kind in COLUMNS:
        if lines:
            raise BadValue(f"{where}blocks: a table {sheet.kind!r} has lines of its own")
        if len(sheet.head) != COLUMNS[sheet.kind]:
            raise BadValue(f"{where}head: a table {sheet.kind!r} has {COLUMNS[sheet.kind]} texts")
    elif set(map(len, lines)) != {len(sheet.head)}:
        raise BadValue(f"{where}head needs a text for every part of a line in blocks")
    for part in (part for line in lines for part in line):
        kinds = [kind for kind, words in DERIVED.items() if part.split()[0] in words]
        if kinds and sheet.kind not in kinds:
            raise BadValue(f"{where}blocks: there is no {part!r} in a table {sheet.kind!r}")
    return sheet


def _block(data: Any, where: str) -> Block:
    values = _checked(Block, data, where)
    if "lines" not in values:
        raise BadValue(f"{where}lines is missing")
    return Block(**values)


def _listed(x: Any, where: str) -> list:
    if not isinstance(x, list):
        raise BadValue(f"{where} = {x!r}: a list is needed")
    return x


def _among(x: Any, words: tuple[str, ...], where: str) -> str:
    if not isinstance(x, str) or x not in words:
        raise BadValue(f"{where} = {x!r} is unknown; {choices(x, words)}")
    return x


def _text(x: Any, where: str) -> str:
    if not isinstance(x, str) or visible(x, lines=False) != x or "\\" in x:
        raise BadValue(
            f"{where} = {x!r}: a text in one line is needed, without control characters and "
            "backslashes"
        )
    return x


def _mark(key: str, x: str, where: str) -> str:
    """A text that stands where the key says."""
    if key == "letter" and not re.fullmatch(r"[^\W\d_]+", x):
        raise BadValue(f"{where} = {x!r}: one or more letters are needed")
    if key in ("times", "between") and re.search(r"[\w\s{}$&#%^~]", x):
        raise BadValue(f"{where} = {x!r}: a sign such as × is needed")
    if key == "name" and not x.strip():
        raise BadValue(f"{where} is empty")
    if key in ("tangent", "adjoint"):
        bare = re.sub(r"\{[vd]\}", "", x)
        if x not in ("dot", "bar") and ("{v}" not in x or "{" in bare or "}" in bare):
            raise BadValue(f"{where} = {x!r}: dot, bar, or a text with {{v}} and perhaps {{d}}")
    return x


def preset_table() -> Table:
    """The presets by name, each with what it is after."""
    lines = [[preset.name, preset.source] for preset in PRESETS.values()]
    return Table("Presets", ["Name", "After"], lines, [False, False])


def toml_text(preset: Preset) -> str:
    """The preset as a TOML file, from which a user's own may start.

    >>> import tomllib
    >>> read = preset_from(tomllib.loads(toml_text(PRESETS["baydin"])))
    >>> read == PRESETS["baydin"]
    True
    """
    lines = [
        f"{part.name} = {_toml(getattr(preset, part.name))}"
        for part in fields(Preset)
        if part.name != "sheets"
    ]
    for sheet in preset.sheets:
        lines += ["", "[[sheets]]"]
        lines += [
            f"{part.name} = {_toml(getattr(sheet, part.name))}"
            for part in fields(Sheet)
            if part.name != "blocks" and getattr(sheet, part.name) != part.default
        ]
        for block in sheet.blocks:
            lines.append("[[sheets.blocks]]")
            lines += [f"{part.name} = {_toml(getattr(block, part.name))}" for part in fields(Block)]
    return "\n".join(lines) + "\n"


def _toml(x: Any) -> str:
    """A text, truth or list as TOML: as JSON has it."""
    return json.dumps(x, ensure_ascii=False)
