/** The error function and the gamma family on numbers, by series, continued fractions and
 * asymptotic expansions (Abramowitz and Stegun, chapters 6 and 7). */

const TWO_OVER_ROOT_PI = 2 / Math.sqrt(Math.PI);
const EULER = 0.57721566490153286061;

/** e^(-x²): x² is split, because its rounding error would be multiplied by x². */
function gauss(x: number): number {
  const head = Math.fround(x);
  return Math.exp(-head * head) * Math.exp((head - x) * (head + x));
}

/** 2/√π e^(-x²) Σ 2^n x^(2n+1) / (2n+1)!!, whose terms have one sign. */
function erfSeries(x: number): number {
  let term = x;
  let total = x;
  for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(total); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    total += term;
  }
  return TWO_OVER_ROOT_PI * gauss(x) * total;
}

/** e^(-x²)/√π 1/(x + ½/(x + 1/(x + 3/2/(x + …)))), from the inside out. */
function erfcFraction(x: number): number {
  let inside = x;
  for (let k = x < 2 ? 160 : 60; k > 0; k--) inside = x + k / 2 / inside;
  return gauss(x) / Math.sqrt(Math.PI) / inside;
}

export function erf(x: number): number {
  if (x === 0 || x !== x) return x;
  if (Math.abs(x) < 2) return erfSeries(x);
  if (Math.abs(x) > 6) return Math.sign(x);
  return x > 0 ? 1 - erfcFraction(x) : erfcFraction(-x) - 1;
}

export function erfc(x: number): number {
  if (x < 1) return 1 - erf(x);
  return x > 28 ? 0 : x === x ? erfcFraction(x) : x;
}

/** B(2k) / (2k (2k - 1)) for k = 1, 2, …, of Stirling's series. */
const STIRLING = [
  1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156, -3617 / 122400,
];

/** B(2k) for k = 1, 2, … */
const BERNOULLI = [1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510];

const FAR = 12;

function stirling(a: number): number {
  let tail = 0;
  for (const c of [...STIRLING].reverse()) tail = c + tail / (a * a);
  return (a - 0.5) * Math.log(a) - a + 0.5 * Math.log(2 * Math.PI) + tail / a;
}

/** (ζ(k) - 1)/k for k = 2, 3, … */
const TAILS = Array.from({ length: 28 }, (_, i) => zetaMinusOne(i + 2) / (i + 2));

/** ζ(k) - 1 by Euler and Maclaurin. */
function zetaMinusOne(k: number): number {
  const n = 14;
  let tail = n ** (1 - k) / (k - 1) + n ** -k / 2;
  let factor = k * n ** (-k - 1);
  for (let j = 0; j < 6; j++) {
    const twice = 2 * j + 2;
    tail += (BERNOULLI[j]! / factorial(twice)) * factor;
    factor *= ((k + twice - 1) * (k + twice)) / (n * n);
  }
  for (let i = n - 1; i > 1; i--) tail += i ** -k;
  return tail;
}

function factorial(n: number): number {
  return n < 2 ? 1 : n * factorial(n - 1);
}

/** ln Γ(2 + x) for |x| ≤ ½, which keeps its digits near 0. */
function aboutTwo(x: number): number {
  let y = 0;
  for (const c of [...TAILS].reverse()) y = c - x * y;
  return x * (1 - EULER + x * y);
}

/** sin(πx), exact at whole and half numbers. */
export function sinPi(x: number): number {
  const rest = x - 2 * Math.round(x / 2);
  const near = Math.abs(rest) > 0.5 ? Math.sign(rest) - rest : rest;
  const size = Math.abs(near);
  return size <= 0.25 ? Math.sin(Math.PI * near) : Math.sign(near) * Math.cos(Math.PI * (0.5 - size));
}

export function cosPi(x: number): number {
  return sinPi(Math.abs(x - 2 * Math.round(x / 2)) + 0.5);
}

/** ln |Γ(a)|. */
export function gammaln(a: number): number {
  if (!Number.isFinite(a)) return Math.abs(a);
  if (a < 0.5) {
    if (a <= 0 && a === Math.floor(a)) return Infinity;
    if (Math.abs(a) < 1e-300) return -Math.log(Math.abs(a));
    return Math.log(Math.PI / Math.abs(sinPi(a))) - gammaln(1 - a);
  }
  if (a < 1.5) return aboutTwo(a - 1) - Math.log1p(a - 1);
  if (a <= 2.5) return aboutTwo(a - 2);
  if (a <= 3.5) return aboutTwo(a - 3) + Math.log(a - 1);
  let product = 1;
  let x = a;
  for (; x < FAR; x++) product *= x;
  return stirling(x) - Math.log(product);
}

/** The derivative of ln Γ: nan at the poles, as scipy has it. */
export function digamma(a: number): number {
  if (a === -Infinity || a !== a) return a === a ? NaN : a;
  if (a === 0) return Object.is(a, -0) ? Infinity : -Infinity;
  if (a < 0) {
    if (a === Math.floor(a)) return NaN;
    return digamma(1 - a) - (Math.PI * cosPi(a)) / sinPi(a);
  }
  if (a === Infinity) return a;
  let shift = 0;
  let x = a;
  for (; x < FAR; x++) shift += 1 / x;
  let tail = 0;
  for (let k = BERNOULLI.length; k > 0; k--) {
    tail = (tail + BERNOULLI[k - 1]! / (2 * k)) / (x * x);
  }
  return Math.log(x) - 0.5 / x - tail - shift;
}

/** The derivative of digamma. */
export function trigamma(a: number): number {
  if (a === Infinity) return 0;
  if (a === -Infinity || a !== a) return a === a ? Infinity : a;
  if (a <= 0) {
    if (a === Math.floor(a)) return Infinity;
    return (Math.PI / sinPi(a)) ** 2 - trigamma(1 - a);
  }
  let shift = 0;
  let x = a;
  for (; x < FAR; x++) shift += 1 / (x * x);
  let tail = 0;
  for (let k = BERNOULLI.length; k > 0; k--) tail = (tail + BERNOULLI[k - 1]!) / (x * x);
  return 1 / x + 0.5 / (x * x) + tail / x + shift;
}

/** The derivative of trigamma. */
export function polygamma2(a: number): number {
  if (a === Infinity) return -0;
  if (a === -Infinity || a !== a) return a === a ? -Infinity : a;
  if (a <= 0) {
    if (a === Math.floor(a)) return -Infinity;
    return polygamma2(1 - a) - (2 * Math.PI ** 3 * cosPi(a)) / sinPi(a) ** 3;
  }
  let shift = 0;
  let x = a;
  for (; x < FAR; x++) shift += 2 / (x * x * x);
  let tail = 0;
  for (let k = BERNOULLI.length; k > 0; k--) {
    tail = (tail + (2 * k + 1) * BERNOULLI[k - 1]!) / (x * x);
  }
  return -1 / (x * x) - 1 / (x * x * x) - tail / (x * x) - shift;
}
