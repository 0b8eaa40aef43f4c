/** The data of a page, as admodes/explorer writes it, and what is computed from it. */

export type Num = number | boolean;

/** A number as JSON has it: nan and infinities are texts. */
export type Raw = number | boolean | string | null | Raw[];

export interface Arg {
  row?: number;
  const?: Raw;
}

export interface Forms {
  value: string;
  partials?: string[];
}

/** The right side of an equation, by dialect. */
export interface Equation {
  text?: string | null;
  latex?: string | null;
}

/** A sweep of arrays: the derivatives of all rows along a direction, and their equations. */
export interface ArraySweep {
  direction: string;
  /** What the direction is, in words. */
  seed: string;
  derivatives: Raw[];
  /** Which of the equations of the page. */
  equations: number;
}

export interface Row {
  row: number;
  op: string;
  args: Arg[];
  rule: string;
  value: Raw;
  shape: number[];
  /** Whether the row is of real numbers that have a derivative. */
  derivative: boolean;
  /** For each argument, whether the row depends differentiably on it. */
  active: boolean[];
  forms: { text: Forms; latex: Forms } | null;
  notes: string[];
  partials?: Raw[];
  /** Of rows of numbers, as they are at the first point. */
  tangents?: Record<string, Raw>;
  adjoints?: Record<string, Raw>;
}

export interface End {
  name: string;
  row: number | null;
  value: Raw;
}

/** One operation of a rule: its name, and its arguments as rows of the rule or constants. */
export type RuleStep = [string, ...(number | { const: Raw })[]];

/** What t times a partial is, as operations: the first rows are t, the result and the arguments. */
export interface Rule {
  inputs: number;
  steps: RuleStep[];
  result: number | { const: Raw };
}

export interface OpRules {
  /** One per argument; null where nothing is propagated. */
  terms: (Rule | null)[];
  kink: { met: Rule; note: string } | null;
}

export interface Guard {
  row: number;
  /** A comparison, or "bool" for the truth of its argument. */
  op: string;
  args: Arg[];
  expected: boolean;
  text: string;
}

/** A name as text and as LaTeX. */
export interface Name {
  text: string;
  latex: string;
}

/** What stands in a column: one of admodes/views/presets.py, or the shape of an array. */
export type Part =
  | "name" | "operation" | "formula" | "primal" | "value" | "evaluation" | "rule" | "shape"
  | "tangent" | "tangent value" | "tangent evaluation"
  | "adjoint" | "adjoint value" | "adjoint evaluation";

/** Lines that a table has for every row. */
export interface Block {
  lines: Part[][];
  order: "down" | "up";
  /** Whether lines for the outputs follow, or after derivatives that go up lines for the inputs. */
  ends: boolean;
}

/** A kind of table, as admodes/views/presets.py has it. */
export interface Sheet {
  kind: "evaluation" | "forward" | "reverse";
  title: string;
  head: string[];
  blocks: Block[];
  notes: string[];
  remarks: boolean;
}

/** How a preset names, writes and lays out: data, chosen in the page. */
export interface Style {
  id: string;
  rows: Name[];
  /** "dot", "bar", or a form with \u27e6v\u27e7 for the name and \u27e6d\u27e7 for that of the direction. */
  tangent: Name;
  adjoint: Name;
  /** Whether the factors of chain rule are formulas (cos v1) or partials (∂v2/∂v1). */
  formulas: boolean;
  /** Whether the tangents of inputs are set to a seed by name. */
  seeds: boolean;
  /** The modes in which the two factors of a product change places. */
  swapped: string[];
  /** The sign between numbers, and that between names; empty for the usual. */
  times: string;
  between: string;
  /** Whether each of several contributions stands in square brackets. */
  brackets: boolean;
  sheets: Sheet[];
  layout: "standard" | "transposed" | "side-by-side";
  /** What is to be known of the Jacobian. */
  notes: string[];
}

export interface Costs {
  f: number[];
  partials: number[];
  forward: number[];
  reverse: Record<string, number[]>;
}

/** Glyphs in one style; rise: of the baseline, upwards. */
export type Run = [text: string, size: number, rise: number, italic: boolean];

export interface Box {
  /** The first and the last row; of a group these are two. */
  rows: [number, number];
  kind: string;
  /** What a group is called and computes, a text a line. */
  words: string[];
  /** The equation of the row, for each style. */
  labels: Run[][];
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Line {
  /** Positions of boxes. */
  from: number;
  to: number;
  /** Every second pair is a straight way down, the others are curves that begin and end downward. */
  points: [number, number][];
  /** Where the partial stands: the left end and the middle of its height. */
  label: [number, number] | null;
}

export interface Picture {
  width: number;
  height: number;
  nodes: Box[];
  edges: Line[];
}

export interface Data {
  schema: string;
  title: string;
  kind: "scalar" | "array";
  /** Tells the function from others, in addresses of states. */
  checksum: string;
  digits: number;
  /** Why the page cannot recompute; empty where it can. */
  fixed: string;
  inputs: End[];
  outputs: End[];
  rows: Row[];
  rules: Record<string, OpRules>;
  guards: Guard[];
  costs: Costs | null;
  styles: Style[];
  inputNames: Name[];
  outputNames: Name[];
  sweeps: { forward: ArraySweep[]; reverse: ArraySweep[] } | null;
  /** Of all rows each, for sweeps of arrays. */
  equations: Equation[][];
  /** How tangents may be written, whatever the preset. */
  notations: Record<string, Name>;
  seeds: { forward: Record<string, Raw> | null; reverse: Record<string, Raw> | null };
  notes: string[];
  /** Whether the page begins as a quiz. */
  quiz: boolean;
  graph: Picture | null;
}
