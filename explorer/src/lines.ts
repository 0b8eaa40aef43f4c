/** The lines of a table in a dialect: what admodes/views/tables.py prints, in pieces. */

import { BAR, DOT, fill, latexDialect, marked, textDialect, type Atom, type Dialect } from "./dialects";
import { SEED, type Model, type Sweep } from "./model";
import { num, repr } from "./numbers";
import type { Name, Num, Row, Style } from "./types";

export interface Figure {
  kind: "value" | "tangent" | "adjoint" | "jacobian";
  row: number;
  of: string;
}

export interface Line {
  /** The row, for an output that of its value; null for an output that is a constant. */
  row: number | null;
  /** Whether this is the line of an output, below those of the rows. */
  end: boolean;
  left: string;
  /** What stands right of the equals sign, as terms of a sum. */
  symbols: string[];
  rule: string;
  numbers: string[];
  value: unknown;
}

/** Partials that are not written as factors. */
const UNITS = ["1", "-1"];

export class Lines {
  readonly write: Dialect;
  private readonly style: Style;

  constructor(
    readonly model: Model,
    dialect: "text" | "latex",
  ) {
    this.style = model.data.styles[model.style.value]!;
    this.write = (dialect === "text" ? textDialect : latexDialect)(model.data.digits, this.style);
  }

  private named(row: number): Name {
    return this.style.rows[row]!;
  }

  name(row: number): string {
    return this.named(row)[this.write.name];
  }

  private end(kind: "inputs" | "outputs", i: number): Name {
    return this.model.data[kind === "inputs" ? "inputNames" : "outputNames"][i]!;
  }

  private endOf(kind: "inputs" | "outputs", name: string): string {
    return this.end(kind, this.model.names[kind].indexOf(name))[this.write.name];
  }

  number(x: unknown): string {
    return shown(x, this.write);
  }

  /** The partial of a row by an argument in symbols: its formula, or ∂v2/∂v1. */
  private factor(row: Row, k: number): string {
    const form = row.forms?.[this.write.name].partials?.[k];
    const from = row.args[k]!.row!;
    if (!this.style.formulas || form === undefined) return this.write.derivative(this.name(row.row), this.name(from));
    const formula = this.form(row, form, false);
    return isSum(formula) && formula !== "-1" ? this.write.bracket(formula) : formula;
  }

  /** The partial before a tangent and after an adjoint, unless the preset swaps them. */
  private ordered(partial: string, derivative: string, mode: string): [string, string] {
    const first = (mode === "forward") !== this.style.swapped.includes(mode);
    return first ? [partial, derivative] : [derivative, partial];
  }

  /** ∂v2/∂v1 v̇1, or 2 v̇1, or only v̇1 where the formula is 1. */
  private term(row: Row, k: number, derivative: string, mode: string): string {
    const local = this.factor(row, k);
    if (UNITS.includes(local)) return local.replace("1", "") + derivative;
    const pair = this.ordered(local, derivative, mode);
    const sign = this.style.between ? this.write.beside : this.write.thin;
    return pair.join(/^\d/.test(pair[1]) ? this.write.times : sign);
  }

  /** 2 × 0: the term in numbers. */
  private product(row: Row, k: number, derivative: number, mode: string): string {
    const [local, right] = [this.factor(row, k), this.atom(derivative)];
    if (UNITS.includes(local)) return local.replace("1", "") + right;
    return this.ordered(this.atom(this.partial(row.row, k)), right, mode).join(this.write.times);
  }

  private atom(x: number): string {
    const text = this.number(x);
    return text.startsWith("-") ? this.write.bracket(text) : text;
  }

  /** A template of a row with names or with numbers put in; the equation of an array stands. */
  private form(row: Row, template: string, numbers: boolean): string {
    const atoms = row.args.map((a): Atom => {
      if (a.row === undefined) return [this.constant(a.const), true];
      return numbers ? [this.number(this.model.value(a.row)), true] : [this.name(a.row), false];
    });
    return template.includes("⟦") ? fill(template, atoms, this.write) : template;
  }

  private constant(x: unknown): string {
    return Array.isArray(x) ? "…" : this.write.number(num(x as Num));
  }

  private get scalar(): boolean {
    return this.model.data.kind === "scalar";
  }

