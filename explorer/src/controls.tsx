/** The point, the seeds, the steps and the switches. */

import { useLayoutEffect, useState } from "preact/hooks";

import { BAR, DOT, marked, textDialect } from "./dialects";
import { fragment, latex, markdown } from "./export";
import { exact } from "./lines";
import { SEED, type Model } from "./model";
import { entered, num } from "./numbers";
import { sweepTitle } from "./sheets";

/** A field for a number, which takes effect when Enter is pressed or the field is left. */
function Field({ label, shown, value, set }: { label: string; shown?: string; value: number; set: (x: number) => void }) {
  const [draft, setDraft] = useState(exact(value));
  const [wrong, setWrong] = useState(false);
  // Before the next key can be pressed: what is typed then is kept.
  useLayoutEffect(() => {
    setDraft(exact(value));
    setWrong(false);
  }, [value]);
  const commit = (text: string) => {
    const found = entered(text);
    setWrong(found === null);
    if (found !== null && !Object.is(found, value)) set(found);
    else if (found !== null) setDraft(exact(value));
  };
  return (
    <label class="field">
      <span class="name">{shown ?? label}</span>
      <input
        type="text"
        inputMode="decimal"
        autocomplete="off"
        size={Math.max(6, Math.min(20, draft.length + 1))}
        aria-label={label}
        aria-invalid={wrong}
        value={draft}
        onInput={(event) => setDraft(event.currentTarget.value)}
        onKeyDown={(event) => event.key === "Enter" && commit(event.currentTarget.value)}
        onBlur={(event) => commit(event.currentTarget.value)}
      />
      {wrong && <span class="wrong" role="status">no number: write 0.5, 1e-3, 1/3, pi/2 or inf</span>}
    </label>
  );
}

export function Point({ model }: { model: Model }) {
  if (!model.editable) {
    return (
      <p class="fixed">
        <strong>The figures are not recomputed on this page</strong>: {model.fixed}. They are those of
        the point that admodes was given.
      </p>
    );
  }
  const moved = model.point.value.some((x, i) => !Object.is(x, num(model.data.inputs[i]!.value)));
  return (
    <fieldset class="point">
      <legend>Point</legend>
      {model.names.inputs.map((name, i) => (
        <Field key={name} label={name} value={model.point.value[i]!} set={(x) => model.edit(i, x)} />
      ))}
      {moved && <button type="button" onClick={() => model.back()}>Back to the first point</button>}
    </fieldset>
  );
}

/** Directions of the user's own: one tangent sweep and one adjoint sweep more. */
export function Seeds({ model }: { model: Model }) {
  if (!model.editable) return null;
  const write = textDialect(model.data.digits);
  const sides = [
    { title: "Tangent seed", names: model.names.inputs, marks: model.data.inputNames.map((name) => marked(DOT, name, null, write)), held: model.seeds },
    { title: "Adjoint seed", names: model.names.outputs, marks: model.data.outputNames.map((name) => marked(BAR, name, null, write)), held: model.weights },
  ];
  return (
    <div class="seeds">
      {sides.filter(({ names }) => !names.includes(SEED)).map(({ title, names, marks, held }) => (
        <fieldset key={title}>
          <legend>
            <label>
              <input
                type="checkbox"
                checked={held.value !== null}
                onChange={(event) => {
                  held.value = event.currentTarget.checked ? names.map(() => 1) : null;
                  model.goTo(model.step.value);
                }}
              />{" "}
              {title}
            </label>
          </legend>
          {held.value?.map((x, i) => (
            <Field key={names[i]!} label={`seed ${marks[i]}`} shown={marks[i]!} value={x} set={(y) => { held.value = held.value!.map((old, k) => (k === i ? y : old)); }} />
          ))}
        </fieldset>
      ))}
    </div>
  );
}

const PLAY = "M3,8a7,7 0 1,0 14,0a7,7 0 1,0 -14,0zm1.6,0a5.4,5.4 0 1,1 10.8,0a5.4,5.4 0 1,1 -10.8,0z M8,4.5v7l5,-3.5z";
const PAUSE = "M5,2h3.5v12h-3.5z M11.5,2h3.5v12h-3.5z";

