/** The graph, on coordinates that admodes laid out. */

import { useEffect, useRef } from "preact/hooks";

import { textDialect } from "./dialects";
import { hidden } from "./figure";
import { shapeText, shown } from "./lines";
import type { Kind, Model } from "./model";
import { brief } from "./numbers";
import { edgesInto } from "./paths";
import type { Box, Line, Picture, Run } from "./types";

/** From one line of a node to the next. */
const LINE = 15;

export function Graph({ model }: { model: Model }) {
  const picture = model.data.graph;
  if (picture) return <Drawn model={model} picture={picture} />;
  return <p class="hint">{`There is no picture of ${model.data.rows.length} rows: with a box for each loop it would still be too large to read.`}</p>;
}

function Drawn({ model, picture }: { model: Model; picture: Picture }) {
  const region = useRef<HTMLDivElement>(null);
  const row = model.row.value;
  const groups = picture.nodes.filter(isGroup).length;
  useEffect(() => {
    const node = picture.nodes.find((n) => covers(n, row));
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
          {picture.edges.map((edge, i) => <Edge key={i} {...{ model, picture, edge }} />)}
          {picture.nodes.map((node, i) => <Node key={i} model={model} node={node} />)}
        </svg>
      </div>
      <p class="legend">
        <span class="value">value</span> <span class="tangent">tangent</span> <span class="adjoint">adjoint</span>{" "}
        <span class="partial">partial</span>
        {groups > 0 && <span class="hint">{`${model.data.rows.length} rows: a double frame stands for several.`}</span>}
      </p>
    </section>
  );
}

function isGroup({ rows: [first, last] }: Box): boolean {
  return first < last;
}

function covers({ rows: [first, last] }: Box, row: number | null): boolean {
  return row !== null && first <= row && row <= last;
}

/** Bring a node into the part of the graph that is seen. */
function scrollTo(region: HTMLElement, { x, y, width, height }: Box): void {
  const { scrollLeft, scrollTop, clientWidth, clientHeight } = region;
  if (x < scrollLeft || x + width > scrollLeft + clientWidth) region.scrollLeft = x + width / 2 - clientWidth / 2;
  if (y < scrollTop || y + height > scrollTop + clientHeight) region.scrollTop = y + height / 2 - clientHeight / 2;
}

/** Whether an edge feeds the row at work, or lies on the path that is shown. */
function edgeClass(model: Model, from: Box, to: Box): string {
  const at = model.row.value;
  const reverse = model.sweep.value.kind === "reverse";
  const joins = (source: number, target: number) => covers(from, source) && covers(to, target);
  const feeds = at !== null && (reverse
    ? covers(from, at) && model.readers(at).some((reader) => joins(at, reader.row))
    : covers(to, at) && model.data.rows[at]!.args.some(({ row }) => row !== undefined && joins(row, at)));
  const path = model.path.value?.some((row, k, all) => k > 0 && joins(all[k - 1]!, row));
  return ["edge", feeds && (reverse ? "back" : "feeds"), path && "path"].filter(Boolean).join(" ");
}

function Edge({ model, picture, edge }: { model: Model; picture: Picture; edge: Line }) {
  const [x, y] = edge.points.at(-1)!;
  const [from, to] = [picture.nodes[edge.from]!, picture.nodes[edge.to]!];
  return (
    <g class={edgeClass(model, from, to)}>
      <path class="way" d={way(edge.points)} />
      <path class="head" d={`M${x},${y}l-4,-8h8z`} />
      {edge.label && <Partial model={model} at={edge.label} from={from.rows[0]} to={to.rows[0]} />}
    </g>
  );
}

/** The partial by which a sweep multiplies along an edge, once it has done so; of two the sum. */
function Partial({ model, at: [x, y], from, to }: { model: Model; at: [number, number]; from: number; to: number }) {
  const { kind, direction } = model.sweep.value;
  const used = kind !== "evaluation" && model.reached(kind, direction, kind === "forward" ? to : from);
  const partial = used && !model.quiz.value && model.evaluation.value
    ? edgesInto(model.data, model.evaluation.value, to).get(from) : undefined;
  if (partial === undefined) return null;
  return <text class="partial" x={x + 4} y={y + 4}>{brief(partial)}</text>;
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
  const { x, y, width, height } = node;
  const middle = x + width / 2;
  const group = isGroup(node);
  const at = model.row.value;
  const current = covers(node, at);
  const path = model.path.value?.some((row) => covers(node, row));
  return (
    <g class={["node", node.kind, current && "current", path && "path"].filter(Boolean).join(" ")} onClick={() => model.goToRows(node.rows)}>
      <rect x={x} y={y} width={width} height={height} rx={node.kind === "input" ? 20 : 5} />
      {group && <rect class="inner" x={x + 3} y={y + 3} width={width - 6} height={height - 6} rx={3} />}
      <text x={middle} y={y + 17} class="name"><Equation runs={node.labels[model.style.value]!} /></text>
      {node.words.map((words, k) => <text key={k} x={middle} y={y + 34 + LINE * k} class="words">{words}</text>)}
      {(!group || current) && <Figures model={model} row={group ? at! : node.rows[0]} x={middle} y={y + 34 + LINE * node.words.length} room={width - 10} />}
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

/** The length of a number that a font with wide figures would make longer than its box. */
function fitting(number: string, room: number) {
  const [narrow, wide] = [7.3, 8.4].map((figure) => figure * number.length) as [number, number];
  return wide > room ? { textLength: Math.min(narrow, room), lengthAdjust: "spacingAndGlyphs" } : {};
}

/** The value of a row, and its tangent or adjoint in the sweep that is shown. */
function Figures({ model, row, x, y, room }: { model: Model; row: number; x: number; y: number; room: number }) {
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
          <text key={f.kind} class={f.kind} x={x} y={y + LINE * i}>
            {Array.isArray(f.value) ? (
              shapeText(model.data.rows[row]!.shape)
            ) : (
              <tspan data-figure={f.kind} data-row={row} data-of={f.of} {...fitting(shown(f.value, write), room)}>
                {shown(f.value, write)}
              </tspan>
            )}
          </text>
        ))}
    </>
  );
}