  of(sweep: Sweep): Line[] {
    if (sweep.kind === "evaluation") return this.evaluation();
    if (!this.scalar) return this.equations(sweep);
    return sweep.kind === "forward" ? this.forward(sweep.direction) : this.reverse(sweep.direction);
  }

  private evaluation(): Line[] {
    const { data } = this.model;
    const lines = data.rows.map((row): Line => {
      const template = row.forms?.[this.write.name].value ?? "";
      const first = row.op === "input";
      const right = first ? this.startOf(row.row) : this.form(row, template, false);
      const symbols = right === this.name(row.row) ? [] : [right];
      const numbers = first || !this.model.editable ? [] : [this.form(row, template, true)];
      return { row: row.row, end: false, left: this.name(row.row), symbols, rule: "", numbers, value: this.model.value(row.row) };
    });
    data.outputs.forEach((y, i) => {
      const symbols = y.row === null ? [] : [this.name(y.row)];
      const left = this.end("outputs", i)[this.write.name];
      if (symbols[0] !== left) {
        lines.push({ row: y.row, end: true, left, symbols, rule: "", numbers: [], value: y.row === null ? num(y.value) : this.model.value(y.row) });
      }
    });
    return lines;
  }

  private startOf(row: number): string {
    return this.end("inputs", this.model.data.inputs.findIndex((x) => x.row === row))[this.write.name];
  }

  private dotted(name: Name, direction: string): string {
    const { value: notation } = this.model.notation;
    const mark = notation === "dot" ? DOT : notation === "leibniz" ? null : this.style.tangent;
    if (mark || direction === SEED) return marked(mark ?? DOT, name, this.write);
    return this.write.derivative(name[this.write.name], this.endOf("inputs", direction));
  }

  private barred(name: Name, direction: string): string {
    const mark = this.style.adjoint;
    if (mark || direction === SEED) return marked(mark ?? BAR, name, this.write);
    return this.write.derivative(this.endOf("outputs", direction), name[this.write.name]);
  }

  private forward(direction: string): Line[] {
    const { model } = this;
    const lines = model.data.rows.filter((row) => row.derivative).map((row): Line => {
      const terms = row.args.flatMap((a, k) => (a.row !== undefined && model.data.rows[a.row]!.derivative ? [[a.row, k] as const] : []));
      return {
        row: row.row,
        end: false,
        left: this.dotted(this.named(row.row), direction),
        symbols: row.op === "input" ? this.seedOf(row, direction)
          : terms.map(([from, k]) => this.term(row, k, this.dotted(this.named(from), direction), "forward")),
        rule: terms.length ? row.rule : "-",
        numbers: model.evaluation.value ? terms.map(([from, k]) => this.product(row, k, model.tangent(direction, from)!, "forward")) : [],
        value: model.tangent(direction, row.row),
      };
    });
    model.data.outputs.forEach((y, i) => {
      if (y.row === null) return;
      const left = this.dotted(this.end("outputs", i), direction);
      const symbols = [this.dotted(this.named(y.row), direction)];
      lines.push({ row: y.row, end: true, left, symbols, rule: "-", numbers: [], value: model.tangent(direction, y.row) });
    });
    return lines;
  }

  /** ẋ1, where a preset sets the tangent of an input to a seed by name. */
  private seedOf(row: Row, direction: string): string[] {
    const name = this.end("inputs", this.model.data.inputs.findIndex((x) => x.row === row.row));
    return this.style.seeds && name.text !== this.named(row.row).text ? [this.dotted(name, direction)] : [];
  }

  /** A partial; that of an argument on which a row does not depend is 0. */
  private partial(row: number, k: number): number {
    return this.model.evaluation.value?.partials[row]![k] ?? 0;
  }

  private reverse(direction: string): Line[] {
    const { model } = this;
    const pulled = model.pulled.value.get(direction)!;
    const readers = this.readers();
    return [...model.data.rows].reverse().filter((row) => row.derivative).map((row): Line => {
      const seeds = this.seedsOf(row.row, direction);
      const terms = pulled.contributions[row.row] ?? [];
      const from = terms.length ? terms : (readers[row.row] ?? []);
      return {
        row: row.row,
        end: false,
        left: this.barred(this.named(row.row), direction),
        symbols: [
          ...seeds.map(([symbol]) => symbol),
          ...from.map((c) => this.term(model.data.rows[c.row]!, c.arg, this.barred(this.named(c.row), direction), "reverse")),
        ],
        rule: "",
        numbers: model.evaluation.value
          ? [...seeds.map(([, number]) => number), ...terms.map((c) => this.product(model.data.rows[c.row]!, c.arg, c.adjoint, "reverse"))]
          : [],
        value: model.adjoint(direction, row.row),
      };
    });
  }

