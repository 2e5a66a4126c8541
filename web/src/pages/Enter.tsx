/** Ways in: the first account, and the log-in. */
import { useEffect, useState } from "preact/hooks";
import { ROOT, send } from "../api";
import { login, logout, notice, provider, renew, state } from "../session";
import { Field, Form } from "../ui/bits";

export const PASSWORD = "At least 12 characters of three kinds: capitals, small letters, digits, others.";

function Gate({ title, children }: { title: string; children: preact.ComponentChildren }) {
  return (
    <main class="gate">
      <div class="card">
        <p class="brand">
          <img src="/mark.svg" alt="" width="28" height="28" /> Freehold
        </p>
        <h1>{title}</h1>
        {children}
      </div>
    </main>
  );
}

const codeOf = (hash: string): string => /code=([\w-]+)/.exec(hash)?.[1] ?? "";

export function Setup() {
  const [given, setGiven] = useState(codeOf(location.hash));
  const [code, setCode] = useState(given);
  useEffect(() => {
    const follow = () => {
      setGiven(codeOf(location.hash));
      setCode(codeOf(location.hash));
    };
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [again, setAgain] = useState("");
  const make = async () => {
    if (password !== again) throw new Error("The two passwords differ.");
    await send("POST", "initialise", { name, password, code });
    history.replaceState(null, "", "/");
    await login(name, password);
  };
  return (
    <Gate title="Make the first account">
      <p class="note">This network has no accounts yet. The first one administers it.</p>
      <Form submit="Make the account" onSubmit={make}>
        {!given && (
          <Field
            label="Code"
            hint="Printed in the terminal where the network was started."
            value={code}
            onInput={setCode}
            required
            mono
            autofocus
          />
        )}
        <Field
          label="Name"
          hint="Letters a to z, digits, dot, dash, underscore."
          value={name}
          onInput={setName}
          pattern="[a-z0-9][a-z0-9._\-]{0,63}"
          autocomplete="username"
          required
          autofocus={given !== ""}
        />
        <Field
          label="Password"
          hint={PASSWORD}
          type="password"
          value={password}
          onInput={setPassword}
          autocomplete="new-password"
          minLength={12}
          required
        />
        <Field
          label="Password again"
          type="password"
          value={again}
          onInput={setAgain}
          autocomplete="new-password"
          minLength={12}
          required
        />
      </Form>
    </Gate>
  );
}

export function Login() {
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  return (
    <Gate title="Log in">
      {notice.value && (
        <p class="note" role="status">
          {notice.value}
        </p>
      )}
      <Form submit="Log in" onSubmit={() => login(name, password)}>
        <Field label="Name" value={name} onInput={setName} autocomplete="username" required autofocus />
        <Field
          label="Password"
          type="password"
          value={password}
          onInput={setPassword}
          autocomplete="current-password"
          required
        />
      </Form>
      {provider.value && (
        <a class="button plain" href={`${ROOT}/oidc-login`}>
          <span>Log in at your provider</span>
        </a>
      )}
    </Gate>
  );
}

/** Another password, where the present one was given by somebody else or is too old. */
export function Renew() {
  const [current, setCurrent] = useState("");
  const [password, setPassword] = useState("");
  const [again, setAgain] = useState("");
  const choose = async () => {
    if (password !== again) throw new Error("The two new passwords differ.");
    await renew(current, password);
  };
  return (
    <Gate title="Choose a new password">
      <p class="note">The present one was given to you by somebody else, or is too old.</p>
      <Form submit="Choose it" onSubmit={choose} onCancel={() => void logout()}>
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
        <Field
          label="New password again"
          type="password"
          value={again}
          onInput={setAgain}
          autocomplete="new-password"
          minLength={12}
          required
        />
      </Form>
    </Gate>
  );
}

export function Unreachable({ again }: { again: () => void }) {
  return (
    <Gate title="The network does not answer">
      <p class="note">It may have stopped, or be starting. Start it with: freehold up</p>
      <Form
        submit="Try again"
        onSubmit={async () => {
          state.value = "loading";
          again();
        }}
      >
        {null}
      </Form>
    </Gate>
  );
}
