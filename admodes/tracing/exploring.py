"""ad.explore: a function and its arguments go in; a page in HTML that steps through its trace comes
out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from admodes.explorer.page import Page
from admodes.programs.arrays import program_of
from admodes.tracing.base import rows_under
from admodes.tracing.trace import check_inputs, check_numbering, trace_of
from admodes.views.preset_files import preset_of
from admodes.views.presets import Preset


def explore(
    f: Callable,
    *args: Any,
    names: Sequence[str] | None = None,
    outputs: Sequence[str] | None = None,
    numbering: str | None = None,
    seeds: dict[str, Any] | None = None,
    weights: dict[str, Any] | None = None,
    title: str = "",
    rows: str = "auto",
    preset: str | Preset = "ubc",
    quiz: bool = False,
) -> Page:
    """A page that steps through f at args: the evaluation, every forward and every reverse sweep,
    with the graph, the tables and the Jacobian that fills. page.save("page.html") writes one file
    that works without a network; a notebook shows the page.

    Where all rows are numbers, the point and the seeds can be edited in the page, which computes
    everything anew. Where rows are arrays, the forward sweep of an input is along its first entry,
    and the reverse sweep of an output is weighted by ones; seeds and weights are sweeps of their
    own. preset: the layout that the page opens with, by name ("griewank") or as the path of a file
    of the user's own ("mine.toml"); the page lets choose among this and all that have a name. With
    another than "ubc" rows are numbers. quiz: whether the page begins with its numbers hidden. The
    other arguments are those of ad.trace; numbering wins over the preset. Raises what ad.trace
    raises, and ValueError for an unknown preset.

    >>> import admodes as ad
    >>> ad.explore(lambda x1, x2: x1 * ad.sin(x2), 2.0, 0.0, title="x1 sin x2")
    <Page of x1 sin x2: .save('page.html') writes it>
    """
    chosen = preset_of(preset)
    check_numbering(numbering)
    recorded = program_of(
        *(f, args, rows_under(chosen, rows), names, outputs, [*(seeds or ()), *(weights or ())]),
        check=lambda: check_inputs(args),
        located=True,
    )
    return trace_of(recorded, numbering, seeds, weights, title).explore(chosen, quiz)
