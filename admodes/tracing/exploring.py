"""ad.explore: a function and its arguments go in; a page in HTML that steps through its trace comes
out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from admodes.explorer.page import Page
from admodes.tracing.trace import trace


def explore(
    f: Callable,
    *args: Any,
    names: Sequence[str] | None = None,
    outputs: Sequence[str] | None = None,
    numbering: str = "zero",
    seeds: dict[str, Any] | None = None,
    weights: dict[str, Any] | None = None,
    title: str = "",
    rows: str = "auto",
) -> Page:
    """A page that steps through f at args: the evaluation, every forward and every reverse sweep,
    with the graph, the tables and the Jacobian that fills. page.save("page.html") writes one file
    that works without a network; a notebook shows the page.

    Where all rows are numbers, the point and the seeds can be edited in the page, which computes
    everything anew. Where rows are arrays, the forward sweep of an input is along its first entry,
    and the reverse sweep of an output is weighted by ones; seeds and weights are sweeps of their
    own. The other arguments are those of ad.trace. Raises what ad.trace raises.

    >>> import admodes as ad
    >>> ad.explore(lambda x1, x2: x1 * ad.sin(x2), 2.0, 0.0, title="x1 sin x2")
    <Page of x1 sin x2: .save('page.html') writes it>
    """
    traced = trace(
        f,
        *args,
        names=names,
        outputs=outputs,
        numbering=numbering,
        seeds=seeds,
        weights=weights,
        title=title,
        rows=rows,
    )
    return traced.explore()
