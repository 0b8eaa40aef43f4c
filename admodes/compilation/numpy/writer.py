"""NumpyWriter, the state of the code generator: the lines so far, the name or expression of each
row, and the buffer of each array. The other modules here add statements to it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from admodes.compilation.numpy.code import Place, Workspace
from admodes.compilation.numpy.kernels import DEEPEST, as_float64, number, on_floats, template
from admodes.compilation.numpy.orders import aligned, chosen_order, in_order, runs_across
from admodes.compilation.numpy.patterns import tie_slopes
from admodes.compilation.numpy.placement import Buffers, Lifetimes, is_array, overwritten
from admodes.compilation.numpy.reads import entry_reads, named_reads, operands_only
from admodes.core.op import Op
from admodes.core.record import Ref, Step
from admodes.loops.operations import loop
from admodes.optimisation.optimised import Optimised
from admodes.optimisation.passes.placed_sums import alike, placed_sums

MANY = 4
"""Entries that are read one by one before an array is turned into a list of Python floats."""
WORTH = 4
"""An array is, where at most so many times as many entries are in it as are read."""
MOST = 10_000
"""Positions, at most, of which equal ones are kept once, so that they stay in the cache."""

FEW = 256
"""Entries of an operand whose order in memory matters."""
LESS = 4
"""An operand is copied into the result's order where that has so many times as many entries."""

STAYS = (None, loop)
"""Of inputs and loops the memory stays where it is: whoever returns a part of it copies that."""


