/** The network at one glance: whether it is well, what it carries, what it does. */
import { get } from "../api";
import { bitRate, clock, count, duration, words } from "../format";
import { measured, type Procedure, procedures, samples } from "../history";
import { rows, status, useTopics } from "../live";
import { link } from "../router";
import type { EventView, FunctionView } from "../types";
import { Badge, Empty, Head, NoAlarm, Panel, Sheet, severityTone, type Tone, useRead } from "../ui/bits";
import { Plot, Spark } from "../ui/Plot";
import { Standing } from "./Failures";

function Tile(props: {
  title: string;
  value: string;
  note?: string;
  values?: number[];
  colour?: string;
  href: string;
}) {
  return (
    <a class="tile" href={props.href}>
      <span class="name">{props.title}</span>
      <span class="value">{props.value}</span>
      <span class="note">{props.note}</span>
      {props.values && props.values.length > 1 && <Spark values={props.values} colour={props.colour ?? "--accent"} />}
    </a>
  );
}

function health(): { tone: Tone; text: string; note: string } {
  const standing = rows("alarms").filter((alarm) => alarm.cleared === null);
  const severe = standing.filter((alarm) => severityTone(alarm.perceived_severity) === "bad").length;
  const known = status();
  if (!known) return { tone: "quiet", text: "…", note: "" };
  if (severe) return { tone: "bad", text: "Trouble", note: `${severe} severe alarm${severe > 1 ? "s" : ""}` };
  if (standing.length)
    return { tone: "warn", text: "Attention", note: `${standing.length} alarm${standing.length > 1 ? "s" : ""}` };
  if (!known.gnbs) return { tone: "info", text: "Waiting", note: "no gNB is connected" };
  return { tone: "good", text: "Well", note: "no alarm stands" };
}

function Tiles() {
  const now = status();
  const seen = samples.value;
  const last = seen.at(-1);
  const { tone, text, note } = health();
  const tail = seen.slice(-90);
  return (
    <div class="tiles">
      <a class={`tile health ${tone}`} href="/alarms">
        <span class="name">Health</span>
        <span class="value">{text}</span>
        <span class="note">{note}</span>
      </a>
      <Tile
        title="gNBs"
        value={count(now?.gnbs ?? 0)}
        note={now ? `PLMN ${now.plmn} · TAC ${now.tac}` : ""}
        href="/gnbs"
      />
      <Tile
        title="UEs registered"
        value={count(now?.ues_registered ?? 0)}
        note={`${count(now?.ues_connected ?? 0)} connected`}
        values={tail.map((one) => one.registered)}
        href="/ues"
      />
      <Tile
        title="PDU sessions"
        value={count(now?.sessions ?? 0)}
        values={tail.map((one) => one.sessions)}
        href="/sessions"
      />
      <Tile
        title="Downlink"
        value={last ? bitRate(last.down) : "–"}
        values={tail.map((one) => one.down)}
        colour="--n2"
        href="/sessions"
      />
      <Tile
        title="Uplink"
        value={last ? bitRate(last.up) : "–"}
        values={tail.map((one) => one.up)}
        colour="--n4"
        href="/sessions"
      />
    </div>
  );
}

function Success({ one }: { one: Procedure }) {
  const ended = one.succeeded + one.failed;
  if (!ended) return <span class="success">–</span>;
  const share = one.succeeded / ended;
  return (
    <span class="success">
      <meter
        min={0}
        max={1}
        value={share}
        low={0.9}
        high={0.98}
        optimum={1}
        aria-label={`${words(one.name)} succeeded`}
      />
      <span>{`${(100 * share).toFixed(share === 1 ? 0 : 1)} %`}</span>
    </span>
  );
}

function Counted({ title, known }: { title: string; known: Procedure[] }) {
  return (
    <tbody>
      <tr class="group">
        <th scope="rowgroup" colSpan={5}>
          {title}
        </th>
      </tr>
      {known.map((one) => (
        <tr key={one.name}>
          <th scope="row" title={one.clause}>
            {words(one.name)}
          </th>
          <td class="end">{one.rate ? one.rate.toFixed(1) : "–"}</td>
          <td class="end">{count(one.started)}</td>
          <td>
            <Success one={one} />
          </td>
          <td class="wide muted">{one.failures.map(([outcome, times]) => `${times} × ${outcome}`).join(", ")}</td>
        </tr>
      ))}
    </tbody>
  );
}

