/** What there is now: gNBs with their cells, UEs, sessions, and events. */
import { count, guti, moment, octets, tai } from "../format";
import { loaded, rows, type Topic, useTopics } from "../live";
import { link } from "../router";
import type { EventView, GnbView, SessionView, UeView } from "../types";
import { Badge, ConnectionBadge, Empty, Facts, Head, Panel, StateBadge, severityTone } from "../ui/bits";
import { type Column, Table } from "../ui/Table";

const waiting = (topic: Topic, title: string, text: string) =>
  loaded.value.has(topic) ? <Empty title={title}>{text}</Empty> : <Empty title="One moment…" />;

interface Cell {
  name: string;
  tai: string;
  ues: number;
}

/** The cells where UEs are, by gNB: what NG Setup does not say, locations do. */
function cellsOf(gnb: GnbView): Cell[] {
  const found = new Map<string, Cell>();
  for (const ue of rows("ues")) {
    if (ue.gnb !== gnb.name || !ue.cell) continue;
    const cell = found.get(ue.cell) ?? { name: ue.cell, tai: ue.tai, ues: 0 };
    cell.ues += 1;
    found.set(ue.cell, cell);
  }
  return [...found.values()].sort((a, b) => a.name.localeCompare(b.name));
}

export function Gnbs() {
  useTopics("ues");
  const gnbs = rows("gnbs");
  return (
    <>
      <Head title="gNBs and cells" note="Nodes whose NG Setup succeeded, and the cells their UEs are in." />
      {gnbs.length === 0 && (
        <Panel title="gNBs">
          {waiting(
            "gnbs",
            "No gNB is connected",
            "Point one at the N2 address of amf.n2; freehold doctor says what is wrong with it.",
          )}
        </Panel>
      )}
      <div class="cards">
        {gnbs.map((gnb) => {
          const cells = cellsOf(gnb);
          return (
            <Panel key={gnb.id} title={gnb.name || gnb.id} aside={<Badge tone="good">connected</Badge>}>
              <Facts
                rows={[
                  ["Global gNB ID", <span class="mono">{gnb.id}</span>],
                  ["N2", gnb.address === gnb.name ? "in process" : <span class="mono">{gnb.address}</span>],
                  ["PLMN", gnb.plmns.join(", ")],
                  ["TAC", gnb.tacs.join(", ")],
                  ["Slices", gnb.slices.join(", ")],
                  ["Connected UEs", count(gnb.ues)],
                ]}
              />
              <h3>Cells, by NR Cell Identity</h3>
              {cells.length === 0 ? (
                <p class="muted">No UE told its cell yet.</p>
              ) : (
                <ul class="lines">
                  {cells.map((cell) => (
                    <li key={cell.name}>
                      <span class="mono">{cell.name}</span>
                      <span class="muted grow">{tai(cell.tai)}</span>
                      <span>
                        {count(cell.ues)} UE{cell.ues === 1 ? "" : "s"}
                      </span>
                    </li>
                  ))}
                </ul>
              )}
              <p>
                <a href={`/trace?gnb=${encodeURIComponent(gnb.name)}`}>Trace this gNB</a>
              </p>
            </Panel>
          );
        })}
      </div>
    </>
  );
}

const UES: Column<UeView>[] = [
  { key: "supi", title: "SUPI", width: "minmax(200px, 1.3fr)", show: (ue) => ue.supi, by: (ue) => ue.supi, mono: true },
  { key: "state", title: "5GMM", width: "130px", show: (ue) => <StateBadge state={ue.state} />, by: (ue) => ue.state },
  {
    key: "connection",
    title: "CM",
    width: "128px",
    show: (ue) => <ConnectionBadge state={ue.connection} />,
    by: (ue) => ue.connection,
    wide: true,
  },
  { key: "gnb", title: "gNB", width: "minmax(90px, 0.7fr)", show: (ue) => ue.gnb, by: (ue) => ue.gnb, wide: true },
  { key: "cell", title: "Cell", width: "110px", show: (ue) => ue.cell, by: (ue) => ue.cell, wide: true, mono: true },
  { key: "tai", title: "TAI", width: "160px", show: (ue) => tai(ue.tai), by: (ue) => ue.tai, wide: true },
  {
    key: "guti",
    title: "5G-GUTI",
    width: "minmax(220px, 1.2fr)",
    show: (ue) => guti(ue.guti),
    by: (ue) => ue.guti,
    wide: true,
    mono: true,
  },
];

const ueText = (ue: UeView) =>
  `${ue.supi} ${ue.state} ${ue.connection} ${ue.gnb} ${ue.cell} ${tai(ue.tai)} ${ue.guti} ${ue.pei}`;
