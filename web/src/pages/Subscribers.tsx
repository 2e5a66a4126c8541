/** Subscriptions: one by one, and many at once. */
import { useState } from "preact/hooks";
import { get, getTagged, getText, send, upload } from "../api";
import { bitRate } from "../format";
import { go, link } from "../router";
import { may } from "../session";
import type { SliceForm, SubscriberView } from "../types";
import {
  Badge,
  Button,
  Confirm,
  copy,
  Dialog,
  Empty,
  Facts,
  Field,
  Form,
  Head,
  Panel,
  Sheet,
  Toggle,
  tell,
  useRead,
} from "../ui/bits";
import { type Column, Table } from "../ui/Table";
import { Edit, protectionOf, typesOf } from "./SubscriberEdit";

const COLUMNS: Column<SubscriberView>[] = [
  {
    key: "supi",
    title: "SUPI",
    width: "minmax(200px, 1.3fr)",
    show: (one) => one.supi,
    by: (one) => one.supi,
    mono: true,
  },
  { key: "name", title: "Name", width: "minmax(120px, 1.2fr)", show: (one) => one.name, by: (one) => one.name },
  {
    key: "enabled",
    title: "Service",
    width: "100px",
    show: (one) => <Badge tone={one.enabled ? "good" : "warn"}>{one.enabled ? "allowed" : "barred"}</Badge>,
    by: (one) => (one.enabled ? 0 : 1),
  },
  {
    key: "slices",
    title: "Slices",
    width: "minmax(80px, 0.7fr)",
    show: (one) => one.slices.map((slice) => slice.id).join(", "),
    by: (one) => one.slices.map((slice) => slice.id).join(),
    wide: true,
  },
  {
    key: "dnns",
    title: "DNNs",
    width: "minmax(120px, 1fr)",
    show: (one) => dnnsOf(one).join(", "),
    by: (one) => dnnsOf(one).join(),
    wide: true,
  },
  {
    key: "rate",
    title: "UE-AMBR down",
    width: "130px",
    show: (one) => bitRate(one.downlink),
    by: (one) => one.downlink,
    align: "end",
    wide: true,
  },
];

const dnnsOf = (one: SubscriberView) => [...new Set(one.slices.flatMap((slice) => slice.dnns.map((dnn) => dnn.dnn)))];
const key = (one: SubscriberView) => one.supi;
const text = (one: SubscriberView) =>
  `${one.supi} ${one.name} ${one.msisdn} ${dnnsOf(one).join(" ")} ${one.enabled ? "allowed" : "barred"}`;
const page = (one: SubscriberView) => link("subscribers", one.supi);

function random(octets: number): string {
  return [...crypto.getRandomValues(new Uint8Array(octets))]
    .map((octet) => octet.toString(16).padStart(2, "0"))
    .join("");
}

function Add({ onClose, onAdded, next }: { onClose: () => void; onAdded: () => void; next: string }) {
  const [supi, setSupi] = useState(next);
  const [name, setName] = useState("");
  const [k, setK] = useState("");
  const [opc, setOpc] = useState("");
  return (
    <Dialog title="Add a subscriber" onClose={onClose}>
      <Form
        submit="Add"
        onCancel={onClose}
        onSubmit={async () => {
          await send("POST", "subscribers", { supi: supi.trim(), name, k, opc });
          tell(`${supi} added`);
          onAdded();
          onClose();
        }}
      >
        <Field
          label="SUPI"
          hint="imsi- and 15 digits: PLMN, then the subscriber's number."
          value={supi}
          onInput={setSupi}
          pattern="(imsi-)?[0-9]{6,15}|nai-.+"
          required
          mono
          autofocus
        />
        <Field label="Name" hint="For people: where the terminal is, or whose." value={name} onInput={setName} />
        <Field
          label="K"
          hint="The SIM's key, 32 hexadecimal digits. It goes in once and never comes out."
          value={k}
          onInput={setK}
          pattern="[0-9A-Fa-f]{32}"
          required
          mono
        />
        <Field
          label="OPc"
          hint="32 hexadecimal digits, from the SIM's maker."
          value={opc}
          onInput={setOpc}
          pattern="[0-9A-Fa-f]{32}"
          required
          mono
        />
        <div class="row-of-buttons">
          <Button
            onClick={() => {
              setK(random(16));
              setOpc(random(16));
            }}
          >
            Random keys
          </Button>
          {k && opc && (
            <Button icon="copy" onClick={() => copy(`${supi},${k},${opc}`, "SUPI, K and OPc")}>
              Copy for the SIM
            </Button>
          )}
        </div>
      </Form>
    </Dialog>
  );
}

