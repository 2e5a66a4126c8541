/** Who runs the network, and what they did: alarms, users, tokens, the ledger. */
import { useState } from "preact/hooks";
import { get, getTagged, getText, reason, send } from "../api";
import { moment } from "../format";
import { rows } from "../live";
import { logout, may, me } from "../session";
import type { AccountView, Act, AlarmView, TokenView } from "../types";
import {
  Badge,
  Button,
  Choice,
  Confirm,
  copy,
  Dialog,
  Empty,
  Field,
  Form,
  Head,
  Heads,
  NoAlarm,
  Panel,
  Sheet,
  severityTone,
  tell,
  useRead,
} from "../ui/bits";
import { type Column, Table } from "../ui/Table";
import { PASSWORD } from "./Enter";

const ROLES = ["admin", "operator", "auditor", "read-only"] as const;

function Alarm({ alarm }: { alarm: AlarmView }) {
  const change = async (form: object, said: string) => {
    try {
      const { value, tag } = await getTagged<AlarmView>(`alarms/${alarm.id}`);
      if (value.ack_state !== alarm.ack_state || (value.cleared === null) !== (alarm.cleared === null)) {
        throw new Error("Somebody changed it meanwhile: look again.");
      }
      await send("PATCH", `alarms/${alarm.id}`, form, tag);
      tell(said);
    } catch (error) {
      tell(reason(error), "bad");
    }
  };
  const acknowledged = alarm.ack_state === "ACKNOWLEDGED";
  return (
    <li class="alarm">
      <Badge tone={severityTone(alarm.perceived_severity)}>{alarm.perceived_severity.toLowerCase()}</Badge>
      <div class="grow">
        <p>{alarm.text}</p>
        {alarm.fix && <p class="fix">{alarm.fix}</p>}
        <p class="muted">
          <span class="mono">
            {alarm.object_class} {alarm.object_instance}
          </span>{" "}
          · {alarm.probable_cause} · raised {moment(alarm.raised)}
          {alarm.count > 1 && `, seen ${alarm.count} times, last ${moment(alarm.last_seen)}`}
          {alarm.cleared !== null &&
            `, cleared ${moment(alarm.cleared)} ${alarm.clear_user && `by ${alarm.clear_user}`}`}
          {acknowledged && ` · acknowledged by ${alarm.ack_user}`}
          {alarm.clause && ` · ${alarm.clause}`}
        </p>
        {alarm.comments.map((comment) => (
          <p key={comment.time} class="fix">
            {comment.user}: {comment.text}
          </p>
        ))}
      </div>
      {may("operate") && (
        <div class="buttons">
          {!acknowledged && (
            <Button onClick={() => void change({ ack_state: "ACKNOWLEDGED" }, "Acknowledged")}>Acknowledge</Button>
          )}
          {alarm.cleared === null && (
            <Button onClick={() => void change({ perceived_severity: "CLEARED" }, "Cleared")}>Clear</Button>
          )}
        </div>
      )}
    </li>
  );
}

