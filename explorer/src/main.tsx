/** The page: reads its data, shows it, and answers to window.admodes. */

import { render, type ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";

import { Export, Guards, Point, Seeds, Steps, Switches, sweepAfter, sweepBefore } from "./controls";
import { fragment, restore } from "./export";
import { Figure, hidden } from "./figure";
import { Graph } from "./graph";
import { apply, term } from "./interpreter";
import { Jacobian } from "./jacobian";
import { Lines, shown, type Line } from "./lines";
import { Model } from "./model";
import { Sum, Tex } from "./mathml";
import { cellsOf, headsOf, sweepTitle, titleOf } from "./sheets";
import { SheetTable, figureOf } from "./table";
import type { Data } from "./types";
import "./style.css";

const PAUSE = 1200;

function App({ model }: { model: Model }) {
  const [all, setAll] = useState(false);
  usePlay(model);
  const tables = all || model.printing.value ? model.tables.value : [model.table.value];
  return (
    <>
      <header>
        <h1>{model.data.title}</h1>
        <Point model={model} />
        <Guards model={model} />
        {model.foreign.value && <p class="hint" role="status">The address holds the state of another page, which is ignored.</p>}
      </header>
      <Steps model={model} />
      <main>
        <div class="left">
          <Graph model={model} />
          <Formula model={model} />
          <Jacobian model={model} />
        </div>
        <div class={all ? "right all" : "right"}>
          {tables.map((table) => <SheetTable key={table.key} model={model} table={table} />)}
          <Switches model={model} all={all} setAll={setAll} />
          <Seeds model={model} />
          <Export model={model} />
          <p class="keys">Keys: → and ← step, Shift with them goes by sweeps, Home and End to the ends, P plays.</p>
        </div>
      </main>
    </>
  );
}

/** The formula of the row at work: with symbols, with numbers, and its value. */
function Formula({ model }: { model: Model }) {
  const { kind, direction } = model.sweep.value;
  const row = model.row.value;
  const lines = new Lines(model, "latex");
  const line = row === null ? null : lines.at(kind, direction, row);
  const plain = new Lines(model, "text");
  const spoken = row === null ? null : plain.at(kind, direction, row);
  const title = sweepTitle(model, model.sweep.value);
  const kept = line && hidden(model, figureOf(line));
  return (
    <section class="formula" aria-label="The step">
      <h2>{line ? title : "Press → to begin"}</h2>
      {line && (
        <div class="wide big" tabIndex={0} role="region" aria-label="The formula, scrolls">
          <Written line={line} numbers={lines.contributions(line)} kept={kept!}>
            <Figure model={model} figure={figureOf(line)} value={line.value} label={plain.name(line.row!)} />
          </Written>
        </div>
      )}
      <p class="spoken" role="status">{spoken && !kept ? `${title}: ${said(plain, spoken)}` : ""}</p>
    </section>
  );
}

/** The lines of a formula; the figure is its last. */
function Written({ line, numbers, kept, children }: { line: Line; numbers: string[]; kept: boolean; children: ComponentChildren }) {
  return (
    <>
      <p><Tex tex={line.left} /> {line.symbols.length > 0 && <><Tex tex="=" /> <Sum parts={line.symbols} /></>}</p>
      {!kept && numbers.length > 0 && <p><Tex tex="=" /> <Sum parts={numbers} /></p>}
      {!kept && <p><Tex tex="=" /> <strong>{children}</strong></p>}
    </>
  );
}

function said(lines: Lines, line: Line): string {
  const parts = [line.left, line.symbols.join(" + "), line.numbers.join(" + "), shown(line.value, lines.write)];
  return parts.filter(Boolean).join(" = ");
}

function usePlay(model: Model): void {
  const playing = model.playing.value;
  useEffect(() => {
    if (!playing) return undefined;
    const timer = setInterval(() => {
      model.goTo(model.step.value + 1);
      if (model.step.value === model.steps.value) model.playing.value = false;
    }, PAUSE);
    return () => clearInterval(timer);
  }, [playing]);
}

function onKey(model: Model, event: KeyboardEvent): void {
  const inField = (event.target as Element).closest?.("input:not([type=checkbox]), select, textarea");
  if (inField || event.ctrlKey || event.altKey || event.metaKey) return;
  const step = model.step.value;
  const to: Record<string, () => number> = {
    ArrowRight: () => (event.shiftKey ? sweepAfter(model) : step + 1),
    ArrowLeft: () => (event.shiftKey ? sweepBefore(model) : step - 1),
    Home: () => 0,
    End: () => model.steps.value,
  };
  if (event.key === "p" || event.key === "P") model.playing.value = !model.playing.value;
  else if (to[event.key]) model.goTo(to[event.key]!());
  else return;
  event.preventDefault();
}

/** What programs read of the page; apply, term and tables are what tests compare with Python. */
const page: Record<string, unknown> = { apply, term };
(globalThis as any).admodes = page;

if (typeof document !== "undefined") {
  const data = JSON.parse(document.getElementById("data")!.textContent!) as Data;
  const model = new Model(data);
  page.state = () => model.state();
  page.fragment = () => fragment(model);
  page.tables = (dialect: "text" | "latex") =>
    model.tables.value.map((table) => ({ title: titleOf(table), head: headsOf(table), rows: cellsOf(model, table, dialect) }));
  restore(model, location.hash);
  window.addEventListener("keydown", (event) => onKey(model, event));
  window.addEventListener("hashchange", () => restore(model, location.hash));
  window.addEventListener("beforeprint", () => { model.printing.value = true; });
  window.addEventListener("afterprint", () => { model.printing.value = false; });
  render(<App model={model} />, document.getElementById("page")!);
}