class NumpyWriter:
    """A program while it is written as Python code; other modules add a statement for each row.

    setup, body: the lines that make views and zeros, once for each thread that runs the code,
        and those that are run each time.
    texts: for each row the expression that others read it by: a name, or, for a number that is
        read once, the formula itself, of which depths says how deeply it is nested.
    space: the objects that names in the code stand for. outer: the writer of the program in which
        this one is the body of a loop, with which it shares them.
    lifetimes, buffers, buffer_of: which rows share memory and when they are last read; the memory
        that is planned; and the number of the buffer of each row that has one.
    static: rows whose array stays from run to run; returned: rows that are allocated at each run,
        since they are outputs; taken: rows that are written into the memory of another row.
    layouts: an array with the strides of each row's array; its entries mean nothing.
    workspace: the buffers and the arrays in them; shown: names of arrays that are seen in another
        shape.
    absorbed, slopes, skipped: rows that are written together as one statement.
    """

    def __init__(
        self, program: Optimised, overwrites: Any, outer: NumpyWriter | None = None
    ) -> None:
        self.program = program
        self.loose = program.loose
        self.overwrites = overwrites
        self.steps = program.steps
        self.setup: list[str] = []
        self.body: list[str] = []
        self.space: dict[str, Any] = outer.space if outer else {}
        self.bound: dict[int, str] = outer.bound if outer else {}
        self.positions: dict[tuple, np.ndarray] = outer.positions if outer else {}
        self.dtypes: dict[np.dtype, np.dtype] = outer.dtypes if outer else {}
        self.constants: dict[str, str] = outer.constants if outer else {}
        self.shown: set[str] = set()
        self.texts: list[str] = [""] * len(self.steps)
        self.depths = [0] * len(self.steps)
        self.reads = named_reads(program)
        self.absorbed, gone = placed_sums(program, self.reads)
        self.skipped = gone
        self.entries = entry_reads(program)
        self.operands_only = operands_only(program, self.reads)
        self.slopes, halves = tie_slopes(program, self.reads)
        self.skipped |= halves
        later = {i: found[3] for i, found in self.absorbed.items()}
        later |= {i: tie for i, (_, tie) in self.slopes.items()}
        self.lifetimes = Lifetimes(program, self._owns, later)
        self.buffers = Buffers()
        self.workspace = Workspace(self.buffers.sizes)
        self.buffer_of: dict[int, int] = {}
        self.static: set[int] = set()
        self.layouts: dict[int, np.ndarray] = {}
        self.fresh: set[int] = set()
        self.lists: dict[int, str] = {}
        self.returned = self._returned()
        self.taken: dict[int, int] = {}
        self._take_over()
        self.ending: dict[int, list[int]] = {}
        for root, last in enumerate(self.lifetimes.last):
            self.ending.setdefault(last, []).append(root)

    @property
    def whole(self) -> str:
        """The exact program in the place of this one."""
        return f"whole({', '.join(f'v{x.row}' for x in self.program.inputs)})"

    def _owns(self, i: int, step: Step) -> bool:
        """Whether row i, which is no view, is memory of its own for certain: a user's kernel may
        give an argument back, and so may the slope at a tie."""
        return i not in self.slopes and not step.op.custom

    def _returned(self) -> dict[int, int]:
        """Rows that are allocated anew at each run, because an output is (a view of) them alone."""
        families: Counter = Counter()
        for y in self.program.outputs:
            if isinstance(y, Ref):
                families.update(self.lifetimes.roots[y.row])
        found = {}
        for y in self.program.outputs:
            if isinstance(y, Ref) and is_array(self.steps[y.row].like):
                roots = self.lifetimes.roots[y.row]
                root = min(roots, default=-1)
                alone = len(roots) == 1 and families[root] == 1
                if alone and self.steps[root].op not in STAYS:
                    found[root] = y.row
        return found

    def _take_over(self) -> None:
        """Returned rows that are written into the memory of an argument that nothing else reads:
        that memory is allocated anew instead, and row by row back to where it is first written."""
        waiting = list(self.returned)
        memory: dict[int, int] = {}
        while waiting:
            i = waiting.pop()
            a = self._last_read(i)
            if a is None:
                continue
            (root,) = self.lifetimes.roots[a]
            self.taken[i] = a
            memory[i] = root
            self.returned[root] = self.returned.pop(i)
            waiting.append(root)
        self.lifetimes.join(memory)

    def _last_read(self, i: int) -> int | None:
        """An argument whose memory row i may be written into, as the last row that reads it."""
        step, lifetimes = self.steps[i], self.lifetimes
        placed = self.absorbed.get(i)
        if placed is None and not self.overwrites(step, self.values(step)):
            return None
        for a in overwritten(step) if placed is None else (placed[0],):
            if not isinstance(a, Ref) or not alike(self.value(a), step.like):
                continue
            roots = lifetimes.roots[a.row]
            if len(roots) != 1:
                continue
            (root,) = roots
            own = lifetimes.roots[root] == {root} and lifetimes.last[root] == i
            made = self.steps[root]
            whole = made.op not in STAYS and made.like.size == step.size
            if own and whole and made.like.dtype == step.dtype:
                return a.row
        return None

    def bind(self, x: Any, stem: str) -> str:
        """The name of an object in the code, one for each object; one for equal positions, and for
        equal dtypes, of which NumPy may have several objects."""
        if isinstance(x, np.dtype):
            x = self.dtypes.setdefault(x, x)
        elif x.__class__ is np.ndarray and x.dtype.kind == "i" and x.size <= MOST:
            x = self.positions.setdefault((x.shape, x.dtype, x.tobytes()), x)
        name = self.bound.get(id(x))
        if name is None:
            name = self.bound[id(x)] = f"{stem}{len(self.bound)}"
            self.space[name] = x
        return name

    def function(self, f: Any) -> str:
        """A function of NumPy by its own name."""
        return self.use(f.__name__, f)

    def use(self, name: str, x: Any) -> str:
        """A name of NumPy or of an operation, as it is, where Python reads it as that name."""
        if not (name.isascii() and name.isidentifier()):
            return self.bind(x, "k")
        self.space[name] = x
        return name

    def value(self, a: Any) -> Any:
        """What an argument stands for: a number, or an array of its shape and dtype."""
        return self.steps[a.row].like if isinstance(a, Ref) else a

    def listed(self, a: Any) -> str | None:
        """The name of the list of an array's entries, where many of them are read one by one."""
        if not isinstance(a, Ref) or self.entries[a.row] < MANY:
            return None
        if self.value(a).size > WORTH * self.entries[a.row]:
            return None
        if a.row not in self.lists:
            self.lists[a.row] = f"t{a.row}"
            flat = "" if self.value(a).ndim == 1 else ".ravel()"
            self.body.append(f"t{a.row} = {self.text(a)}{flat}.tolist()")
        return self.lists[a.row]

    def values(self, step: Step) -> tuple:
        return tuple([self.steps[a.row].like if a.__class__ is Ref else a for a in step.args])

    def text(self, a: Any) -> str:
        """An argument as an expression."""
        if a.__class__ is Ref:
            return self.texts[a.row]
        return self.bind(a, "k") if is_array(a) else number(a, self.bind)

    def operand(self, a: Any, doubles: bool) -> str:
        """An argument of a kernel on arrays; doubles: the arrays are all float64, where NumPy takes
        an array of shape () faster than a Python number."""
        if a.__class__ is Ref or is_array(a):
            return self.text(a)
        if doubles and a.__class__ in (float, int, np.float64):
            # Zeros of either sign are different constants, nan is one.
            key = float(a).hex()
            if key not in self.constants:
                name = f"c{len(self.constants)}"
                self.constants[key] = self.use(name, np.array(float(a)))
            return self.constants[key]
        return self.text(a) if a.__class__ is float else self.bind(a, "k")

    def shaped(self, a: Any, shape: tuple[int, ...]) -> str:
        """An argument, contiguous, seen in another shape; once where it is in the workspace."""
        text = self.text(a)
        if self.value(a).shape == shape:
            return text
        made = self.layout(a)
        lasting = isinstance(a, Ref) and a.row in self.static
        if not lasting or not np.shares_memory(made.reshape(shape), made):
            return f"{text}.reshape({shape})"
        name = f"{text}_{'_'.join(map(str, shape))}"
        if name not in self.shown:
            self.shown.add(name)
            self.setup.append(f"{name} = {text}.reshape({shape})")
        return name

    def operands(self, step: Step, out: np.ndarray | None = None) -> str:
        """The arguments of a kernel on arrays. out: what it writes to."""
        doubles = all(not is_array(v) or as_float64(v) for v in self.values(step))
        if not self.loose or out is None or out.size < LESS * FEW:
            return ", ".join([self.operand(a, doubles) for a in step.args])
        return ", ".join([self._turned(a, out) or self.operand(a, doubles) for a in step.args])

    def _turned(self, a: Any, out: np.ndarray) -> str | None:
        """A copy of a smaller argument that lies in memory across the result."""
        value = self.value(a)
        if not is_array(value) or value.size < FEW or LESS * value.size > out.size:
            return None
        if not runs_across(self.layout(a), out):
            return None
        like = in_order(value, aligned(value, out))
        if not isinstance(a, Ref):
            like[...] = value
            return self.bind(like, "k")
        name = f"t{len(self.setup)}_{len(self.body)}"
        base = tuple(like.shape[k] for k in aligned(value, out))
        text = f"empty({base}, {self.bind(like.dtype, 'dtype')})"
        axes = tuple(map(int, np.argsort(aligned(value, out))))
        self.setup.append(f"{name} = {text}.transpose({axes})")
        self.body.append(f"{self.use('copyto', np.copyto)}({name}, {self.text(a)})")
        return name

    def scalar(self, i: int, step: Step) -> None:
        """A row of plain numbers whose kernel is one on floats."""
        op = step.op
        shape = template(op)
        parts = [self.text(a) for a in step.args]
        depth = 1 + max((self.depths[a.row] for a in step.args if isinstance(a, Ref)), default=0)
        if shape is None:
            text = f"{self.use(f'{op.name}_', op.scalar)}({', '.join(parts)})"
        else:
            text = f"({shape.format(*parts)})"
        self.store(i, text, depth)

    def store(self, i: int, text: str, depth: int = 1) -> None:
        """A row of a number: kept under its name, or put into the only expression that reads it."""
        if self.reads[i] == 1 and depth <= DEEPEST:
            self.texts[i], self.depths[i] = text, depth
            return
        self.texts[i] = f"v{i}"
        plain = text.startswith("(") and text.endswith(")") and text.count("(") == 1
        self.body.append(f"v{i} = {text[1:-1] if plain else text}")

    def target(
        self, i: int, step: Step, overwrites: bool = False, dense: bool = False
    ) -> str | None:
        """The array that takes row i: a name of the workspace; None where the result is allocated
        anew. overwrites: it may be the memory of an argument that nothing reads any more. dense:
        its entries lie in the order of the indices."""
        if i in self.returned:
            return None
        if i in self.taken:
            self.texts[i] = self.texts[self.taken[i]]
            self.layouts[i] = self.layout(Ref(self.taken[i]))
            return self.texts[i]
        made = np.empty(step.shape, step.dtype) if dense else self._laid_out(step)
        given = self._dying(i, step, made.strides) if overwrites else None
        if given is not None:
            self.buffer_of[i] = self.buffer_of.pop(given)
            self.static.add(i)
            self.layouts[i] = self.layouts[given]
            self.texts[i] = self.texts[given]
            return self.texts[i]
        self._allocate(i, made)
        return self.texts[i]

    def _allocate(self, i: int, made: np.ndarray) -> None:
        """A place in the workspace for row i, laid out as made: one array, named by the first row
        that lies there, for all rows that lie there one after the other."""
        self.buffer_of[i] = number = self.buffers.need(made.nbytes)
        self.static.add(i)
        self.layouts[i] = made
        dtype = self.bind(made.dtype, "dtype")
        strides = None if made.flags.c_contiguous else made.strides
        place = Place(number, made.shape, dtype, strides)
        self.texts[i] = self.workspace.arrays.setdefault(place, f"v{i}")

    def layout(self, a: Any) -> np.ndarray:
        """An array with the shape, dtype and strides of an argument; its entries mean nothing. An
        input is taken to be contiguous."""
        if not isinstance(a, Ref):
            return a  # type: ignore[no-any-return]
        if a.row not in self.layouts:
            self.layouts[a.row] = self._laid_out(self.steps[a.row])
        return self.layouts[a.row]

    def _laid_out(self, step: Step) -> np.ndarray:
        """Memory for a result, its axes in the order that NumPy gives them: that of the arguments,
        on which the roundings of later sums and products may depend."""
        value = step.like
        if self.loose and step.op is not None and value.ndim > 1:
            order = chosen_order(step, self.values(step), self.layout, self.lifetimes.computed)
            if order is not None:
                return in_order(value, order)
        if step.op is not None and step.op.entrywise and value.ndim > 1:
            given = [self.layout(a) for a in step.args if is_array(self.value(a))]
            if not all(x.flags.c_contiguous for x in given):
                return _in_their_order(given, value.dtype)
        moves = step.op is not None and step.op.kind == "moves" and len(step.args) == 1
        if moves and value.ndim > 1 and is_array(self.value(step.args[0])):
            return step.op.array(self.layout(step.args[0]), **(step.params or {}))  # type: ignore[no-any-return]
        return np.empty(value.shape, value.dtype)

    def _dying(self, i: int, step: Step, strides: tuple[int, ...]) -> int | None:
        """An argument whose memory row i may take over, with these strides."""
        for a in overwritten(step):
            if isinstance(a, Ref) and a.row in self.buffer_of and self.ends(a.row, i):
                old = self.layouts[a.row]
                same = old.shape == step.shape and old.strides == strides
                if same and old.dtype == step.dtype:
                    return a.row
        return None

    def ends(self, row: int, i: int) -> bool:
        """Whether row's memory is its own and read by row i for the last time."""
        return self.lifetimes.roots[row] == {row} and self.lifetimes.last[row] == i

    def release(self, i: int) -> None:
        """Give back the buffers that row i was the last to read."""
        for root in self.ending.get(i, ()):
            if root in self.buffer_of:
                self.buffers.free(self.buffer_of.pop(root))

    def anew(self, i: int, text: str) -> None:
        """Row i as an array that the statement itself allocates."""
        self.texts[i] = f"v{i}"
        self.fresh.add(i)
        self.body.append(f"v{i} = {text}")

    def view(self, i: int, step: Step, text: str) -> None:
        """Row i as a view: made once where its source is in the workspace."""
        source = step.args[0]
        base = self.layout(source)
        made = self.layouts[i] = step.op.array(base, **(step.params or {}))
        self.texts[i] = f"v{i}"
        lasting = isinstance(source, Ref) and source.row in self.static
        if lasting and (made.size == 0 or np.shares_memory(made, base)):
            self.static.add(i)
            self.setup.append(f"v{i} = {text}")
            return
        self.body.append(f"v{i} = {text}")


def _in_their_order(given: list[np.ndarray], dtype: np.dtype) -> np.ndarray:
    """Memory for the result of an entrywise operation as NumPy lays it out."""
    flags: Any = [["readonly"]] * len(given) + [["writeonly", "allocate"]]
    operands: Any = [*given, None]
    dtypes = [*(x.dtype for x in given), dtype]
    order = np.nditer(operands, flags=["zerosize_ok"], op_flags=flags, op_dtypes=dtypes)
    return order.operands[-1]  # type: ignore[no-any-return]


def is_scalar_row(writer: NumpyWriter, step: Step) -> bool:
    """Whether a row is an expression of plain numbers."""
    op: Op = step.op
    return not is_array(step.like) and on_floats(op, writer.values(step), step.like)
