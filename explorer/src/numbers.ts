/** Numbers as Python prints them. */

import type { Num, Raw } from "./types";

/** A number of JSON data. */
export function num(x: Raw | undefined): number {
  if (x === "inf") return Infinity;
  if (x === "-inf") return -Infinity;
  return typeof x === "number" || typeof x === "boolean" ? Number(x) : NaN;
}

/** A float as Python's repr has it: the shortest text that is read back as the same number. */
export function repr(x: number): string {
  if (x !== x) return "nan";
  if (Math.abs(x) === Infinity) return x > 0 ? "inf" : "-inf";
  const [mantissa, power] = x.toExponential().split("e") as [string, string];
  const exponent = Number(power);
  if (x !== 0 && (exponent < -4 || exponent >= 16)) return `${mantissa}e${padded(exponent)}`;
  const digits = mantissa.replace(/[-.]/g, "");
  const sign = x < 0 || Object.is(x, -0) ? "-" : "";
  if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, "0");
  return `${sign}${whole}.${digits.slice(exponent + 1) || "0"}`;
}

function padded(exponent: number): string {
  return (exponent < 0 ? "-" : "+") + String(Math.abs(exponent)).padStart(2, "0");
}

/** So many decimals, ties to the even digit. */
export function fixed(x: number, digits: number): string {
  const exact = Math.abs(x).toFixed(Math.min(100, digits + 70));
  const cut = exact.length - Math.min(100, digits + 70) + digits;
  const tie = /^50*$/.test(exact.slice(cut));
  const down = exact.slice(0, cut);
  if (tie && /[02468]\.?$/.test(down)) return (x < 0 ? "-" : "") + down.replace(/\.$/, "");
  return x.toFixed(digits);
}

/** A number rounded to so many decimals, without zeros at its end; a very small or large one with a
 * power of ten. */
export function scalarText(x: Num, digits: number): string {
  if (typeof x === "boolean") return x ? "True" : "False";
  if (!Number.isFinite(x)) return repr(x);
  if (x === Math.trunc(x) && Math.abs(x) < 1e16) return String(x === 0 ? 0 : x);
  const shortest = repr(x);
  const decimals = shortest.split(".")[1] ?? "";
  if (!shortest.includes("e") && decimals.length <= digits) return shortest;
  if (Math.abs(x) >= 1e16 || Math.abs(x) < 1e-4) {
    const [mantissa, power] = x.toExponential(digits).split("e") as [string, string];
    return digits < 16 ? `${trimmed(mantissa)}e${padded(Number(power))}` : shortest;
  }
  if (Math.abs(x) < 0.5 * 10 ** -digits) return trimmed(x.toPrecision(digits + 1));
  return trimmed(fixed(x, digits));
}

/** A number without the zeros at the end of its decimals. */
function trimmed(text: string): string {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

/** A number in few characters: itself where it is short, else four digits of it. */
export function brief(x: number): string {
  const whole = scalarText(x, 15);
  if (whole.length <= 7) return whole;
  const text = x.toPrecision(4);
  if (!text.includes("e")) return text;
  const [mantissa, power] = x.toExponential(2).split("e") as [string, string];
  return `${mantissa}e${padded(Number(power))}`;
}

/** How large half a unit of the last digit of a typed number is, and the number; null where what
 * was typed is none. */
export function typed(text: string): { value: number; half: number } | null {
  const clean = text.trim().replace(/\u2212/g, "-").replace(/^(-?)\+/, "$1");
  if (/^[-+]?(inf|infinity|\u221e)$/i.test(clean)) {
    return { value: clean.startsWith("-") ? -Infinity : Infinity, half: 0 };
  }
  if (/^nan$/i.test(clean)) return { value: NaN, half: 0 };
  const match = /^-?(\d+\.?\d*|\.\d+)(?:e([-+]?\d+))?$/i.exec(clean);
  if (!match) return null;
  const decimals = (match[1]!.split(".")[1] ?? "").length;
  return { value: Number(clean), half: 0.5 * 10 ** (Number(match[2] ?? 0) - decimals) };
}

const NUMBER = "(?:\\d+\\.?\\d*|\\.\\d+)(?:e[-+]?\\d+)?";
const ENTERED = new RegExp(`^(-?)(?:(${NUMBER})(?: ?\\*? ?(pi|\u03c0))?|(pi|\u03c0))(?: ?/ ?(${NUMBER}))?$`, "i");

/** What was entered for a coordinate: a number, a fraction (1/3), or a multiple of pi (2*pi/3); null
 * where it is none. */
export function entered(text: string): number | null {
  const plain = typed(text);
  if (plain) return plain.value;
  const match = ENTERED.exec(text.trim().replace(/\u2212/g, "-"));
  if (!match) return null;
  const [, minus, factor, after, alone, below] = match;
  const [top, bottom] = [typed(factor ?? "1"), typed(below ?? "1")];
  if (!top || !bottom) return null;
  return ((minus ? -1 : 1) * top.value * (after || alone ? Math.PI : 1)) / bottom.value;
}
