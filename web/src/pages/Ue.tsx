/** One UE: state, identity, security, sessions, what it does and what it carries. */
import { useEffect, useState } from "preact/hooks";
import { get, send } from "../api";
import { bitRate, clock, guti, octets, tai, took, words } from "../format";
import { loaded, onChange, rows, tables, useTopics } from "../live";
import { link } from "../router";
import { may } from "../session";
import type { EndingView, UeDetails } from "../types";
import {
  Badge,
  Button,
  Confirm,
  ConnectionBadge,
  Empty,
  Facts,
  Head,
  Panel,
  Sheet,
  StateBadge,
  tell,
  useRead,
} from "../ui/bits";
import { Plot } from "../ui/Plot";
import { WhyOf } from "./Failures";
import { HandOver } from "./HandOver";

interface Look {
  time: number;
  up: number;
  down: number;
}

/** The rates of one UE's sessions, from the octets told. */
function useRates(supi: string): Look[] {
  const [looks, setLooks] = useState<Look[]>([]);
  useEffect(() => {
    let before: { time: number; up: number; down: number } | undefined;
    setLooks([]);
    return onChange((topic) => {
      if (topic !== "status" && topic !== "sessions") return;
      const mine = rows("sessions").filter((one) => one.supi === supi);
      const now = {
        time: Date.now() / 1000,
        up: mine.reduce((sum, one) => sum + one.uplink_bytes, 0),
        down: mine.reduce((sum, one) => sum + one.downlink_bytes, 0),
      };
      if (before && now.time - before.time < 0.9) return;
      if (before) {
        const passed = now.time - before.time;
        const rate = (after: number, then: number) => Math.max(0, (8 * (after - then)) / passed);
        const look = { time: now.time, up: rate(now.up, before.up), down: rate(now.down, before.down) };
        setLooks((known) => [...known.slice(-299), look]);
      }
      before = now;
    });
  }, [supi]);
  return looks;
}

/** Turns over at most once a second while procedures end. */
function useProcedureTurn(): number {
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    let due = 0;
    const stop = onChange((topic) => {
      if ((topic === "counters" || topic === "ues") && !due) {
        due = setTimeout(() => {
          due = 0;
          setTurn((before) => before + 1);
        }, 1000);
      }
    });
    return () => {
      stop();
      clearTimeout(due);
    };
  }, []);
  return turn;
}

function outcomeTone(outcome: string) {
  return outcome === "ended" ? "good" : outcome === "aborted" ? "warn" : "bad";
}

function Endings({ known }: { known: EndingView[] }) {
  if (!known.length) return <Empty title="No procedure ended yet" />;
  return (
    <Sheet label="Last procedures">
      <table>
        <thead>
          <tr>
            <th scope="col">Began</th>
            <th scope="col">At</th>
            <th scope="col">Procedure</th>
            <th scope="col" class="end">
              Took
            </th>
            <th scope="col">End</th>
            <th scope="col" class="wide">
              Clause
            </th>
          </tr>
        </thead>
        <tbody>
          {known
            .slice()
            .sort((one, other) => other.began - one.began)
            .map((one) => (
              <tr key={`${one.function} ${one.name} ${one.began}`}>
                <td class="mono">{clock(one.began, true)}</td>
                <td>{one.function}</td>
                <th scope="row">{words(one.name)}</th>
                <td class="end">{took(one.seconds)}</td>
                <td>
                  <Badge tone={outcomeTone(one.outcome)}>{one.outcome}</Badge>
                  {one.why && <span class="fix">{one.why}</span>}
                </td>
                <td class="wide clause">{one.clause}</td>
              </tr>
            ))}
        </tbody>
      </table>
    </Sheet>
  );
}

