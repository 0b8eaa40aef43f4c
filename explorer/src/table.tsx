/** The tables of the sweeps. */

import { useEffect, useRef } from "preact/hooks";

import { textDialect } from "./dialects";
import { Figure, hidden } from "./figure";
import { Lines, shapeText, type Figure as What, type Line } from "./lines";
import { SEED, type Model, type Sweep } from "./model";
import { Sum, Tex } from "./mathml";

const FIGURES = { evaluation: "value", forward: "tangent", reverse: "adjoint" } as const;
const HEADS = { evaluation: "Value", forward: "Tangent", reverse: "Adjoint" };

/** What a sweep is, in words. */
export function titleOf(sweep: Sweep): string {
  if (sweep.kind === "evaluation") return "Evaluation trace";
  const of = sweep.direction === SEED ? "the seed" : sweep.direction;
  return sweep.kind === "forward" ? `Forward tangent trace for ${of}` : `Reverse adjoint trace for ${of}`;
}

export function figureOf(sweep: Sweep, line: Line): What {
  return { kind: FIGURES[sweep.kind], row: line.row ?? -1, of: sweep.direction };
}

export function SweepTable({ model, sweep }: { model: Model; sweep: Sweep }) {
  const write = new Lines(model, "latex");
  const lines = write.of(sweep);
  const plain = new Lines(model, "text").of(sweep);
  const title = titleOf(sweep);
  const numbers = model.editable;
  const rules = sweep.kind === "forward" && model.data.kind === "scalar";
  const shape = model.data.kind === "array";
  return (
    <section class="sweep" aria-label={title}>
      <h2>{title}</h2>
      <div class="wide" tabIndex={0} role="region" aria-label={`${title}, scrolls`}>
        <table role="table">
          <thead role="rowgroup">
            <tr role="row">
              <th scope="col" role="columnheader">Expression</th>
              {rules && <th scope="col" role="columnheader" class="rule">Rule</th>}
              {numbers && <th scope="col" role="columnheader" class="numbers">With numbers</th>}
              {shape && <th scope="col" role="columnheader" class="shape">Shape</th>}
              <th scope="col" role="columnheader" class="last">{HEADS[sweep.kind]}</th>
            </tr>
          </thead>
          <tbody role="rowgroup">
            {lines.map((line, i) => (
              <TableLine key={i} {...{ model, sweep, line, numbers, rules, shape, write }} label={plain[i]!.left} />
            ))}
          </tbody>
        </table>
      </div>
      {sweep.kind === "evaluation" && <Notes model={model} />}
    </section>
  );
}

interface LineProps {
  model: Model;
  sweep: Sweep;
  line: Line;
  label: string;
  numbers: boolean;
  rules: boolean;
  shape: boolean;
  write: Lines;
}

function TableLine({ model, sweep, line, label, numbers, rules, shape, write }: LineProps) {
  const place = useRef<HTMLTableRowElement>(null);
  const reached = line.row === null || model.reached(sweep.kind, sweep.direction, line.row);
  const current = !line.end && sweep === model.sweep.value && line.row === model.row.value;
  useEffect(() => {
    if (current && !model.quiz.value) scrollInto(place.current!);
  }, [current]);
  const figure = figureOf(sweep, line);
  const told = reached && !hidden(model, figure);
  const symbols = line.symbols.length || sweep.kind !== "reverse" || shape ? line.symbols : ["0"];
  return (
    <tr
      ref={place}
      role="row"
      class={[current && "current", !reached && "later", onPath(model, line.row) && "path"].filter(Boolean).join(" ")}
      {...(current ? { "aria-current": "step" } : {})}
    >
      <th scope="row" role="rowheader">
        <Jump model={model} sweep={sweep} line={line} label={label} />
        {symbols.length > 0 && <><Tex tex="=" /> <Sum parts={symbols} /></>}
      </th>
      {rules && <td role="cell" class="rule">{line.rule}</td>}
      {numbers && <td role="cell" class="numbers">{told && line.numbers.length > 0 && <Sum parts={write.contributions(line)} />}</td>}
      {shape && <td role="cell" class="shape">{shapeText(model.data.rows[line.row ?? 0]!.shape)}</td>}
      <td role="cell" class="last">
        {reached ? <Figure model={model} figure={figure} value={line.value} label={label} /> : <SoFar {...{ model, sweep, line }} />}
      </td>
    </tr>
  );
}

/** The left side of a line; pressing it goes to its step. */
function Jump({ model, sweep, line, label }: { model: Model; sweep: Sweep; line: Line; label: string }) {
  if (line.end) return <Tex tex={line.left} />;
  return (
    <button
      type="button"
      class="jump"
      aria-label={`Go to the step of ${label}`}
      onClick={() => model.goTo(model.rank(sweep.kind, sweep.direction, line.row!))}
    >
      <Tex tex={line.left} />
    </button>
  );
}

/** The sum of what has arrived at a row whose adjoint is not complete. */
function SoFar({ model, sweep, line }: { model: Model; sweep: Sweep; line: Line }) {
  if (sweep.kind !== "reverse" || !model.editable || line.row === null || model.quiz.value) return null;
  const all = model.pulled.value.get(sweep.direction)!.contributions[line.row]!;
  const come = all.filter((c) => model.reached("reverse", sweep.direction, c.row));
  if (!come.length) return null;
  const seeds = model.weightsOf(sweep.direction, line.row).map((seed) => seed.weight);
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

function Notes({ model }: { model: Model }) {
  const notes = model.data.rows
    .filter((row) => model.reached("evaluation", "", row.row))
    .flatMap((row) => model.notes(row.row).map((note) => `${model.nameOf(row.row)}: ${note}`));
  const all = [...model.data.notes, ...notes];
  return all.length ? <ul class="notes">{all.map((note) => <li key={note}>{note}</li>)}</ul> : null;
}
