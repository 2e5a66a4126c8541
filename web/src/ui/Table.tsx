/** A table that draws the rows in sight alone: ten thousand cost as little as ten. */
import { Component, type ComponentChildren } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { count } from "../format";
import { go } from "../router";
import { Empty } from "./bits";
import { Icon } from "./Icon";

export interface Column<R> {
  key: string;
  title: string;
  /** Its width as a grid track. */
  width: string;
  show: (row: R) => ComponentChildren;
  /** What it is sorted by; none: it is not. */
  by?: (row: R) => string | number;
  align?: "end";
  /** Left out on a phone. */
  wide?: boolean;
  mono?: boolean;
}

/** The least pixels of a grid track. */
const least = (width: string): number => Number(/(\d+)px/.exec(width)?.[1] ?? 80);

const ROW = 36;
const MORE = 8;
/** Rows that are scrolled over before what is drawn is chosen anew. */
const STEP = 4;

interface Line<R> {
  row: R;
  place: number;
  active: boolean;
  columns: Column<R>[];
  open: ((row: R) => string) | undefined;
}

/** One row: drawn again only where it is another one than before, however often the rest is. */
class Row<R> extends Component<Line<R>> {
  override shouldComponentUpdate(next: Line<R>) {
    const { row, place, active, columns } = this.props;
    return row !== next.row || place !== next.place || active !== next.active || columns !== next.columns;
  }

  render({ row, place, active, columns, open }: Line<R>) {
    return (
      <div
        role="row"
        class={`row ${open ? "opens" : ""} ${active ? "active" : ""}`}
        aria-rowindex={place + 2}
        style={{ transform: `translateY(${place * ROW}px)` }}
      >
        {columns.map((column, at) => (
          <div
            key={column.key}
            role="cell"
            class={`${column.align ?? ""} ${column.wide ? "wide" : ""} ${column.mono ? "mono" : ""}`}
          >
            {at === 0 && open ? <a href={open(row)}>{column.show(row)}</a> : column.show(row)}
          </div>
        ))}
      </div>
    );
  }
}

