"""The process of a student's module: it reads requests, a line of JSON each, and writes answers,
a line with the request's nonce and JSON. It computes, and judges nothing."""

import os
import sys
from json import dumps, loads
from pathlib import Path

HERE = sys.path[0]
from confinement import confine  # noqa: E402
from interfaces import CLASSES, Adapted, Module, Unusable, interface_of  # noqa: E402
from loading import Refused, loaded, sight  # noqa: E402
from scripts import ADAPTER, STUDENT, described, run  # noqa: E402

# The module may have neighbours of these names.
sys.path.remove(HERE)
for taken in ("confinement", "interfaces", "loading", "scripts"):
    del sys.modules[taken]


def main() -> None:
    # What the module prints goes nowhere: this process speaks on copies of both descriptors.
    requests = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(nowhere, descriptor)
    interface = None
    for line in requests:
        request = loads(line)
        what = request["what"]
        if what == "confine":
            answer = confine(request["folder"], request["memory"], request["most"])
        elif what == "load":
            interface, answer = load(**request["load"])
        else:
            answers_of = [run(interface, s, request["watched"]) for s in request["scripts"]]
            answer = {"answers": answers_of}
        answers.write(f"{request['nonce']} {dumps(answer)}\n".encode())
        answers.flush()
    os._exit(0)


def load(folder: str, file: str, asked: str | None, adapter: str | None, table: dict) -> tuple:
    """The interface to the module, and the answer: what of it there is."""
    sys.path.insert(0, folder)
    os.chdir(folder)
    name = None
    try:
        notes = sight(Path(folder, file), () if adapter else _classes(asked))
        module = loaded(Path(folder, file), STUDENT)
        if adapter:
            name = "adapter"
            used = Adapted(loaded(Path(folder, adapter), ADAPTER), table)
        else:
            name = interface_of(module, asked)
            used = Module(module, CLASSES[name], table)
    except Refused as error:
        return None, {"refused": str(error), "interface": None}
    except Unusable as error:
        return None, {"unusable": str(error), "interface": name}
    except BaseException as error:
        return None, {"raised": described(error), "interface": name}
    forms = {op: [form.spelling for form in held] for op, held in used.forms.items()}
    can = {"assign": getattr(used, "can_assign", True), "zero": used.zeroing}
    return used, {"interface": name, "notes": notes, "forms": forms, "can": can}


def _classes(asked: str | None) -> tuple[str, ...]:
    return (CLASSES[asked],) if asked else tuple(CLASSES.values())


main()
