/** The tables of the sweeps, as the preset lays them out. */

import { useEffect, useRef } from "preact/hooks";

import { textDialect } from "./dialects";
import { Figure, hidden } from "./figure";
import { Lines, shapeText, type Figure as What, type Line } from "./lines";
import type { Model } from "./model";
import { Sum, Tex } from "./mathml";
import { MOST_LINES, atWork, headsOf, shownOf, titleOf, type Cell, type Entry, type Table } from "./sheets";

const FIGURES = { evaluation: "value", forward: "tangent", reverse: "adjoint" } as const;

export function figureOf(line: Line): What {
  return { kind: FIGURES[line.kind], row: line.row ?? -1, of: line.of };
}

/** The class of a column. */
function column({ part }: Cell): string {
  if (part === "rule" || part === "shape" || part === "operation") return part;
  if (part.endsWith("evaluation")) return "numbers";
  return part.endsWith("value") ? "last" : "equation";
}

export function SheetTable({ model, table }: { model: Model; table: Table }) {
  const lines = new Lines(model, "latex");
  const { entries, spoken, first, count } = shownOf(model, table);
  const title = titleOf(table);
  const columns = entries[0]?.cells.map(column) ?? [];
  return (
    <section class={table.sheet.head.length > 3 ? "sweep broad" : "sweep"} aria-label={title}>
      <h2>{title}</h2>
      <div class="wide" tabIndex={0} role="region" aria-label={`${title}, scrolls`}>
        <table role="table">
          <thead role="rowgroup">
            <tr role="row">
              {headsOf(table).map((head, k) => (
                <th key={k} scope="col" role="columnheader" class={columns[k]}>{head}</th>
              ))}
            </tr>
          </thead>
          <tbody role="rowgroup">
            {entries.map((entry, i) => (
              <TableLine key={first + i} {...{ model, table, entry, lines }} labels={spoken[i]!.cells.map(({ line }) => line?.left ?? "")} />
            ))}
          </tbody>
        </table>
      </div>
      {entries.length < count && count > MOST_LINES && (
        <p class="hint">{`Lines ${first + 1} to ${first + entries.length} of ${count}: those around the step.`}</p>
      )}
      <Notes model={model} table={table} />
    </section>
  );
}

interface LineProps {
  model: Model;
  table: Table;
  entry: Entry;
  lines: Lines;
  /** What stands left of the equals sign of each cell, in words. */
  labels: string[];
}

function TableLine({ model, table, entry: { item, cells }, lines, labels }: LineProps) {
  const place = useRef<HTMLTableRowElement>(null);
  const current = atWork(model, table, item, cells.map(({ part }) => part));
  useEffect(() => {
    if (current && !model.quiz.value) scrollInto(place.current!);
  }, [current]);
  return (
    <tr
      ref={place}
      role="row"
      class={[current && "current", onPath(model, item.row) && "path"].filter(Boolean).join(" ")}
      {...(current ? { "aria-current": "step" } : {})}
    >
      {cells.map((cell, k) => {
        const content = cell.line && <Content {...{ model, lines, cell }} line={cell.line} label={labels[k]!} />;
        return k === 0
          ? <th key={k} scope="row" role="rowheader" class={column(cell)}>{content}</th>
          : <td key={k} role="cell" class={column(cell)}>{content}</td>;
      })}
    </tr>
  );
}

interface ContentProps {
  model: Model;
  lines: Lines;
  cell: Cell;
  line: Line;
  label: string;
}