function Import({ onClose, onAdded }: { onClose: () => void; onAdded: () => void }) {
  const [file, setFile] = useState<File | undefined>(undefined);
  const [replace, setReplace] = useState(false);
  return (
    <Dialog title="Import subscribers" onClose={onClose}>
      <Form
        submit="Import"
        onCancel={onClose}
        onSubmit={async () => {
          if (!file) throw new Error("Choose a file first.");
          const type = file.name.toLowerCase().endsWith(".json") ? "application/json" : "text/csv";
          const { added } = await upload<{ added: number }>(
            `subscribers${replace ? "?replace" : ""}`,
            await file.text(),
            type,
          );
          tell(`${added} subscriber${added === 1 ? "" : "s"} imported`);
          onAdded();
          onClose();
        }}
      >
        <p class="note">
          A CSV file with the columns <code>supi,k,opc</code> and, where wanted,{" "}
          <code>op,amf_field,name,msisdn,enabled,uplink,downlink,allowed_pei,slice,dnn,ip,ip6</code>; or JSON. All of
          them come in, or none: every wrong row is named. What was exported here can be imported again.
        </p>
        <div class="field">
          <label for="import-file">File</label>
          <input
            id="import-file"
            type="file"
            accept=".csv,.json,text/csv,application/json"
            onChange={(event) => setFile(event.currentTarget.files?.[0])}
          />
        </div>
        <Toggle label="Replace those that are there already" checked={replace} onChange={setReplace} />
      </Form>
    </Dialog>
  );
}

async function save(): Promise<void> {
  const anchor = document.createElement("a");
  anchor.href = URL.createObjectURL(new Blob([await getText("subscribers?format=csv")], { type: "text/csv" }));
  anchor.download = "subscribers.csv";
  anchor.click();
  URL.revokeObjectURL(anchor.href);
}

function following(known: SubscriberView[]): string {
  const last = known
    .map((one) => one.supi)
    .filter((supi) => /^imsi-\d{15}$/.test(supi))
    .sort()
    .at(-1);
  return last ? `imsi-${String(BigInt(last.slice(5)) + 1n).padStart(15, "0")}` : "imsi-001010000000001";
}

export function Subscribers() {
  const read = useRead(() => get<SubscriberView[]>("subscribers"));
  const [open, setOpen] = useState("");
  const known = read.value ?? [];
  return (
    <>
      <Head title="Subscribers" note="Who may use the network, and what they get. Keys go in and never come out.">
        <Button icon="download" onClick={() => void save()}>
          Export
        </Button>
        {may("operate") && (
          <>
            <Button icon="upload" onClick={() => setOpen("import")}>
              Import
            </Button>
            <Button kind="primary" icon="add" onClick={() => setOpen("add")}>
              Add
            </Button>
          </>
        )}
      </Head>
      <Table
        label="Subscribers"
        columns={COLUMNS}
        rows={known}
        id={key}
        text={text}
        open={page}
        none={
          <Empty title={read.error || (read.value ? "No subscribers yet" : "One moment…")}>
            {read.value && "Add one here, import a file, or use: freehold subscriber add"}
          </Empty>
        }
      />
      {open === "add" && <Add onClose={() => setOpen("")} onAdded={read.reload} next={following(known)} />}
      {open === "import" && <Import onClose={() => setOpen("")} onAdded={read.reload} />}
    </>
  );
}

