/** The Jacobian of both modes as it fills, what each has cost, and the paths of an entry. */

import { Figure, hidden } from "./figure";
import { Lines } from "./lines";
import type { Model } from "./model";
import { Tex } from "./mathml";
import { pathsOf } from "./paths";

type Mode = "forward" | "reverse";

export function Jacobian({ model }: { model: Model }) {
  if (model.data.kind === "array") return null;
  return (
    <section class="jacobian" aria-label="Jacobian">
      <h2>Jacobian</h2>
      <div class="matrices">
        <Matrix model={model} mode="forward" />
        <Matrix model={model} mode="reverse" />
      </div>
      {model.look.value.notes.map((note) => <p key={note} class="hint">{note}</p>)}
      <Counts model={model} />
      <PathsOfEntry model={model} />
    </section>
  );
}

function reached(model: Model, mode: Mode, i: number, j: number): boolean {
  const { inputs, outputs } = model.names;
  const [x, y] = [model.data.inputs[j]!.row!, model.data.outputs[i]!.row];
  if (mode === "reverse") return model.reached("reverse", outputs[i]!, x);
  return model.reached("forward", inputs[j]!, y ?? model.data.rows.findLast((row) => row.derivative)!.row);
}

function Matrix({ model, mode }: { model: Model; mode: Mode }) {
  const { data, names } = model;
  const sweeps = mode === "forward" ? names.inputs.length : names.outputs.length;
  const transposed = model.look.value.layout === "transposed";
  const title = `${mode}: ${sweeps} sweep${sweeps === 1 ? "" : "s"}`;
  const [rows, columns] = transposed ? [data.inputNames, data.outputNames] : [data.outputNames, data.inputNames];
  return (
    <div class="wide matrix" tabIndex={0} role="region" aria-label={`Jacobian, ${title}, scrolls`}>
      <table>
        <caption>{transposed ? `${title} (rows inputs, columns outputs)` : title}</caption>
        <thead>
          <tr>
            <td />
            {columns.map(({ latex }, k) => <th scope="col" key={k}><Tex tex={latex} /></th>)}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ latex }, r) => (
            <tr key={r}>
              <th scope="row"><Tex tex={latex} /></th>
              {columns.map((_, c) => {
                const [i, j] = transposed ? [c, r] : [r, c];
                return <td key={c}>{reached(model, mode, i, j) && <Entry {...{ model, mode, i, j }} />}</td>;
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Entry({ model, mode, i, j }: { model: Model; mode: Mode; i: number; j: number }) {
  const [y, x] = [model.names.outputs[i]!, model.names.inputs[j]!];
  const figure = { kind: "jacobian" as const, row: i * model.names.inputs.length + j, of: y };
  const label = `∂${y}/∂${x}`;
  const value = model.jacobian.value[mode]![i]![j]!;
  const shown = <Figure model={model} figure={figure} value={value} label={label} wrt={x} />;
  const chosen = model.entry.value?.output === i && model.entry.value.input === j;
  if (hidden(model, figure) || !model.editable || model.data.outputs[i]!.row === null) return shown;
  return (
    <button
      type="button"
      class="entry"
      aria-pressed={chosen}
      title={`The paths of ${label}`}
      onClick={() => {
        model.path.value = null;
        model.entry.value = chosen ? null : { output: i, input: j };
      }}
    >
      {shown}
    </button>
  );
}

/** The operations so far of both modes, by the policy of admodes count. */
function Counts({ model }: { model: Model }) {
  const costs = model.data.costs;
  if (!costs) return null;
  const { inputs, outputs } = model.names;
  const add = (of: number[], kind: "evaluation" | Mode, direction: string) =>
    of.reduce((sum, n, row) => sum + (model.reached(kind, direction, row) ? n : 0), 0);
  const done = (kind: Mode, names: string[]) =>
    names.filter((name) => model.sweeps.value.some((s) => s.kind === kind && s.direction === name && s.start + s.rows.length <= model.step.value)).length;
  const f = add(costs.f, "evaluation", "");
  const partials = add(costs.partials, "evaluation", "");
  const forward = inputs.reduce((sum, name) => sum + add(costs.forward, "forward", name), 0);
  const reverse = outputs.reduce((sum, name) => sum + add(costs.reverse[name]!, "reverse", name), 0);
  return (
    <table class="counts">
      <caption>Operations so far</caption>
      <thead>
        <tr><td /><th scope="col">forward</th><th scope="col">reverse</th></tr>
      </thead>
      <tbody>
        <tr><th scope="row">f</th><td>{f}</td><td>{f}</td></tr>
        <tr><th scope="row">partials, once</th><td>{partials}</td><td>{partials}</td></tr>
        <tr><th scope="row">sweeps</th><td>{forward}</td><td>{reverse}</td></tr>
        <tr class="sum"><th scope="row">together</th><td>{f + partials + forward}</td><td>{f + partials + reverse}</td></tr>
        <tr><th scope="row">sweeps done</th><td>{done("forward", inputs)} of {inputs.length}</td><td>{done("reverse", outputs)} of {outputs.length}</td></tr>
      </tbody>
    </table>
  );
}

const MOST = 12;

/** One entry as the sum over paths of products of partials. */
function PathsOfEntry({ model }: { model: Model }) {
  const chosen = model.entry.value;
  const at = model.evaluation.value;
  if (!model.editable) return null;
  if (!chosen || !at) return <p class="hint">Press an entry to see the paths that it is the sum of.</p>;
  const [output, input] = [model.data.outputs[chosen.output]!, model.data.inputs[chosen.input]!];
  const { count, largest } = pathsOf(model.data, at, output.row!, input.row!, MOST);
  const lines = new Lines(model, "latex");
  const plain = new Lines(model, "text");
  const more = count > BigInt(largest.length) ? `, the ${largest.length} largest by size` : "";
  return (
    <div class="wide paths" tabIndex={0} role="region" aria-label="Paths, scrolls">
      <h3>{`Paths from ${input.name} to ${output.name}: ${count}${more}`}</h3>
      <ol>
        {largest.map((path) => {
          const key = path.rows.join(" ");
          const pressed = model.path.value?.join(" ") === key;
          const steps = path.rows.slice(1).map((row, k) => lines.write.derivative(lines.name(row), lines.name(path.rows[k]!)));
          const show = () => { model.path.value = pressed ? null : path.rows; };
          return (
            <li key={key}>
              <button type="button" aria-pressed={pressed} aria-label={`Show the path ${path.rows.map((r) => plain.name(r)).join(", ")}`} onClick={show}>
                <Tex tex={[...steps].reverse().join("\\, ") || "1"} />
              </button>{" "}
              <Tex tex={`= ${lines.number(path.product)}`} />
            </li>
          );
        })}
      </ol>
    </div>
  );
}
