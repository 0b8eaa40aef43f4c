"""A table from operations to LLVM IR: one line per operation, which calculates on numbers as
Python's `math` does, and on the entries of arrays as NumPy does.

A line may be several instructions; each but the last is called %a, %b, … by those after it. {0},
{1}, … are the arguments. Nothing is contracted or reassociated, so every result is bitwise that of
eager evaluation, signs of zeros apart: eager numbers take the same libm, and entries of arrays the
same loops of NumPy. Between the two, NumPy's loops differ from libm by up to 4 units in the last
place (SciPy's by more: tests/support/kernel_bounds.py), and from one CPU to another (SVML with
AVX-512 for one).
"""

from __future__ import annotations

import math
import re
import struct
from typing import NamedTuple

import numpy as np

from admodes.core.op import Op


class Lowering(NamedTuple):
    """text: the instructions, with {y} for the name of the result. takes and gives: the kinds of
    arguments and result, "d" a number, "b" a truth value, "" the kind of the result."""

    text: str
    takes: str
    gives: str = "d"


NAMES = "abcdefghijklmnopqrstu"


def literal(x: float) -> str:
    """A double as LLVM reads it exactly."""
    return f"0x{struct.unpack('<Q', struct.pack('<d', x))[0]:016X}"


def _made(takes: str, gives: str, *instructions: str) -> Lowering:
    names = [*("%{y}" + NAMES[k] for k in range(len(instructions) - 1)), "%{y}"]
    lines = (f"{name} = {line}" for name, line in zip(names, instructions, strict=True))
    text = re.sub(rf"%([{NAMES}])\b", r"%{{y}}\1", "\n".join(lines).replace("%{y}", "\0"))
    return Lowering(text.replace("{{y}}", "{y}").replace("\0", "%{y}"), takes, gives)


def _of(arity: int, *instructions: str) -> Lowering:
    return _made("d" * arity, "d", *instructions)


def _infix(instruction: str) -> Lowering:
    return _of(2, f"{instruction} double {{0}}, {{1}}")


def _test(condition: str) -> Lowering:
    return _made("dd", "b", f"fcmp {condition} double {{0}}, {{1}}")


def _intrinsic(name: str) -> Lowering:
    return _of(1, f"call double @llvm.{name}.f64(double {{0}})")


def _libm(name: str, arity: int = 1) -> Lowering:
    given = ", ".join(f"double {{{i}}}" for i in range(arity))
    return _of(arity, f"call double @{name}({given}) #0")


def _pick(condition: str, yes: str, no: str, *before: str, arity: int = 2) -> Lowering:
    """yes where the condition holds, otherwise no; `before` are instructions that they use."""
    test = "%" + NAMES[len(before)]
    return _of(arity, *before, f"fcmp {condition}", f"select i1 {test}, double {yes}, double {no}")


SECOND = bool(np.signbit(np.maximum(np.zeros(2), -np.zeros(2)))[0])
"""Whether of two zeros NumPy's maximum and minimum take the second, as the instructions of x86
processors do."""
LARGER, SMALLER = ("ogt", "olt") if SECOND else ("oge", "ole")


def _extreme(wins: str) -> Lowering:
    """nan wins over everything, as in NumPy."""
    first = (f"fcmp {wins} double {{0}}, {{1}}", "fcmp uno double {0}, {0}", "or i1 %a, %b")
    return _of(2, *first, "select i1 %c, double {0}, double {1}")


ONE, ZERO, INF = literal(1.0), literal(0.0), literal(math.inf)

