/** What the console saw of numbers that change: some minutes, since it was opened. */
import { signal } from "@preact/signals";
import { get } from "./api";
import { onChange, rows, status } from "./live";
import type { LookView, StatusView } from "./types";

/** Looks kept: ten minutes. */
const KEPT = 600;
/** Seconds a rate of procedures is taken over. */
const OVER = 10;

export interface Sample {
  time: number;
  up: number;
  down: number;
  registered: number;
  connected: number;
  sessions: number;
}

export const samples = signal<Sample[]>([]);

let before: StatusView | undefined;

/** What the network saw before the console was opened: a plot does not begin with it. */
export async function remember(): Promise<void> {
  const looks = await get<LookView[]>("looks");
  const first = samples.value[0]?.time ?? Number.POSITIVE_INFINITY;
  const rate = (one: LookView, last: LookView, key: "uplink_bytes" | "downlink_bytes") =>
    Math.max(0, (8 * (one[key] - last[key])) / (one.time - last.time));
  const seen = looks.flatMap((one, at) => {
    const last = looks[at - 1];
    if (!last || one.time - last.time < 0.2 || one.time >= first) return [];
    return {
      time: one.time,
      up: rate(one, last, "uplink_bytes"),
      down: rate(one, last, "downlink_bytes"),
      registered: one.ues_registered,
      connected: one.ues_connected,
      sessions: one.sessions,
    };
  });
  samples.value = [...seen, ...samples.value].slice(-KEPT);
}

function sample(): void {
  const now = status();
  if (!now || now === before) return;
  const passed = before ? now.uptime_s - before.uptime_s : 0;
  if (before && passed > 0.2) {
    samples.value = [
      ...samples.value.slice(1 - KEPT),
      {
        time: Date.now() / 1000,
        up: Math.max(0, (8 * (now.uplink_bytes - before.uplink_bytes)) / passed),
        down: Math.max(0, (8 * (now.downlink_bytes - before.downlink_bytes)) / passed),
        registered: now.ues_registered,
        connected: now.ues_connected,
        sessions: now.sessions,
      },
    ];
  }
  if (!before || passed < 0 || passed > 0.2) before = now;
}

export interface Procedure {
  name: string;
  clause: string;
  started: number;
  succeeded: number;
  failed: number;
  failures: [string, number][];
  /** Ends a second over the last looks. */
  rate: number;
}

/** What TS 28.552 counts: requests, successes and failures by their counters' names. */
const MEASURED: [name: string, clause: string, requested: string, succeeded: string, failed: string][] = [
  ["Initial registration", "TS 28.552 5.2.2.1", "RM.RegInitReq", "RM.RegInitSucc", "RM.RegInitFail"],
  ["Mobility registration update", "TS 28.552 5.2.2.3", "RM.RegMobReq", "RM.RegMobSucc", "RM.RegMobFail"],
  ["Periodic registration update", "TS 28.552 5.2.2.5", "RM.RegPeriodReq", "RM.RegPeriodSucc", "RM.RegPeriodFail"],
  ["Authentication", "TS 28.552 5.2", "AMF.AuthReq", "", "AMF.AuthFail"],
  ["Service request", "TS 28.552 5.2.3", "MM.ServiceReq", "MM.ServiceSucc", ""],
  ["Paging", "TS 28.552 5.2.5", "MM.Paging5GReq", "MM.Paging5GSucc", ""],
  [
    "PDU session establishment",
    "TS 28.552 5.3.1",
    "SM.PduSessionCreationReq",
    "SM.PduSessionCreationSucc",
    "SM.PduSessionCreationFail",
  ],
];

/** What the specification counts. */
export const measured = signal<Procedure[]>([]);
/** Every procedure that any function of this process ran. */
export const procedures = signal<Procedure[]>([]);

const past: { time: number; ended: Map<string, number> }[] = [];

function standard(counts: Map<string, [string, number][]>): Procedure[] {
  const sum = (name: string) => (counts.get(name) ?? []).reduce((total, [, value]) => total + value, 0);
  return MEASURED.flatMap(([name, clause, requested, good, bad]) => {
    const started = sum(requested);
    if (!started) return [];
    const failures = (counts.get(bad) ?? []).map(([label, value]): [string, number] => [`#${label}`, value]);
    const failed = bad ? sum(bad) : Math.max(0, started - sum(good));
    const succeeded = good ? sum(good) : started - failed;
    return [{ name, clause, started, succeeded, failed, failures, rate: 0 }];
  });
}

function own(counts: Map<string, [string, number][]>): Procedure[] {
  const found = new Map<string, Procedure>();
  for (const [name, started] of counts.get("procedure.started") ?? []) {
    found.set(name, { name, clause: "", started, succeeded: 0, failed: 0, failures: [], rate: 0 });
  }
  for (const [label, value] of counts.get("procedure.ended") ?? []) {
    const [name = "", outcome = ""] = label.split(" ");
    const one = found.get(name);
    if (!one) continue;
    if (outcome === "ended") one.succeeded += value;
    else {
      one.failed += value;
      one.failures.push([outcome, value]);
    }
  }
  return [...found.values()].sort((a, b) => b.started - a.started);
}

function recount(): void {
  const counts = new Map<string, [string, number][]>();
  for (const counter of rows("counters")) {
    const known = counts.get(counter.name);
    if (known) known.push([counter.label, counter.value]);
    else counts.set(counter.name, [[counter.label, counter.value]]);
  }
  const found = [...standard(counts), ...own(counts)];
  const now = Date.now() / 1000;
  past.push({ time: now, ended: new Map(found.map((one) => [one.name, one.succeeded + one.failed])) });
  while (past.length > 2 && now - past[0]!.time > OVER) past.shift();
  const since = past.find((look) => now - look.time <= OVER) ?? past[0]!;
  const passed = now - since.time;
  for (const one of found) {
    const ended = one.succeeded + one.failed;
    one.rate = passed > 0.5 ? Math.max(0, ended - (since.ended.get(one.name) ?? 0)) / passed : 0;
  }
  measured.value = found.filter((one) => one.clause);
  procedures.value = found.filter((one) => !one.clause);
}

export function begin(): void {
  onChange((topic) => {
    if (topic === "status") {
      sample();
      if ([...measured.value, ...procedures.value].some((one) => one.rate > 0)) recount();
    }
    if (topic === "counters") recount();
  });
}
