"""What the scripts need at the command line: progress, and options checked before the work."""

import argparse
import sys
from pathlib import Path


def progress(step, steps, text):
    """Say that `step` of `steps` is done: one changing line on a terminal, about ten in a pipe."""
    last = step == steps
    line = f"step {step:>{len(str(steps))}}/{steps}  {text}"
    if sys.stdout.isatty():
        print(f"\r{line}\x1b[K", end="\n" if last else "", flush=True)
    elif last or step == 1 or step % max(1, steps // 10) == 0:
        print(line, flush=True)


def whole_from(least):
    """The argparse type of a whole number that is not below least."""

    def whole(text):
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {least}")
        return int(text)

    return whole


def png(name):
    """The argparse type of a PNG file to draw. Without matplotlib: a hint, and exit status 2."""
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError:
        print("--out needs matplotlib: pip install 'admodes[plots]'", file=sys.stderr)
        sys.exit(2)
    path = Path(name)
    if path.suffix.lower() != ".png" or not path.parent.is_dir():
        raise argparse.ArgumentTypeError(f"{name!r} is not a .png file in a folder that exists")
    return path