export function Table<R>(props: {
  label: string;
  columns: Column<R>[];
  rows: R[];
  id: (row: R) => string;
  /** Text that a row is looked for by; none: no filter is offered. */
  text?: (row: R) => string;
  /** The page of a row. */
  open?: (row: R) => string;
  none: ComponentChildren;
  /** Pixels at most; the page's height where none are given. */
  height?: number;
  actions?: ComponentChildren;
  sorted?: string;
}) {
  const { columns, rows, id, text, open } = props;
  const [wanted, setWanted] = useState("");
  const [sort, setSort] = useState<{ key: string; down: boolean }>({
    key: props.sorted?.replace("-", "") ?? "",
    down: props.sorted?.startsWith("-") ?? false,
  });
  const [top, setTop] = useState(0);
  const [tall, setTall] = useState(600);
  const [active, setActive] = useState(-1);
  const box = useRef<HTMLDivElement>(null);
  const texts = useRef(new Map<R, string>());

  const chosen = useMemo(() => {
    const words = wanted.toLowerCase().split(/\s+/).filter(Boolean);
    let found = rows;
    if (words.length && text) {
      const before = texts.current;
      // a row that did not change is the same object, and its text is not made again
      const lower = new Map(rows.map((row) => [row, before.get(row) ?? text(row).toLowerCase()]));
      texts.current = lower;
      found = rows.filter((row) => words.every((word) => lower.get(row)!.includes(word)));
    }
    const by = columns.find((column) => column.key === sort.key)?.by;
    if (by) {
      const sign = sort.down ? -1 : 1;
      found = found
        .map((row) => [by(row), row] as const)
        .sort(([a], [b]) => (a < b ? -sign : a > b ? sign : 0))
        .map(([, row]) => row);
    }
    return found;
  }, [rows, wanted, sort, columns, text]);
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const watcher = new ResizeObserver(() => setTall(element.clientHeight));
    watcher.observe(element);
    return () => watcher.disconnect();
  }, [rows.length === 0]);

  const first = Math.max(0, top - MORE);
  const after = Math.min(chosen.length, top + STEP + Math.ceil(tall / ROW) + MORE);
  const tracks = columns.map((column) => column.width).join(" ");
  const wide = columns.reduce((sum, column) => sum + least(column.width), 0);
  const narrow = columns
    .filter((column) => !column.wide)
    .map((column) => column.width)
    .join(" ");

  const move = (event: KeyboardEvent) => {
    const steps: Record<string, number> = {
      ArrowDown: 1,
      ArrowUp: -1,
      PageDown: 15,
      PageUp: -15,
      Home: -1e9,
      End: 1e9,
    };
    const step = steps[event.key];
    if (step !== undefined && chosen.length) {
      event.preventDefault();
      const next = Math.min(chosen.length - 1, Math.max(0, active + step));
      setActive(next);
      const element = box.current!;
      if (next * ROW < element.scrollTop) element.scrollTop = next * ROW;
      else if ((next + 2) * ROW > element.scrollTop + element.clientHeight)
        element.scrollTop = (next + 2) * ROW - element.clientHeight;
    } else if (event.key === "Enter" && open && event.target === box.current && chosen[active]) {
      go(open(chosen[active]));
    }
  };

  return (
    <div class="table">
      {(text || props.actions) && (
        <div class="tools">
          {text && (
            <label class="search">
              <Icon name="search" />
              <input
                type="search"
                placeholder="Filter"
                aria-label={`Filter ${props.label}`}
                value={wanted}
                onInput={(event) => {
                  setWanted(event.currentTarget.value);
                  if (box.current) box.current.scrollTop = 0;
                }}
              />
            </label>
          )}
          <span class="count" role="status">
            {chosen.length === rows.length ? count(rows.length) : `${count(chosen.length)} of ${count(rows.length)}`}
          </span>
          {props.actions}
        </div>
      )}
      {rows.length === 0 ? (
        props.none
      ) : (
        <div
          class="scroll"
          ref={box}
          tabIndex={0}
          role="table"
          aria-label={props.label}
          aria-rowcount={chosen.length + 1}
          style={{
            "--tracks": tracks,
            "--narrow": narrow,
            "--least": `${wide}px`,
            maxHeight: props.height ? `${props.height}px` : undefined,
          }}
          onScroll={(event) => setTop(STEP * Math.floor(event.currentTarget.scrollTop / ROW / STEP))}
          onKeyDown={move}
        >
          <div role="rowgroup" class="heads">
            <div role="row" class="row" aria-rowindex={1}>
              {columns.map((column) => (
                <div
                  key={column.key}
                  role="columnheader"
                  class={`${column.align ?? ""} ${column.wide ? "wide" : ""}`}
                  aria-sort={sort.key !== column.key ? undefined : sort.down ? "descending" : "ascending"}
                >
                  {column.by ? (
                    <button
                      type="button"
                      onClick={() => setSort({ key: column.key, down: sort.key === column.key && !sort.down })}
                    >
                      {column.title}
                      <span class="arrow" aria-hidden="true">
                        {sort.key !== column.key ? "" : sort.down ? "↓" : "↑"}
                      </span>
                    </button>
                  ) : (
                    column.title
                  )}
                </div>
              ))}
            </div>
          </div>
          <div role="rowgroup" class="rows" style={{ height: `${chosen.length * ROW}px` }}>
            {chosen.slice(first, after).map((row, at) => (
              <Row
                key={id(row)}
                row={row}
                place={first + at}
                active={first + at === active}
                columns={columns}
                open={open}
              />
            ))}
          </div>
          {chosen.length === 0 && <Empty title="Nothing matches the filter" />}
        </div>
      )}
    </div>
  );
}
