"""The statements that random programs are made of; see fuzz_programs for what the letters mean."""

from __future__ import annotations

import re

ARITHMETIC = """
{a} + {b}
{a} - {b}
{a} * {b}
{a} / (2.5 + {b} * {b})
{a} * {s} + {b}
{s} - {a}
{a} ** 2
{a} ** 3 * 0.1
{a} * {k}
{k} + {a}
{a} - {k}
{k} / (3.0 + {a} ** 2)
-{a}
+{a} * 0.5
np.multiply({a}, {k})
np.add({k}, {a})
np.float32(0.5) * {a}
{a} * np.float64(1.5)
np.sin({a})
np.tanh({a})
np.exp(-{a} * {a})
np.log1p({a} * {a})
np.sqrt(1.0 + {a} * {a})
np.cos({a}) * {b}
np.arctan({a}) + {k}
np.logaddexp({a}, {b})
np.arctan2({a}, 2.0 + {b} * {b})
np.hypot({a}, 1.0 + {b} * {b})
np.abs({a}) * {b}
np.maximum({a}, {b})
np.minimum({a}, {k})
np.clip({a}, -0.5, 0.75)
np.where({a} > {b}, {a}, 2 * {b})
{a} % 2.5
np.square({a}) - {b}
np.reciprocal(1.5 + {a} ** 2)
"""

MASKS = """
({a} > {s}) * {b}
{b} * ({a} <= {s})
{m} * {a} + {n} * {b}
({m} + {n}) * {a}
({m} * {n}) * {a}
({m} & {n}) * {a} + {b}
({m} | {n}) * {b}
({m} ^ {n}) * {b}
np.logical_not({m}) * {a}
np.logical_and({m}, {n}) * {a} + {m}
{a} + {m}
{a} - {m}
{m} - {a}
{m} / (2.0 + {a} * {a})
{m} * 2 * {a}
({m} + 1) * {a}
2 * {m} + {a}
{a} * {m} * {n}
{a} ** {m}
({m} + 0.5) ** 2 * {a}
np.where({m}, {a}, {b})
np.where({m}, {a}, 0.0)
np.where({m}, {a}, 0)
np.where({m} * {n}, {a}, {b})
np.sum({m}) * {a}
np.sum({m} * 1.0) * {a}
np.mean({m}) * {a}
np.count_nonzero({m}) * {a}
np.cumsum({m}) * {a}
np.sum({m} * {a})
np.any({m}) * {a}
np.all({m}) * {a} + {b}
np.maximum({m}, {a})
np.minimum({a}, {m})
np.maximum({m}, {n}) * {a}
np.multiply({m}, {a})
np.add({m}, {n}) * {a}
(np.add({m}, 0.0) + {n}) * {a}
({e} > {s}).astype(float) * {a}
({e} > {s}).astype(int) * {a}
({m} * {s}) * {a}
np.dot({m}, {a})
{m} @ {a}
A @ ({m} * {a})
A @ {m} * {a}
np.sum(np.stack([{m}, {n}]), axis=0) * {a}
np.outer({m}, {a})
np.abs({m} - 0.25) * {a}
(1 - {m}) * {a}
(1 - 1.0 * {m}) * {a}
np.heaviside({a}, 0.5) * {b}
np.sign({a}) * {b}
np.maximum(0, {a})
np.isnan({a}) + {a}
np.isfinite({a}) * {a}
np.diff(1.0 * {m}) * 0.5 + np.sum({a})
np.mean({a}[M])
np.where(M, {a}, {b})[M]
np.sum({a}, where=M)
np.prod({m} + {a} * 0.25)
np.var({m}) * {a}
np.power({a}, {m})
"""

INTEGERS = """
U * {a} * 0.01
{a} * U * 0.01
{a} - U / 256
U / 255 - {a}
(U > 100) * {a}
{a} + I
{a} * I
{a} / (I + 5)
{a} ** np.abs(I)
K @ {a}
{a} @ K
np.dot(K, {a})
(I + I) * {a}
(U // 64) * {a}
{i} * {a} * 0.01
np.sum({i} * {a}) * 0.01
np.floor({e}).astype(int) * {b}
{a}[np.argsort({a})]
{a}[np.argmax({a})]
np.argmax({a}) * {a}
np.argsort({a}) + {a}
np.floor({a}) * {b}
np.round({a}) + {b}
np.rint({a}) % 2 * {b}
np.trunc({a}) - {b}
np.searchsorted(np.array([-1.0, 0.0, 1.0]), {a}) * {b}
np.digitize({a}, [-1.0, 0.0, 1.0]) * {b}
np.take({a}, [0, 2, 0])
np.maximum({i} * 0.01, {a})
np.where(I > 0, {a}, I)
np.sum(I) * {a}
np.arange(3) * {a}
np.arange(3) ** 2 * {a}
"""

REDUCED = """
np.sum({a}) + {b}
{a}.sum(axis=0)
np.mean({a}) * {b}
np.mean({a}, axis=-1, keepdims=True) + {b}
np.max({a}) - {b}
np.min({a}, axis=0)
np.var({a}) + {b}
np.std({a} * {b} + 1.5) * {a}
np.prod(1.0 + 0.1 * {a}) * {b}
np.cumsum({a})
np.linalg.norm({a}) * {b}
np.dot({a}, {b})
{a} @ {b}
A @ {a}
{a} @ A
W @ {a}
np.einsum("i,i->", {a}, {b})
np.einsum("ij,j->i", A, {a})
np.inner({a}, W)
np.outer({a}, {b})
np.trapezoid({a})
np.median({a}) + {b}
np.sum({a} * W, axis=-1)
np.average({a}, weights=np.array([1, 2, 3]))
"""

