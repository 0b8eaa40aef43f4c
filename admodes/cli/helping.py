"""How help reads, and what is said of a command line that no command takes: commands and options in
groups, the words of a user for kinds of values, examples last; the nearest command, option or word
for one that there is not.

The groups are the `rich_help_panel` of commands and options.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib import import_module
from typing import Any, ClassVar

from typer import Typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from admodes.errors import choices, nearest, one_line

EXAMPLES = "\n\n\b\n"
"""What stands between the text of a command's docstring and its examples."""

WIDEST = 120
"""Columns at which lines of help end at the latest: longer ones are hard to read."""

_KINDS = {
    r"<list\[(.*)\]>": r"<\1>",
    r"<(str|list)>": "TEXT",
    "<path>": "FILE",
    "<int( range)?>": "N",
    "<float( range)?>": "NUMBER",
    r"<(.*\|.*)>": r"\1",
}


def record_of(param: Any, context: Any) -> tuple[str, str] | None:
    """An option or argument as help shows it: its names with what it takes, and what it says."""
    record = param.get_help_record(context)
    if record is None:
        return None
    names, text = record
    if param.param_type_name == "argument":
        return param.metavar or param.name.upper(), text
    for kind, word in _KINDS.items():
        names = re.sub(kind, word, names)
    return names, text


def summary_of(command: Any) -> str:
    """The first sentence of what a command says of itself."""
    first = re.split(r"\.(?:\s|$)", command.help or "", maxsplit=1)[0]
    return " ".join(first.split())


class Command(TyperCommand):
    """A command of the application."""

    def collect_usage_pieces(self, context: Any) -> list[str]:
        """[OPTIONS] and the arguments by their names."""
        arguments = [p for p in self.get_params(context) if p.param_type_name == "argument"]
        names = [(p.metavar or p.name.upper(), p.required) for p in arguments]
        shown = [n if needed or n.startswith("[") else f"[{n}]" for n, needed in names]
        return ["[OPTIONS]", *shown]

    def format_help_text(self, context: Any, formatter: Any) -> None:
        """What the command does, without its examples."""
        _write_paragraphs(formatter, (self.help or "").partition(EXAMPLES)[0])

    def format_options(self, context: Any, formatter: Any) -> None:
        """Arguments, then the options in their groups."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(context):
            record = record_of(param, context)
            usual = "Arguments" if param.param_type_name == "argument" else "Options"
            title = getattr(param, "rich_help_panel", None) or usual
            if record is not None:
                groups.setdefault(title, []).append(record)
        _write_groups(formatter, groups)

    def format_epilog(self, context: Any, formatter: Any) -> None:
        """The examples, folded where a shell lets them go on."""
        _write_examples(formatter, (self.help or "").partition(EXAMPLES)[2])

    def parse_args(self, context: Any, args: list[str]) -> list[str]:
        """Refuses an option that was typed with one dash, which may look like an expression."""
        known = [name for p in self.get_params(context) for name in p.opts]
        for word in args[: args.index("--")] if "--" in args else args:
            typed = re.fullmatch(r"\s?[-–—]([a-z][a-z-]+)(=.*)?", word, re.DOTALL)
            if typed and f"--{typed[1]}" in known and typed[1] != "at":
                context.fail(f"{word.strip()}: an option has two dashes: --{typed[1]}")
        return super().parse_args(context, args)


class Commands(TyperGroup):
    """The application: its commands in groups, each imported when it is asked for."""

    groups: ClassVar[Mapping[str, Mapping[str, str]]] = {}
    """For each title of the help the commands, with the modules that have them."""

    def list_commands(self, context: Any) -> list[str]:
        """The names of the commands as help lists them, of which none is imported."""
        return [name for members in self.groups.values() for name in members]

    def get_command(self, context: Any, name: str) -> Any:
        """A command by its name; None where there is none of the name."""
        for title, members in self.groups.items():
            if name in members:
                return _command(name, members[name], title)
        return None

    def format_help_text(self, context: Any, formatter: Any) -> None:
        """What the application is, without its examples."""
        _write_paragraphs(formatter, (self.help or "").partition(EXAMPLES)[0])

    def format_epilog(self, context: Any, formatter: Any) -> None:
        """The examples."""
        _write_examples(formatter, (self.help or "").partition(EXAMPLES)[2])

    def format_commands(self, context: Any, formatter: Any) -> None:
        """The commands in their groups, one line each."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for name in self.list_commands(context):
            command: Any = self.get_command(context, name)
            title = command.rich_help_panel or "Commands"
            groups.setdefault(title, []).append((name, summary_of(command)))
        _write_groups(formatter, groups)

    def parse_args(self, context: Any, args: list[str]) -> list[str]:
        """`admodes help [COMMAND]` is the help of the command."""
        return super().parse_args(context, [*args[1:], "--help"] if args[:1] == ["help"] else args)

    def resolve_command(self, context: Any, args: list[str]) -> Any:
        """The command of the first word; the nearest one is named where there is none."""
        word, known = args[0].strip(), self.list_commands(context)
        if args[0] not in known:
            meant = nearest(word, known)
            if not re.fullmatch("[A-Za-z-]+", word):
                context.fail(f"a command comes first: admodes trace {shlex.quote(word)}")
            hint = f": did you mean {meant}?" if meant else ""
            context.fail(f"there is no command {word}{hint}")
        return super().resolve_command(context, args)


