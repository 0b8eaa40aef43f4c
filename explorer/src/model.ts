/** What the page knows and shows: the point, the seeds, the step, and everything computed from them. */

import { computed, signal } from "@preact/signals";

import { Evaluation, follow, missing, type Adjoints } from "./interpreter";
import { num } from "./numbers";
import { tableOf, tablesOf } from "./sheets";
import type { ArraySweep, Data, Guard, Num, Raw } from "./types";

export type Kind = "evaluation" | "forward" | "reverse";

/** One pass over the rows, from the step after `start` on. */
export interface Sweep {
  kind: Kind;
  /** An input or output, or "seed". */
  direction: string;
  rows: number[];
  start: number;
}

export const SEED = "seed";

export class Model {
  readonly fixed: string;
  readonly names: { inputs: string[]; outputs: string[] };
  readonly point = signal<number[]>([]);
  readonly seeds = signal<number[] | null>(null);
  readonly weights = signal<number[] | null>(null);
  readonly step = signal(0);
  readonly style = signal(0);
  /** How tangents are written, a name of a notation; empty for what the style has. */
  readonly notation = signal("");
  readonly quiz = signal(false);
  /** The figures that a quiz has shown or that were typed in rightly. */
  readonly open = signal<ReadonlySet<string>>(new Set());
  readonly playing = signal(false);
  readonly printing = signal(false);
  readonly entry = signal<{ output: number; input: number } | null>(null);
  /** Whether the address holds a state that is not of this page. */
  readonly foreign = signal(false);
  readonly path = signal<number[] | null>(null);

  constructor(readonly data: Data) {
    const without = missing(data);
    this.fixed = data.fixed || (without.length ? `this page does not know ${without.join(", ")}` : "");
    this.names = { inputs: data.inputs.map((x) => x.name), outputs: data.outputs.map((y) => y.name) };
    this.quiz.value = data.quiz;
    this.point.value = data.inputs.map((x) => num(x.value));
    if (data.seeds.forward) this.seeds.value = this.names.inputs.map((n) => num(data.seeds.forward![n]));
    if (data.seeds.reverse) this.weights.value = this.names.outputs.map((n) => num(data.seeds.reverse![n]));
  }

  get editable(): boolean {
    return !this.fixed;
  }

  readonly evaluation = computed(() => (this.editable ? new Evaluation(this.data, this.point.value) : null));

  readonly tangents = computed(() => {
    if (this.data.sweeps) return ofArrays(this.data.sweeps.forward);
    return directions(this.names.inputs, this.seeds.value, (seeds, name) =>
      this.evaluation.value ? this.evaluation.value.push(seeds) : this.given("tangents", name),
    );
  });

  readonly pulled = computed(() => {
    if (this.data.sweeps) {
      const found = ofArrays(this.data.sweeps.reverse);
      return new Map([...found].map(([name, adjoints]): [string, Adjoints] => [name, { adjoints, contributions: [] }]));
    }
    return directions<Adjoints>(this.names.outputs, this.weights.value, (weights, name) =>
      this.evaluation.value
        ? this.evaluation.value.pull(weights)
        : { adjoints: this.given("adjoints", name), contributions: [] },
    );
  });

  private given(mode: "tangents" | "adjoints", name: string): (number | null)[] {
    return this.data.rows.map((row) => raw(row[mode]![name]) as number | null);
  }

  /** The sweep of arrays that a direction is of. */
  arraySweep(kind: Kind, direction: string): ArraySweep | undefined {
    return kind === "evaluation" ? undefined : this.data.sweeps?.[kind].find((sweep) => sweep.direction === direction);
  }

  /** The preset that is chosen. */
  readonly look = computed(() => this.data.styles[this.style.value]!);

  nameOf(row: number): string {
    return this.look.value.rows[row]!.text;
  }

  /** The shape of what a line is about. */
  shape({ row }: { row: number | null }): number[] {
    return row === null ? [] : this.data.rows[row]!.shape;
  }

