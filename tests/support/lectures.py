"""What the tests of the lectures share: random arrays, the arguments of the problems, and what the
command prints."""

import unicodedata

import numpy as np
import pytest

from admodes.cli import main
from admodes.problems import PROBLEMS

RANDOM = np.random.default_rng(0)


def normal(*shape):
    """The next random array of a shape."""
    return RANDOM.normal(size=shape)


def args_of(name):
    """The arguments of a named problem, as arrays."""
    return [np.array(v) for v in PROBLEMS[name].at.values()]


def cli(capsys, *argv):
    """What a command that succeeds prints."""
    with pytest.raises(SystemExit) as status:
        main(list(argv))
    captured = capsys.readouterr()
    assert status.value.code == 0, captured.err
    return unicodedata.normalize("NFC", captured.out)


def lines_of(text):
    """The lines of a text with single spaces."""
    return [" ".join(line.split()) for line in text.splitlines()]
