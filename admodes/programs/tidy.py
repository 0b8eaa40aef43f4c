"""Make a recorded list read as the user wrote it: indexing into an input vector is the component
itself, and tests of control flow are notes on what they tested."""

from __future__ import annotations

from dataclasses import replace

from admodes.core.record import Guard, Ref, Step, WengertList


def tidy(program: WengertList) -> WengertList:
    """The program without rows that only move components or test branches."""
    return _without_idle(_direct(program))


def _direct(program: WengertList) -> WengertList:
    """References to an entry of a stack of scalars become references to that scalar."""
    alias: dict[int, object] = {}
    steps = []
    for i, step in enumerate(program.steps):
        args = tuple(alias.get(a.row, a) if isinstance(a, Ref) else a for a in step.args)
        step = replace(step, args=args)
        steps.append(step)
        if step.op is not None and step.op.name == "getitem" and isinstance(args[0], Ref):
            source = steps[args[0].row]
            index = step.params["index"] if step.params else None
            index = index[0] if isinstance(index, tuple) and len(index) == 1 else index
            if source.op is not None and source.op.name == "stack" and isinstance(index, int):
                alias[i] = source.args[index]

    def direct(a: object) -> object:
        return alias.get(a.row, a) if isinstance(a, Ref) else a

    guards = [replace(g, args=tuple(map(direct, g.args))) for g in program.guards]
    outputs = [direct(y) for y in program.outputs]
    return replace(program, steps=steps, outputs=outputs, guards=guards)


def _without_idle(program: WengertList) -> WengertList:
    """Drop what nothing uses of the operations that move components, and of tests. Where control
    flow branched on a dropped test, the guard is that test of its arguments; other guards of
    dropped rows go with them."""
    branched = {g.args[0].row for g in program.guards if g.decide is bool}
    used = {y.row for y in program.outputs if isinstance(y, Ref)}
    kept = []
    for i in reversed(range(len(program.steps))):
        step = program.steps[i]
        if i in used or not (_idle(step) and (step.is_test or i not in branched)):
            kept.append(i)
        if i in used or i in branched or not _idle(step):
            used.update(a.row for a in step.args if isinstance(a, Ref))
    new_row = {old: new for new, old in enumerate(reversed(kept))}

    def moved(a: object) -> object:
        return Ref(new_row[a.row]) if isinstance(a, Ref) else a

    steps = [
        replace(program.steps[i], args=tuple(moved(a) for a in program.steps[i].args))
        for i in reversed(kept)
    ]
    guards = []
    for g in program.guards:
        if g.decide is bool and g.args[0].row not in new_row:
            test = program.steps[g.args[0].row]
            guards.append(Guard(test.op, tuple(map(moved, test.args)), g.expected))
        elif all(a.row in new_row for a in g.args if isinstance(a, Ref)):
            guards.append(replace(g, args=tuple(map(moved, g.args))))
    return replace(
        program,
        steps=steps,
        inputs=[Ref(new_row[x.row]) for x in program.inputs],
        outputs=[moved(y) for y in program.outputs],
        guards=guards,
        origins=program.origins and program.origins.of(kept[::-1]),
    )


def _idle(step: Step) -> bool:
    return step.op is not None and (step.op.kind == "moves" or step.op.discrete)
