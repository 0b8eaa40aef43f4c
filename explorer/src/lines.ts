/** The lines of a trace in a dialect: what admodes/views/lines.py writes, in pieces. */

import { BAR, DOT, fill, latexDialect, marked, textDialect, type Atom, type Dialect } from "./dialects";
import { SEED, type Kind, type Model } from "./model";
import { num, repr } from "./numbers";
import type { Name, Num, Part, Row, Style } from "./types";

export interface Figure {
  kind: "value" | "tangent" | "adjoint" | "jacobian";
  row: number;
  of: string;
}

/** A row, or an end of the list as a line of its own. */
export interface Item {
  /** The row, for an end that of its value; null for an output that is a constant. */
  row: number | null;
  end: "" | "input" | "output";
  /** Which input or output. */
  index: number;
}

/** What a sweep does at a row, or says of an end. */
export interface Line {
  kind: Kind;
  of: string;
  /** The row whose figure the value is; null where it is a constant or a seed. */
  row: number | null;
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

/** A function without brackets, as cos x: what stands beside it would seem to be in it. */
const APPLIED = /[A-Za-z]{2,} \S+$/;

export class Lines {
  readonly write: Dialect;
  private readonly style: Style;

  constructor(
    readonly model: Model,
    dialect: "text" | "latex",
  ) {
    this.style = model.look.value;
    this.write = (dialect === "text" ? textDialect : latexDialect)(model.data.digits, this.style);
  }

  private named(row: number): Name {
    return this.style.rows[row]!;
  }

  name(row: number): string {
    return this.named(row)[this.write.name];
  }

  private end(kind: "input" | "output", i: number): Name {
    return this.model.data[kind === "input" ? "inputNames" : "outputNames"][i]!;
  }