ENTRIES: dict[str, Lowering] = {
    "copy": _of(1, "select i1 true, double {0}, double {0}"),
    "add": _infix("fadd"),
    "subtract": _infix("fsub"),
    "multiply": _infix("fmul"),
    "divide": _infix("fdiv"),
    "negate": _of(1, "fneg double {0}"),
    "inverse": _of(1, f"fdiv double {ONE}, {{0}}"),
    "square": _of(1, "fmul double {0}, {0}"),
    "sqrt": _intrinsic("sqrt"),
    "root": _intrinsic("sqrt"),
    "asin_slope": _of(
        1,
        *(f"fsub double {ONE}, {{0}}", f"fadd double {ONE}, {{0}}", "fmul double %a, %b"),
        *("call double @llvm.sqrt.f64(double %c)", f"fdiv double {ONE}, %d"),
    ),
    "acosh_slope": _of(
        1,
        *(f"fsub double {{0}}, {ONE}", f"fadd double {{0}}, {ONE}"),
        *("call double @llvm.sqrt.f64(double %a)", "call double @llvm.sqrt.f64(double %b)"),
        *("fmul double %c, %d", f"fdiv double {ONE}, %e"),
    ),
    "atanh_slope": _of(
        1,
        *(f"fsub double {ONE}, {{0}}", f"fadd double {ONE}, {{0}}", "fmul double %a, %b"),
        f"fdiv double {ONE}, %c",
    ),
    "logit_slope": _of(
        1,
        *(f"fsub double {ONE}, {{0}}", "fmul double {0}, %a", f"fdiv double {ONE}, %b"),
    ),
    "abs": _intrinsic("fabs"),
    "floor": _intrinsic("floor"),
    "ceil": _intrinsic("ceil"),
    "trunc": _intrinsic("trunc"),
    "round": _intrinsic("rint"),
    "strong_mul": _pick(f"une double {{1}}, {ZERO}", "%a", ZERO, "fmul double {0}, {1}"),
    "tangent_mul": _of(
        2,
        *("fmul double {0}, {1}", f"fcmp une double {{0}}, {ZERO}"),
        *(f"fcmp une double {{1}}, {ZERO}", "and i1 %b, %c"),
        f"select i1 %d, double %a, double {ZERO}",
    ),
    "sign": _pick(
        f"one double {{0}}, {ZERO}",
        *("%a", "%b", f"call double @llvm.copysign.f64(double {ONE}, double {{0}})"),
        f"fadd double {{0}}, {ZERO}",
        arity=1,
    ),
    "maximum": _extreme(LARGER),
    "minimum": _extreme(SMALLER),
    "clip": _of(
        3,
        *(f"fcmp {LARGER} double {{0}}, {{1}}", "fcmp uno double {0}, {0}", "or i1 %a, %b"),
        *("select i1 %c, double {0}, double {1}", f"fcmp {SMALLER} double %d, {{2}}"),
        *("fcmp uno double %d, %d", "or i1 %e, %f", "select i1 %g, double %d, double {2}"),
    ),
    "relu": _pick(f"ugt double {{0}}, {ZERO}", "{0}", ZERO, arity=1),
    "leaky_relu": _pick(f"ogt double {{0}}, {ZERO}", "{0}", "%a", "fmul double {1}, {0}"),
    "where": _made("b", "", "select i1 {0}, {t} {1}, {t} {2}"),
    "greater": _test("ogt"),
    "greater_equal": _test("oge"),
    "less": _test("olt"),
    "less_equal": _test("ole"),
    "equal": _test("oeq"),
    "not_equal": _test("une"),
    "both": _made("bb", "b", "and i1 {0}, {1}"),
    "differ": _made("bb", "b", "xor i1 {0}, {1}"),
    "either": _made("bb", "b", "or i1 {0}, {1}"),
    "opposite": _made("b", "b", "xor i1 {0}, true"),
    "is_extreme": _made(
        *("dd", "b", "fcmp oeq double {0}, {1}", "fcmp uno double {0}, {0}"),
        *("fcmp uno double {1}, {1}", "and i1 %b, %c", "or i1 %a, %d"),
    ),
    "isnan": _made("d", "b", "fcmp uno double {0}, {0}"),
    "isfinite": _made(
        "d", "b", "call double @llvm.fabs.f64(double {0})", f"fcmp olt double %a, {INF}"
    ),
    "isinf": _made(
        "d", "b", "call double @llvm.fabs.f64(double {0})", f"fcmp oeq double %a, {INF}"
    ),
    "signbit": _made("d", "b", "bitcast double {0} to i64", "icmp slt i64 %a, 0"),
}
"""Of numbers and of entries of arrays alike."""

_MODULUS = (
    "call double @fmod(double {0}, double {1}) #0",
    *(f"fcmp olt double {{1}}, {ZERO}", f"fcmp olt double %a, {ZERO}", "xor i1 %b, %c"),
    *(f"fcmp une double %a, {ZERO}", "and i1 %d, %e", "fadd double %a, {1}"),
)
"""%a is C's remainder; %g has the sign of {1} and holds where %f does, as in NumPy's divmod."""

_SMALL = "call double @exp(double %{}) #0"

