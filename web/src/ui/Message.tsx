/** A message open to its bits: its fields beside its octets, each showing the other. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { get, send } from "../api";
import { clock } from "../format";
import { rows, useTopics } from "../live";
import { link } from "../router";
import { nameOf, refuses } from "../trace";
import type { DissectionView, FailureView, FieldView, RecordView } from "../types";
import { Badge, Button, copy, Empty, useRead } from "./bits";

type Path = string;

interface Flat {
  path: Path;
  depth: number;
  field: FieldView;
}

function flatten(field: FieldView, path: Path, depth: number, closed: ReadonlySet<Path>, found: Flat[]): Flat[] {
  field.fields.forEach((inner, at) => {
    const own = `${path}.${at}`;
    found.push({ path: own, depth, field: inner });
    if (!closed.has(own)) flatten(inner, own, depth + 1, closed, found);
  });
  return found;
}

const bitsOf = (field: FieldView): number => field.bits;

/** The innermost field that holds an octet. */
function holder(all: Flat[], octet: number): Flat | undefined {
  let best: Flat | undefined;
  for (const one of all) {
    const { first, bits } = one.field;
    if (first === null || !bits || first >= 8 * octet + 8 || first + bits <= 8 * octet) continue;
    if (!best || bits <= bitsOf(best.field) || one.depth > best.depth) best = one;
  }
  return best;
}

/** Where a field is, in words: `octet 5, bits 8-5` counts as the specifications do. */
function place(field: FieldView): string {
  if (field.first === null || !field.bits) return "";
  const last = field.first + field.bits - 1;
  const [start, end] = [Math.floor(field.first / 8) + 1, Math.floor(last / 8) + 1];
  const [high, low] = [8 - (field.first % 8), 8 - (last % 8)];
  const bits = high === low ? `bit ${high}` : `bits ${high}–${low}`;
  if (start === end) return high === 8 && low === 1 ? `octet ${start}` : `octet ${start}, ${bits}`;
  return high === 8 && low === 1 ? `octets ${start}–${end}` : `octets ${start}–${end}, from bit ${high} to bit ${low}`;
}

function Octets({
  hex,
  field,
  onOctet,
}: {
  hex: string;
  field: FieldView | undefined;
  onOctet: (octet: number) => void;
}) {
  const octets = hex.match(/../g) ?? [];
  const first = field?.first ?? null;
  const after = first === null ? -1 : first + (field?.bits ?? 0);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    box.current?.querySelector(".in")?.scrollIntoView({ block: "nearest" });
  }, [first, after]);
  const rows = Array.from({ length: Math.ceil(octets.length / 16) }, (_, at) => octets.slice(16 * at, 16 * at + 16));
  return (
    <div
      class="octets mono"
      ref={box}
      tabIndex={0}
      role="group"
      aria-label={`Octets${field ? `, ${place(field)} marked` : ""}`}
    >
      {rows.map((row, line) => (
        <div key={line}>
          <span class="offset">{(16 * line).toString(16).padStart(4, "0")}</span>
          {row.map((octet, at) => {
            const number = 16 * line + at;
            const touched = first !== null && 8 * number < after && 8 * number + 8 > first;
            const part = touched && (8 * number < first || 8 * number + 8 > after);
            return (
              <i key={at} class={`${touched ? "in" : ""} ${part ? "part" : ""}`} onClick={() => onOctet(number)}>
                {octet}
              </i>
            );
          })}
          <span class="letters">
            {row.map((octet) => {
              const code = Number.parseInt(octet, 16);
              return code > 31 && code < 127 ? String.fromCharCode(code) : "·";
            })}
          </span>
        </div>
      ))}
      {field && first !== null && field.bits < 32 && field.bits % 8 !== 0 && (
        <Bits octets={octets} first={first} after={after} />
      )}
    </div>
  );
}

/** The octets of a field that does not fill them, bit by bit. */
function Bits({ octets, first, after }: { octets: string[]; first: number; after: number }) {
  const start = Math.floor(first / 8);
  const end = Math.ceil(after / 8);
  return (
    <p class="bits">
      {octets.slice(start, end).map((octet, at) => (
        <span key={at}>
          {[...Number.parseInt(octet, 16).toString(2).padStart(8, "0")].map((bit, place) => {
            const number = 8 * (start + at) + place;
            return (
              <b key={place} class={number >= first && number < after ? "in" : ""}>
                {bit}
              </b>
            );
          })}
        </span>
      ))}
    </p>
  );
}

