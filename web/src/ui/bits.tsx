/** Small things that every page is made of. */
import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Problem, reason } from "../api";
import { count } from "../format";
import { connected, loaded } from "../live";
import { Icon, type IconName } from "./Icon";

export type Tone = "good" | "warn" | "bad" | "info" | "quiet";

export function Badge({ tone, children }: { tone: Tone; children: ComponentChildren }) {
  return <span class={`badge ${tone}`}>{children}</span>;
}

const TONES: Record<string, Tone> = {
  error: "bad",
  critical: "bad",
  major: "bad",
  warning: "warn",
  minor: "warn",
  info: "info",
  cleared: "good",
};

export const severityTone = (severity: string): Tone => TONES[severity.toLowerCase()] ?? "quiet";

export function StateBadge({ state }: { state: string }) {
  const tone: Tone =
    state === "5GMM-REGISTERED" || state === "ACTIVATED" || state === "running"
      ? "good"
      : state.includes("DEREGISTERED") || state === "DEACTIVATED"
        ? "quiet"
        : "info";
  return <Badge tone={tone}>{state.replace("5GMM-", "")}</Badge>;
}

export function ConnectionBadge({ state }: { state: string }) {
  return <Badge tone={state === "CM-CONNECTED" ? "info" : "quiet"}>{state.replace("CM-", "")}</Badge>;
}

export function Button(props: {
  icon?: IconName;
  children?: ComponentChildren;
  label?: string;
  kind?: "primary" | "plain" | "danger" | "bare";
  type?: "button" | "submit";
  disabled?: boolean;
  pressed?: boolean;
  onClick?: () => void;
}) {
  const { icon, children, label, kind = "plain", type = "button", disabled, pressed, onClick } = props;
  return (
    <button
      type={type}
      class={`button ${kind}`}
      aria-label={label}
      title={label}
      aria-pressed={pressed}
      disabled={disabled}
      onClick={onClick}
    >
      {icon && <Icon name={icon} />}
      {children && <span>{children}</span>}
    </button>
  );
}

export function Panel(props: {
  title: string;
  aside?: ComponentChildren;
  children: ComponentChildren;
  class?: string;
  flush?: boolean;
}) {
  return (
    <section class={`panel ${props.class ?? ""} ${props.flush ? "flush" : ""}`} aria-label={props.title}>
      <header>
        <h2>{props.title}</h2>
        {props.aside}
      </header>
      <div class="body">{props.children}</div>
    </section>
  );
}

/** Where a table scrolls sideways, by keyboard too. */
export function Sheet(props: { label: string; inputs?: boolean; children: ComponentChildren }) {
  return (
    <div
      class={props.inputs ? "plain-table inputs" : "plain-table"}
      role="region"
      aria-label={`${props.label}, a table`}
      tabIndex={0}
    >
      {props.children}
    </div>
  );
}

/** The head of a plain table; a column without a title holds what can be done. */
export function Heads({ titles }: { titles: string[] }) {
  return (
    <thead>
      <tr>
        {titles.map((title) => (
          <th key={title} scope="col">
            {title || <span class="hidden">Actions</span>}
          </th>
        ))}
      </tr>
    </thead>
  );
}

export function Facts({ rows }: { rows: [string, ComponentChildren][] }) {
  return (
    <dl class="facts">
      {rows.map(([term, value]) => (
        <div key={term}>
          <dt>{term}</dt>
          <dd>{value === "" || value === undefined ? <span class="muted">none</span> : value}</dd>
        </div>
      ))}
    </dl>
  );
}

export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="lead">{title}</p>
      {children && <p>{children}</p>}
    </div>
  );
}

/** In the place of alarms where there are none, or none is known of. */
export function NoAlarm() {
  if (!connected.value) return <Empty title="The network does not tell its alarms: is it running?" />;
  return <Empty title={loaded.value.has("alarms") ? "No alarm stands" : "One moment…"} />;
}

/** A heading with what can be done on the page. */
export function Head({
  title,
  note,
  children,
}: {
  title: string;
  note?: ComponentChildren;
  children?: ComponentChildren;
}) {
  useEffect(() => {
    document.title = `${title} · Freehold`;
  }, [title]);
  return (
    <div class="head">
      <div>
        <h1 tabIndex={-1}>{title}</h1>
        {note && <p class="note">{note}</p>}
      </div>
      {children && <div class="actions">{children}</div>}
    </div>
  );
}

/** A labelled field; `hint` says what is wanted, `name` names it where its label alone would not. */
export function Field(props: {
  label: string;
  name?: string;
  hint?: string;
  placeholder?: string;
  value: string;
  onInput: (value: string) => void;
  type?: "text" | "password";
  pattern?: string;
  required?: boolean;
  readOnly?: boolean;
  autocomplete?: string;
  mono?: boolean;
  autofocus?: boolean;
  minLength?: number;
}) {
  const id = `field-${(props.name ?? props.label).toLowerCase().replace(/\W+/g, "-")}`;
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (props.autofocus) input.current?.focus();
  }, [props.autofocus]);
  const attributes = {
    ref: input,
    autofocus: props.autofocus,
    id,
    class: props.mono ? "mono" : "",
    value: props.value,
    placeholder: props.placeholder,
    "aria-label": props.name,
    pattern: props.pattern,
    title: props.pattern && props.hint,
    required: props.required,
    readOnly: props.readOnly,
    minLength: props.minLength,
    autocomplete: props.autocomplete ?? "off",
    spellcheck: false,
    "aria-describedby": props.hint ? `${id}-hint` : undefined,
    onInput: (event: Event) => props.onInput((event.currentTarget as HTMLInputElement).value),
  };
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      {props.type === "password" ? <input type="password" {...attributes} /> : <input type="text" {...attributes} />}
      {props.hint && (
        <p class="hint" id={`${id}-hint`}>
          {props.hint}
        </p>
      )}
    </div>
  );
}