NUMBERS: dict[str, Lowering] = {
    **{name: _libm(name) for name in ("exp", "expm1", "log2", "log10", "log1p", "cbrt")},
    **{name: _libm(name) for name in ("sin", "cos", "tan", "asin", "acos", "atan")},
    **{name: _libm(name) for name in ("sinh", "cosh", "tanh", "asinh", "acosh", "atanh")},
    **{name: _libm(name) for name in ("erf", "erfc")},
    "ln": _libm("log"),
    "atan2": _libm("atan2", 2),
    "power": _libm("pow", 2),
    "power_log1": _of(
        2,
        *(f"fmul double {{1}}, {literal(0.5)}", "call double @pow(double {0}, double %a) #0"),
        *("call double @log(double {0}) #0", "fmul double %b, %c", "fmul double %d, %b"),
        *(f"fcmp oeq double %b, {ZERO}", "fcmp ord double %c, %c", "and i1 %f, %g"),
        f"select i1 %h, double {ZERO}, double %e",
    ),
    "remainder": _of(
        2,
        *(*_MODULUS, "select i1 %f, double %g, double %a", f"fcmp oeq double %h, {ZERO}"),
        f"call double @llvm.copysign.f64(double {ZERO}, double {{1}})",
        "select i1 %i, double %j, double %h",
    ),
    "floor_divide": _of(
        2,
        *_MODULUS,
        *("fsub double {0}, %a", "fdiv double %h, {1}", f"fsub double %i, {ONE}"),
        *("select i1 %f, double %j, double %i", "call double @llvm.floor.f64(double %k)"),
        *("fsub double %k, %l", f"fcmp ogt double %m, {literal(0.5)}", f"fadd double %l, {ONE}"),
        *("select i1 %n, double %o, double %l", f"fcmp oeq double %k, {ZERO}"),
        *("fdiv double {0}, {1}", f"call double @llvm.copysign.f64(double {ZERO}, double %r)"),
        *("select i1 %q, double %s, double %p", f"fcmp oeq double {{1}}, {ZERO}"),
        "select i1 %u, double %r, double %t",
    ),
    "exp2": _of(1, f"call double @pow(double {literal(2.0)}, double {{0}}) #0"),
    "sigmoid": _of(
        1,
        *(f"fcmp oge double {{0}}, {ZERO}", "fneg double {0}"),
        *("select i1 %a, double %b, double {0}", _SMALL.format("c")),
        *(f"select i1 %a, double {ONE}, double %d", f"fadd double {ONE}, %d"),
        "fdiv double %e, %f",
    ),
    "softplus": _of(
        1,
        *(f"fcmp olt double {{0}}, {ZERO}", f"select i1 %a, double {ZERO}, double {{0}}"),
        *("call double @llvm.fabs.f64(double {0})", "fneg double %c", _SMALL.format("d")),
        *("call double @log1p(double %e) #0", "fadd double %b, %f"),
    ),
    "elu": _pick(
        f"ogt double {{0}}, {ZERO}",
        *("{0}", "%b", "call double @expm1(double {0}) #0", "fmul double {1}, %a"),
    ),
    "gelu": _of(
        1,
        *("fneg double {0}", f"fdiv double %a, {literal(math.sqrt(2.0))}"),
        *("call double @erfc(double %b) #0", f"fmul double {literal(0.5)}, {{0}}"),
        "fmul double %d, %c",
    ),
    "logaddexp": _of(
        2,
        *("fcmp oeq double {0}, {1}", "fcmp olt double {0}, {1}"),
        *("select i1 %b, double {1}, double {0}", "fsub double {0}, {1}"),
        *("call double @llvm.fabs.f64(double %d)", "fneg double %e", _SMALL.format("f")),
        *(
            "call double @log1p(double %g) #0",
            f"select i1 %a, double {literal(math.log(2))}, double %h",
        ),
        "fadd double %c, %i",
    ),
}
"""Of numbers alone: what Python's math calls, libm. Entries of arrays take NumPy's own loops."""

LIBM = sorted(set(re.findall(r"@([a-z]\w*)\(", " ".join(x.text for x in NUMBERS.values()))))

BINARY = ("pow", "atan2", "fmod")

PRELUDE = "\n".join(
    [
        *(f"declare double @{name}(double) #0" for name in LIBM if name not in BINARY),
        *(f"declare double @{name}(double, double) #0" for name in BINARY),
        *(
            f"declare double @llvm.{name}.f64(double)"
            for name in ("sqrt", "fabs", "floor", "ceil", "trunc", "rint")
        ),
        "declare double @llvm.copysign.f64(double, double)",
        "declare double @llvm.fmuladd.f64(double, double, double)",
        *(
            f"declare <{n} x double> @llvm.fmuladd.v{n}f64({', '.join([f'<{n} x double>'] * 3)})"
            for n in (2, 4, 8)
        ),
        "attributes #0 = { nobuiltin nounwind willreturn memory(none) }",
        "",
    ]
)
"""nobuiltin: LLVM would replace pow(x, 2) and its like by something else."""


def lowering(op: Op, of_numbers: bool) -> Lowering | None:
    """The line of an operation, where it has one; never that of a custom operation that has taken
    a name."""
    if op.custom:
        return None
    return ENTRIES.get(op.name) or (NUMBERS.get(op.name) if of_numbers else None)
