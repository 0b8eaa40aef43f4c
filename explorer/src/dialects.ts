/** How formulas are written, as plain text or as LaTeX: the same as admodes/views/dialects.py, so that
 * a table of the page is the table that `admodes trace` prints. */

import { scalarText } from "./numbers";
import type { Name, Num } from "./types";

export interface Dialect {
  name: "text" | "latex";
  times: string;
  thin: string;
  /** Between factors that are names. */
  beside: string;
  number(x: Num): string;
  derivative(top: string, bottom: string): string;
  power(base: string, exponent: string): string;
  bracket(text: string): string;
  contribution(text: string): string;
}

const SUPERSCRIPTS: Record<string, string> = { "-": "⁻", ...Object.fromEntries([..."⁰¹²³⁴⁵⁶⁷⁸⁹"].entries()) };

/** The signs of a preset, where they are not the usual. */
export interface Signs {
  times: string;
  between: string;
}

const USUAL = { times: "", between: "" };

export function textDialect(digits: number, { times, between }: Signs = USUAL): Dialect {
  return {
    name: "text",
    times: ` ${times || "×"} `,
    thin: " ",
    beside: between ? ` ${between} ` : " ",
    number: (x) => scalarText(x, digits),
    derivative: (top, bottom) => `∂${top}/∂${bottom}`,
    power: (base, exponent) => base + [...exponent].map((c) => SUPERSCRIPTS[c] ?? c).join(""),
    bracket: (text) => `(${text})`,
    contribution: (text) => `[${text}]`,
  };
}

export function latexDialect(digits: number, { times, between }: Signs = USUAL): Dialect {
  return {
    name: "latex",
    times: ` ${times || "\\times"} `,
    thin: "\\, ",
    beside: between ? ` ${between} ` : " ",
    number: (x) =>
      scalarText(x, digits)
        .replace(/([\d.]+)e([+-])0*(\d+)/, (_, m, sign, e) => `${m} \\times 10^{${sign === "-" ? "-" : ""}${e}}`)
        .replace(/inf/, "\\infty")
        .replace(/nan/, "\\mathrm{nan}"),
    derivative: (top, bottom) => `\\frac{\\partial ${top}}{\\partial ${bottom}}`,
    power: (base, exponent) => `${base}^{${exponent}}`,
    bracket: (text) => `\\left(${text}\\right)`,
    contribution: (text) => `\\left[${text}\\right]`,
  };
}

/** A printed argument, and whether it is a number. */
export type Atom = [text: string, numeric: boolean];

/** A number that a form has of its own, such as the exponent of a partial. */
const DECIMAL = /(?<![\w.])\d+\.\d+(?:e[+-]?\d+)?(?![\w.])/g;

const RAISED = [..."^⁰¹²³⁴⁵⁶⁷⁸⁹⁻"];
const OPEN = ["(", "{", "|", "⌊", "⌈", "\\lfloor ", "\\lceil "];
const CLOSE = [")", "\\right)", "}", "|", "\\right|", "⌋", "⌉", " \\rfloor", " \\rceil"];

/** A template with its arguments put in: negative numbers get brackets unless the template has some,
 * and so do bases of powers in exponent form; `*` becomes a space between names and × between
 * numbers. */
export function fill(form: string, atoms: Atom[], dialect: Dialect): string {
  const whole = form.replace("⟦*⟧", atoms.map((_, i) => `⟦${i}⟧`).join(", "));
  const split = whole.split(/\u27e6(\d+)\u27e7/);
  const chosen = split.filter((_, i) => i % 2 === 1).map((i) => atoms[Number(i)]!);
  const pieces = split
    .filter((_, i) => i % 2 === 0)
    .map((piece) => piece.replace(DECIMAL, (number) => dialect.number(Number(number))));
  let out = signed(pieces[0]!, undefined, chosen[0], dialect);
  chosen.forEach(([given, numeric], k) => {
    let text = given;
    const after = pieces[k + 1]!;
    if (pieces[k] === "^" && dialect.name === "text" && /^-?\d+$/.test(text)) {
      out = dialect.power(out.slice(0, -1), text);
    } else {
      const wrapped = OPEN.some((s) => out.endsWith(s)) && CLOSE.some((s) => after.startsWith(s));
      const scientificBase = RAISED.includes(after[0] ?? "") && /e[+-]|10\^/.test(text);
      if (numeric && ((text.startsWith("-") && !wrapped) || scientificBase)) {
        text = dialect.bracket(text);
        if (/\p{L} $/u.test(out) && dialect.name === "text") out = out.slice(0, -1);
      }
      out += text;
    }
    out += signed(after, chosen[k], chosen[k + 1], dialect);
  });
  return out;
}

/** A piece of a template, between two arguments, with the signs of multiplication put in. */
function signed(piece: string, before: Atom | undefined, after: Atom | undefined, dialect: Dialect): string {
  return piece.replace(/\*/g, (_, at: number) => {
    let [left, leftNumber]: Atom = [piece.slice(0, at), false];
    let [right, rightNumber]: Atom = [piece.slice(at + 1), false];
    if (!left && before) [left, leftNumber] = before;
    if (!right && after) [right, rightNumber] = after;
    if (rightNumber || /^\d/.test(right) || left.endsWith("]")) return dialect.times;
    if (/^(\(|\[|\\left\()/.test(right)) {
      return left.endsWith(")") && !leftNumber && dialect.beside === " " ? "" : dialect.times;
    }
    return leftNumber && !/^-?[\d.]+$/.test(left) ? dialect.times : dialect.beside;
  });
}

/** A derivative by a mark: a dot, a bar, or a form that holds the name and perhaps the direction. */
export function marked(mark: Name, name: Name, direction: Name | null, dialect: Dialect): string {
  const form = mark[dialect.name];
  if (form !== "dot" && form !== "bar") {
    return form.replace(/\u27e6([vd])\u27e7/g, (_, slot) => (slot === "v" ? name : direction!)[dialect.name]);
  }
  if (dialect.name === "text") {
    if (/^\p{L}{2}/u.test(name.text)) return `${form === "dot" ? "d" : "adj"}(${name.text})`;
    const [first, ...rest] = [...name.text];
    return first + (form === "dot" ? "\u0307" : "\u0304") + rest.join("");
  }
  const at = name.latex.indexOf("_{");
  const [stem, below] = at < 0 ? [name.latex, ""] : [name.latex.slice(0, at), name.latex.slice(at)];
  const whole = form === "bar" && /^\p{L}{2}/u.test(name.text) ? "overline" : form;
  return `\\${whole}{${stem}}${below}`;
}

export const DOT: Name = { text: "dot", latex: "dot" };
export const BAR: Name = { text: "bar", latex: "bar" };