export function Choice(props: {
  label: string;
  name?: string;
  value: string;
  options: readonly (string | [string, string])[];
  onChange: (value: string) => void;
  compact?: boolean;
}) {
  const id = `choice-${(props.name ?? props.label).toLowerCase().replace(/\W+/g, "-")}`;
  return (
    <div class={props.compact ? "field inline" : "field"}>
      <label for={id}>{props.label}</label>
      <select
        id={id}
        aria-label={props.name}
        value={props.value}
        onChange={(event) => props.onChange(event.currentTarget.value)}
      >
        {props.options.map((option) => {
          const [value, text] = typeof option === "string" ? [option, option] : option;
          return (
            <option key={value} value={value}>
              {text}
            </option>
          );
        })}
      </select>
    </div>
  );
}

export function Toggle({
  label,
  checked,
  onChange,
}: {
  label: string;
  checked: boolean;
  onChange: (on: boolean) => void;
}) {
  return (
    <label class="toggle">
      <input type="checkbox" checked={checked} onChange={(event) => onChange(event.currentTarget.checked)} />
      <span>{label}</span>
    </label>
  );
}

/** A form that says why it was refused, and cannot be sent twice at once. */
/** Why something was refused: in a line, or where several rows of a file are wrong, row by row. */
function Refusal({ error }: { error: unknown }) {
  const rows = error instanceof Problem && error.rows.length > 1 ? error.rows : [];
  return (
    <div class="refusal" role="alert" tabIndex={rows.length ? 0 : undefined}>
      {rows.length ? `${count(rows.length)} rows are wrong; nothing was changed.` : reason(error)}
      {rows.length > 0 && (
        <ol>
          {rows.map((row) => (
            <li key={row.line} value={row.line}>
              {row.detail}
            </li>
          ))}
        </ol>
      )}
    </div>
  );
}

export function Form(props: {
  submit: string;
  onSubmit: () => Promise<void>;
  children: ComponentChildren;
  onCancel?: () => void;
  danger?: boolean;
}) {
  const [refusal, setRefusal] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const send = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setRefusal(undefined);
    try {
      await props.onSubmit();
    } catch (error) {
      setRefusal(error);
    }
    setBusy(false);
  };
  return (
    <form class="form" onSubmit={send}>
      {props.children}
      {refusal !== undefined && <Refusal error={refusal} />}
      <div class="buttons">
        {props.onCancel && <Button onClick={props.onCancel}>Cancel</Button>}
        <Button type="submit" kind={props.danger ? "danger" : "primary"} disabled={busy}>
          {busy ? "One moment…" : props.submit}
        </Button>
      </div>
    </form>
  );
}

export function Dialog(props: { title: string; onClose: () => void; children: ComponentChildren; wide?: boolean }) {
  const box = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = box.current;
    if (dialog && !dialog.open) dialog.showModal();
    return () => dialog?.close();
  }, []);
  return (
    <dialog
      ref={box}
      class={props.wide ? "wide" : ""}
      aria-label={props.title}
      onClose={props.onClose}
      onCancel={props.onClose}
    >
      <header>
        <h2>{props.title}</h2>
        <Button kind="bare" icon="close" label="Close" onClick={props.onClose} />
      </header>
      {props.children}
    </dialog>
  );
}

/** A question before something that cannot be undone. */
export function Confirm(props: {
  title: string;
  text: ComponentChildren;
  action: string;
  onConfirm: () => Promise<void>;
  onClose: () => void;
}) {
  return (
    <Dialog title={props.title} onClose={props.onClose}>
      <Form
        submit={props.action}
        danger
        onCancel={props.onClose}
        onSubmit={async () => {
          await props.onConfirm();
          props.onClose();
        }}
      >
        <p>{props.text}</p>
      </Form>
    </Dialog>
  );
}

const told = signal<{ text: string; tone: Tone } | undefined>(undefined);
let timer = 0;

/** Say in passing that something was done. */
export function tell(text: string, tone: Tone = "good"): void {
  told.value = { text, tone };
  clearTimeout(timer);
  timer = setTimeout(() => {
    told.value = undefined;
  }, 6000);
}

export function Told() {
  return (
    <div class="told" role="status" aria-live="polite">
      {told.value && <p class={told.value.tone}>{told.value.text}</p>}
    </div>
  );
}

/** What a page reads once, again whenever `again` changes. */
export function useRead<T>(
  read: () => Promise<T>,
  ...again: unknown[]
): { value: T | undefined; error: string; reload: () => void } {
  const [value, setValue] = useState<T | undefined>(undefined);
  const [error, setError] = useState("");
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    let gone = false;
    read().then(
      (found) => {
        if (!gone) {
          setValue(() => found);
          setError("");
        }
      },
      (failed) => {
        if (!gone) setError(reason(failed));
      },
    );
    return () => {
      gone = true;
    };
  }, [turn, ...again]);
  return { value, error, reload: () => setTurn((before) => before + 1) };
}

export function copy(text: string, what: string): void {
  navigator.clipboard.writeText(text).then(
    () => tell(`${what} copied`),
    () => tell("The browser does not allow copying here", "warn"),
  );
}
