/** The tables of a trace under a preset: what admodes/views/pages.py lays out. */

import { Lines, type Item, type Line } from "./lines";
import type { Kind, Model, Sweep } from "./model";
import type { Block, Part, Sheet, Style } from "./types";

/** One table, for one direction or for all side by side. */
export interface Table {
  key: string;
  sheet: Sheet;
  directions: string[];
}

export interface Cell {
  part: Part;
  /** What the part is of; null where there is nothing. */
  line: Line | null;
}

/** A line of a table: what it is about, and its cells. */
export interface Entry {
  item: Item;
  cells: Cell[];
}

const DIRECTION = "{direction}";

/** The sweep that computes what a part shows. */
export function kindOf(part: Part): Kind {
  if (part === "rule" || part.startsWith("tangent")) return "forward";
  return part.startsWith("adjoint") ? "reverse" : "evaluation";
}

/** Whether a part is a figure of a derivative, of which there may be one for each direction. */
function spreads(part: Part): boolean {
  return /^(tangent|adjoint) /.test(part);
}

export function tablesOf({ sheets, layout }: Style, sweeps: Sweep[]): Table[] {
  return sheets.flatMap((sheet, k) => {
    const directions = sweeps.filter((s) => s.kind === sheet.kind).map((s) => s.direction);
    const groups = layout === "side-by-side" ? [directions] : directions.map((d) => [d]);
    return groups.filter((group) => group.length).map((group) => ({ key: [k, ...group].join(" "), sheet, directions: group }));
  });
}

/** The table that shows a sweep: one of its kind, or for the evaluation the first with values. */
export function tableOf(tables: Table[], { kind, direction }: Sweep): Table {
  const of = tables.find(({ sheet, directions }) => sheet.kind === kind && directions.includes(direction));
  return of ?? tables.find(({ sheet }) => parts(sheet).some((part) => part === "value" || part === "evaluation")) ?? tables[0]!;
}

function parts(sheet: Sheet): Part[] {
  return sheet.blocks.flatMap((block) => block.lines.flat());
}

/** What a direction is called. */
export function directionText(direction: string): string {
  return direction === "seed" ? "the seed" : direction;
}

/** What a table is called. */
export function titleOf({ sheet, directions }: Table): string {
  return sheet.title.replaceAll(DIRECTION, directions.map(directionText).join(", "));
}

/** What a sweep is called: as its table, if it has one. */
export function sweepTitle(model: Model, sweep: Sweep): string {
  const table = tableOf(model.tables.value, sweep);
  return table.sheet.kind === sweep.kind ? titleOf({ ...table, directions: [sweep.direction] }) : "Evaluation";
}

/** The heads of the columns; one of figures has a column for each direction. */
export function headsOf(
  { sheet, directions }: Table,
  prose: (head: string) => string = (head) => head,
  named: (direction: string) => string = directionText,
): string[] {
  return wideColumns(sheet).flatMap((wide, c) => {
    const head = sheet.head[c]!;
    const among = wide && directions.length > 1 && !head.includes(DIRECTION);
    return (wide ? directions : directions.slice(0, 1)).map((direction) =>
      (among ? `${head} for ${DIRECTION}` : head).split(DIRECTION).map(prose).join(named(direction)));
  });
}

function wideColumns(sheet: Sheet): boolean[] {
  const lines = sheet.blocks.flatMap((block) => block.lines);
  return sheet.head.map((_, c) => lines.some((line) => spreads(line[c]!)));
}

/** Whether each column is of formulas. */
export function isMath(table: Table): boolean[] {
  const lines = table.sheet.blocks.flatMap((block) => block.lines);
  return wideColumns(table.sheet).flatMap((wide, c) => {
    const prose = lines.some((line) => ["rule", "operation", "shape"].includes(line[c]!));
    return (wide ? table.directions : [""]).map(() => !prose);
  });
}

/** A line of a table before it is written. */
interface Slot {
  item: Item;
  parts: Part[];
}

/** The lines of a table, in their order. */
function slotsOf(model: Model, { sheet }: Table): Slot[] {
  return sheet.blocks.flatMap((block) =>
    itemsOf(model, block).flatMap((item) => block.lines.map((parts) => ({ item, parts }))));
}

function written(model: Model, { sheet, directions }: Table, slots: Slot[], dialect: "text" | "latex"): Entry[] {
  const lines = new Lines(model, dialect);
  const wide = wideColumns(sheet);
  const found: Entry[] = [];
  for (const { item, parts } of slots) {
    const line = remembered(lines, item);
    const cells = parts.flatMap((part, c): Cell[] => {
      const shown = spreads(part) ? directions : directions.slice(0, 1);
      const more = wide[c] ? directions.length - shown.length : 0;
      return [...shown.map((of) => ({ part, line: line(kindOf(part), of) })), ...Array<Cell>(more).fill({ part, line: null })];
    });
    const derived = parts.every((part) => kindOf(part) !== "evaluation");
    if (!derived || cells[0]!.line) found.push({ item, cells });
  }
  return found;
}

/** Of a table of more lines only those around the row at work are shown. */
export const MOST_LINES = 400;
const AROUND = 100;

/** Whether a line is that of the row at work. */
export function atWork(model: Model, table: Table, item: Item, parts: Part[]): boolean {
  const { kind } = model.sweep.value;
  return table === model.table.value && !item.end && item.row === model.row.value && parts.some((part) => kindOf(part) === kind);
}

/** The part of a table that is shown: its lines as formulas and in words, the position of the first,
 * and how many there are in all. */
export function shownOf(model: Model, table: Table) {
  const slots = slotsOf(model, table);
  const at = Math.max(0, slots.findIndex(({ item, parts }) => atWork(model, table, item, parts)));
  const first = slots.length > MOST_LINES ? Math.max(0, Math.min(at - AROUND, slots.length - 2 * AROUND)) : 0;
  const part = slots.length > MOST_LINES ? slots.slice(first, first + 2 * AROUND) : slots;
  return {
    entries: written(model, table, part, "latex"),
    spoken: written(model, table, part, "text"),
    first,
    count: slots.length,
  };
}

/** The lines of an item, each written once. */
function remembered(lines: Lines, item: Item): (kind: Kind, of: string) => Line | null {
  const known = new Map<string, Line | null>();
  return (kind, direction) => {
    const of = kind === "evaluation" ? "" : direction;
    const key = `${kind} ${of}`;
    if (!known.has(key)) known.set(key, lines.line(kind, of, item));
    return known.get(key)!;
  };
}

/** The rows in the order of a block, then the ends that have other names. */
function itemsOf(model: Model, { order, ends }: Block): Item[] {
  const rows = model.data.rows.map(({ row }): Item => ({ row, end: "", index: 0 }));
  if (order === "up") rows.reverse();
  if (!ends) return rows;
  const [end, all] = order === "down" ? (["output", model.data.outputs] as const) : (["input", model.data.inputs] as const);
  const others = all.map(({ row }, index): Item => ({ row, end, index }));
  return [...rows, ...others.filter(({ row, index }) => row === null || model.nameOf(row) !== all[index]!.name)];
}

/** A table as texts. */
export function cellsOf(model: Model, table: Table, dialect: "text" | "latex"): string[][] {
  const lines = new Lines(model, dialect);
  return written(model, table, slotsOf(model, table), dialect).map(({ cells }) => cells.map(({ part, line }) => lines.text(part, line)));
}
