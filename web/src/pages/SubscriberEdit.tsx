/** A subscription, changed: every field that the API has. */
import { useState } from "preact/hooks";
import { send } from "../api";
import type { DnnForm, SliceForm, SubscriberView } from "../types";
import { Button, Choice, Dialog, Field, Form, Toggle, tell } from "../ui/bits";

/** Sets of PDU session types that a subscription may allow, in words (TS 24.501 9.11.4.11). */
const TYPES: [string, string][] = [
  ["IPV4 IPV6 IPV4V6", "any IP"],
  ["IPV4", "IPv4"],
  ["IPV6", "IPv6"],
  ["IPV4 IPV6", "IPv4 or IPv6"],
  ["IPV4V6", "IPv4v6"],
  ["ETHERNET", "Ethernet"],
  ["IPV4 IPV6 IPV4V6 ETHERNET", "any"],
];
/** What a gNB is asked to do for user data (TS 23.501 5.10.3). */
const PROTECTION: [string, string][] = [
  ["", "the network's policy"],
  ["required", "required"],
  ["preferred", "preferred"],
  ["not-needed", "not needed"],
];

/** The PDU session types of a data network, in words. */
export const typesOf = (dnn: DnnForm): string =>
  TYPES.find(([value]) => value === dnn.types.join(" "))?.[1] ?? dnn.types.join(", ");

/** What a gNB is asked to do for user data, in words. */
export const protectionOf = (dnn: DnnForm): string =>
  dnn.up_security
    ? `integrity ${dnn.up_security.integrity}, ciphering ${dnn.up_security.confidentiality}`
    : "network's policy";

const RATE = "[0-9]*\\.?[0-9]+";

interface DnnRow {
  slice: string;
  default: boolean;
  dnn: string;
  ip: string;
  ip6: string;
  five_qi: string;
  uplink: string;
  downlink: string;
  routes: string;
  types: string;
  integrity: string;
  confidentiality: string;
}

const megabits = (rate: number) => String(rate / 1e6);
const bits = (text: string) => Math.round(Number(text) * 1e6);
const words = (text: string) => text.split(/[\s,]+/).filter(Boolean);

const FRESH: DnnRow = {
  slice: "1",
  default: true,
  dnn: "",
  ip: "",
  ip6: "",
  five_qi: "9",
  uplink: "1000",
  downlink: "1000",
  routes: "",
  types: "IPV4 IPV6 IPV4V6",
  integrity: "",
  confidentiality: "",
};

const rowOf = (slice: SliceForm, dnn: DnnForm): DnnRow => ({
  slice: slice.id,
  default: slice.default,
  dnn: dnn.dnn,
  ip: dnn.ip,
  ip6: dnn.ip6,
  five_qi: String(dnn.five_qi),
  uplink: megabits(dnn.uplink),
  downlink: megabits(dnn.downlink),
  routes: dnn.framed_routes.join(" "),
  types: dnn.types.join(" "),
  integrity: dnn.up_security?.integrity ?? "",
  confidentiality: dnn.up_security?.confidentiality ?? "",
});

const formOf = (row: DnnRow): DnnForm => ({
  dnn: row.dnn,
  ip: row.ip,
  ip6: row.ip6,
  five_qi: Number(row.five_qi),
  uplink: bits(row.uplink),
  downlink: bits(row.downlink),
  framed_routes: words(row.routes),
  types: row.types.split(" "),
  up_security:
    row.integrity || row.confidentiality
      ? { integrity: row.integrity || "not-needed", confidentiality: row.confidentiality || "preferred" }
      : null,
});

const slicesOf = (rows: DnnRow[]): SliceForm[] =>
  [...new Set(rows.map((row) => row.slice))].map((id) => {
    const own = rows.filter((row) => row.slice === id);
    return { id, default: own.some((row) => row.default), dnns: own.map(formOf) };
  });