export function Alarms() {
  const alarms = rows("alarms");
  const history = useRead(() => get<AlarmView[]>("alarm-history?most=100"), alarms.length);
  const standing = alarms.filter((alarm) => alarm.cleared === null);
  const over = alarms.filter((alarm) => alarm.cleared !== null);
  return (
    <>
      <Head title="Alarms" note="Troubles that stand, the worst first, each with what to do about it (TS 28.111)." />
      <Panel title="Standing" aside={<a href="/events">Events</a>}>
        {standing.length === 0 ? (
          <NoAlarm />
        ) : (
          <ul class="lines">
            {standing.map((alarm) => (
              <Alarm key={alarm.id} alarm={alarm} />
            ))}
          </ul>
        )}
      </Panel>
      {over.length > 0 && (
        <Panel title="Cleared, to be acknowledged">
          <ul class="lines">
            {over.map((alarm) => (
              <Alarm key={alarm.id} alarm={alarm} />
            ))}
          </ul>
        </Panel>
      )}
      <Panel title="History" flush>
        {history.value?.length ? (
          <Sheet label="History">
            <table>
              <thead>
                <tr>
                  {["Raised", "Cleared", "Severity", "What", "Of"].map((title) => (
                    <th key={title} scope="col">
                      {title}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {history.value.map((alarm) => (
                  <tr key={`${alarm.id} ${alarm.raised}`}>
                    <td class="mono">{moment(alarm.raised)}</td>
                    <td class="mono">{alarm.cleared === null ? "–" : moment(alarm.cleared)}</td>
                    <td>{alarm.perceived_severity.toLowerCase()}</td>
                    <td>{alarm.text}</td>
                    <td class="mono">
                      {alarm.object_class} {alarm.object_instance}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Sheet>
        ) : (
          <Empty title={history.error || (history.value ? "No alarm is over yet" : "One moment…")} />
        )}
      </Panel>
    </>
  );
}

function AddAccount({ onClose, onDone }: { onClose: () => void; onDone: () => void }) {
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [role, setRole] = useState<string>("read-only");
  return (
    <Dialog title="Add a user" onClose={onClose}>
      <Form
        submit="Add"
        onCancel={onClose}
        onSubmit={async () => {
          await send("POST", "accounts", { name, password, role });
          tell(`${name} added`);
          onDone();
          onClose();
        }}
      >
        <Field
          label="Name"
          value={name}
          onInput={setName}
          pattern="[a-z0-9][a-z0-9._\-]{0,63}"
          hint="Letters a to z, digits, dot, dash, underscore."
          required
          autofocus
        />
        <Field
          label="Password"
          type="password"
          value={password}
          onInput={setPassword}
          minLength={12}
          hint={PASSWORD}
          autocomplete="new-password"
          required
        />
        <Choice label="Role" value={role} options={ROLES} onChange={setRole} />
      </Form>
    </Dialog>
  );
}

function ChangeAccount(props: { one: AccountView; tag: string; onClose: () => void; onDone: () => void }) {
  const { one, tag, onClose, onDone } = props;
  const [role, setRole] = useState(one.role);
  const [enabled, setEnabled] = useState(one.enabled ? "yes" : "no");
  const [password, setPassword] = useState("");
  return (
    <Dialog title={`Change ${one.name}`} onClose={onClose}>
      <Form
        submit="Save"
        onCancel={onClose}
        onSubmit={async () => {
          const form = { role, enabled: enabled === "yes", ...(password ? { password } : {}) };
          await send("PATCH", `accounts/${one.name}`, form, tag);
          tell("Saved; its log-ins ended");
          onDone();
          onClose();
        }}
      >
        <Choice label="Role" value={role} options={ROLES} onChange={setRole} />
        <Choice label="May log in" value={enabled} options={["yes", "no"]} onChange={setEnabled} />
        <Field
          label="New password"
          type="password"
          value={password}
          onInput={setPassword}
          minLength={12}
          hint="Left empty, it stays; a new one has to be changed at the next log-in."
          autocomplete="new-password"
        />
      </Form>
    </Dialog>
  );
}

function AddToken({ accounts, onClose, onDone }: { accounts: AccountView[]; onClose: () => void; onDone: () => void }) {
  const [account, setAccount] = useState(me.value?.name ?? "");
  const [role, setRole] = useState<string>("read-only");
  const [days, setDays] = useState("30");
  const [text, setText] = useState("");
  const [secret, setSecret] = useState("");
  if (secret) {
    return (
      <Dialog title="The token" onClose={onClose}>
        <div class="form">
          <p>This is its secret. It is shown now and never again.</p>
          <p class="secret mono breaks">{secret}</p>
          <div class="buttons">
            <Button icon="copy" onClick={() => copy(secret, "Secret")}>
              Copy
            </Button>
            <Button kind="primary" onClick={onClose}>
              Done
            </Button>
          </div>
        </div>
      </Dialog>
    );
  }
  return (
    <Dialog title="Make a token" onClose={onClose}>
      <Form
        submit="Make it"
        onCancel={onClose}
        onSubmit={async () => {
          const made = await send<{ secret: string }>("POST", "tokens", { account, role, days: Number(days), text });
          setSecret(made.secret);
          onDone();
        }}
      >
        <Field
          label="For"
          hint="What it is for, to be known again."
          value={text}
          onInput={setText}
          required
          autofocus
        />
        <Choice label="Account" value={account} options={accounts.map((one) => one.name)} onChange={setAccount} />
        <Choice label="Role" value={role} options={ROLES} onChange={setRole} />
        <Field label="Days" value={days} onInput={setDays} pattern="[0-9]{1,4}" required />
      </Form>
    </Dialog>
  );
}

export function Users() {
  const accounts = useRead(() => get<AccountView[]>("accounts"));
  const tokens = useRead(() => get<TokenView[]>("tokens"));
  const [open, setOpen] = useState("");
  const [chosen, setChosen] = useState<{ value: AccountView; tag: string } | undefined>(undefined);
  const choose = async (name: string, what: string) => {
    try {
      setChosen(await getTagged<AccountView>(`accounts/${name}`));
      setOpen(what);
    } catch (error) {
      tell(reason(error), "bad");
    }
  };
  const [token, setToken] = useState<TokenView | undefined>(undefined);
  const close = () => {
    setOpen("");
    setChosen(undefined);
    setToken(undefined);
  };
  return (
    <>
      <Head title="Users" note="Accounts of people and tokens of programs, each with a role.">
        <Button icon="add" onClick={() => setOpen("token")}>
          Token
        </Button>
        <Button kind="primary" icon="add" onClick={() => setOpen("account")}>
          User
        </Button>
      </Head>
      <div class="columns">
        <Panel title="Accounts" class="span3" flush>
          {accounts.value ? (
            <Sheet label="Accounts">
              <table>
                <Heads titles={["Name", "Role", "Log-in", ""]} />
                <tbody>
                  {accounts.value.map((one) => (
                    <tr key={one.name}>
                      <th scope="row">
                        {one.name} {one.name === me.value?.name && <Badge tone="info">you</Badge>}
                      </th>
                      <td>{one.role}</td>
                      <td>
                        <Badge tone={one.enabled ? "good" : "warn"}>{one.enabled ? "allowed" : "off"}</Badge>
                      </td>
                      <td class="end">
                        <Button onClick={() => void choose(one.name, "change")}>Change</Button>{" "}
                        <Button
                          kind="bare"
                          icon="clear"
                          label={`Delete ${one.name}`}
                          onClick={() => void choose(one.name, "delete")}
                        />
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </Sheet>
          ) : (
            <Empty title={accounts.error || "One moment…"} />
          )}
        </Panel>
        <Panel title="Tokens" class="span3" flush>
          {tokens.value?.length ? (
            <Sheet label="Tokens">
              <table>
                <Heads titles={["For", "Account", "Role", "Until", ""]} />
                <tbody>
                  {tokens.value.map((one) => (
                    <tr key={one.id}>
                      <th scope="row">{one.text || one.id}</th>
                      <td>{one.account}</td>
                      <td>{one.role}</td>
                      <td class="mono">{moment(one.expires)}</td>
                      <td class="end">
                        <Button
                          kind="bare"
                          icon="clear"
                          label={`End the token for ${one.text || one.id}`}
                          onClick={() => {
                            setToken(one);
                            setOpen("revoke");
                          }}
                        />
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </Sheet>
          ) : (
            <Empty title={tokens.error || "No tokens"}>Programs use one instead of a password.</Empty>
          )}
        </Panel>
      </div>
      {open === "account" && <AddAccount onClose={close} onDone={accounts.reload} />}
      {open === "change" && chosen && (
        <ChangeAccount one={chosen.value} tag={chosen.tag} onClose={close} onDone={accounts.reload} />
      )}
      {open === "token" && <AddToken accounts={accounts.value ?? []} onClose={close} onDone={tokens.reload} />}
      {open === "delete" && chosen && (
        <Confirm
          title={`Delete ${chosen.value.name}?`}
          text="The account, its log-ins and its tokens end at once. What it did stays in the ledger."
          action="Delete"
          onClose={close}
          onConfirm={async () => {
            await send("DELETE", `accounts/${chosen.value.name}`, undefined, chosen.tag);
            accounts.reload();
            tokens.reload();
          }}
        />
      )}
      {open === "revoke" && token && (
        <Confirm
          title="End this token?"
          text="Programs that use it are refused from now on."
          action="End it"
          onClose={close}
          onConfirm={async () => {
            await send("DELETE", `tokens/${token.id}`);
            tokens.reload();
          }}
        />
      )}
    </>
  );
}

export function Password({ onClose }: { onClose: () => void }) {
  const [current, setCurrent] = useState("");
  const [password, setPassword] = useState("");
  return (
    <Dialog title="Change your password" onClose={onClose}>
      <Form
        submit="Change it"
        onCancel={onClose}
        onSubmit={async () => {
          await send("PATCH", "me", { current, password });
          await logout("Your password was changed: log in with the new one.");
        }}
      >
        <Field
          label="Present password"
          type="password"
          value={current}
          onInput={setCurrent}
          autocomplete="current-password"
          required
          autofocus
        />
        <Field
          label="New password"
          type="password"
          value={password}
          onInput={setPassword}
          autocomplete="new-password"
          minLength={12}
          hint={PASSWORD}
          required
        />
      </Form>
    </Dialog>
  );
}

const ACTS: Column<Act>[] = [
  { key: "time", title: "Time", width: "186px", show: (act) => moment(act.time), by: (act) => act.time, mono: true },
  { key: "actor", title: "Who", width: "minmax(110px, 1fr)", show: (act) => act.actor, by: (act) => act.actor },
  { key: "act", title: "Did", width: "minmax(150px, 1fr)", show: (act) => act.act, by: (act) => act.act },
  {
    key: "subject",
    title: "To",
    width: "minmax(160px, 1.4fr)",
    show: (act) => act.subject,
    by: (act) => act.subject,
    wide: true,
    mono: true,
  },
  {
    key: "detail",
    title: "Detail",
    width: "minmax(160px, 1.6fr)",
    show: (act) => <span title={act.detail}>{act.detail}</span>,
    wide: true,
  },
];
const actText = (act: Act) => `${act.actor} ${act.act} ${act.subject} ${act.detail} ${moment(act.time)}`;
const actKey = (act: Act) => `${act.time} ${act.act} ${act.subject}`;
const LAST = 5000;

export function Audit() {
  const acts = useRead(async () =>
    (await getText(`ledger?last=${LAST}`))
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Act),
  );
  return (
    <>
      <Head
        title="Audit"
        note="Every act of an operator, from the ledger: it cannot be changed without that being seen (freehold ledger verify)."
      >
        <Button onClick={acts.reload}>Read again</Button>
      </Head>
      <Table
        label="Acts"
        columns={ACTS}
        rows={acts.value ?? []}
        id={actKey}
        text={actText}
        sorted="-time"
        none={<Empty title={acts.error || (acts.value ? "Nothing was done yet" : "One moment…")} />}
      />
    </>
  );
}