function Slices({ slices }: { slices: SliceForm[] }) {
  return (
    <Sheet label="Slices and data networks">
      <table>
        <thead>
          <tr>
            <th scope="col">Slice</th>
            <th scope="col">DNN</th>
            <th scope="col">5QI</th>
            <th scope="col">Types</th>
            <th scope="col">Fixed address</th>
            <th scope="col" class="end">
              Uplink
            </th>
            <th scope="col" class="end">
              Downlink
            </th>
            <th scope="col">Framed routes</th>
            <th scope="col">User data</th>
          </tr>
        </thead>
        <tbody>
          {slices.flatMap((slice) =>
            slice.dnns.map((dnn) => (
              <tr key={`${slice.id} ${dnn.dnn}`}>
                <th scope="row">
                  {slice.id} {slice.default && <Badge tone="quiet">default</Badge>}
                </th>
                <td>{dnn.dnn}</td>
                <td>{dnn.five_qi}</td>
                <td>{typesOf(dnn)}</td>
                <td class="mono">{[dnn.ip, dnn.ip6].filter(Boolean).join(" ") || "from the pool"}</td>
                <td class="end">{bitRate(dnn.uplink)}</td>
                <td class="end">{bitRate(dnn.downlink)}</td>
                <td class="mono">{dnn.framed_routes.join(" ") || "–"}</td>
                <td>{protectionOf(dnn)}</td>
              </tr>
            )),
          )}
        </tbody>
      </table>
    </Sheet>
  );
}

function Keys({ one, tag, onClose }: { one: SubscriberView; tag: string; onClose: () => void }) {
  const [k, setK] = useState("");
  const [opc, setOpc] = useState("");
  return (
    <Dialog title={`New keys for ${one.supi}`} onClose={onClose}>
      <Form
        submit="Put the keys in"
        onCancel={onClose}
        onSubmit={async () => {
          await send("PATCH", `subscribers/${one.supi}`, { k, opc }, tag);
          tell("The keys are in");
          onClose();
        }}
      >
        <Field
          label="K"
          hint="32 hexadecimal digits."
          value={k}
          onInput={setK}
          pattern="[0-9A-Fa-f]{32}"
          required
          mono
          autofocus
        />
        <Field
          label="OPc"
          hint="32 hexadecimal digits."
          value={opc}
          onInput={setOpc}
          pattern="[0-9A-Fa-f]{32}"
          required
          mono
        />
      </Form>
    </Dialog>
  );
}

export function Subscriber({ supi }: { supi: string }) {
  const read = useRead(() => getTagged<SubscriberView>(`subscribers/${supi}`), supi);
  const [open, setOpen] = useState("");
  const one = read.value?.value;
  const tag = read.value?.tag ?? "";
  const back = <a href="/subscribers">Subscribers</a>;
  if (!one) {
    return (
      <>
        <Head title={supi} note={back} />
        <Panel title="Subscription">
          <Empty title={read.error || "One moment…"} />
        </Panel>
      </>
    );
  }
  return (
    <>
      <Head title={one.supi} note={back}>
        {may("operate") && (
          <>
            <Button kind="danger" onClick={() => setOpen("delete")}>
              Delete
            </Button>
            <Button onClick={() => setOpen("keys")}>New keys</Button>
            <Button kind="primary" onClick={() => setOpen("edit")}>
              Change
            </Button>
          </>
        )}
      </Head>
      <div class="columns">
        <Panel title="Subscription" aside={<a href={link("ues", one.supi)}>UE</a>}>
          <Facts
            rows={[
              ["Name", one.name],
              ["Service", <Badge tone={one.enabled ? "good" : "warn"}>{one.enabled ? "allowed" : "barred"}</Badge>],
              ["GPSI", one.msisdn],
              ["UE-AMBR uplink", bitRate(one.uplink)],
              ["UE-AMBR downlink", bitRate(one.downlink)],
              ["Devices", one.allowed_pei.length ? one.allowed_pei.join(", ") : "any"],
              ["K and OPc", "kept, never shown"],
            ]}
          />
        </Panel>
        <Panel title="Slices and data networks" class="span3" flush>
          <Slices slices={one.slices} />
        </Panel>
      </div>
      {open === "edit" && <Edit one={one} tag={tag} onClose={() => setOpen("")} onSaved={read.reload} />}
      {open === "keys" && <Keys one={one} tag={tag} onClose={() => setOpen("")} />}
      {open === "delete" && (
        <Confirm
          title="Delete this subscriber?"
          text="Its terminal is deregistered at once and cannot come back. Its keys are forgotten."
          action="Delete"
          onClose={() => setOpen("")}
          onConfirm={async () => {
            await send("DELETE", `subscribers/${one.supi}`, undefined, tag);
            tell(`${one.supi} deleted`);
            go("/subscribers");
          }}
        />
      )}
    </>
  );
}