function Network(props: { row: DnnRow; at: number; onChange: (row: DnnRow) => void; onRemove?: () => void }) {
  const { row, at, onChange, onRemove } = props;
  const set = (change: Partial<DnnRow>) => onChange({ ...row, ...change });
  const name = (label: string) => `${label} of network ${at + 1}`;
  const types = TYPES.some(([value]) => value === row.types) ? TYPES : [...TYPES, [row.types, row.types] as const];
  return (
    <fieldset class="card">
      <legend>
        Network {at + 1}
        {onRemove && <Button kind="bare" icon="clear" label={`Remove network ${at + 1}`} onClick={onRemove} />}
      </legend>
      <div class="thirds">
        <Field label="DNN" name={name("DNN")} value={row.dnn} onInput={(dnn) => set({ dnn })} pattern="\S+" required />
        <Field
          label="Slice"
          name={name("Slice")}
          value={row.slice}
          onInput={(slice) => set({ slice })}
          pattern="[0-9]{1,3}(-[0-9A-Fa-f]{6})?"
          required
        />
        <div class="field">
          <span class="label">Default slice</span>
          <Toggle label="where none is asked for" checked={row.default} onChange={(on) => set({ default: on })} />
        </div>
        <Choice
          label="PDU session types"
          name={name("PDU session types")}
          value={row.types}
          options={types.map(([value, text]) => [value, text] as [string, string])}
          onChange={(value) => set({ types: value })}
        />
        <Field
          label="Fixed IPv4 address"
          name={name("Fixed IPv4 address")}
          value={row.ip}
          onInput={(ip) => set({ ip })}
          pattern="[0-9.]*"
          placeholder="from the pool"
          mono
        />
        <Field
          label="Fixed IPv6 prefix, /64"
          name={name("Fixed IPv6 prefix")}
          value={row.ip6}
          onInput={(ip6) => set({ ip6 })}
          pattern="[0-9A-Fa-f:\/]*"
          placeholder="from the pool"
          mono
        />
        <Field
          label="5QI"
          name={name("5QI")}
          value={row.five_qi}
          onInput={(five_qi) => set({ five_qi })}
          pattern="[0-9]{1,3}"
          required
        />
        <Field
          label="Uplink, Mbit/s"
          name={name("Uplink")}
          value={row.uplink}
          onInput={(uplink) => set({ uplink })}
          pattern={RATE}
          required
        />
        <Field
          label="Downlink, Mbit/s"
          name={name("Downlink")}
          value={row.downlink}
          onInput={(downlink) => set({ downlink })}
          pattern={RATE}
          required
        />
        <Field
          label="Framed routes"
          name={name("Framed routes")}
          value={row.routes}
          onInput={(routes) => set({ routes })}
          placeholder="none: 10.9.0.0/24"
          mono
        />
        <Choice
          label="Integrity of user data"
          name={name("Integrity of user data")}
          value={row.integrity}
          options={PROTECTION}
          onChange={(integrity) => set({ integrity })}
        />
        <Choice
          label="Ciphering of user data"
          name={name("Ciphering of user data")}
          value={row.confidentiality}
          options={PROTECTION}
          onChange={(confidentiality) => set({ confidentiality })}
        />
      </div>
    </fieldset>
  );
}

export function Edit(props: { one: SubscriberView; tag: string; onClose: () => void; onSaved: () => void }) {
  const { one, tag, onClose, onSaved } = props;
  const [name, setName] = useState(one.name);
  const [msisdn, setMsisdn] = useState(one.msisdn);
  const [enabled, setEnabled] = useState(one.enabled);
  const [devices, setDevices] = useState(one.allowed_pei.join(" "));
  const [up, setUp] = useState(megabits(one.uplink));
  const [down, setDown] = useState(megabits(one.downlink));
  const [networks, setNetworks] = useState<DnnRow[]>(
    one.slices.flatMap((slice) => slice.dnns.map((dnn) => rowOf(slice, dnn))),
  );
  return (
    <Dialog title={`Change ${one.supi}`} onClose={onClose} wide>
      <Form
        submit="Save"
        onCancel={onClose}
        onSubmit={async () => {
          const form = {
            name,
            msisdn: msisdn.trim(),
            enabled,
            allowed_pei: words(devices),
            uplink: bits(up),
            downlink: bits(down),
            slices: slicesOf(networks),
          };
          await send("PATCH", `subscribers/${one.supi}`, form, tag);
          tell("Saved: it applies at once");
          onSaved();
          onClose();
        }}
      >
        <div class="pair">
          <Field label="Name" value={name} onInput={setName} />
          <div class="field">
            <span class="label">Service</span>
            <Toggle label="May use the network" checked={enabled} onChange={setEnabled} />
          </div>
          <Field
            label="GPSI"
            hint="The telephone number; empty where there is none."
            value={msisdn}
            onInput={setMsisdn}
          />
          <Field
            label="Devices"
            hint="imei-… or imeisv-… that the card may be in; any where empty."
            value={devices}
            onInput={setDevices}
            mono
          />
          <Field label="UE-AMBR uplink, Mbit/s" value={up} onInput={setUp} pattern={RATE} required />
          <Field label="UE-AMBR downlink, Mbit/s" value={down} onInput={setDown} pattern={RATE} required />
        </div>
        <h3>Data networks</h3>
        {networks.map((row, at) => (
          <Network
            key={at}
            row={row}
            at={at}
            onChange={(changed) => setNetworks(networks.map((each, place) => (place === at ? changed : each)))}
            {...(networks.length > 1 && {
              onRemove: () => setNetworks(networks.filter((_, place) => place !== at)),
            })}
          />
        ))}
        <div class="row-of-buttons">
          <Button
            icon="add"
            onClick={() => setNetworks([...networks, { ...FRESH, slice: networks.at(-1)?.slice ?? "1" }])}
          >
            Another network
          </Button>
        </div>
      </Form>
    </Dialog>
  );
}
