"""Documents with worked derivations, drawn by a seed, and what is wrong in them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from random import Random

from derivation_formats import SCRIPTS, SUFFIXES, Place, written
from derivation_functions import LECTURES, MP, Graph, random_graph
from derivation_layouts import KINDS, Layout, Writer, shuffled
from derivation_mistakes import candidates
from derivation_notation import Name, Notation
from derivations import Derivation, Part, Rounding, Slip
from preset_documents import FORMATS, PRESETS, Printed
from shown_mistakes import shows, within_a_unit

FORMS = (*SUFFIXES, "preset")
CAUSES = (
    "sign", "rule", "missed path", "stale value", "swapped arguments", "wrong point", "degrees",
    "transposed Jacobian", "factor", "addition slip", "digit slip",
)  # fmt: skip


@dataclass(frozen=True)
class Mistake:
    """causes: all that give the number written, the one that was seeded first."""

    part: Part
    causes: tuple[str, ...]
    slip: Slip


@dataclass(frozen=True)
class Case:
    """A document, and all that is to be known of it. expressions: the function, or None where it
    is to be read from the rows; right: the number at each place without the mistakes."""

    seed: int
    form: str
    about: str
    suffix: str
    text: str
    graph: Graph
    rounding: Rounding
    expressions: tuple[str, ...] | None
    places: tuple[Place, ...]
    given: tuple[str, ...]
    right: tuple[str, ...]
    mistakes: tuple[Mistake, ...]
    follows: bool

    @property
    def loose(self) -> bool:
        """Whether the contract leaves open how the cells are written that name a place."""
        return self.suffix == ".html" or self.form == "preset"

    @property
    def point(self) -> tuple[float, ...]:
        return tuple(map(float, self.graph.point))


def _rounding(random: Random) -> Rounding:
    models = ["end"] * 4 + ["carried"] * 3 + ["truncated"] * 2 + ["truncated carried"]
    return Rounding(
        random.choice(models),
        random.randint(3, 6),
        random.random() < 0.3,
        random.random() < 0.3,
        random.random() < 0.6,
        random.random() < 0.5,
    )


def _names(random: Random, graph: Graph, layout: Layout) -> dict[str, tuple[Name, ...]]:
    """The names of rows, inputs and outputs, as letters with an index."""
    n, count = len(graph.inputs), len(graph.nodes)
    inputs = tuple((x[:1], x[1:]) for x in graph.inputs)
    letter = "f" if ("y", "") in inputs else "y"
    outputs = tuple((letter, y[1:]) for y in graph.output_names)
    style = random.choice(["zero", "zero", "griewank", "one", "letters", "t", "z", "node"])
    if style == "letters" and count - n > 18:
        style = "t"
    if style == "t" and graph.inputs == ("t",):
        style = "z"
    if style in ("zero", "griewank", "one"):
        first = {"zero": 0, "griewank": 1 - n, "one": 1}[style]
        rows = [("w" if style == "one" else "v", str(first + i)) for i in range(count)]
        if random.random() < 0.2:
            rows[:n] = inputs
    else:
        later = (
            [(c, "") for c in "abcdghklmnopqrsuvw"]
            if style == "letters"
            else [(style, str(i + 1)) for i in range(count)]
        )
        rows = [*inputs, *later[: count - n]]
    return {"names": tuple(rows), "inputs": inputs, "outputs": outputs}


def _layout(random: Random, graph: Graph, form: str) -> Layout:
    kind = random.choice(KINDS)
    if form == "align":
        kind = random.choice(["sweeps", "interleaved", "single", "statements"])
    titles = random.choice(["preset", "loose", "none"])
    jacobian = random.choice(["", "labels", "labels", "transposed", "plain", "plain transposed"])
    if form == "align" or len(graph.inputs) == 1 == len(graph.outputs):
        jacobian = ""
    return Layout(
        kind,
        titles,
        form == "align" or random.random() < 0.4,
        random.random() < 0.6,
        random.random() < 0.75,
        random.random() < 0.6,
        form != "align" and random.random() < 0.4,
        form != "align" and random.random() < 0.3,
        jacobian,
        shuffled(graph, random) if random.random() < 0.4 else tuple(range(len(graph.nodes))),
        continued=form != "align" and random.random() < 0.4,
    )


def _notation(random: Random, form: str, names: dict[str, tuple[Name, ...]]) -> Notation:
    script = SCRIPTS.get(form, "text")
    code = script == "text" and random.random() < 0.3
    letters = any(not index for _, index in names["names"][len(names["inputs"]) :])
    derivatives = ["leibniz", "leibniz", "marks", "marks"]
    if ("node", "1") in names["names"]:
        derivatives = ["leibniz"]  # a dot over a word says nothing
    elif script == "text" and not letters:
        derivatives += ["suffix", "powers"]
    return Notation(
        script,
        **names,
        below=random.choice(["", "", "small", "_"]),
        minus="-" if script == "latex" or code else random.choice(["-", "−"]),
        times=r"\times" if script == "latex" else "*" if code else random.choice(["×", "·"]),
        between="*" if code else random.choice(["", r"\cdot" if script == "latex" else "·"]),
        brackets=code or random.random() < 0.3,
        derivatives=random.choice(derivatives),
        squares=random.random() < 0.4,
    )


def _real(work: Derivation, parts: list[Part]) -> bool:
    """Whether an author could go on with these numbers to the end."""
    partials = [Part("partial", i, 0, k) for i, node in enumerate(work.graph.nodes)
                for k, a in enumerate(node.args) if isinstance(a, int)]  # fmt: skip
    try:
        numbers = [work.number(p) for p in [*parts, *partials]]
        return all(isinstance(x, MP.mpf) and MP.isfinite(x) and abs(x) < 10**7 for x in numbers)
    except (ValueError, ArithmeticError):
        return False


def _may_err(work: Derivation, part: Part) -> bool:
    """No mistakes in what is only copied from the question: inputs and seeds."""
    if part.kind == "value":
        return part.row >= len(work.graph.inputs)
    if part.kind == "tangent":
        return part.row >= len(work.graph.inputs)
    return part.kind != "adjoint" or bool(work.terms(part))


def _mistake(random: Random, work: Derivation, parts: list[Part]) -> Mistake | None:
    """One at a random cell, the cause drawn first; it shows in the number that is written."""
    before = {p[:3] for p in work.slips}
    places = [p for p in parts if _may_err(work, p) and p[:3] not in before]
    for cause in random.sample(CAUSES, len(CAUSES)):
        for part in random.sample(places, min(len(places), 12)):
            slips = candidates(work, part, parts)
            fitting = [slip for name, slip in slips if name == cause]
            if work.slips and work.follows:  # what goes on from a mistake is not that exact
                fitting = [slip for slip in fitting if not within_a_unit(work, part, slip)]
            fitting = [slip for slip in fitting if shows(work, part, slip, parts)]
            if not fitting:
                continue
            slip = random.choice(fitting)
            same = {name for name, s in slips if Decimal(s.text) == Decimal(slip.text)} - {cause}
            trial = replace(work, slips={**work.slips, part: slip}, numbers={})
            if _real(trial, parts):
                return Mistake(part, (cause, *sorted(same)), slip)
    return None


def _transposed(random: Random, work: Derivation, parts: list[Part]) -> list[Mistake]:
    """A square Jacobian whose entries stand across from where they belong."""
    rows, n = work.graph.outputs, len(work.graph.inputs)
    entries = [p for p in parts if p.kind == "entry"]
    if len(rows) != n or not entries:
        return []
    way = random.choice(entries).argument
    cells = {(rows.index(p.row), p.direction): p for p in entries if p.argument == way}
    found = []
    for (j, k), part in cells.items():
        number = work.number(cells[k, j])
        text = work.rounding.text(number)
        if Decimal(text) != Decimal(work.text(part)):
            found.append(Mistake(part, ("transposed Jacobian",), Slip(text, number)))
    return found


@dataclass(frozen=True)
class ByHand:
    """A document in a layout of its own, see Printed for those of the presets. readable: whether
    the function can be read off the rows."""

    graph: Graph
    notation: Notation
    layout: Layout
    form: str

    @classmethod
    def drawn(cls, random: Random, graph: Graph, form: str) -> ByHand:
        layout = _layout(random, graph, form)
        notation = _notation(random, form, _names(random, graph, layout))
        if layout.titles == "none" and (
            form == "titled" or notation.derivatives in ("suffix", "powers")
        ):
            layout = replace(layout, titles="preset")
        numbered = notation.names[-1][0] in ("v", "w") and layout.order == (
            *range(len(graph.nodes)),
        )
        if numbered and random.random() < 0.15:
            layout = replace(layout, formulas=False)
        return cls(graph, notation, layout, form)

    @staticmethod
    def shown(work: Derivation, part: Part) -> str:
        """What is written at a place."""
        return work.text(part)

    @property
    def readable(self) -> bool:
        layout = self.layout
        sure = layout.ends or len(self.graph.outputs) == 1  # else any order of outputs is right
        return layout.inputs and layout.formulas and layout.kind != "side-by-side" and sure

    @property
    def formulas(self) -> bool:
        """Whether rows say what they compute; else they are numbered as the function's are."""
        return self.layout.formulas

    @property
    def labelled(self) -> bool:
        return self.layout.jacobian in ("labels", "transposed")

    @property
    def about(self) -> str:
        return f"{self.form}, {self.layout}"

    @property
    def suffix(self) -> str:
        return SUFFIXES[self.form]

    def order(self) -> list[Part]:
        work = Derivation(self.graph, Rounding())
        return [place.part for place in self.written(work)[1]]

    def written(self, work: Derivation) -> tuple[str, list[Place]]:
        return written(Writer(work, self.notation, self.layout).tables(), self.form)


