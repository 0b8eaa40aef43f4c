/** The list evaluated at a point, with tangents pushed forward and adjoints pulled back by the rules
 * that the page carries. It does what admodes/programs/sweep.py does, in the same order. */

import { KERNELS } from "./kernels";
import { num } from "./numbers";
import type { Arg, Data, Guard, Num, OpRules, Rule } from "./types";

/** Operations that are needed and have no kernel. */
export function missing(data: Data): string[] {
  const used = new Set<string>();
  for (const row of data.rows) if (row.op !== "input") used.add(row.op);
  for (const guard of data.guards) if (guard.op !== "bool") used.add(guard.op);
  for (const { terms, kink } of Object.values(data.rules)) {
    for (const rule of [...terms, kink?.met]) for (const [op] of rule?.steps ?? []) used.add(op);
  }
  return [...used].filter((op) => !Object.hasOwn(KERNELS, op));
}

export function apply(op: string, xs: Num[]): Num {
  return KERNELS[op]!(...(xs as number[]));
}

/** What a rule gives for its inputs. */
export function follow(rule: Rule, inputs: Num[]): Num {
  const rows = [...inputs];
  const at = (a: Rule["result"]): Num => (typeof a === "number" ? rows[a]! : num(a.const));
  for (const [op, ...args] of rule.steps) rows.push(apply(op, args.map(at)));
  return at(rule.result);
}

/** t times the partial of an operation with respect to an argument. */
export function term(rules: OpRules, k: number, t: number, y: Num, xs: Num[]): number {
  const rule = rules.terms[k];
  return rule ? Number(follow(rule, [t, y, ...xs])) : 0;
}

export class Evaluation {
  readonly values: Num[] = [];
  readonly partials: (number | null)[][] = [];

  constructor(
    readonly data: Data,
    readonly point: number[],
  ) {
    const inputs = new Map(data.inputs.map((x, i) => [x.row, point[i]!]));
    for (const row of data.rows) {
      const xs = this.at(row.args);
      const y = row.op === "input" ? inputs.get(row.row)! : apply(row.op, xs);
      this.values.push(y);
      const rules = data.rules[row.op];
      this.partials.push(row.args.map((_, k) => (row.active[k] ? term(rules!, k, 1, y, xs) : null)));
    }
  }

  at(args: Arg[]): Num[] {
    return args.map((a) => (a.row === undefined ? num(a.const) : this.values[a.row]!));
  }

  private term(row: number, k: number, t: number): number {
    const { op, args } = this.data.rows[row]!;
    return term(this.data.rules[op]!, k, t, this.values[row]!, this.at(args));
  }

  /** The tangent of every row; null for rows without derivative. */
  push(seeds: number[]): (number | null)[] {
    const found: (number | null)[] = [];
    const start = new Map(this.data.inputs.map((x, i) => [x.row, seeds[i]!]));
    for (const row of this.data.rows) {
      if (!row.derivative) {
        found.push(null);
      } else if (row.op === "input") {
        found.push(start.get(row.row)!);
      } else {
        const terms: number[] = [];
        row.args.forEach((a, k) => {
          const t = row.active[k] ? found[a.row!] : null;
          if (t !== null && t !== undefined) terms.push(this.term(row.row, k, t));
        });
        found.push(terms.length ? terms.reduce((a, b) => a + b) : 0);
      }
    }
    return found;
  }

  /** The adjoint of every row, and what was contributed to each. */
  pull(weights: number[]): Adjoints {
    const n = this.data.rows.length;
    const sums: (number | null)[] = this.data.rows.map((row) => (row.derivative ? 0 : null));
    const contributions: Contribution[][] = Array.from({ length: n }, () => []);
    this.data.outputs.forEach((y, i) => {
      if (y.row !== null && sums[y.row] !== null) sums[y.row]! += weights[i]!;
    });
    for (const row of [...this.data.rows].reverse()) {
      const adjoint = sums[row.row];
      if (adjoint === null || adjoint === undefined) continue;
      row.args.forEach((a, k) => {
        if (!row.active[k] || sums[a.row!] === null) return;
        const value = this.term(row.row, k, adjoint);
        contributions[a.row!]!.push({ row: row.row, arg: k, adjoint, value });
        sums[a.row!]! += value;
      });
    }
    for (const list of contributions) list.sort((p, q) => p.row - q.row || p.arg - q.arg);
    return { adjoints: sums, contributions };
  }

  holds(guard: Guard): boolean {
    const xs = this.at(guard.args);
    const truth = guard.op === "bool" ? Boolean(xs[0]) || xs[0] !== xs[0] : apply(guard.op, xs);
    return Boolean(truth) === guard.expected;
  }
}

export interface Contribution {
  row: number;
  arg: number;
  adjoint: number;
  value: number;
}

export interface Adjoints {
  adjoints: (number | null)[];
  contributions: Contribution[][];
}
