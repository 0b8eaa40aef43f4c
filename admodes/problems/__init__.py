"""Named problems, from the documents that admodes reproduces and from the literature."""

from admodes.problems import boston, classic, eth, graduating, osu, ubc
from admodes.problems.problem import Problem

__all__ = ["PROBLEMS", "Problem"]

PROBLEMS: dict[str, Problem] = {
    p.name: p for source in (ubc, eth, osu, graduating, boston, classic) for p in source.PROBLEMS
}