function Content({ model, lines, cell: { part }, line, label }: ContentProps) {
  if (part === "rule") return <>{line.rule}</>;
  if (part === "operation") return <>{lines.operation(line)}</>;
  if (part === "shape") return <>{shapeText(model.shape(line))}</>;
  if (part === "formula") return <Right {...{ model, lines, line, label }} />;
  if (part === "name") return <Jump {...{ model, line, label }} />;
  if (["primal", "tangent", "adjoint"].includes(part)) {
    const right = line.symbols.length > 0 || (lines.itself(line) && reached(model, line));
    return <><Jump {...{ model, line, label }} />{right && <><Tex tex="=" /> <Right {...{ model, lines, line, label }} /></>}</>;
  }
  if (!reached(model, line)) return <SoFar model={model} line={line} />;
  const figure = figureOf(line);
  const numbers = part.endsWith("evaluation") && !hidden(model, figure) ? lines.contributions(line) : [];
  const told = lines.text(part, line) !== lines.number(line.value);
  return (
    <>
      {told && numbers.length > 0 && <><Sum parts={numbers} /> <Tex tex="=" /> </>}
      <Figure model={model} figure={figure} value={line.value} label={label} />
    </>
  );
}

/** Whether the step of a line has been taken. */
function reached(model: Model, { kind, of, row }: Line): boolean {
  return row === null || model.reached(kind, of, row);
}

/** What stands right of the equals sign; the value of an input that has no other name. */
function Right({ model, lines, line, label }: Omit<ContentProps, "cell">) {
  if (line.symbols.length) return <Sum parts={line.symbols} />;
  if (!lines.itself(line) || !reached(model, line)) return null;
  return <Figure model={model} figure={figureOf(line)} value={line.value} label={label} />;
}

/** The left side of a line; pressing it goes to its step. */
function Jump({ model, line, label }: { model: Model; line: Line; label: string }) {
  if (line.end) return <Tex tex={line.left} />;
  return (
    <button
      type="button"
      class="jump"
      aria-label={`Go to the step of ${label}`}
      onClick={() => model.goTo(model.rank(line.kind, line.of, line.row!))}
    >
      <Tex tex={line.left} />
    </button>
  );
}

/** The sum of what has arrived at a row whose adjoint is not complete. */
function SoFar({ model, line: { kind, of, row } }: { model: Model; line: Line }) {
  if (kind !== "reverse" || !model.editable || row === null || model.quiz.value) return null;
  const all = model.pulled.value.get(of)!.contributions[row]!;
  const come = all.filter((c) => model.reached("reverse", of, c.row));
  if (!come.length) return null;
  const seeds = model.weightsOf(of, row).map((seed) => seed.weight);
  const sum = [...seeds, ...come.map((c) => c.value)].reduce((a, b) => a + b);
  const text = textDialect(model.data.digits).number(sum);
  return <span class="sofar">{`${come.length} of ${all.length}: ${text}`}</span>;
}

function onPath(model: Model, row: number | null): boolean {
  return row !== null && (model.path.value?.includes(row) ?? false);
}

function scrollInto(row: HTMLElement): void {
  const box = row.closest<HTMLElement>(".wide")!;
  const [above, below] = [row.offsetTop, row.offsetTop + row.offsetHeight - box.clientHeight];
  if (box.scrollTop > above) box.scrollTop = above;
  else if (box.scrollTop < below) box.scrollTop = below;
}

/** What the direction of a sweep of arrays is, the notes of the table, and below the first that has
 * them what is to be known of rows. */
function Notes({ model, table }: { model: Model; table: Table }) {
  const remarks = table === model.tables.value.find(({ sheet }) => sheet.remarks);
  const notes = model.data.rows
    .filter((row) => remarks && model.reached("evaluation", "", row.row))
    .flatMap((row) => model.notes(row.row).map((note) => `${model.nameOf(row.row)}: ${note}`));
  const seeds = table.directions.map((d) => model.arraySweep(table.sheet.kind, d)?.seed.normalize("NFC") ?? "").filter(Boolean);
  const all = [...seeds, ...(remarks ? model.data.notes : []), ...notes, ...table.sheet.notes];
  return all.length ? <ul class="notes">{all.map((note) => <li key={note}>{note}</li>)}</ul> : null;
}