const supiOf = (ue: UeView) => ue.supi;
const uePage = (ue: UeView) => link("ues", ue.supi);

export function Ues() {
  useTopics("ues");
  return (
    <>
      <Head title="UEs" note="UE contexts of the AMF, as they are now." />
      <Table
        label="UEs"
        columns={UES}
        rows={rows("ues")}
        id={supiOf}
        text={ueText}
        open={uePage}
        none={waiting(
          "ues",
          "No UE has registered yet",
          "Add a subscriber, put its SIM in a terminal, and switch it on.",
        )}
      />
    </>
  );
}

const SESSIONS: Column<SessionView>[] = [
  {
    key: "supi",
    title: "SUPI",
    width: "minmax(200px, 1.3fr)",
    show: (one) => one.supi,
    by: (one) => one.supi,
    mono: true,
  },
  {
    key: "id",
    title: "ID",
    width: "56px",
    show: (one) => one.pdu_session_id,
    by: (one) => one.pdu_session_id,
    align: "end",
  },
  { key: "dnn", title: "DNN", width: "minmax(90px, 0.8fr)", show: (one) => one.dnn, by: (one) => one.dnn },
  { key: "slice", title: "Slice", width: "90px", show: (one) => one.slice, by: (one) => one.slice, wide: true },
  { key: "type", title: "Type", width: "90px", show: (one) => one.type, by: (one) => one.type, wide: true },
  {
    key: "ip",
    title: "Address",
    width: "minmax(150px, 1fr)",
    show: (one) => [one.ip, one.ip6, ...one.macs].filter(Boolean).join(" "),
    by: (one) => padded(one.ip),
    mono: true,
  },
  {
    key: "state",
    title: "User plane",
    width: "130px",
    show: (one) => <StateBadge state={one.state} />,
    by: (one) => one.state,
    wide: true,
  },
  {
    key: "up",
    title: "Uplink",
    width: "100px",
    show: (one) => octets(one.uplink_bytes),
    by: (one) => one.uplink_bytes,
    align: "end",
    wide: true,
  },
  {
    key: "down",
    title: "Downlink",
    width: "100px",
    show: (one) => octets(one.downlink_bytes),
    by: (one) => one.downlink_bytes,
    align: "end",
    wide: true,
  },
];

/** An IPv4 address in an order that people expect. */
const padded = (ip: string) => ip.replace(/\d+/g, (part) => part.padStart(3, "0"));
const sessionKey = (one: SessionView) => `${one.supi}/${one.pdu_session_id}`;
const sessionText = (one: SessionView) =>
  [one.supi, one.dnn, one.slice, one.type, one.ip, one.ip6, ...one.macs, one.state].join(" ");
const sessionPage = (one: SessionView) => link("ues", one.supi);

export function Sessions() {
  useTopics("sessions");
  return (
    <>
      <Head title="Sessions" note="PDU sessions with their addresses, and the octets they carried." />
      <Table
        label="Sessions"
        columns={SESSIONS}
        rows={rows("sessions")}
        id={sessionKey}
        text={sessionText}
        open={sessionPage}
        none={waiting("sessions", "No PDU session", "A terminal asks for one once it is registered.")}
      />
    </>
  );
}

const EVENTS: Column<EventView>[] = [
  {
    key: "time",
    title: "Time",
    width: "160px",
    show: (one) => moment(one.time),
    by: (one) => one.time,
    wide: true,
    mono: true,
  },
  {
    key: "severity",
    title: "Severity",
    width: "92px",
    show: (one) => <Badge tone={severityTone(one.severity)}>{one.severity}</Badge>,
    by: (one) => one.severity,
  },
  { key: "text", title: "What", width: "minmax(220px, 3fr)", show: (one) => <span title={one.fix}>{one.text}</span> },
  {
    key: "subject",
    title: "Of",
    width: "minmax(120px, 1fr)",
    show: (one) => one.subject,
    by: (one) => one.subject,
    wide: true,
    mono: true,
  },
  { key: "clause", title: "Clause", width: "170px", show: (one) => one.clause, by: (one) => one.clause, wide: true },
];
const eventKey = (one: EventView) => `${one.time} ${one.name} ${one.subject} ${one.text}`;
const eventText = (one: EventView) => `${one.text} ${one.severity} ${one.subject} ${one.clause} ${one.name} ${one.fix}`;

export function Events() {
  useTopics("events");
  return (
    <>
      <Head title="Events" note="The last thousand things the network had to tell." />
      <Table
        label="Events"
        columns={EVENTS}
        rows={rows("events")}
        id={eventKey}
        text={eventText}
        sorted="-time"
        none={waiting(
          "events",
          "Nothing to tell yet",
          "Refusals, faults of peers and mistakes are told here, with what to change.",
        )}
      />
    </>
  );
}
