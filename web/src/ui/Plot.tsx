/** Lines over the last minutes, drawn by uPlot in the colours of the page. */
import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { clock, moment } from "../format";
import "uplot/dist/uPlot.min.css";

/** Turns over when the colours do. */
export const painted = signal(0);

const colour = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** The colour that a property has now, as a canvas takes it. */
function resolved(name: string): string {
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found || colour(name);
}

const day = (time: number): string => moment(time).slice(5, 16);

/** The last five minutes. */
const WINDOW = 300;

function span(): [number, number] {
  const now = Date.now() / 1000;
  return [now - WINDOW, now];
}

export interface Line {
  name: string;
  /** A custom property of the style sheet. */
  colour: string;
  values: (number | null)[];
}

export function Plot(props: {
  label: string;
  times: number[];
  lines: Line[];
  show: (value: number) => string;
  height?: number;
  /** All of the times, with dates; else the last minutes. */
  whole?: boolean;
}) {
  const { times, lines, show, height = 180, whole = false } = props;
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const turn = painted.value;
  useEffect(() => {
    const element = box.current!;
    const muted = resolved("--muted");
    const grid = { stroke: resolved("--line"), width: 1 };
    const made = new uPlot(
      {
        width: element.clientWidth || 300,
        height,
        padding: [8, 28, 0, 0],
        legend: { show: false },
        cursor: { y: false, points: { size: 6 } },
        scales: {
          x: whole ? {} : { range: () => span() },
          y: { range: (_, low, high) => [Math.min(0, low), Math.max(high * 1.15, 1)] },
        },
        axes: [
          {
            stroke: muted,
            grid: { show: false },
            ticks: { show: false },
            size: 24,
            font: "11px system-ui",
            space: 110,
            values: (_, ticks) => ticks.map((tick) => (whole ? day(tick) : clock(tick))),
          },
          {
            stroke: muted,
            grid,
            ticks: { show: false },
            size: 78,
            font: "11px system-ui",
            space: 36,
            values: (_, ticks) => ticks.map((tick) => show(tick)),
          },
        ],
        series: [
          {},
          ...lines.map((line) => {
            const stroke = resolved(line.colour);
            return {
              label: line.name,
              stroke,
              width: 1.75,
              fill: stroke.replace("rgb(", "rgba(").replace(")", ", 0.10)"),
              points: { show: whole && times.length < 60, size: 5 },
              spanGaps: false,
            };
          }),
        ],
      },
      [times, ...lines.map((line) => line.values)] as uPlot.AlignedData,
      element,
    );
    plot.current = made;
    const watcher = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }));
    watcher.observe(element);
    return () => {
      watcher.disconnect();
      made.destroy();
    };
  }, [lines.map((line) => line.name).join(), height, turn, whole, whole && times.length < 60]);

  useEffect(() => {
    plot.current?.setData([times, ...lines.map((line) => line.values)] as uPlot.AlignedData);
  }, [times, lines]);

  const last = (line: Line): string => {
    const value = line.values.at(-1);
    return value === null || value === undefined ? "–" : show(value);
  };
  return (
    <figure class="plot">
      <figcaption>
        {lines.map((line) => (
          <span key={line.name}>
            <i style={{ background: `var(${line.colour})` }} />
            {line.name} <b>{last(line)}</b>
          </span>
        ))}
      </figcaption>
      <div
        ref={box}
        role="img"
        aria-label={`${props.label}: ${lines.map((line) => `${line.name} ${last(line)}`).join(", ")}`}
        style={{ height: `${height}px` }}
      />
    </figure>
  );
}

/** A line without words beside a number. */
export function Spark({ values, colour: name }: { values: number[]; colour: string }) {
  const high = Math.max(...values, 1e-9);
  const step = 100 / Math.max(1, values.length - 1);
  const points = values
    .map((value, at) => `${(at * step).toFixed(1)},${(23 - (22 * value) / high).toFixed(1)}`)
    .join(" ");
  return (
    <svg class="spark" viewBox="0 0 100 24" preserveAspectRatio="none" aria-hidden="true">
      <polyline points={points} style={{ stroke: `var(${name})` }} />
    </svg>
  );
}
