"""A command runs the function once: what the function prints is printed once."""

import pytest

import admodes as ad
from admodes.cli import main

SOURCE = """
import numpy as np

def whole(x):
    print("called")
    return np.sum(np.sin(x) * x)

def apart(x):
    print("called")
    y = x[0] * np.sin(x[1])
    return y if x[0] > 0 else -y

def numbers(x, y):
    print("called")
    z = x * y
    return z * np.sin(x) if z > 0 else z
"""
POINTS = {"whole": "x=[1, 2]", "apart": "x=[1, 2]", "numbers": "x=1,y=2"}


COMMANDS = dict.fromkeys(["trace", "count", "program", "code", "equations"], 1) | {"verify": 4}
"""How often each calls the function: verify lets both engines run it, and once plain numbers."""


@pytest.mark.parametrize("name", POINTS)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_calls_the_function_once(command, name, tmp_path, capfd):
    (tmp_path / "mine.py").write_text(SOURCE, "utf-8")
    with pytest.raises(SystemExit) as ended:
        main([command, f"{tmp_path / 'mine.py'}:{name}", "--at", POINTS[name]])
    assert not ended.value.code
    seen = capfd.readouterr()
    assert (seen.out + seen.err).count("called") == COMMANDS[command]


def test_rows_by_scalars_are_those_of_a_recording_of_scalars():
    """Where the recording by arrays turns out to take its vectors apart, it is run again on the
    numbers in them, decisions and names included."""

    def f(x):
        a = x[0] * ad.sin(x[1])
        b = a + x[2] if a > 0 else a - x[2]
        return b / (x[1] if x[1] < 2 else 2.0)

    point = [2.0, 0.5, 3.0]
    again, once = ad.trace(f, ad.array(point)), ad.trace(f, ad.array(point), rows="scalar")
    assert again.to_dict() == once.to_dict()
    assert [row.name for row in again.rows] == ["v0", "v1", "v2", "v3", "a", "b", "v6"]
    assert sum("branch taken" in note for row in again.rows for note in row.notes) == 2