function SessionsOf({ supi }: { supi: string }) {
  const mine = rows("sessions").filter((one) => one.supi === supi);
  if (!mine.length) return <Empty title="No PDU session" />;
  return (
    <Sheet label="PDU sessions">
      <table>
        <thead>
          <tr>
            <th scope="col">ID</th>
            <th scope="col">DNN</th>
            <th scope="col">Slice</th>
            <th scope="col">Address</th>
            <th scope="col">User plane</th>
            <th scope="col" class="end">
              Uplink
            </th>
            <th scope="col" class="end">
              Downlink
            </th>
          </tr>
        </thead>
        <tbody>
          {mine.map((one) => (
            <tr key={one.pdu_session_id}>
              <th scope="row">{one.pdu_session_id}</th>
              <td>{one.dnn}</td>
              <td>{[one.slice, ...one.flows].join("; ")}</td>
              <td class="mono">{[one.ip, one.ip6, ...one.macs].filter(Boolean).join(" ") || one.type}</td>
              <td>
                <StateBadge state={one.state} />
              </td>
              <td class="end">{octets(one.uplink_bytes)}</td>
              <td class="end">{octets(one.downlink_bytes)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Sheet>
  );
}

export function Ue({ supi }: { supi: string }) {
  useTopics("ues", "sessions", "terminals");
  const turn = useProcedureTurn();
  const [asked, setAsked] = useState(false);
  const [leaving, setLeaving] = useState(false);
  const terminal = tables.terminals.value.get(supi);
  const ue = tables.ues.value.get(supi);
  const details = useRead(async () => (ue ? get<UeDetails>(`ues/${supi}`) : undefined), supi, turn, ue === undefined);
  const looks = useRates(supi);
  if (!ue) {
    const gone = loaded.value.has("ues");
    return (
      <>
        <Head title={supi} note={<a href="/ues">UEs</a>} />
        <div class="columns">
          <WhyOf supi={supi} />
        </div>
        <Panel title="UE">
          <Empty title={gone ? "The AMF has no context of this UE" : "One moment…"}>
            {gone && <a href={link("subscribers", supi)}>Look at the subscription instead</a>}
          </Empty>
        </Panel>
      </>
    );
  }
  const inside = details.value?.inside;
  const security = inside?.security;
  return (
    <>
      <Head
        title={ue.supi}
        note={
          <>
            <a href="/ues">UEs</a> <StateBadge state={ue.state} /> <ConnectionBadge state={ue.connection} />
          </>
        }
      >
        {may("operate") && (
          <>
            <a class="button primary" href={`/trace?ue=${encodeURIComponent(ue.supi)}`}>
              <span>Trace</span>
            </a>
            {terminal?.power === "on" && <Button onClick={() => setLeaving(true)}>Hand over</Button>}
            <Button kind="danger" onClick={() => setAsked(true)}>
              Deregister
            </Button>
          </>
        )}
      </Head>
      <div class="columns">
        <WhyOf supi={ue.supi} />
        <Panel title="Identity" aside={<a href={link("subscribers", ue.supi)}>Subscription</a>}>
          <Facts
            rows={[
              ["SUPI", <span class="mono">{ue.supi}</span>],
              ["5G-GUTI", <span class="mono">{guti(ue.guti)}</span>],
              ["PEI", ue.pei && <span class="mono">{ue.pei}</span>],
              ["gNB", ue.gnb],
              ["NR cell", ue.cell && <span class="mono">{ue.cell}</span>],
              ["TAI", tai(ue.tai)],
            ]}
          />
        </Panel>
        <Panel title="Security">
          {security ? (
            <Facts
              rows={[
                ["Ciphering", security.ciphering],
                ["Integrity", security.integrity],
                ["ngKSI", String(security.ng_ksi)],
                ["Next uplink NAS COUNT", <span class="mono">{security.uplink_count}</span>],
                ["Next downlink NAS COUNT", <span class="mono">{security.downlink_count}</span>],
                ["Allowed NSSAI", inside.allowed_slices.join(", ")],
              ]}
            />
          ) : (
            <Empty title={details.value ? "No security context" : "One moment…"} />
          )}
        </Panel>
        <Panel title="Throughput">
          <Plot
            label="Throughput of this UE"
            times={looks.map((one) => one.time)}
            lines={[
              { name: "Downlink", colour: "--n2", values: looks.map((one) => one.down) },
              { name: "Uplink", colour: "--n4", values: looks.map((one) => one.up) },
            ]}
            show={bitRate}
            height={170}
          />
        </Panel>
        <Panel title="PDU sessions" class="span3" flush>
          <SessionsOf supi={ue.supi} />
        </Panel>
        <Panel
          title="Last procedures"
          class="span3"
          flush
          aside={
            inside?.running.length ? (
              <Badge tone="info">{`${inside.running.map(words).join(", ")} runs`}</Badge>
            ) : undefined
          }
        >
          <Endings known={inside?.ended ?? []} />
        </Panel>
      </div>
      {leaving && terminal && <HandOver one={terminal} onClose={() => setLeaving(false)} />}
      {asked && (
        <Confirm
          title="Deregister this UE?"
          text="The network ends its registration and its sessions (TS 24.501 5.5.2.3). The terminal may register again."
          action="Deregister"
          onClose={() => setAsked(false)}
          onConfirm={async () => {
            await send("POST", `ues/${ue.supi}/deregister`);
            tell("Deregistration began");
          }}
        />
      )}
    </>
  );
}