  value(row: number): Num | Raw {
    return this.evaluation.value ? this.evaluation.value.values[row]! : raw(this.data.rows[row]!.value);
  }

  tangent(direction: string, row: number): number | null {
    return this.tangents.value.get(direction)?.[row] ?? null;
  }

  adjoint(direction: string, row: number): number | null {
    return this.pulled.value.get(direction)?.adjoints[row] ?? null;
  }

  /** The weights in a reverse sweep of the outputs that a row is. */
  weightsOf(direction: string, row: number): { output: number; weight: number }[] {
    return this.data.outputs.flatMap((y, output) => {
      return y.row === row ? [{ output, weight: this.weight(direction, output) }] : [];
    });
  }

  /** The weight of an output in a reverse sweep. */
  weight(direction: string, output: number): number {
    const own = this.weights.value !== null && direction === SEED;
    return own ? this.weights.value![output]! : Number(this.names.outputs[output] === direction);
  }

  readonly sweeps = computed(() => {
    const all = this.data.rows.map((row) => row.row);
    const smooth = all.filter((row) => this.data.rows[row]!.derivative);
    const found: Sweep[] = [{ kind: "evaluation", direction: "", rows: all, start: 0 }];
    const add = (kind: Kind, direction: string, rows: number[]) => {
      const last = found.at(-1)!;
      found.push({ kind, direction, rows, start: last.start + last.rows.length });
    };
    for (const direction of this.tangents.value.keys()) add("forward", direction, smooth);
    for (const direction of this.pulled.value.keys()) add("reverse", direction, [...smooth].reverse());
    return found;
  });

  readonly steps = computed(() => {
    const last = this.sweeps.value.at(-1)!;
    return last.start + last.rows.length;
  });

  /** The sweep of the step that was taken last. */
  readonly sweep = computed(() => {
    const step = this.step.value;
    return this.sweeps.value.findLast((s) => s.start < step) ?? this.sweeps.value[0]!;
  });

  /** The tables of the preset that is chosen, and the one that shows the sweep. */
  readonly tables = computed(() => tablesOf(this.look.value, this.sweeps.value));
  readonly table = computed(() => tableOf(this.tables.value, this.sweep.value));

  /** The row at work. */
  readonly row = computed(() => {
    const { rows, start } = this.sweep.value;
    return this.step.value ? rows[this.step.value - start - 1]! : null;
  });

  private readonly ranks = computed(() => {
    const found = new Map<string, number>();
    for (const { kind, direction, rows, start } of this.sweeps.value) {
      rows.forEach((row, i) => found.set(`${kind} ${direction} ${row}`, start + i + 1));
    }
    return found;
  });

  /** The step that computes a figure. */
  rank(kind: Kind, direction: string, row: number): number {
    return this.ranks.value.get(`${kind} ${direction} ${row}`) ?? 0;
  }

  /** Whether the step that computes a figure has been taken. */
  reached(kind: Kind, direction: string, row: number): boolean {
    return this.rank(kind, direction, row) <= this.step.value;
  }

  private readonly allReaders = computed(() => {
    const found: { row: number; arg: number }[][] = this.data.rows.map(() => []);
    for (const { row, args, active } of this.data.rows) {
      args.forEach((a, arg) => { if (active[arg]) found[a.row!]!.push({ row, arg }); });
    }
    return found;
  });

  /** Where a row is read by what depends on it. */
  readers(row: number): { row: number; arg: number }[] {
    return this.allReaders.value[row]!;
  }

  readonly jacobian = computed(() => {
    if (this.data.kind === "array") return { forward: null, reverse: null };
    const { inputs, outputs } = this.names;
    const at = (row: number | null, found: (row: number) => number | null) => (row === null ? 0 : (found(row) ?? 0));
    return {
      forward: outputs.map((_, i) => inputs.map((x) => at(this.data.outputs[i]!.row, (row) => this.tangent(x, row)))),
      reverse: outputs.map((y) => inputs.map((_, j) => at(this.data.inputs[j]!.row, (row) => this.adjoint(y, row)))),
    };
  });

