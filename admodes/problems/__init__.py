"""Named problems, from the documents that admodes reproduces and from the literature."""

from admodes.problems import boston, classic, eth, graduating, osu, ubc
from admodes.problems.problem import Problem
from admodes.problems.scenario import Scenario

__all__ = ["PROBLEMS", "Problem", "Scenario"]

PROBLEMS: dict[str, Problem] = {
    p.name: p for source in (ubc, eth, osu, graduating, boston, classic) for p in source.PROBLEMS
}