MOVED = """
{a}[::-1]
{a}[0]
{a}[-1] * {b}
{a}[1:] * {s}
{a}[..., None] * {b}
{a}.T
np.roll({a}, 1)
np.concatenate([{a}, {b}])
np.stack([{a}, {b}])
np.hstack([{a}, W])
np.reshape({a}, -1)
np.ravel({a}) * 0.5
np.broadcast_to({a}, (3,))
np.diff({a})
np.pad({a}, 1)
np.flip({a})
np.repeat({a}, 2)
np.tile({a}, 2)
np.sort({a})
np.transpose({a})
np.squeeze({a})
np.atleast_1d({a})
np.array([{s}, 1.0, 2]) * {a}
np.array({a})
{a}.copy()
{e}.astype(float)
np.triu({a})
np.diagonal({a}) * 2
np.swapaxes({a}, 0, -1)
np.full_like({a}, 0.5) * {a}
np.zeros_like({a}) + {b}
sum(w * {a} for w in W)
sum([{a}[j] * w for j, w in enumerate(box.w)])
{a} * box.scale + box.w
{a} * box.on
max({a}, 0.25)
abs({a}) + {b}
float(S) * {a}
"""

BLOCKS = [
    ("if {a} > {s}:", "    {v} = {a} * {b}", "else:", "    {v} = {b} - {a}"),
    ("{v} = {b}", "if np.sum({a}) > {s}:", "    {v} = {v} * {a}"),
    ("if np.any({m}):", "    {v} = {a} * 2", "else:", "    {v} = {a} + {b}"),
    ("{v} = {a}", "for j in range(3):", "    {v} = 0.5 * {v} + j * {b}"),
    ("{v} = {a}", "for w in W:", "    {v} = {v} * w + {b}"),
    ("{v} = {a}", "while np.sum({v} * {v}) > 0.5:", "    {v} = 0.6 * {v}"),
    ("{v} = {a} * 0.5 if box.on else {a} * {b}",),
    ("{v} = {a} if U[0] > 128 else {b}",),
    ("{v} = {a} if {a} < {b} else {b} * 2",),
    ("{v} = {a} * 1.0", "{v} += {b}"),
    ("{v} = {a} * 1.0", "{v} *= {m}"),
    ("{v} = {a} + 0.0", "{v} -= {k}"),
    ("{v} = {a} * 2.0", "{v}[M] = 0.0"),
    ("{v} = {a}.copy()", "{v} *= {b}", "{v} = {v} + {a}"),
    ("{v} = {a}[::-1]", "{v} = {v} * 1.0", "{v} /= 2.0 + {b} * {b}"),
    ("t = {a} * {b}", "{v} = t", "{v} += {a}", "{v} = {v} * t"),
    ("{v} = [{a} * 1.0, {b}]", "{v}[0] += {b}", "{v} = {v}[0] * {v}[1]"),
    ("{v} = W.copy()", "{v} *= 2.0", "{v} = {v} * {a}"),
    (
        "{v} = np.zeros(3)",
        "{v} += W",
        "{v} = {v} * {a}",
    ),
    ("{v} = {e}.astype(float)", "{v} += {b} * {b}"),
    ("{v} = np.array({a})", "{v} *= 0.5"),
    ("{v} = np.zeros(3)", "for j in range(3):", "    {v}[j] = W[j] * 2", "{v} = {v} * {a}"),
    ("{v} = np.stack([{a}[j] * W[j] for j in range(3)])",),
    ("t = {a} * {b}", "t += 1.0", "{v} = t * t"),
    ("t = {a} > {s}", "{v} = {b} * t + t"),
    ("t = [{a}, {b}]", "{v} = t[0] * t[1]"),
    ("t = dict(p={a}, q={b})", "{v} = t['p'] - t['q']"),
    ("{v} = {m} + {n}",),
    ("{v} = {m} * {n}",),
    ("{v} = {m} & {n}",),
    ("{v} = {a} > {b}",),
    ("{v} = {a} > {s}",),
    ("{v} = {a} <= {k}",),
    ("{v} = np.argsort({a})",),
    ("{v} = np.sum({m})",),
    ("{v} = ({e} > {s}).astype(int)",),
    ("{v} = np.floor({e}).astype(int)",),
    ("h = lambda t: t * W + {a}", "{v} = h({b})"),
]

STATEMENTS: list[tuple[str, ...]] = [
    *(
        ("{v} = " + line,)
        for chapter in (ARITHMETIC, MASKS, INTEGERS, REDUCED, MOVED)
        for line in chapter.strip().splitlines()
    ),
    *BLOCKS,
    *BLOCKS,
]

REAL = re.compile(
    r"np\.(abs|linalg|var|std|clip|heaviside|sign|floor|round|rint|trunc|hypot|arctan2|logaddexp"
    r"|digitize|isfinite|median|zeros\(|empty\(|searchsorted|triu|average)"
    r"|(?<!np\.)\b(abs|max|float)\(|astype|%"
)
"""What complex numbers would not take, or would take otherwise than real ones."""