  readonly flipped = computed(() => this.data.guards.filter((guard) => !this.holds(guard)));

  holds(guard: Guard): boolean {
    return this.evaluation.value ? this.evaluation.value.holds(guard) : true;
  }

  /** What to know of a row at this point. */
  notes(row: number): string[] {
    const at = this.evaluation.value;
    if (!at) return this.data.rows[row]!.notes;
    const { op, args } = this.data.rows[row]!;
    const found = this.data.guards.filter((g) => g.row === row).map((g) => `branch taken: ${g.text}`);
    const kink = this.data.rules[op]?.kink;
    if (kink && follow(kink.met, at.at(args))) found.push(kink.note);
    const value = at.values[row]!;
    if (typeof value === "number" && !Number.isFinite(value)) found.push(`the value is ${value === value ? (value > 0 ? "inf" : "-inf") : "nan"}`);
    return found;
  }

  goTo(step: number): void {
    this.step.value = Math.max(0, Math.min(this.steps.value, Math.trunc(step)));
  }

  /** Go to the first step at one of these rows in the sweep that is shown. */
  goToRows([first, last]: [number, number]): void {
    const { kind, direction, rows } = this.sweep.value;
    const row = rows.find((r) => first <= r && r <= last);
    if (row !== undefined) this.goTo(this.rank(kind, direction, row));
  }

  edit(input: number, value: number): void {
    this.point.value = this.point.value.map((x, i) => (i === input ? value : x));
    this.open.value = new Set();
  }

  back(): void {
    this.point.value = this.data.inputs.map((x) => num(x.value));
    this.open.value = new Set();
  }

  reveal(key: string): void {
    this.open.value = new Set([...this.open.value, key]);
  }

  /** What a program reads of the page, at full precision. */
  state() {
    const { inputs } = this.names;
    const held = <T,>(of: Map<string, T>, read: (found: T) => unknown) =>
      Object.fromEntries([...of].map(([direction, found]) => [direction, read(found)]));
    return {
      schema: "admodes.explorer/1",
      editable: this.editable,
      point: Object.fromEntries(
        inputs.map((name, i) => [name, this.editable ? this.point.value[i]! : raw(this.data.inputs[i]!.value)]),
      ),
      step: this.step.value,
      steps: this.steps.value,
      sweep: [this.sweep.value.kind, this.sweep.value.direction].join(" ").trim(),
      rows: this.data.rows.map((row) => ({
        row: row.row,
        name: this.nameOf(row.row),
        value: this.value(row.row),
        tangents: held(this.tangents.value, (found) => found[row.row]),
        adjoints: held(this.pulled.value, (found) => found.adjoints[row.row]),
      })),
      jacobian: this.jacobian.value,
      guards: this.data.guards.map((guard) => ({ row: guard.row, text: guard.text, holds: this.holds(guard) })),
    };
  }
}

/** What is found for each unit direction, and for the seed where there is one. */
function directions<T>(names: string[], seed: number[] | null, find: (seeds: number[], name: string) => T): Map<string, T> {
  const found = new Map<string, T>();
  names.forEach((name, i) => found.set(name, find(names.map((_, k) => (k === i ? 1 : 0)), name)));
  if (seed) found.set(SEED, find(seed, SEED));
  return found;
}

/** The derivatives of all rows by the directions of sweeps of arrays. */
function ofArrays(sweeps: ArraySweep[]): Map<string, any[]> {
  return new Map(sweeps.map(({ direction, derivatives }) => [direction, raw(derivatives)]));
}

/** JSON data with numbers in the place of the texts that stand for nan and infinities. */
function raw(x: unknown): any {
  if (Array.isArray(x)) return x.map(raw);
  if (typeof x === "string" && /^(-?inf|nan)$/.test(x)) return num(x);
  if (x && typeof x === "object") return Object.fromEntries(Object.entries(x).map(([k, v]) => [k, raw(v)]));
  return x ?? null;
}
