"""Texts of LLVM IR in, addresses of machine code out. Each text is compiled once and kept as long
as somebody uses it.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import functools
import hashlib
import mmap
import sys
import weakref
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from admodes.compilation.beside import UNFORKED
from admodes.compilation.llvm.lowerings import LIBM, PRELUDE
from admodes.errors import MissingPackage


class Effort(NamedTuple):
    """The passes of LLVM (None: none at all), whether loops are vectorised, and the level of code
    generation."""

    passes: int | None
    vectorised: bool
    code: int


LINES = {100_000: Effort(None, False, 2), sys.maxsize: Effort(None, False, 0)}
LOOPS = {
    150_000: Effort(2, True, 2),
    1_500_000: Effort(1, False, 1),
    sys.maxsize: Effort(None, False, 0),
}
"""By characters of text: a second of compilation is about 200 loops of ten operations with the
best, 1000 with the cheapest effort, or 2000 and 50 000 rows of numbers."""

ROOM, ROOM_PER_LETTER, KEPT_PER_LETTER = 48 * 2**20, 1024, 32
"""Bytes that the compilation of a piece takes at most, about, and that stay of each letter of all:
twice what was measured."""

PIECE = 60_000
"""Characters of text that LLVM takes at a time, half a second at most: so long a fork of the
process, or its end, waits for a build that goes on in another thread."""

_known: weakref.WeakValueDictionary[str, MachineCode] = weakref.WeakValueDictionary()


class MachineCode:
    """Compiled functions; they live as long as this does."""

    def __init__(self, engine: Any, address: int) -> None:
        self.engine = engine
        self.address = address


def llvm() -> Any:
    """llvmlite.binding, made ready. Raises ImportError."""
    with UNFORKED:
        return _binding()


def _binding() -> Any:
    try:
        from llvmlite import binding
    except ImportError:
        raise MissingPackage(
            "the llvm back end needs llvmlite: pip install 'admodes[llvm]'"
        ) from None
    except OSError as error:
        raise MissingPackage(f"llvmlite does not load ({error}): use backend='numpy'") from error
    _start(binding)
    return binding


@functools.cache
def _start(binding: Any) -> None:
    if sys.maxsize < 2**63 - 1:
        raise MissingPackage("the llvm back end needs a Python of 64 bits: use backend='numpy'")
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    for name in LIBM:
        # LLVM ends the process where a name is not found.
        if binding.address_of_symbol(name) is None:
            binding.add_symbol(name, _address(name))


def _address(name: str) -> int:
    """The address of a function of the C library. Raises ImportError."""
    for library in filter(None, map(ctypes.util.find_library, ("m", "c", "ucrtbase"))):
        found = getattr(ctypes.CDLL(library), name, None)
        if found is not None:
            return ctypes.cast(found, ctypes.c_void_p).value or 0
    raise MissingPackage(f"the llvm back end finds no {name} in the C library: use backend='numpy'")


def _machine(level: int) -> Any:
    binding = llvm()
    return binding.Target.from_default_triple().create_target_machine(
        cpu=binding.get_host_cpu_name(),
        features=binding.get_host_cpu_features().flatten(),
        opt=level,
        jit=True,
    )


@functools.cache
def _builder(effort: Effort) -> Any:
    """What the passes of an effort are built by. Only _compile uses it, under UNFORKED."""
    binding = llvm()
    options = binding.create_pipeline_tuning_options(speed_level=effort.passes)
    options.loop_vectorization = effort.vectorised
    return binding.create_pass_builder(_machine(effort.code), options)


def _improved(module: Any, effort: Effort) -> None:
    """Run the passes over a module. They serve once, and the close() of llvmlite 0.44 to 0.50 does
    not free them (70 KiB), since the base class that does comes second."""
    builder = _builder(effort)
    passes = builder.getModulePassManager()
    try:
        passes.run(module, builder)
    finally:
        llvm().newpassmanagers.NewPassManager._dispose(passes)
        passes.detach()


def compiled(texts: Iterable[str], loops: bool) -> list[MachineCode]:
    """The functions of these texts. loops: they are loops, which passes make better; straight lines
    are as good as they can be."""
    texts = list(texts)
    names = {text: "f" + hashlib.sha256(text.encode()).hexdigest()[:24] for text in texts}
    found = {text: _known.get(name) for text, name in names.items()}
    new = {text: names[text] for text, code in found.items() if code is None}
    made = _all(new, loops) if new else {}
    return [found[text] or made[names[text]] for text in texts]


def module_text(texts: dict[str, str]) -> str:
    """A module of functions by their names."""
    return PRELUDE + "\n".join(text.replace("@NAME", f"@{name}") for text, name in texts.items())


def _check_room(nbytes: int) -> None:
    """LLVM ends the process where it finds no memory, so that it is asked for before. Raises
    MemoryError."""
    try:
        mmap.mmap(-1, nbytes).close()
    except (OSError, MemoryError):
        raise MemoryError(
            f"compile: native code needs {nbytes / 2**20:.0f} MiB to be built, which is more than "
            "there is: use backend='numpy'"
        ) from None


def _all(texts: dict[str, str], loops: bool) -> dict[str, MachineCode]:
    size = sum(map(len, texts))
    most = min(size, PIECE + max(map(len, texts)))
    _check_room(ROOM + ROOM_PER_LETTER * most + KEPT_PER_LETTER * size)
    effort = next(e for most, e in (LOOPS if loops else LINES).items() if size <= most)
    found: dict[str, MachineCode] = {}
    for piece in _pieces(texts):
        with UNFORKED:
            found |= _compile(piece, effort)
    return found


def _pieces(texts: dict[str, str]) -> Iterator[dict[str, str]]:
    """The texts in pieces of a certain length."""
    piece: dict[str, str] = {}
    length = 0
    for text, name in texts.items():
        piece[text] = name
        length += len(text)
        if length > PIECE:
            yield piece
            piece, length = {}, 0
    if piece:
        yield piece


def _compile(texts: dict[str, str], effort: Effort) -> dict[str, MachineCode]:
    binding = llvm()
    module = binding.parse_assembly(module_text(texts))
    machine = _machine(effort.code)
    if effort.passes is not None:
        _improved(module, effort)
    engine = binding.create_mcjit_compiler(module, machine)
    engine.finalize_object()
    found = {}
    for name in texts.values():
        found[name] = _known[name] = MachineCode(engine, engine.get_function_address(name))
    return found
