/** The value of each operation on numbers, with the conventions that admodes has in Python. Partials
 * are not written here: they are recorded from admodes' own rules as lists of these operations. */

import { cosPi, digamma, erf, erfc, gammaln, polygamma2, sinPi, trigamma } from "./special";

export type Kernel = (...xs: number[]) => number | boolean;

/** The power of C: JavaScript has nan for 1 to the power of nan and for ±1 to that of infinity. */
function power(a: number, b: number): number {
  return a === 1 || (a === -1 && Math.abs(b) === Infinity) ? 1 : Math.pow(a, b);
}

/** a^b (ln a)^n by half powers, so that neither factor overflows before the product does. */
function powerLog(n: number, a: number, b: number): number {
  const half = power(a, 0.5 * b);
  const log = Math.log(a);
  return half === 0 && log === log ? 0 : half * log ** n * half;
}

function sigmoid(x: number): number {
  const small = Math.exp(-Math.abs(x));
  return (x >= 0 ? 1 : small) / (1 + small);
}

function logaddexp(a: number, b: number): number {
  if (a === b) return a + Math.LN2;
  return Math.max(a, b) + Math.log1p(Math.exp(-Math.abs(a - b)));
}

/** The remainder with the sign of b. */
function remainder(a: number, b: number): number {
  const rest = a % b;
  return rest !== 0 && b < 0 !== rest < 0 ? rest + b : rest;
}

function floorDivide(a: number, b: number): number {
  if (b === 0) return a / b;
  const rest = a % b;
  const moved = rest !== 0 && b < 0 !== rest < 0;
  const quotient = (a - rest) / b - (moved ? 1 : 0);
  const whole = Math.floor(quotient);
  return quotient - whole > 0.5 ? whole + 1 : whole;
}

/** Halves go to the even neighbour. */
function round(x: number): number {
  const low = Math.floor(x);
  const part = x - low;
  return part === 0.5 ? 2 * Math.round(x / 2) : part < 0.5 || part !== part ? low : low + 1;
}

/** a / hypot(a, b), scaled by the larger one. */
function cosine(a: number, b: number): number {
  const size = Math.max(Math.abs(a), Math.abs(b));
  if (size === Infinity) {
    if (Math.abs(a) === Math.abs(b)) return NaN;
    return Math.abs(a) === Infinity ? Math.sign(a) : 0;
  }
  return a / size / hypot(a / size, b / size);
}

function overSquare(a: number, b: number): number {
  if (a !== a || b !== b) return NaN;
  if (Math.abs(a) === Infinity || Math.abs(b) === Infinity) return 0;
  return cosine(a, b) / hypot(a, b);
}

function hypot(a: number, b: number): number {
  const [low, high] = [Math.abs(a), Math.abs(b)].sort((p, q) => p - q) as [number, number];
  if (low === Infinity || high === Infinity) return Infinity;
  // √ of squares is more accurate than Math.hypot, where the squares are doubles.
  if (high > 1e-150 && high < 1e150) return Math.sqrt(low * low + high * high);
  return Math.hypot(a, b);
}

function sinc(x: number): number {
  const z = Math.PI * x;
  if (Math.abs(z) < 1) return series(z, 1, (k) => (2 * k) * (2 * k + 1));
  return Math.abs(x) === Infinity ? NaN : sinPi(x) / z;
}

/** Σ of terms of which each is the one before it times -z² / divisor(k). */
function series(z: number, first: number, divisor: (k: number) => number): number {
  let term = first;
  let total = first;
  for (let k = 1; k < 20; k++) {
    term *= (-z * z) / divisor(k);
    total += term;
  }
  return total;
}

/** The derivative of sinc. */
function sincSlope(x: number): number {
  const z = Math.PI * x;
  if (Math.abs(z) < 2) {
    return Math.PI * series(z, -z / 3, (k) => 2 * k * (2 * k + 3));
  }
  return Math.abs(x) === Infinity ? NaN : (cosPi(x) - sinPi(x) / z) / x;
}

function logit(x: number): number {
  if (Math.abs(x - 0.5) < 0.25) return Math.log1p((2 * x - 1) / (1 - x));
  return Math.log(x) - Math.log1p(-x);
}

function product(a: number, log: number, b: number): number {
  return a === 0 && b === b ? 0 : a * log;
}

function entropy(x: number): number {
  if (x < 0) return -Infinity;
  return x === 0 ? 0 : -x * Math.log(x);
}