function Procedures() {
  if (!measured.value.length && !procedures.value.length) {
    return <Empty title="No procedure ran yet">They are counted from the moment the network starts.</Empty>;
  }
  return (
    <Sheet label="Procedures">
      <table>
        <thead>
          <tr>
            <th scope="col">Procedure</th>
            <th scope="col" class="end">
              per second
            </th>
            <th scope="col" class="end">
              in all
            </th>
            <th scope="col">succeeded</th>
            <th scope="col" class="wide">
              failures
            </th>
          </tr>
        </thead>
        {measured.value.length > 0 && <Counted title="As TS 28.552 measures them" known={measured.value} />}
        <Counted
          title="As all functions of this process ran them, terminals included"
          known={procedures.value.slice(0, 12)}
        />
      </table>
    </Sheet>
  );
}

export function EventLine({ event }: { event: EventView }) {
  return (
    <li>
      <time>{clock(event.time)}</time>
      <Badge tone={severityTone(event.severity)}>{event.severity}</Badge>
      <span class="grow">
        {event.text}
        {event.fix && <span class="fix">{event.fix}</span>}
      </span>
      {event.clause && <span class="clause">{event.clause}</span>}
    </li>
  );
}

function Throughput() {
  const seen = samples.value;
  return (
    <Plot
      label="Throughput of all sessions"
      times={seen.map((one) => one.time)}
      lines={[
        { name: "Downlink", colour: "--n2", values: seen.map((one) => one.down) },
        { name: "Uplink", colour: "--n4", values: seen.map((one) => one.up) },
      ]}
      show={bitRate}
      height={196}
    />
  );
}

export function Dashboard() {
  useTopics("events");
  const functions = useRead(() => get<FunctionView[]>("functions"), status()?.pid);
  const alarms = rows("alarms")
    .filter((alarm) => alarm.cleared === null)
    .slice(0, 6);
  const events = rows("events").slice(-9).reverse();
  const now = status();
  return (
    <>
      <Head
        title="Dashboard"
        note={now ? `${now.name} · up for ${duration(now.uptime_s)} · Freehold ${now.version}` : "One moment…"}
      />
      <Tiles />
      <div class="columns">
        <Panel title="Throughput" class="span2">
          <Throughput />
        </Panel>
        <Panel title="Alarms" aside={<a href="/alarms">All</a>}>
          {alarms.length === 0 ? (
            <NoAlarm />
          ) : (
            <ul class="lines">
              {alarms.map((alarm) => (
                <li key={alarm.id}>
                  <Badge tone={severityTone(alarm.perceived_severity)}>{alarm.perceived_severity.toLowerCase()}</Badge>
                  <span class="grow">{alarm.text}</span>
                  {alarm.count > 1 && <span class="muted">×{alarm.count}</span>}
                </li>
              ))}
            </ul>
          )}
        </Panel>
        <Panel title="Procedures" class="span2" flush>
          <Procedures />
        </Panel>
        <div class="stack">
          <Panel title="Why?" aside={<a href={link("why")}>All</a>} flush>
            <Standing most={4} />
          </Panel>
          <Panel title="Functions">
            <ul class="functions">
              {functions.value?.map((one) => (
                <li key={one.name}>
                  <span class={`dot ${one.state === "running" ? "good" : "bad"}`} />
                  <b>{one.kind}</b>
                  <span class="muted">{one.address || one.state}</span>
                </li>
              ))}
            </ul>
          </Panel>
        </div>
        <Panel title="Events" class="span3" aside={<a href={link("events")}>All</a>}>
          {events.length === 0 ? (
            <Empty title="Nothing to tell yet" />
          ) : (
            <ul class="lines">
              {events.map((event) => (
                <EventLine key={`${event.time} ${event.text}`} event={event} />
              ))}
            </ul>
          )}
        </Panel>
      </div>
    </>
  );
}
