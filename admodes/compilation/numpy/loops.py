"""The rows of a program one after the other, and loops among them: a loop becomes a function of its
own, a `for` over the rows of its body.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from admodes.compilation.numpy.handing import Handings, Source
from admodes.compilation.numpy.lowerings import array_row
from admodes.compilation.numpy.placement import is_array
from admodes.compilation.numpy.turns import TurnWriter
from admodes.compilation.numpy.writer import NumpyWriter, is_scalar_row
from admodes.core.record import Guard, Ref, Step
from admodes.loops.operations import loop
from admodes.optimisation import lower
from admodes.optimisation.optimised import Optimised
from admodes.optimisation.passes.loop_copies import region_of
from admodes.programs.replay import same
from admodes.programs.rewriting import has_value


def write_rows(writer: NumpyWriter) -> bool:
    """The statements of all rows that are no inputs, and of the guards. Whether there are arrays
    among the rows."""
    due = writer.program.due()
    handings = Handings(writer.program)
    arrays = False
    for i, step in enumerate(writer.steps):
        if i in writer.skipped:
            continue
        arrays |= i not in handings.gone and is_array(step.like)
        if step.op is loop:
            arrays |= _loop_row(writer, handings, i, step)
        elif i in handings.numbers:
            row, k = handings.numbers[i]
            writer.store(i, f"h{row}[{k + 1}]")
        elif i not in handings.gone and step.op is not None:
            if is_scalar_row(writer, step):
                writer.scalar(i, step)
            else:
                array_row(writer, i, step)
        for guard in due.get(i, ()):
            _guard(writer, guard)
        writer.release(i)
    return arrays


def _guard(writer: NumpyWriter, guard: Guard) -> None:
    if guard.decide is has_value and writer.steps[guard.last].op is loop:
        # It has run when it comes to this. Its vector may be nowhere.
        return
    args = ", ".join(
        writer.text(a) if isinstance(a, Ref) else writer.bind(a, "k") for a in guard.args
    )
    if guard.decide is bool:
        # What the branch tested is true or false as Python takes it, nan being true.
        test = f"not {args}" if guard.expected else args
    elif guard.rewritten:
        test = f"not {writer.bind(guard.decide, 'g')}({args})"
    else:
        decide, expected = writer.bind(guard.decide, "g"), writer.bind(guard.expected, "e")
        test = f"not {writer.use('same', same)}({decide}({args}), {expected})"
    # Guards of turns have no numbers of their own.
    plain = guard.number is None or isinstance(writer, TurnWriter)
    miss = "MISS" if plain else f"Miss({guard.number})"
    writer.body.append(f"if {test}:")
    writer.body.append(f"    return {writer.whole if guard.rewritten else miss}")


def _loop_row(writer: NumpyWriter, handings: Handings, i: int, step: Step) -> bool:
    region = region_of(step)
    vector = "None" if i in handings.gone else writer.target(i, step)
    assert vector is not None
    turn = TurnWriter(writer, region, Optimised.of(lower(region.body)))
    given = _Arguments(writer, turn, handings, i, step)
    turn.results()
    arrays = write_rows(turn)
    handing = handings.of[i]
    turn.finish(handing.results, sorted(handing.filled))
    name = f"loop{i}"
    writer.workspace.inside += turn.workspace.nbytes
    writer.setup.append(_text(turn, name, given, bool(handing.results)))
    stay = ", ".join((vector, *given.stay.values()))
    writer.setup.append(f"{name} = make_{name}({stay})")
    writer.body.append(f"h{i} = {name}({', '.join(given.run.values())})")
    rewritten = {guard.rewritten for guard in turn.program.guards}
    if False in rewritten:
        writer.body += [f"if h{i} is MISS:", "    return MISS"]
    if True in rewritten:
        writer.body += [f"if h{i} is None:", f"    return {writer.whole}"]
    return arrays


class _Arguments:
    """What the function of a loop takes, by name, as expressions outside of it. stay: what is there
    before the first run, in the workspace; run: at each run."""

    def __init__(
        self, writer: NumpyWriter, turn: TurnWriter, handings: Handings, i: int, step: Step
    ) -> None:
        self.writer, self.turn = writer, turn
        self.stay: dict[str, str] = {}
        self.run: dict[str, str] = {}
        self.handed: dict[tuple[int, bool], dict[int, str]] = {}
        region = turn.region
        first, last = region.carried, region.carried + region.per_turn
        for k, a in enumerate(step.args[:first]):
            self.run[f"u{k}"] = writer.text(a)
        turn.states()
        for p, a in enumerate(step.args[first:], first):
            row = turn.program.inputs[p].row
            source = handings.taken.get((i, p))
            if p >= last:
                turn.texts[row] = self._constant(row, a)
            else:
                if source is not None:
                    turn.texts[row] = self._handed(row, source)
                else:
                    turn.texts[row] = f"v{row}"
                    self._stack(row, a)
        self._hand_all(handings)

    def _constant(self, row: int, a: Any) -> str:
        if not isinstance(a, Ref):
            turn = self.turn
            if is_array(a):
                turn.static.add(row)
                turn.layouts[row] = a
            return self.writer.text(a)
        self._given(row, f"v{row}", a)
        return f"v{row}"

    def _given(self, row: int, name: str, a: Ref) -> bool:
        """The function takes an argument under this name; whether it stays from run to run."""
        writer = self.writer
        stays = a.row in writer.static
        (self.stay if stays else self.run)[name] = writer.text(a)
        if row >= 0 and is_array(writer.value(a)):
            self.turn.layouts[row] = writer.layout(a)
            if stays:
                self.turn.static.add(row)
        return stays

    def _stack(self, row: int, a: Any) -> None:
        """Entries of an array, one for each turn."""
        turn, name = self.turn, f"a{row}"
        stays = True
        if isinstance(a, Ref):
            stays = self._given(-1, name, a)
        else:
            name = self.writer.text(a)
        text = f"{name}[::-1]" if turn.region.backwards else name
        like = turn.steps[row].like
        if not is_array(like):
            constant = not isinstance(a, Ref)
            (turn.setup if constant else turn.head).append(f"l{row} = {text}.tolist()")
            turn.streams.append((f"v{row}", f"l{row}"))
            return
        entries = self.writer.layout(a)
        turn.layouts[row] = entries[0] if len(entries) else np.empty(like.shape)
        if stays:
            turn.stack(f"v{row}", text, row=row)
        else:
            turn.streams.append((f"v{row}", text))

    def _handed(self, row: int, source: Source) -> str:
        """The name of numbers that an earlier loop has kept, one for all rows that read them."""
        names = self.handed.setdefault((source.row, source.turned), {})
        return names.setdefault(source.result, f"v{row}")

    def _hand_all(self, handings: Handings) -> None:
        for (row, turned), names in self.handed.items():
            region = region_of(self.writer.steps[row])
            self.run[f"kept{row}"] = f"h{row}[0]"
            back = turned ^ region.backwards ^ self.turn.region.backwards
            source = f"reversed(kept{row})" if back else f"kept{row}"
            pattern = ", ".join(names.get(j, "_") for j in handings.of[row].results)
            self.turn.streams.append((f"({pattern},)", source))


def _text(turn: TurnWriter, name: str, given: _Arguments, hands: bool) -> str:
    if turn.streams and all(source.startswith("cycle(") for _, source in turn.streams):
        turn.streams.append(("_", f"range({turn.region.n})"))
    names = ", ".join(x for x, _ in turn.streams)
    sources = ", ".join(x for _, x in turn.streams)
    numbers = [turn.numbers.get(k, "None") for k in range(turn.region.carried)]
    if not turn.streams:
        header = f"for _ in range({turn.region.n}):"
    elif len(turn.streams) == 1:
        header = f"for {names} in {sources}:"
    else:
        header = f"for {names} in zip({sources}):"
    run = [
        *turn.head,
        header,
        *(f"    {line}" for line in turn.body or ["pass"]),
        *turn.tail,
        f"return {', '.join(('kept' if hands else 'None', *numbers))},",
    ]
    setup = [line for text in (*turn.workspace.lines(), *turn.setup) for line in text.split("\n")]
    lines = [
        f"def make_{name}({', '.join(('y', *given.stay))}):",
        *(f"    {line}" for line in setup),
        # Not {name}, which may be a loop in this one.
        f"    def turns({', '.join(given.run)}):",
        *(f"        {line}" for line in run),
        "    return turns",
    ]
    return "\n".join(lines)
