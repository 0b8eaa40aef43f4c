"""Each planted trouble is told at its line, with kind and sweep; healthy functions have none."""

import inspect

import numpy as np
import pytest

import admodes as ad
from admodes.problems import PROBLEMS
from tests.support.healthy_functions import HEALTHY
from tests.support.planted_influence import KEPT
from tests.support.planted_troubles import PLANTED


def said(findings):
    return [f"{x.kind} {x.sweep} {x.name} line {x.line}: {x.reason}" for x in findings]


@pytest.mark.parametrize("case", PLANTED, ids=lambda case: case.f.__name__)
def test_a_planted_trouble_is_told_at_its_line(case):
    KEPT.clear()
    findings = ad.diagnose(case.f, *case.args).findings
    told = {(x.kind, x.sweep, x.line) for x in findings}
    wanted = {(case.kind, case.sweep, line) for line in case.lines}
    assert wanted <= told, said(findings)
    assert len(findings) <= 12
    for x in findings:
        assert x.file == inspect.getsourcefile(case.f)
        assert all((x.reason, x.remedy, x.name))


@pytest.mark.parametrize("name", HEALTHY)
def test_a_healthy_function_has_none(name):
    case = HEALTHY[name]
    assert said(ad.diagnose(case.f, *case.args).findings) == []


@pytest.mark.parametrize("name", PROBLEMS)
def test_the_named_problems_are_healthy(name):
    problem = PROBLEMS[name]
    point = [np.array(x) if np.ndim(x) else x for x in problem.at.values()]
    assert said(ad.diagnose(problem.function, *point).findings) == []
