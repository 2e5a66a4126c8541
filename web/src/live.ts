/** Rows that the network tells as they change: one stream for everything that is on the screen. */
import { type Signal, signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { get, ROOT } from "./api";
import type {
  AlarmView,
  Change,
  CounterView,
  EventView,
  FailureView,
  GnbView,
  SessionView,
  StatusView,
  TerminalView,
  UeView,
} from "./types";

export interface Topics {
  status: StatusView;
  gnbs: GnbView;
  ues: UeView;
  sessions: SessionView;
  counters: CounterView;
  alarms: AlarmView;
  events: EventView;
  failures: FailureView;
  terminals: TerminalView;
}
export type Topic = keyof Topics;
type Tables = { [T in Topic]: Signal<Map<string, Topics[T]>> };

const ALWAYS: Topic[] = ["status", "alarms", "counters", "gnbs"];

export const tables: Tables = {
  status: signal(new Map()),
  gnbs: signal(new Map()),
  ues: signal(new Map()),
  sessions: signal(new Map()),
  counters: signal(new Map()),
  alarms: signal(new Map()),
  events: signal(new Map()),
  failures: signal(new Map()),
  terminals: signal(new Map()),
};

/** Whether rows come in. */
export const connected = signal(false);

/** Topics whose rows have all come. */
export const loaded = signal(new Set<Topic>());

const wanted = new Map<Topic, number>(ALWAYS.map((topic) => [topic, 1]));
let source: EventSource | undefined;
let open = "";
let queued = false;
let running = false;
const listeners = new Set<(topic: Topic) => void>();

/** Hear of every change of a topic. */
export function onChange(listener: (topic: Topic) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function take(change: Change): void {
  const topic = change.topic as Topic;
  const table = tables[topic] as Signal<Map<string, unknown>> | undefined;
  if (!table) return;
  const rows = change.whole ? new Map<string, unknown>() : new Map(table.value);
  for (const key of change.gone) rows.delete(key);
  for (const [key, row] of Object.entries(change.rows)) rows.set(key, row);
  table.value = rows;
  if (change.whole && !loaded.value.has(topic)) loaded.value = new Set([...loaded.value, topic]);
  for (const listener of listeners) listener(topic);
}

function connect(): void {
  queued = false;
  const topics = [...wanted].filter(([, users]) => users > 0).map(([topic]) => topic);
  const address = running && !document.hidden ? `${ROOT}/live?topics=${topics.sort().join(",")}` : "";
  if (address === open) return;
  source?.close();
  open = address;
  source = undefined;
  if (!address) return;
  const made = new EventSource(address);
  source = made;
  made.onmessage = (event) => {
    connected.value = true;
    take(JSON.parse(event.data));
  };
  made.onerror = () => {
    connected.value = false;
    if (made.readyState === EventSource.CLOSED && source === made) {
      open = "";
      get("me").then(later, () => setTimeout(later, 3000));
    }
  };
}

function later(): void {
  if (!queued) {
    queued = true;
    queueMicrotask(connect);
  }
}

/** Begin; the stream rests while nobody looks. */
export function start(): void {
  running = true;
  later();
}

export function stop(): void {
  running = false;
  connected.value = false;
  for (const table of Object.values(tables)) (table as Signal<Map<string, unknown>>).value = new Map();
  loaded.value = new Set();
  later();
}

document.addEventListener("visibilitychange", later);

/** Have these topics told while the caller is on the screen. */
export function useTopics(...topics: Topic[]): void {
  useEffect(() => {
    for (const topic of topics) wanted.set(topic, (wanted.get(topic) ?? 0) + 1);
    later();
    return () => {
      for (const topic of topics) wanted.set(topic, (wanted.get(topic) ?? 1) - 1);
      later();
    };
  }, [topics.join()]);
}

export const rows = <T extends Topic>(topic: T): Topics[T][] => [...tables[topic].value.values()];
export const status = (): StatusView | undefined => tables.status.value.get("");