@cache
def _command(name: str, module: str, title: str) -> Any:
    """The function of a module that has the name of a command, as a command of a group."""
    alone = Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    function = getattr(import_module(module), name.replace("-", "_"))
    alone.command(name, cls=Command, rich_help_panel=title)(function)
    return get_command(alone)


def _write_paragraphs(formatter: Any, text: str) -> None:
    formatter.write_paragraph()
    with formatter.indentation():
        formatter.write_text(text)


def _write_groups(formatter: Any, groups: dict[str, list[tuple[str, str]]]) -> None:
    """The records of all groups in the same two columns."""
    widest = max((len(names) for records in groups.values() for names, _ in records), default=0)
    for title, records in groups.items():
        with formatter.section(title):
            formatter.write_dl([(n.ljust(min(widest, 26)), text) for n, text in records], 26)


def _write_examples(formatter: Any, examples: str) -> None:
    if not examples:
        return
    with formatter.section("Examples"):
        room = formatter.width - formatter.current_indent
        for example in examples.strip("\n").splitlines():
            for line in _folded(example, room):
                formatter.write(f"{'':{formatter.current_indent}}{line}\n")


def _folded(command: str, width: int) -> Iterator[str]:
    """The lines of a command, each but the last with a backslash, which makes a shell go on."""
    if len(command) <= width:
        yield command
        return
    line = ""
    for word in _words(command):
        if line.strip() and len(line) + len(word) + 3 > width:
            yield f"{line} \\"
            line = f"    {word}"
        else:
            line = f"{line} {word}" if line.strip() else f"{line}{word}"
    yield line


def _words(command: str) -> Iterable[str]:
    """The words of a command as they were typed, quotes and all; an option with its value."""
    word = r"""(?:[^\s"']|"[^"]*"|'[^']*')+"""
    return re.findall(rf"--?[a-z-]+ (?!-){word}|{word}", command)


NEEDED = {
    "^a valid integer,.*": "a whole number",
    "^a valid number,.*": "a number",
    "^less than or equal to (.*)": r"a number up to \1",
    "^greater than or equal to (.*)": r"a number from \1 on",
}
"""How typer says what an option takes, and how it is said plainly."""

MISSING = {
    "FUNCTION": ": give an expression, file.py:function or @problem",
    "--gradient": ": give the derivative by hand, each entry with its own --gradient",
    "DIMENSIONS": ": give them as 10,20,30 for J1 of 10 × 20 and J2 of 20 × 30",
}
"""What to write where it is missing."""


def misuse(message: str) -> str:
    """What typer says of options and arguments, with the words that there are and the nearest one.

    >>> misuse("Invalid value for '--kind': Value error, 'bth' is not one of 'both', 'none'.")
    '--kind bth: choose from both, none; did you mean both?'
    >>> misuse("Invalid value for '--digits': Input should be less than or equal to 17")
    '--digits takes a number up to 17'
    """
    text = one_line(message)
    wrong = re.fullmatch(
        r"Invalid value for (.*?): (?:Value error, )?'(.*)' is not one of (.*)", text
    )
    if wrong:
        option = wrong[1].split(" / ")[-1].strip("'")
        words = re.findall("'([^']*)'", wrong[3])
        return f"{option} {wrong[2]}: {choices(wrong[2], words)}"
    text = text.replace("Value error, ", "").removesuffix(".")
    kept = re.fullmatch(r"Invalid value for (.*?): Input should be (.*)", text)
    if kept:
        needed = kept[2]
        for pattern, plainly in NEEDED.items():
            needed = re.sub(pattern, plainly, needed)
        option = kept[1].split(" / ")[-1].strip("'")
        return f"{option} takes {needed}"
    missing = re.fullmatch(r"Missing (?:argument|option) '([^ '/]*?)(?:\.\.\.)?['/ ].*", text)
    if missing:
        return f"{missing[1]} is missing{MISSING.get(missing[1], '')}"
    more = re.fullmatch(r"Got unexpected extra argument\(s\) \((.*)\)", text)
    if more:
        return f"{more[1]} is more than this command takes"
    if text == "Option '--at' requires an argument":
        return "--at needs a point: write a name and its value, as --at x1=2,x2=1"
    return text