function Tree(props: {
  all: Flat[];
  chosen: Path;
  onChoose: (path: Path) => void;
  closed: ReadonlySet<Path>;
  onFold: (path: Path) => void;
}) {
  const { all, chosen, onChoose, closed, onFold } = props;
  const box = useRef<HTMLDivElement>(null);
  const move = (event: KeyboardEvent) => {
    const at = all.findIndex((one) => one.path === chosen);
    const here = all[at];
    const step = { ArrowDown: 1, ArrowUp: -1, Home: -1e9, End: 1e9 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      onChoose(all[Math.min(all.length - 1, Math.max(0, at + step))]!.path);
    } else if (here && event.key === "ArrowRight" && closed.has(here.path)) onFold(here.path);
    else if (here && event.key === "ArrowLeft" && here.field.fields.length && !closed.has(here.path)) onFold(here.path);
  };
  useEffect(() => {
    box.current?.querySelector(".chosen")?.scrollIntoView({ block: "nearest" });
  }, [chosen]);
  return (
    <div
      class="tree"
      ref={box}
      role="tree"
      aria-label="Fields"
      tabIndex={0}
      aria-activedescendant={chosen ? `field${chosen}` : undefined}
      onKeyDown={move}
    >
      {all.map(({ path, depth, field }) => (
        <div
          key={path}
          id={`field${path}`}
          role="treeitem"
          aria-level={depth + 1}
          aria-selected={path === chosen}
          aria-expanded={field.fields.length ? !closed.has(path) : undefined}
          class={`${path === chosen ? "chosen" : ""} ${field.label === "!" ? "fault" : ""}`}
          style={{ paddingLeft: `${8 + 14 * depth}px` }}
          onClick={() => (path === chosen && field.fields.length ? onFold(path) : onChoose(path))}
        >
          <span class="fold" aria-hidden="true">
            {field.fields.length ? (closed.has(path) ? "▸" : "▾") : ""}
          </span>
          <span class="label">{field.label === "!" ? "fault" : field.label.replaceAll("_", " ")}</span>
          <span class="text">{field.text}</span>
        </div>
      ))}
    </div>
  );
}

function Opened({ view }: { view: DissectionView }) {
  const [chosen, setChosen] = useState<Path>("");
  const [closed, setClosed] = useState<ReadonlySet<Path>>(new Set());
  const all = useMemo(() => flatten(view.content, "", 0, closed, []), [view, closed]);
  const everything = useMemo(() => flatten(view.content, "", 0, new Set(), []), [view]);
  const field = all.find((one) => one.path === chosen)?.field;
  const fold = (path: Path) => {
    const next = new Set(closed);
    if (!next.delete(path)) next.add(path);
    setClosed(next);
  };
  if (!view.content.fields.length) return <Empty title="It carries nothing" />;
  return (
    <>
      <Tree all={all} chosen={chosen} onChoose={setChosen} closed={closed} onFold={fold} />
      <p class="place">
        {field ? place(field) || "nowhere by itself in the octets" : `${view.content.text}, ${view.specification}`}
      </p>
      {view.octets && (
        <Octets
          hex={view.octets}
          field={field}
          onOctet={(octet) => {
            const found = holder(everything, octet);
            if (found) {
              setClosed(new Set());
              setChosen(found.path);
            }
          }}
        />
      )}
    </>
  );
}

/** The fields of a record: the network has it, or its octets are opened anew. */
async function opened(record: RecordView): Promise<DissectionView> {
  if (record.id) return get<DissectionView>(`records/${record.id}`);
  const protocol = { N1: "nas", N2: "ngap", N4: "pfcp", "N4-u": "gtpu" }[record.interface];
  if (!record.octets || !protocol)
    throw new Error(
      protocol ? "Its octets were not for whoever wrote the file" : "Operations are in a file by name alone",
    );
  return send<DissectionView>("POST", "decode", { octets: record.octets, protocol });
}

/** The failure that a refusal tells of: the one nearest in time. */
function whyOf(record: RecordView): FailureView | undefined {
  const near = rows("failures").filter((one) => Math.abs(one.time - record.time) < 2);
  return near.sort((a, b) => Math.abs(a.time - record.time) - Math.abs(b.time - record.time))[0];
}

export function Message({ record, onClose }: { record: RecordView; onClose: () => void }) {
  useTopics("failures");
  const view = useRead(() => opened(record), record.id, record.octets, record.time);
  const why = refuses(record) ? whyOf(record) : undefined;
  return (
    <aside class="opened" aria-label="Message">
      <header>
        <div class="grow">
          <h2>{nameOf(record)}</h2>
          <p class="note">
            <Badge tone="quiet">{record.interface}</Badge> {record.source} → {record.target} ·{" "}
            {clock(record.time, true)}
            {record.clause && <span class="clause"> · {record.clause}</span>}
          </p>
          {record.subject && <p class="note mono">{record.subject}</p>}
        </div>
        {why && (
          <a class="button primary" href={link("why", why.id)}>
            <span>Why?</span>
          </a>
        )}
        {record.octets && (
          <Button kind="bare" icon="copy" label="Copy octets" onClick={() => copy(record.octets, "Octets")} />
        )}
        <Button kind="bare" icon="close" label="Close message" onClick={onClose} />
      </header>
      {view.value ? <Opened view={view.value} /> : <Empty title={view.error || "One moment…"} />}
    </aside>
  );
}
