/** A Jacobian entry as the sum over paths of products of partials (F. L. Bauer, 1974). */

import type { Evaluation } from "./interpreter";
import type { Data } from "./types";

export interface Path {
  /** From the input to the output. */
  rows: number[];
  product: number;
}

export interface Paths {
  count: bigint;
  /** The largest by size. */
  largest: Path[];
}

/** The edges into a row that carry a derivative: the sum of the partials by the row they come from. */
export function edgesInto(data: Data, at: Evaluation, row: number): Map<number, number> {
  const found = new Map<number, number>();
  data.rows[row]!.args.forEach((a, k) => {
    const partial = at.partials[row]![k];
    if (a.row === undefined || partial === null || partial === undefined) return;
    if (data.rows[a.row]!.derivative) found.set(a.row, (found.get(a.row) ?? 0) + partial);
  });
  return found;
}

/** The paths from an input to an output: how many, and those whose products are the largest. */
export function pathsOf(data: Data, at: Evaluation, output: number, input: number, most: number): Paths {
  const size = (path: Path) => (path.product !== path.product ? Infinity : Math.abs(path.product));
  const count: bigint[] = [];
  const best: Path[][] = [];
  for (let row = 0; row <= output; row++) {
    count.push(row === input ? 1n : 0n);
    best.push(row === input ? [{ rows: [row], product: 1 }] : []);
    for (const [source, partial] of edgesInto(data, at, row)) {
      count[row]! += count[source]!;
      for (const path of best[source]!) {
        best[row]!.push({ rows: [...path.rows, row], product: path.product * partial });
      }
    }
    best[row] = best[row]!.sort((p, q) => size(q) - size(p)).slice(0, most);
  }
  return { count: count[output]!, largest: best[output]! };
}
