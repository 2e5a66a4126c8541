/** What keeps a network safe beside its running: backups, SIMs, and help from others. */
import { useState } from "preact/hooks";
import { download, get, send } from "../api";
import { moment } from "../format";
import { may } from "../session";
import type { BackupView, SimsMade, WaitingView } from "../types";
import {
  Badge,
  Button,
  Choice,
  Confirm,
  Empty,
  Facts,
  Field,
  Form,
  Head,
  Panel,
  Toggle,
  tell,
  useRead,
} from "../ui/bits";

/** Octets of a file as base64. */
async function base64(file: Blob): Promise<string> {
  const octets = new Uint8Array(await file.arrayBuffer());
  let text = "";
  for (let at = 0; at < octets.length; at += 32768) text += String.fromCharCode(...octets.subarray(at, at + 32768));
  return btoa(text);
}

function save(name: string, octets: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(octets);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

function File_({ label, hint, onFile }: { label: string; hint?: string; onFile: (file: File | undefined) => void }) {
  const id = `file-${label.toLowerCase().replace(/\W+/g, "-")}`;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        type="file"
        aria-describedby={hint ? `${id}-hint` : undefined}
        onChange={(event) => onFile(event.currentTarget.files?.[0])}
      />
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}

const facts = (found: BackupView): [string, preact.ComponentChildren][] => [
  ["Network", `${found.network}, ${found.plmn}`],
  ["Made", `${moment(found.made)} by ${found.program}`],
  ["Subscribers", found.subscribers],
  ["Accounts, tokens", `${found.accounts}, ${found.tokens}`],
  ["Home network keys", found.home_keys],
  ["Configurations", found.versions],
  ["Ledger", `${found.ledger_entries} entries`],
  ["Files that are not in it", found.files.join(", ") || "none"],
];

function Make() {
  const [passphrase, setPassphrase] = useState("");
  const [again, setAgain] = useState("");
  const [history, setHistory] = useState(false);
  const make = async () => {
    if (passphrase !== again) throw new Error("The two passphrases differ.");
    const { name, octets } = await download("POST", "backup", { passphrase, history });
    save(name, octets);
    setPassphrase("");
    setAgain("");
    tell("The backup is made: keep it, and its passphrase, away from here.");
  };
  return (
    <Panel title="Make a backup">
      <Form submit="Make a backup" onSubmit={make}>
        <p class="note">
          Everything that would be lost with this machine: subscribers and their keys, accounts, configuration, ledger.
          Nobody reads it without the passphrase.
        </p>
        <Field
          label="Passphrase"
          hint="At least 12 characters."
          type="password"
          value={passphrase}
          onInput={setPassphrase}
          autocomplete="new-password"
          minLength={12}
          required
        />
        <Field
          label="Passphrase again"
          type="password"
          value={again}
          onInput={setAgain}
          autocomplete="new-password"
          required
        />
        <Toggle label="What was measured, and alarms that are over, too" checked={history} onChange={setHistory} />
      </Form>
    </Panel>
  );
}

function Restore({ onStaged }: { onStaged: () => void }) {
  const [file, setFile] = useState<File>();
  const [passphrase, setPassphrase] = useState("");
  const [without, setWithout] = useState<string[]>([]);
  const [found, setFound] = useState<BackupView>();
  const [sure, setSure] = useState(false);
  const form = async () => {
    if (!file) throw new Error("Choose the backup's file.");
    return { file: await base64(file), passphrase, without };
  };
  const leave = (part: string) => (on: boolean) =>
    setWithout(on ? [...without, part] : without.filter((each) => each !== part));
  return (
    <Panel title="Restore a backup">
      <Form
        submit="Look into it"
        onSubmit={async () => setFound(await send<BackupView>("POST", "backup-check", await form()))}
      >
        <File_ label="Backup" onFile={setFile} hint="It is checked as a whole; nothing is changed before you say so." />
        <Field label="Its passphrase" type="password" value={passphrase} onInput={setPassphrase} required />
        <Toggle
          label="Leave the configuration as it is"
          checked={without.includes("configuration")}
          onChange={leave("configuration")}
        />
        <Toggle
          label="Leave accounts as they are"
          checked={without.includes("accounts")}
          onChange={leave("accounts")}
        />
      </Form>
      {found && (
        <>
          <Facts rows={facts(found)} />
          <Button kind="danger" onClick={() => setSure(true)}>
            Restore at the next start
          </Button>
        </>
      )}
      {sure && (
        <Confirm
          title="Restore this backup?"
          text="At its next start the network becomes what it was then. What was added since is gone; accounts and the ledger stay."
          action="Restore at the next start"
          onConfirm={async () => {
            await send<BackupView>("POST", "restore", await form());
            setFound(undefined);
            onStaged();
          }}
          onClose={() => setSure(false)}
        />
      )}
    </Panel>
  );
}

function Waiting({ found, onGone }: { found: BackupView; onGone: () => void }) {
  const giveUp = async () => {
    await send("DELETE", "restore");
    tell("The next start restores nothing.");
    onGone();
  };
  return (
    <Panel title="A backup waits for the next start" aside={<Badge tone="warn">start the network again</Badge>}>
      <Facts rows={facts(found)} />
      <Button onClick={() => void giveUp()}>Restore nothing</Button>
    </Panel>
  );
}

export function Backup() {
  const staged = useRead(() => get<WaitingView>("restore"));
  return (
    <>
      <Head title="Backup" note="Everything an operator would lose, in one encrypted file." />
      {staged.value?.backup && <Waiting found={staged.value.backup} onGone={staged.reload} />}
      <div class="columns">
        <Make />
        <Restore onStaged={staged.reload} />
        <Help />
      </div>
    </>
  );
}

function Help() {
  const [identities, setIdentities] = useState(false);
  const fetch_ = async () => {
    const { name, octets } = await download("GET", `support-bundle?identities=${identities ? "yes" : "no"}`);
    save(name, octets);
  };
  return (
    <Panel title="Support bundle">
      <Form submit="Download" onSubmit={fetch_}>
        <p class="note">
          Versions, settings, state, counters, alarms, events, log and failures, for whoever helps you. No key and no
          secret is in it.
        </p>
        <Toggle
          label="Identities of subscribers whole, not as pseudonyms"
          checked={identities}
          onChange={setIdentities}
        />
      </Form>
    </Panel>
  );
}

/** SIMs whose keys leave once, encrypted. */
export function Sims() {
  const [count, setCount] = useState("10");
  const [from, setFrom] = useState("");
  const [name, setName] = useState("");
  const [way, setWay] = useState("certificate");
  const [certificate, setCertificate] = useState<File>();
  const [key, setKey] = useState("");
  const [made, setMade] = useState<SimsMade>();
  const generate = async () => {
    const to = way === "certificate" ? { certificate: (await certificate?.text()) ?? "" } : { transport_key: key };
    const found = await send<SimsMade>("POST", "sims", { count: Number(count), supi_from: from, name, ...to });
    const octets = Uint8Array.from(atob(found.file), (letter) => letter.charCodeAt(0));
    save(found.name, new Blob([octets]));
    setMade(found);
    setKey("");
  };
  if (!may("operate")) return <Empty title="Your account may not make SIMs." />;
  return (
    <>
      <Head title="SIMs" note="Subscribers with fresh keys, and the file that their cards are written from." />
      <div class="columns">
        <Panel title="Make SIMs">
          <Form submit="Make them" onSubmit={generate}>
            <Field label="How many" value={count} onInput={setCount} pattern="[1-9][0-9]{0,4}" required />
            <Field label="First SUPI" hint="Empty: the next free one." value={from} onInput={setFrom} mono />
            <Field label="Name" hint="Stands before each number." value={name} onInput={setName} />
            <Choice
              label="Keys are encrypted to"
              value={way}
              options={[
                ["certificate", "the card vendor's certificate"],
                ["key", "an AES transport key, as pySim does"],
              ]}
              onChange={setWay}
            />
            {way === "certificate" ? (
              <File_ label="Certificate" hint="PEM, with an RSA key." onFile={setCertificate} />
            ) : (
              <Field
                label="Transport key"
                hint="32, 48 or 64 hexadecimal digits. ADM1, PINs and PUKs stay readable."
                value={key}
                onInput={setKey}
                type="password"
                required
              />
            )}
          </Form>
        </Panel>
        {made && (
          <Panel title="Made">
            <Facts
              rows={[
                ["SIMs", made.added],
                ["SUPIs", `${made.first} to ${made.last}`],
                ["ICCIDs", `${made.first_iccid} to ${made.last_iccid}`],
                ["File", made.name],
              ]}
            />
            <p class="note">The file was saved by your browser. Its keys cannot be had again.</p>
          </Panel>
        )}
      </div>
    </>
  );
}
