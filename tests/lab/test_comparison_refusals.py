"""What ad.compare refuses: functions that fail by themselves, misuse, what is no real number."""

import os

import numpy as np
import pytest

import admodes as ad
from admodes.cli.options import Operator
from admodes.problems.scenario import DERIVATIVES

X = np.array([0.5, -0.25, 1.5])


def loss(x):
    return np.sum(np.tanh(x) ** 2)


def hangs(x):
    while True:
        pass


@pytest.mark.parametrize(
    ("f", "words"),
    [
        (lambda x: 1 / 0, "raised ZeroDivisionError"),
        (lambda x: os._exit(3), "exit status 3"),
        (hangs, "did not end within 0.5 s"),
    ],
)
def test_a_function_that_fails_by_itself_is_an_error(f, words):
    with pytest.raises(ad.Error, match=f"itself, at this point, .*{words}"):
        ad.compare(f, X, backends=["admodes reverse"], limit=0.5, rounds=1)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"backends": ["no such"]}, "'no such' is unknown; choose from admodes forward"),
        ({"of": "curl"}, "curl"),
        ({"limit": 0}, "limits"),
        ({"memory": 0}, "limits"),
        ({"rounds": 0}, "rounds"),
        ({"argnums": 1}, "argnums=1, but loss was called with 1"),
        ({"argnums": (0, -1)}, "names an argument twice"),
        ({"argnums": 0.5}, "give a position"),
    ],
)
def test_misuse_is_refused(options, words):
    with pytest.raises(ad.Error, match=words):
        ad.compare(loss, X, **options)


@pytest.mark.parametrize("f", [lambda x: np.exp(1j * x), lambda x: np.sum(np.exp(1j * x))])
def test_results_that_are_complex_are_refused_rather_than_cut(f):
    with pytest.raises(TypeError, match="returned complex numbers: compare its real"):
        ad.compare(f, X, backends=["finite differences forward"], rounds=1)


def test_the_command_line_knows_the_derivatives_that_there_are():
    assert tuple(Operator) == DERIVATIVES


def test_arguments_that_are_no_numbers_are_refused():
    with pytest.raises(ad.Error, match="real numbers"):
        ad.compare(lambda s: s, "text", backends=["admodes"])