  /** The rows that read each row. */
  private readers(): { row: number; arg: number }[][] {
    const found: { row: number; arg: number }[][] = this.model.data.rows.map(() => []);
    for (const row of this.model.data.rows) {
      row.args.forEach((a, arg) => { if (row.active[arg]) found[a.row!]!.push({ row: row.row, arg }); });
    }
    return found;
  }

  /** The seed of a row, where it is an output. */
  private seedsOf(row: number, direction: string): [string, string][] {
    return this.model.weightsOf(direction, row).map(({ output, weight }) => {
      const name = this.end("outputs", output);
      const number = this.number(weight);
      const itself = name.text === this.named(row).text || (!this.style.adjoint && direction !== SEED);
      return [itself ? number : this.barred(name, direction), number];
    });
  }

  /** The lines of an array page: the equations of the derivation. */
  private equations(sweep: Sweep): Line[] {
    const forward = sweep.kind === "forward";
    const rows = sweep.rows.map((row) => this.model.data.rows[row]!);
    return rows.map((row) => {
      const equation = row.forms?.[this.write.name][forward ? "tangent" : "adjoint"];
      const value = forward ? this.model.tangent(sweep.direction, row.row) : this.model.adjoint(sweep.direction, row.row);
      return { row: row.row, end: false, left: marked(forward ? DOT : BAR, this.named(row.row), this.write), symbols: equation ? [equation] : [], rule: "", numbers: [], value };
    });
  }

  /** The numbers of a line, in square brackets where the preset has them. */
  contributions({ numbers }: Line): string[] {
    return numbers.length > 1 && this.style.brackets ? numbers.map((n) => this.write.contribution(n)) : numbers;
  }

  /** The cells of a line as the tables of admodes have them. */
  cells(line: Line, sweep: Sweep): string[] {
    const { write } = this;
    const symbols = line.symbols.length || sweep.kind !== "reverse" ? line.symbols : ["0"];
    const left = [line.left, ...(symbols.length ? [added(symbols)] : [])].join(" = ");
    const numbers = added(this.contributions(line));
    const value = this.number(line.value);
    const same = numbers === "" || numbers === value || numbers === write.bracket(value);
    const result = same ? value : `${numbers} = ${value}`;
    return sweep.kind === "forward" && this.scalar ? [left, line.rule, result] : [left, result];
  }
}

/** The sum of terms, of which some may begin with a minus sign. */
function added(terms: string[]): string {
  return terms.join(" + ").replaceAll("+ -", "- ");
}

/** Whether a formula needs brackets as a factor: it has a minus sign in front, or a sum or quotient
 * outside all brackets. */
function isSum(formula: string): boolean {
  let depth = 0;
  for (let k = 0; k < formula.length; k++) {
    if ("([{".includes(formula[k]!)) depth++;
    if (")]}".includes(formula[k]!)) depth--;
    if (depth === 0 && [" + ", " - ", " / "].includes(formula.slice(k, k + 3))) return true;
  }
  return formula.startsWith("-");
}

/** A number, or the first entries of an array. */
export function shown(x: unknown, write: Dialect): string {
  if (Array.isArray(x)) {
    const parts = x.slice(0, 3).map((part) => shown(part, write));
    return `[${[...parts, ...(x.length > 3 ? ["…"] : [])].join(", ")}]`;
  }
  return typeof x === "number" || typeof x === "boolean" ? write.number(x) : x === null ? "none" : String(x);
}

/** A number that reads back as itself. */
export function exact(x: number): string {
  const text = repr(x);
  return text.endsWith(".0") ? text.slice(0, -2) : text;
}

/** A shape as Python writes it. */
export function shapeText(shape: number[]): string {
  return `(${shape.join(", ")}${shape.length === 1 ? "," : ""})`;
}
