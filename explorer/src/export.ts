/** The current table as Markdown and as LaTeX, and the state of the page as the fragment of its
 * address. */

import { exact } from "./lines";
import { SEED, type Model } from "./model";
import { typed } from "./numbers";
import { cellsOf, directionText, headsOf, isMath, type Table } from "./sheets";

export function markdown(model: Model, of: Table): string {
  const table = [headsOf(of), ...cellsOf(model, of, "text")].map((row) => row.map(unmarked));
  const widths = table[0]!.map((_, k) => Math.max(3, ...table.map((row) => row[k]!.length)));
  const lines = table.map((row) => `| ${row.map((cell, k) => cell.padEnd(widths[k]!)).join(" | ")} |`);
  lines.splice(1, 0, `| ${widths.map((n) => "-".repeat(n)).join(" | ")} |`);
  return lines.join("\n") + "\n";
}

/** Text without what Markdown takes for emphasis, code, links, HTML or columns. */
function unmarked(text: string): string {
  return text.replace(/[*`|]|(?<!\w)_|_(?!\w)|(?<=\])\(|<(?=\S)|&(?=[#\w])|\\(?=\W)/g, "\\$&");
}

/** Prose in LaTeX. */
function escaped(text: string): string {
  return text.replace(/[#$%&_{}]/g, "\\$&").replaceAll("∇", "$\\nabla$");
}

/** A direction in LaTeX. */
function inFormula(model: Model, direction: string): string {
  const { names, data } = model;
  const name = [...data.inputNames, ...data.outputNames][[...names.inputs, ...names.outputs].indexOf(direction)];
  return name ? `$${name.latex}$` : directionText(direction);
}

export function latex(model: Model, of: Table): string {
  const math = isMath(of);
  const line = (row: string[]) => `${row.join(" & ")} \\\\`;
  const head = headsOf(of, escaped, (direction) => inFormula(model, direction));
  const rows = cellsOf(model, of, "latex").map((row) => row.map((cell, k) => (math[k] && cell ? `$${cell}$` : cell)));
  return [
    `\\begin{tabular}{${"l".repeat(head.length)}}`,
    "\\hline",
    line(head),
    "\\hline",
    ...rows.map(line),
    "\\hline",
    "\\end{tabular}",
    "",
  ].join("\n");
}

export function fragment(model: Model): string {
  const found = new URLSearchParams({ admodes: "1", of: model.data.checksum });
  const put = (prefix: string, names: string[], values: number[] | null) =>
    names.forEach((name, i) => values && found.set(`${prefix}.${name}`, exact(values[i]!)));
  if (model.editable) put("at", model.names.inputs, model.point.value);
  put("seed", model.names.inputs, model.seeds.value);
  put("weight", model.names.outputs, model.weights.value);
  found.set("step", String(model.step.value));
  found.set("style", model.data.styles[model.style.value]!.id);
  found.set("notation", model.notation.value);
  if (model.quiz.value) found.set("quiz", "1");
  return `#${found}`;
}

/** Take over the state that a fragment holds; that of another page is ignored, and told. */
export function restore(model: Model, hash: string): void {
  const found = new URLSearchParams(hash.replace(/^#/, ""));
  const read = (prefix: string, names: string[]) => {
    const values = names.map((name) => typed(found.get(`${prefix}.${name}`) ?? "")?.value);
    return values.every((x) => x !== undefined) ? (values as number[]) : null;
  };
  const mine = found.get("admodes") === "1" && found.get("of") === model.data.checksum;
  const point = model.editable ? read("at", model.names.inputs) : [];
  model.foreign.value = hash.length > 1 && (!mine || point === null);
  if (!mine || point === null) return;
  if (model.editable) model.point.value = point;
  if (model.editable && !model.names.inputs.includes(SEED)) model.seeds.value = read("seed", model.names.inputs);
  if (model.editable && !model.names.outputs.includes(SEED)) model.weights.value = read("weight", model.names.outputs);
  const style = model.data.styles.findIndex((s) => s.id === found.get("style"));
  model.style.value = Math.max(0, style);
  const notation = found.get("notation") ?? "";
  model.notation.value = Object.hasOwn(model.data.notations, notation) ? notation : "";
  model.quiz.value = found.get("quiz") === "1";
  model.goTo(Number(found.get("step")) || 0);
}
