"""Make a recorded list read as the user wrote it: indexing into an input vector is the component
itself, and tests of control flow are notes on what they tested."""

from __future__ import annotations

from dataclasses import replace

from admodes.core.record import Program, Ref, Step


def tidy(program: Program) -> Program:
    """The program without rows that only move components or test branches."""
    return _without_idle(_direct(program))


def _direct(program: Program) -> Program:
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


def _without_idle(program: Program) -> Program:
    """Drop what nothing uses of the operations that move components, and of tests; what the
    control flow took from a dropped test is kept with the latest row that it tested. Guards of
    dropped rows go with them."""
    used = {y.row for y in program.outputs if isinstance(y, Ref)}
    kept = []
    for i in reversed(range(len(program.steps))):
        step = program.steps[i]
        if i in used or not _idle(step):
            kept.append(i)
            used.update(a.row for a in step.args if isinstance(a, Ref))
        elif step.branches:
            used.update(a.row for a in step.args if isinstance(a, Ref))
    new_row = {old: new for new, old in enumerate(reversed(kept))}

    def moved(a: object) -> object:
        return Ref(new_row[a.row]) if isinstance(a, Ref) else a

    steps = [
        replace(program.steps[i], args=tuple(moved(a) for a in program.steps[i].args))
        for i in reversed(kept)
    ]
    for i, step in enumerate(program.steps):
        if i not in new_row and step.branches:
            args = tuple(moved(a) for a in step.args)
            tested = max((a.row for a in args if isinstance(a, Ref)), default=0)
            steps[tested].tests += tuple((step.op, args, truth) for truth in step.branches)
    return replace(
        program,
        steps=steps,
        inputs=[Ref(new_row[x.row]) for x in program.inputs],
        outputs=[moved(y) for y in program.outputs],
        guards=[
            replace(g, args=tuple(map(moved, g.args)))
            for g in program.guards
            if all(a.row in new_row for a in g.args if isinstance(a, Ref))
        ],
    )


def _idle(step: Step) -> bool:
    return step.op is not None and (step.op.kind == "moves" or step.op.is_test)
