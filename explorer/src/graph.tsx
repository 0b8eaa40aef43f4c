/** The graph, on coordinates that admodes laid out. */

import { useEffect, useRef } from "preact/hooks";

import { textDialect } from "./dialects";
import { hidden } from "./figure";
import { shapeText, shown } from "./lines";
import type { Kind, Model } from "./model";
import type { Box, Line, Picture, Run } from "./types";

export function Graph({ model }: { model: Model }) {
  const picture = model.data.graph;
  if (!picture) return <p class="hint">{`There is no picture of ${model.data.rows.length} rows.`}</p>;
  return <Drawn model={model} picture={picture} />;
}

function Drawn({ model, picture }: { model: Model; picture: Picture }) {
  const lit = model.path.value;
  const region = useRef<HTMLDivElement>(null);
  const row = model.row.value;
  useEffect(() => {
    const node = picture.nodes.find((n) => n.row === row);
    if (node) scrollTo(region.current!, node);
  }, [row]);
  return (
    <section class="graph" aria-label="Graph">
      <div ref={region} class="wide" tabIndex={0} role="region" aria-label="Computational graph, scrolls">
        <svg
          viewBox={`0 0 ${picture.width} ${picture.height}`}
          width={picture.width}
          height={picture.height}
          role="img"
          aria-label={`Computational graph of ${model.data.rows.length} rows`}
        >
          {picture.edges.map((edge, i) => <Edge key={i} edge={edge} class={edgeClass(model, edge, lit)} />)}
          {picture.nodes.map((node, i) => <Node key={i} model={model} node={node} />)}
        </svg>
      </div>
      <p class="legend">
        <span class="value">value</span> <span class="tangent">tangent</span> <span class="adjoint">adjoint</span>
      </p>
    </section>
  );
}

/** Bring a node into the part of the graph that is seen. */
function scrollTo(region: HTMLElement, { x, y, width, height }: Box): void {
  const { scrollLeft, scrollTop, clientWidth, clientHeight } = region;
  if (x < scrollLeft || x + width > scrollLeft + clientWidth) region.scrollLeft = x + width / 2 - clientWidth / 2;
  if (y < scrollTop || y + height > scrollTop + clientHeight) region.scrollTop = y + height / 2 - clientHeight / 2;
}

/** Whether an edge feeds the row at work, or lies on the path that is shown. */
function edgeClass(model: Model, { from, to }: Line, lit: number[] | null): string {
  const at = model.row.value;
  const reverse = model.sweep.value.kind === "reverse";
  const feeds = at !== null && (reverse ? from === at : to === at);
  const path = lit?.some((row, k) => row === from && lit[k + 1] === to);
  return ["edge", feeds && (reverse ? "back" : "feeds"), path && "path"].filter(Boolean).join(" ");
}

function Edge({ edge, class: name }: { edge: Line; class: string }) {
  const [x, y] = edge.points.at(-1)!;
  return (
    <g class={name}>
      <path class="way" d={way(edge.points)} />
      <path class="head" d={`M${x},${y}l-4,-8h8z`} />
    </g>
  );
}

/** Straight lines and curves in turn; the last line ends where the head of the arrow begins. */
function way(points: [number, number][]): string {
  const parts = [`M${points[0]}`];
  for (let k = 1; k < points.length; k++) {
    const [x0, y0] = points[k - 1]!;
    const [x, y] = points[k]!;
    const middle = (y0 + y) / 2;
    if (k % 2 === 0 && x !== x0) parts.push(`C${x0},${middle} ${x},${middle} ${x},${y}`);
    else parts.push(`V${k === points.length - 1 ? y - 6 : y}`);
  }
  return parts.join("");
}

function Node({ model, node }: { model: Model; node: Box }) {
  const { row, x, y, width, height } = node;
  const middle = x + width / 2;
  const classes = ["node", node.kind, row === model.row.value && "current", model.path.value?.includes(row) && "path"];
  return (
    <g class={classes.filter(Boolean).join(" ")} onClick={() => model.goToRow(row)}>
      <rect x={x} y={y} width={width} height={height} rx={node.kind === "input" ? 20 : 5} />
      <text x={middle} y={y + 17} class="name"><Equation runs={node.labels[model.style.value]!} /></text>
      <Figures model={model} row={row} x={middle} y={y + 34} />
    </g>
  );
}

/** A formula, with indices below and powers above its line. */
function Equation({ runs }: { runs: Run[] }) {
  return (
    <>
      {runs.map(([text, size, rise, italic], k) => (
        <tspan key={k} dy={(runs[k - 1]?.[2] ?? 0) - rise} font-size={size} font-style={italic ? "italic" : "normal"}>
          {text}
        </tspan>
      ))}
    </>
  );
}

/** The value of a row, and its tangent or adjoint in the sweep that is shown. */
function Figures({ model, row, x, y }: { model: Model; row: number; x: number; y: number }) {
  const { kind, direction } = model.sweep.value;
  const found: { kind: "value" | "tangent" | "adjoint"; of: string; value: unknown; pass: Kind }[] = [
    { kind: "value", of: "", value: model.value(row), pass: "evaluation" },
  ];
  if (kind === "forward") found.push({ kind: "tangent", of: direction, value: model.tangent(direction, row), pass: kind });
  if (kind === "reverse") found.push({ kind: "adjoint", of: direction, value: model.adjoint(direction, row), pass: kind });
  const write = textDialect(model.data.digits);
  return (
    <>
      {found
        .filter((f) => f.value !== null && model.reached(f.pass, f.of, row) && !hidden(model, { kind: f.kind, row, of: f.of }))
        .map((f, i) => (
          <text key={f.kind} class={f.kind} x={x} y={y + 15 * i}>
            {Array.isArray(f.value) ? (
              shapeText(model.data.rows[row]!.shape)
            ) : (
              <tspan data-figure={f.kind} data-row={row} data-of={f.of}>{shown(f.value, write)}</tspan>
            )}
          </text>
        ))}
    </>
  );
}
