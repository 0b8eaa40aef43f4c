/** One figure: hidden until its step is taken, and in a quiz until it is asked for or typed in. */

import { useState } from "preact/hooks";

import { textDialect } from "./dialects";
import { shown, type Figure as What } from "./lines";
import type { Model } from "./model";
import { typed } from "./numbers";

export function keyOf(figure: What): string {
  return `${figure.kind} ${figure.row} ${figure.of}`;
}

/** Whether a quiz keeps a figure back. */
export function hidden(model: Model, figure: What): boolean {
  return model.quiz.value && !model.open.value.has(keyOf(figure));
}

interface Props {
  model: Model;
  figure: What;
  value: unknown;
  /** What the figure is, in words. */
  label: string;
  wrt?: string;
}

export function Figure({ model, figure, value, label, wrt }: Props) {
  if (hidden(model, figure) && typeof value === "number") {
    return <Question model={model} figure={figure} value={value} label={label} />;
  }
  const text = shown(value, textDialect(model.data.digits));
  if (Array.isArray(value)) return <span class="figure array">{text}</span>;
  const at = wrt === undefined ? { "data-row": figure.row } : { "data-wrt": wrt };
  return (
    <span class="figure" data-figure={figure.kind} data-of={figure.of} {...at}>
      {text}
    </span>
  );
}

/** Whether an answer is right to the digits in which it is given. */
export function judged(answer: string, value: number): boolean | null {
  const found = typed(answer);
  if (!found) return null;
  if (!Number.isFinite(value) || !Number.isFinite(found.value)) return Object.is(found.value, value);
  const slack = 4 * Number.EPSILON * Math.abs(value);
  return Math.abs(found.value - value) <= found.half * (1 + 1e-9) + slack;
}

function Question({ model, figure, value, label }: Omit<Props, "wrt"> & { value: number }) {
  const [wrong, setWrong] = useState("");
  const judge = (answer: string) => {
    if (answer.trim() === "") return setWrong("");
    const right = judged(answer, value);
    if (right) model.reveal(keyOf(figure));
    else setWrong(right === null ? "no number" : "not right");
  };
  return (
    <span class="question">
      <input
        type="text"
        inputMode="decimal"
        size={8}
        aria-label={`Answer: ${label}`}
        aria-invalid={wrong !== ""}
        autocomplete="off"
        onKeyDown={(event) => event.key === "Enter" && judge(event.currentTarget.value)}
        onBlur={(event) => judge(event.currentTarget.value)}
      />
      <button type="button" aria-label={`Show ${label}`} onClick={() => model.reveal(keyOf(figure))}>
        show
      </button>
      <span role="status" class="verdict">{wrong}</span>
    </span>
  );
}
