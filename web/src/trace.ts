/** Records of the trace as they come, and how they are told as a ladder: as `freehold trace` does. */
import { signal } from "@preact/signals";
import { ROOT } from "./api";
import type { RecordView } from "./types";

/** Records kept in the page; the oldest give way. */
const KEPT = 50_000;
/** Functions in the order of TS 23.502's figures. */
export const LANES = ["UE", "gNB", "AMF", "SMF", "UPF", "AUSF", "UDM", "UDR", "PCF", "NSSF", "NRF", "DN"];
/** Messages that only show that the other end lives (TS 29.244 6.2.2, TS 29.281 7.2). */
export const WATCHING = new Set(["HeartbeatRequest", "HeartbeatResponse", "EchoRequest", "EchoResponse"]);
export const INTERFACES = ["N1", "N2", "N4", "N4-u", "SBI"] as const;

export interface Row {
  key: number;
  record: RecordView;
  /** Its number within its procedure; 0 for what is no message. */
  step: number;
}

export const records = signal<{ key: number; record: RecordView }[]>([]);
export const open = signal(false);
/** How many came while the picture was held. */
export const held = signal(0);

let source: EventSource | undefined;
let waiting: { key: number; record: RecordView }[] = [];
let next = 1;
let paused = false;
let drawn = 0;

function flush(): void {
  drawn = 0;
  if (paused || !waiting.length) {
    held.value = waiting.length;
    return;
  }
  const all = records.value.concat(waiting);
  waiting = [];
  held.value = 0;
  records.value = all.length > KEPT ? all.slice(-KEPT) : all;
}

function take(event: MessageEvent<string>): void {
  open.value = true;
  waiting.push({ key: next, record: JSON.parse(event.data) as RecordView });
  next += 1;
  if (waiting.length > KEPT) waiting = waiting.slice(-KEPT / 2);
  if (!drawn) drawn = requestAnimationFrame(flush);
}

/** The name of the file that is shown instead of the network; empty where none is. */
export const opened = signal("");

/** Show a trace file, as the API and `freehold trace --save` write it; an error says why not. */
export function openFile(name: string, text: string): void {
  const lines = text.split("\n").filter(Boolean);
  const head: unknown = JSON.parse(lines[0] ?? "null");
  if ((head as { format?: string } | null)?.format !== "freehold-trace")
    throw new Error(`${name} is not a trace file of Freehold`);
  const found = lines
    .slice(1)
    .map((line, at) => ({ key: at + 1, record: { ...JSON.parse(line), id: 0 } as RecordView }));
  opened.value = name;
  open.value = true;
  held.value = 0;
  waiting = [];
  records.value = found;
}

/** Follow one UE, or everything; what was kept comes first. */
export function follow(ue: string): () => void {
  opened.value = "";
  records.value = [];
  waiting = [];
  held.value = 0;
  const query = new URLSearchParams({ kept: "", interfaces: [...INTERFACES, "procedure", "timer"].join(",") });
  if (ue) query.set("ue", ue);
  const made = new EventSource(`${ROOT}/tap?${query}`);
  source = made;
  made.onopen = () => {
    open.value = true;
    records.value = [];
    waiting = [];
  };
  made.onmessage = take;
  made.onerror = () => {
    open.value = false;
  };
  return () => {
    made.close();
    if (source === made) {
      source = undefined;
      open.value = false;
    }
  };
}

export function pause(on: boolean): void {
  paused = on;
  if (!on) flush();
}

export function clear(): void {
  records.value = [];
  waiting = [];
  held.value = 0;
}

export const isMark = (record: RecordView): boolean => record.interface === "procedure" || record.interface === "timer";

/** Numbers within each procedure, as the ladder in a terminal counts them. */
export function numbered(chosen: { key: number; record: RecordView }[]): Row[] {
  let step = 0;
  return chosen.map(({ key, record }) => {
    if (record.interface === "procedure") step = 0;
    else if (record.interface !== "timer") step += 1;
    return { key, record, step: isMark(record) ? 0 : step };
  });
}

/** A message's name with what it carries and its cause. */
export function nameOf(record: RecordView): string {
  if (record.interface === "procedure") return record.name.replaceAll("_", " ");
  return `${record.name}${record.inside}${record.detail}`;
}

const REFUSALS = /Reject|Failure|ErrorIndication|ServiceError|^Nn?\w+ .* [45]\d\d /;
const STATUS = / [45]\d\d( |$)/;

/** Whether a message says no. */
export const refuses = (record: RecordView): boolean => REFUSALS.test(record.name) || STATUS.test(record.name);

/** The lanes that take part, in their order. */
export function lanesOf(rows: Row[]): string[] {
  const seen = new Set<string>();
  for (const { record } of rows) {
    seen.add(record.start);
    seen.add(record.end);
  }
  return [...LANES.filter((lane) => seen.has(lane)), ...[...seen].filter((lane) => !LANES.includes(lane))];
}

/** Columns from one lane to the next, at least; columns for a message's name before its clause. */
const GAP = 7;
const TEXT = 66;

const centred = (name: string, width: number): string => {
  const left = Math.floor((width - name.length) / 2);
  return name.padStart(left + name.length).padEnd(width);
};

/** The picture as text: letter by letter what `freehold trace` draws, to be put into a mail. */
export function asText(rows: Row[]): string {
  const lanes = lanesOf(rows);
  const gap = Math.max(GAP, ...lanes.map((lane) => lane.length + 2));
  const column = (lane: string) => lanes.indexOf(lane) * gap + Math.floor(gap / 2);
  const drawn = rows.map(({ record, step }) => {
    const rails: string[] = Array.from({ length: gap * lanes.length }, (_, at) =>
      at % gap === Math.floor(gap / 2) ? "|" : " ",
    );
    const [start, end] = [column(record.start), column(record.end)];
    let text = `     .. ${record.name} ..`;
    if (!step || start === end) rails[start] = "*";
    else {
      const [low, high] = start < end ? [start, end] : [end, start];
      rails.fill("-", low + 1, high);
      if (end > start) rails[end - 1] = ">";
      else rails[end + 1] = "<";
    }
    if (record.interface === "procedure") text = `-- ${nameOf(record)} --`;
    else if (step) text = `${String(step).padStart(3)}  ${record.interface.padEnd(4)}${nameOf(record)}`;
    return `${rails.join("")}  ${text.padEnd(TEXT)}  ${record.clause}`.trimEnd();
  });
  return `${[
    lanes
      .map((lane) => centred(lane, gap))
      .join("")
      .trimEnd(),
    ...drawn,
  ].join("\n")}\n`;
}