  private startOf(row: number): Name {
    return this.end("input", this.model.data.inputs.findIndex((x) => x.row === row));
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
    const applied = this.style.formulas && !this.style.between && APPLIED.test(pair[0]);
    const sign = this.style.between ? this.write.beside : this.write.thin;
    return pair.join(applied || /^\d/.test(pair[1]) ? this.write.times : sign);
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

  /** What a sweep does at an item; null where it does nothing. */
  line(kind: Kind, of: string, item: Item): Line | null {
    const line = { kind, of, row: item.row, end: item.end !== "", rule: "-", symbols: [], numbers: [] };
    if (kind === "evaluation") return { ...line, ...this.evaluation(item) };
    const sweep = this.model.sweeps.value.find((s) => s.kind === kind && s.direction === of);
    if (!sweep || (item.row !== null && !this.model.data.rows[item.row]!.derivative)) return null;
    const found = kind === "forward" ? this.forward(item, of) : this.reverse(item, of);
    return found && { ...line, ...found };
  }

  /** The line of the row at work in a sweep. */
  at(kind: Kind, of: string, row: number): Line | null {
    return this.line(kind, of, { row, end: "", index: 0 });
  }

  private evaluation({ row, end, index }: Item): Pick<Line, "left" | "symbols" | "numbers" | "value"> {
    const { data, editable } = this.model;
    if (row === null) return { left: this.end("output", index)[this.write.name], symbols: [], numbers: [], value: num(data.outputs[index]!.value) };
    const value = this.model.value(row);
    if (end) {
      const symbols = end === "output" ? [this.name(row)] : [];
      return { left: this.end(end, index)[this.write.name], symbols, numbers: [], value };
    }
    const { op, forms } = data.rows[row]!;
    const left = this.name(row);
    if (op === "input") {
      const start = this.startOf(row)[this.write.name];
      return { left, symbols: start === left ? [] : [start], numbers: [], value };
    }
    const template = forms?.[this.write.name].value ?? "";
    const form = (numbers: boolean) => this.form(data.rows[row]!, template, numbers);
    return { left, symbols: [form(false)], numbers: editable ? [form(true)] : [], value };
  }

  /** A mark; one that names the direction is a dot or bar where that is no input or output. */
  private marked(mark: Name, plain: Name, name: Name, direction: Name | undefined): string {
    const nameless = mark.text.includes("\u27e6d\u27e7") && (!direction || this.style.layout === "side-by-side");
    return marked(nameless ? plain : mark, name, direction ?? null, this.write);
  }

  private dotted(name: Name, direction: string): string {
    const mark = this.model.data.notations[this.model.notation.value] ?? this.style.tangent;
    return this.marked(mark, DOT, name, this.model.data.inputNames[this.model.names.inputs.indexOf(direction)]);
  }

  private barred(name: Name, direction: string): string {
    return this.marked(this.style.adjoint, BAR, name, this.model.data.outputNames[this.model.names.outputs.indexOf(direction)]);
  }

  private forward({ row, end, index }: Item, direction: string): Partial<Line> & Pick<Line, "left" | "value"> | null {
    const { model } = this;
    if (row === null) return null;
    const value = model.tangent(direction, row);
    const left = this.dotted(end ? this.end(end, index) : this.named(row), direction);
    if (end) return { left, symbols: [this.dotted(this.named(row), direction)], value };
    const at = model.data.rows[row]!;
    if (!this.scalar) return { left, symbols: this.equation(row, "forward", direction), value };
    if (at.op === "input") return { left, symbols: this.seedOf(row, direction), value };
    const terms = at.args.flatMap((a, k) => (a.row !== undefined && model.data.rows[a.row]!.derivative ? [[a.row, k] as const] : []));
    return {
      left,
      symbols: terms.map(([from, k]) => this.term(at, k, this.dotted(this.named(from), direction), "forward")),
      rule: terms.length ? at.rule : "-",
      numbers: model.evaluation.value ? terms.map(([from, k]) => this.product(at, k, model.tangent(direction, from)!, "forward")) : [],
      value,
    };
  }

  /** ẋ1, where a preset sets the tangent of an input to a seed by name. */
  private seedOf(row: number, direction: string): string[] {
    const name = this.startOf(row);
    return this.style.seeds && name.text !== this.named(row).text ? [this.dotted(name, direction)] : [];
  }

  /** A partial; that of an argument on which a row does not depend is 0. */
  private partial(row: number, k: number): number {
    return this.model.evaluation.value?.partials[row]![k] ?? 0;
  }

  private reverse({ row, end, index }: Item, direction: string): Partial<Line> & Pick<Line, "left" | "value"> | null {
    const { model } = this;
    if (end === "output") {
      const value = model.weight(direction, index);
      const symbols = this.style.layout === "side-by-side" ? [] : [this.number(value)];
      return { left: this.barred(this.end(end, index), direction), symbols, row: null, value };
    }
    const at = model.data.rows[row!]!;
    const value = model.adjoint(direction, at.row);
    const left = this.barred(end ? this.end(end, index) : this.named(at.row), direction);
    if (end) return { left, symbols: [this.barred(this.named(at.row), direction)], value };
    if (!this.scalar) return { left, symbols: this.equation(at.row, "reverse", direction), value };
    const seeds = this.seedsOf(at.row, direction);
    const terms = model.pulled.value.get(direction)!.contributions[at.row] ?? [];
    const symbols = [
      ...seeds.map(([symbol]) => symbol),
      ...(terms.length ? terms : model.readers(at.row)).map((c) =>
        this.term(model.data.rows[c.row]!, c.arg, this.barred(this.named(c.row), direction), "reverse")),
    ];
    const numbers = [
      ...seeds.map(([, number]) => number),
      ...terms.map((c) => this.product(model.data.rows[c.row]!, c.arg, c.adjoint, "reverse")),
    ];
    return { left, symbols: symbols.length ? symbols : ["0"], numbers: model.evaluation.value ? numbers : [], value };
  }

  /** The seed of a row, where it is an output. */
  private seedsOf(row: number, direction: string): [string, string][] {
    const together = this.style.layout === "side-by-side";
    const says = !this.style.adjoint.text.includes("\u27e6d\u27e7") || together || direction === SEED;
    return this.model.weightsOf(direction, row).map(({ output, weight }) => {
      const name = this.end("output", output);
      const number = this.number(weight);
      return [says && name.text !== this.named(row).text ? this.barred(name, direction) : number, number];
    });
  }

  /** The equation of a row of arrays. */
  private equation(row: number, kind: Kind, direction: string): string[] {
    const sweep = this.model.arraySweep(kind, direction);
    const equation = sweep && this.model.data.equations[sweep.equations]![row]?.[this.write.name];
    return equation ? [equation] : [];
  }

  /** The numbers of a line, in square brackets where the preset has them. */
  contributions({ numbers }: Line): string[] {
    return numbers.length > 1 && this.style.brackets ? numbers.map((n) => this.write.contribution(n)) : numbers;
  }

  /** A part of a line as the tables of admodes have it. */
  text(part: Part, line: Line | null): string {
    if (line === null) return "";
    const value = this.number(line.value);
    const right = added(line.symbols) || (this.itself(line) ? value : "");
    if (part === "name") return line.left;
    if (part === "operation") return this.operation(line);
    if (part === "shape") return shapeText(this.model.shape(line));
    if (part === "rule") return line.rule;
    if (part === "formula") return right;
    if (part === "primal" || part === "tangent" || part === "adjoint") return right ? `${line.left} = ${right}` : line.left;
    const numbers = part.endsWith("evaluation") ? added(this.contributions(line)) : "";
    return ["", value, this.write.bracket(value)].includes(numbers) ? value : `${numbers} = ${value}`;
  }

  /** Whether a line is that of an input without another name, which is its value. */
  itself({ kind, end, row, symbols }: Line): boolean {
    const input = kind === "evaluation" && !end && row !== null && this.model.data.rows[row]!.op === "input";
    return input && this.scalar && !symbols.length;
  }

  operation(line: Line): string {
    const op = line.end || line.row === null ? "output" : this.model.data.rows[line.row]!.op;
    return this.write.name === "latex" ? op.replaceAll("_", "\\_") : op;
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