def draw(seed: int, mistakes: int, form: str = "") -> Case:
    """The case of a seed. form: of the document, one of FORMS, drawn where empty."""
    random = Random(f"{seed} {mistakes} {form}")
    across = mistakes == 1 and form != "align" and random.random() < 0.05
    while True:
        chosen = form or random.choice([*SUFFIXES, *["preset"] * 5])
        case = _drawn(random, seed, mistakes, chosen, across)
        if case is not None:
            return case


def _drawn(random: Random, seed: int, mistakes: int, form: str, across: bool) -> Case | None:
    """One try at a case. across: its mistake is a Jacobian whose entries stand across."""
    lecture = random.random() < 0.15
    graph = LECTURES[random.choice(list(LECTURES))] if lecture else random_graph(random)
    rounding = _rounding(random)
    if form == "preset":
        rounding = replace(rounding, drop=True)  # as the views do
    right = work = Derivation(graph, rounding)
    if not _real(work, []):
        return None
    document: ByHand | Printed
    if form == "preset":
        document = Printed(graph, random.choice(PRESETS), random.choice(list(FORMATS)))
    else:
        document = ByHand.drawn(random, graph, form)
    parts = document.order()
    if not _real(work, parts):
        return None
    follows = random.random() < 0.75
    seeded: list[Mistake] = []
    if across:
        seeded = _transposed(random, work, parts) if document.labelled else []
        if not seeded:
            return None
        work = replace(work, slips={m.part: m.slip for m in seeded}, numbers={}, follows=follows)
    while len(seeded) < mistakes and not across:
        mistake = _mistake(random, replace(work, numbers={}, follows=follows), parts)
        if mistake is None:
            return None
        seeded.append(mistake)
        slips = {m.part: m.slip for m in seeded}
        work = replace(work, slips=slips, numbers={}, follows=follows)
    text, places = document.written(work)
    unknown = document.readable and random.random() < 0.2
    return Case(
        seed,
        form,
        document.about,
        document.suffix,
        text,
        graph,
        rounding,
        None if unknown else graph.expressions(random.random() < 0.5 or not document.formulas),
        tuple(places),
        tuple(document.shown(work, p.part) for p in places),
        tuple(document.shown(right, p.part) for p in places),
        tuple(seeded),
        follows,
    )
