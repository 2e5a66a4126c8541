/** Simulated terminals: switched on, off, and off and on. */
import { useState } from "preact/hooks";
import { get, reason, send } from "../api";
import { loaded, rows, useTopics } from "../live";
import { link } from "../router";
import { may } from "../session";
import type { SubscriberView, TerminalView } from "../types";
import { Badge, Button, Choice, Dialog, Empty, Form, Head, Panel, StateBadge, tell, useRead } from "../ui/bits";
import { type Column, Table } from "../ui/Table";

const said = (asked: Promise<void>, done: string): void =>
  void asked.then(
    () => tell(done),
    (error) => tell(reason(error), "bad"),
  );
const on = (supi: string) => said(send("POST", `terminals/${supi}/start`), `${supi} is switched on`);
const off = (supi: string) => said(send("POST", `terminals/${supi}/stop`), `${supi} is switched off`);
const cycle = (supi: string) => said(send("POST", `terminals/${supi}/power-cycle`), `${supi} is switched off and on`);

function Switch({ one }: { one: TerminalView }) {
  if (!may("operate")) return null;
  if (one.power === "off")
    return (
      <Button icon="power" label={`On: ${one.supi}`} onClick={() => on(one.supi)}>
        On
      </Button>
    );
  return (
    <span class="buttons">
      <Button label={`Off: ${one.supi}`} onClick={() => off(one.supi)}>
        Off
      </Button>
      <Button
        kind={one.card === "locked" ? "primary" : "plain"}
        label={`Power cycle ${one.supi}`}
        onClick={() => cycle(one.supi)}
      >
        Power cycle
      </Button>
    </span>
  );
}

const COLUMNS: Column<TerminalView>[] = [
  {
    key: "supi",
    title: "SUPI",
    width: "minmax(190px, 0.6fr)",
    show: (one) => one.supi,
    by: (one) => one.supi,
    mono: true,
  },
  {
    key: "power",
    title: "Power",
    width: "80px",
    show: (one) => <Badge tone={one.power === "on" ? "good" : "quiet"}>{one.power}</Badge>,
    by: (one) => one.power,
    wide: true,
  },
  {
    key: "state",
    title: "5GMM",
    width: "190px",
    show: (one) => <StateBadge state={one.state} />,
    by: (one) => one.state,
    wide: true,
  },
  {
    key: "card",
    title: "Card",
    width: "84px",
    show: (one) => <Badge tone={one.card === "locked" ? "bad" : "quiet"}>{one.card}</Badge>,
    by: (one) => one.card,
  },
  {
    key: "address",
    title: "Address",
    width: "minmax(110px, 0.3fr)",
    show: (one) => one.addresses.join(" "),
    by: (one) => one.addresses[0] ?? "",
    wide: true,
    mono: true,
  },
  {
    key: "trouble",
    title: "Trouble",
    width: "minmax(160px, 3fr)",
    show: (one) => <span title={one.trouble}>{one.trouble}</span>,
    wide: true,
  },
  { key: "switch", title: "Switch", width: "190px", align: "end", show: (one) => <Switch one={one} /> },
];
const supiOf = (one: TerminalView) => one.supi;
const textOf = (one: TerminalView) => `${one.supi} ${one.name} ${one.power} ${one.state} ${one.card} ${one.trouble}`;
const pageOf = (one: TerminalView) => link("ues", one.supi);

function Start({ onClose }: { onClose: () => void }) {
  const known = useRead(() => get<SubscriberView[]>("subscribers"));
  const [chosen, setChosen] = useState("");
  const there = new Set(rows("terminals").map(supiOf));
  const free = (known.value ?? []).filter((one) => !there.has(one.supi));
  const supi = chosen || free[0]?.supi || "";
  if (!free.length)
    return (
      <Dialog title="Start a terminal" onClose={onClose}>
        <div class="form">
          <Empty title={known.value ? "Every subscriber has a terminal" : known.error || "One moment…"}>
            {known.value && <a href="/subscribers">Add a subscriber first</a>}
          </Empty>
        </div>
      </Dialog>
    );
  return (
    <Dialog title="Start a terminal" onClose={onClose}>
      <Form
        submit="Switch it on"
        onCancel={onClose}
        onSubmit={async () => {
          await send("POST", `terminals/${supi}/start`);
          tell(`${supi} is switched on`);
          onClose();
        }}
      >
        <p>A simulated terminal. Its card gets the keys that the subscriber has now.</p>
        <Choice
          label="Subscriber"
          value={supi}
          options={free.slice(0, 500).map((one) => [one.supi, one.name ? `${one.supi} · ${one.name}` : one.supi])}
          onChange={setChosen}
        />
      </Form>
    </Dialog>
  );
}

export function Terminals() {
  useTopics("terminals");
  const [asked, setAsked] = useState(false);
  const none = loaded.value.has("terminals") ? (
    <Empty title="No terminal is simulated yet">
      Start one with a subscriber's card. Only a network with a simulated radio has terminals: freehold up does.
    </Empty>
  ) : (
    <Empty title="One moment…" />
  );
  return (
    <>
      <Head title="Terminals" note="Simulated terminals of this process, with the card that each one holds.">
        {may("operate") && (
          <Button kind="primary" icon="add" onClick={() => setAsked(true)}>
            Start a terminal
          </Button>
        )}
      </Head>
      {rows("terminals").length === 0 ? (
        <Panel title="Terminals">{none}</Panel>
      ) : (
        <Table
          label="Terminals"
          columns={COLUMNS}
          rows={rows("terminals")}
          id={supiOf}
          text={textOf}
          open={pageOf}
          none={none}
        />
      )}
      {asked && <Start onClose={() => setAsked(false)} />}
    </>
  );
}