export const KERNELS: Record<string, Kernel> = {
  add: (a, b) => a! + b!,
  subtract: (a, b) => a! - b!,
  negate: (a) => -a!,
  multiply: (a, b) => a! * b!,
  divide: (a, b) => a! / b!,
  inverse: (a) => 1 / a!,
  square: (a) => a! * a!,
  power: (a, b) => power(a!, b!),
  power_log1: (a, b) => powerLog(1, a!, b!),
  power_log2: (a, b) => powerLog(2, a!, b!),
  sqrt: (a) => Math.sqrt(a!),
  root: (a) => Math.sqrt(a!),
  cbrt: (a) => Math.cbrt(a!),
  exp: (a) => Math.exp(a!),
  exp2: (a) => power(2, a!),
  expm1: (a) => Math.expm1(a!),
  ln: (a) => Math.log(a!),
  log2: (a) => Math.log2(a!),
  log10: (a) => Math.log10(a!),
  log1p: (a) => Math.log1p(a!),
  sin: (a) => Math.sin(a!),
  cos: (a) => Math.cos(a!),
  tan: (a) => Math.tan(a!),
  cot: (a) => 1 / Math.tan(a!),
  sec: (a) => 1 / Math.cos(a!),
  csc: (a) => 1 / Math.sin(a!),
  asin: (a) => Math.asin(a!),
  acos: (a) => Math.acos(a!),
  atan: (a) => Math.atan(a!),
  asin_slope: (a) => 1 / Math.sqrt((1 - a!) * (1 + a!)),
  sinh: (a) => Math.sinh(a!),
  cosh: (a) => Math.cosh(a!),
  tanh: (a) => Math.tanh(a!),
  asinh: (a) => Math.asinh(a!),
  acosh: (a) => Math.acosh(a!),
  atanh: (a) => Math.atanh(a!),
  acosh_slope: (a) => 1 / (Math.sqrt(a! - 1) * Math.sqrt(a! + 1)),
  atanh_slope: (a) => 1 / ((1 - a!) * (1 + a!)),
  hypot: (a, b) => hypot(a!, b!),
  atan2: (a, b) => Math.atan2(a!, b!),
  cosine: (a, b) => cosine(a!, b!),
  over_square: (a, b) => overSquare(a!, b!),
  sigmoid: (a) => sigmoid(a!),
  logit: (a) => logit(a!),
  logit_slope: (a) => 1 / (a! * (1 - a!)),
  softplus: (a) => Math.max(a!, 0) + Math.log1p(Math.exp(-Math.abs(a!))),
  relu: (a) => (a! > 0 || a !== a ? a! : 0),
  leaky_relu: (a, slope) => (a! > 0 ? a! : slope! * a!),
  elu: (a, alpha) => (a! > 0 ? a! : alpha! * Math.expm1(a!)),
  logaddexp: (a, b) => logaddexp(a!, b!),
  sign: (a) => Math.sign(a!),
  abs: (a) => Math.abs(a!),
  maximum: (a, b) => Math.max(a!, b!),
  minimum: (a, b) => Math.min(a!, b!),
  clip: (a, low, high) => Math.min(Math.max(a!, low!), high!),
  floor: (a) => Math.floor(a!),
  ceil: (a) => Math.ceil(a!),
  round: (a) => round(a!),
  trunc: (a) => Math.trunc(a!),
  floor_divide: (a, b) => floorDivide(a!, b!),
  remainder: (a, b) => remainder(a!, b!),
  sinc: (a) => sinc(a!),
  sinc1: (a) => sincSlope(a!),
  erf: (a) => erf(a!),
  erfc: (a) => erfc(a!),
  gammaln: (a) => gammaln(a!),
  digamma: (a) => digamma(a!),
  trigamma: (a) => trigamma(a!),
  polygamma2: (a) => polygamma2(a!),
  gelu: (a) => 0.5 * a! * erfc(-a! / Math.SQRT2),
  xlogy: (a, b) => product(a!, Math.log(b!), b!),
  xlog1py: (a, b) => product(a!, Math.log1p(b!), b!),
  entr: (a) => entropy(a!),
  where: (c, a, b) => (c ? a! : b!),
  strong_mul: (p, t) => (t ? p! * t : t !== t ? NaN : 0),
  tangent_mul: (s, t) => (s === 0 || t === 0 ? 0 : s! * t!),
  greater: (a, b) => a! > b!,
  greater_equal: (a, b) => a! >= b!,
  less: (a, b) => a! < b!,
  less_equal: (a, b) => a! <= b!,
  equal: (a, b) => Number(a) === Number(b),
  is_extreme: (a, b) => Number(a) === Number(b) || (a !== a && b !== b),
  not_equal: (a, b) => Number(a) !== Number(b),
  both: (a, b) => Boolean(a) && Boolean(b),
  either: (a, b) => Boolean(a) || Boolean(b),
  differ: (a, b) => Boolean(a) !== Boolean(b),
  opposite: (a) => !a,
  isnan: (a) => a !== a,
  isfinite: (a) => Number.isFinite(a),
  isinf: (a) => Math.abs(a!) === Infinity,
  signbit: (a) => a! < 0 || Object.is(a, -0),
};