export function Steps({ model }: { model: Model }) {
  const { step, steps, sweep, playing } = model;
  const [first, last] = [step.value === 0, step.value === steps.value];
  const button = (label: string, path: string, off: boolean, go: () => void) => (
    <button type="button" aria-label={label} title={label} disabled={off} onClick={go}>
      <svg viewBox="0 0 20 16" width="20" height="16" aria-hidden="true"><path d={path} /></svg>
    </button>
  );
  return (
    <div class="steps" role="group" aria-label="Steps">
      {button("To the start", "M3,2h2v12h-2z M17,2v12l-10,-6z", first, () => model.goTo(0))}
      {button("Previous sweep", "M10,2v12l-8,-6z M18,2v12l-8,-6z", first, () => model.goTo(sweepBefore(model)))}
      {button("Step back", "M13,2v12l-8,-6z", first, () => model.goTo(step.value - 1))}
      {button(playing.value ? "Pause" : "Play", playing.value ? PAUSE : PLAY, last && !playing.value, () => { playing.value = !playing.value; })}
      {button("Step forward", "M7,2v12l8,-6z", last, () => model.goTo(step.value + 1))}
      {button("Next sweep", "M2,2v12l8,-6z M10,2v12l8,-6z", last, () => model.goTo(sweepAfter(model)))}
      {button("To the end", "M15,2h2v12h-2z M3,2v12l10,-6z", last, () => model.goTo(steps.value))}
      <span class="count">{`step ${step.value} of ${steps.value}`}</span>
      <label class="sweeps">
        <span>Sweep</span>
        <select
          aria-label="Sweep"
          value={String(sweep.value.start)}
          onChange={(event) => model.goTo(Number(event.currentTarget.value) + 1)}
        >
          {model.sweeps.value.map((s) => <option key={s.start} value={String(s.start)}>{sweepTitle(model, s)}</option>)}
        </select>
      </label>
    </div>
  );
}

/** The end of the sweep before; at its own end a sweep has been read. */
export function sweepBefore(model: Model): number {
  return model.sweep.value.start;
}

export function sweepAfter(model: Model): number {
  const { start, rows } = model.sweep.value;
  const end = start + rows.length;
  const next = model.sweeps.value.find((s) => s.start === end);
  return model.step.value < end ? end : end + (next?.rows.length ?? 0);
}

/** A row and a direction, of which a notation is shown. */
const [V, X] = [{ text: "v", latex: "v" }, { text: "x", latex: "x" }];

export function Switches({ model, all, setAll }: { model: Model; all: boolean; setAll: (on: boolean) => void }) {
  const { styles } = model.data;
  const write = textDialect(model.data.digits);
  return (
    <div class="switches">
      {styles.length > 1 && (
        <label>
          Preset{" "}
          <select value={String(model.style.value)} onChange={(event) => { model.style.value = Number(event.currentTarget.value); }}>
            {styles.map((style, i) => <option key={style.id} value={String(i)}>{style.id}</option>)}
          </select>
        </label>
      )}
      {model.data.kind === "scalar" && (
        <label>
          Tangents{" "}
          <select value={model.notation.value} onChange={(event) => { model.notation.value = event.currentTarget.value; }}>
            <option value="">as there</option>
            {Object.entries(model.data.notations).map(([name, mark]) => <option key={name} value={name}>{marked(mark, V, X, write)}</option>)}
          </select>
        </label>
      )}
      <label>
        <input type="checkbox" checked={all} onChange={(event) => setAll(event.currentTarget.checked)} /> All tables
      </label>
      <label>
        <input
          type="checkbox"
          checked={model.quiz.value}
          onChange={(event) => {
            model.quiz.value = event.currentTarget.checked;
            model.open.value = new Set();
            model.entry.value = null;
            model.path.value = null;
          }}
        />{" "}
        Quiz
      </label>
    </div>
  );
}

export function Export({ model }: { model: Model }) {
  const [format, setFormat] = useState<"" | "Markdown" | "LaTeX">("");
  const text = format === "" ? "" : format === "Markdown" ? markdown(model, model.table.value) : latex(model, model.table.value);
  return (
    <section class="export" aria-label="Take away">
      <a href={fragment(model)}>Link to this state</a>
      {(["Markdown", "LaTeX"] as const).map((name) => (
        <button key={name} type="button" aria-pressed={format === name} onClick={() => setFormat(format === name ? "" : name)}>
          {`Table as ${name}`}
        </button>
      ))}
      {format !== "" && <textarea readOnly rows={8} aria-label={`The table as ${format}`} value={text} onFocus={(event) => event.currentTarget.select()} />}
    </section>
  );
}

export function Guards({ model }: { model: Model }) {
  const { flipped } = model;
  if (!flipped.value.length) return null;
  return (
    <div role="alert" class="alert">
      {flipped.value.map((guard, i) => (
        <p key={i}>
          <strong>{model.nameOf(guard.row)}</strong>: another branch is taken at this point. The rows were
          recorded where {guard.text}; what they give here is not the function. Record again at this
          point with admodes explore.
        </p>
      ))}
    </div>
  );
}
