/** The frame around every page: where one can go, who one is, whether the network is heard. */
import { useEffect, useRef, useState } from "preact/hooks";
import { connected, rows, status, useTopics } from "./live";
import { Backup, Sims } from "./pages/Care";
import { Dashboard } from "./pages/Dashboard";
import { Login, Renew, Setup, Unreachable } from "./pages/Enter";
import { Failures } from "./pages/Failures";
import { Configuration, Network } from "./pages/Network";
import { Alarms, Audit, Password, Users } from "./pages/Operate";
import { Performance } from "./pages/Performance";
import { Events, Gnbs, Sessions, Ues } from "./pages/State";
import { Subscriber, Subscribers } from "./pages/Subscribers";
import { Terminals } from "./pages/Terminals";
import { Trace } from "./pages/Trace";
import { Ue } from "./pages/Ue";
import { go, link, path } from "./router";
import { begin, ending, logout, may, me, state, stay } from "./session";
import { paint, theme } from "./theme";
import { Button, Dialog, Empty, Head, Told } from "./ui/bits";
import { Icon, type IconName } from "./ui/Icon";

interface Place {
  at: string;
  title: string;
  icon: IconName;
  page: (rest: string[]) => preact.ComponentChildren;
  needs?: string;
  group: "Now" | "Network" | "Look" | "Manage";
}

const PLACES: Place[] = [
  { at: "", title: "Dashboard", icon: "dashboard", page: () => <Dashboard />, group: "Now" },
  { at: "gnbs", title: "gNBs", icon: "cell", page: () => <Gnbs />, group: "Now" },
  {
    at: "ues",
    title: "UEs",
    icon: "phone",
    page: ([supi]) => (supi ? <Ue key={supi} supi={supi} /> : <Ues />),
    group: "Now",
  },
  { at: "sessions", title: "Sessions", icon: "session", page: () => <Sessions />, group: "Now" },
  { at: "terminals", title: "Terminals", icon: "handset", page: () => <Terminals />, group: "Now" },
  { at: "why", title: "Why?", icon: "why", page: ([id]) => <Failures id={id ?? ""} />, group: "Look" },
  { at: "trace", title: "Trace", icon: "trace", page: () => <Trace />, needs: "operate", group: "Look" },
  { at: "performance", title: "Performance", icon: "chart", page: () => <Performance />, group: "Look" },
  { at: "alarms", title: "Alarms", icon: "bell", page: () => <Alarms />, group: "Look" },
  { at: "events", title: "Events", icon: "list", page: () => <Events />, group: "Look" },
  {
    at: "subscribers",
    title: "Subscribers",
    icon: "card",
    page: ([supi]) => (supi ? <Subscriber key={supi} supi={supi} /> : <Subscribers />),
    group: "Network",
  },
  { at: "network", title: "Network", icon: "network", page: () => <Network />, group: "Network" },
  { at: "configuration", title: "Configuration", icon: "settings", page: () => <Configuration />, group: "Network" },
  { at: "sims", title: "SIMs", icon: "card", page: () => <Sims />, needs: "operate", group: "Network" },
  { at: "backup", title: "Backup", icon: "download", page: () => <Backup />, needs: "administer", group: "Manage" },
  { at: "users", title: "Users", icon: "users", page: () => <Users />, needs: "administer", group: "Manage" },
  { at: "audit", title: "Audit", icon: "audit", page: () => <Audit />, needs: "audit", group: "Manage" },
];
const GROUPS = ["Now", "Look", "Network", "Manage"] as const;

const open = () => PLACES.filter((place) => !place.needs || may(place.needs));

function Navigation({ onGo }: { onGo: () => void }) {
  const here = path.value[0] ?? "";
  const alarms = rows("alarms").filter((alarm) => alarm.cleared === null).length;
  return (
    <nav aria-label="Pages">
      <a class="brand" href="/" onClick={onGo}>
        <img src="/mark.svg" alt="" width="24" height="24" />
        <span>Freehold</span>
      </a>
      {GROUPS.map((group) => {
        const places = open().filter((place) => place.group === group);
        return (
          places.length > 0 && (
            <ul key={group} aria-label={group}>
              {places.map((place) => (
                <li key={place.at}>
                  <a href={link(place.at)} aria-current={place.at === here ? "page" : undefined} onClick={onGo}>
                    <Icon name={place.icon} />
                    <span class="grow">{place.title}</span>
                    {place.at === "alarms" && alarms > 0 && <span class="number">{alarms}</span>}
                  </a>
                </li>
              ))}
            </ul>
          )
        );
      })}
    </nav>
  );
}

/** Anywhere by a few letters: a page, a UE, a subscriber. */
function Finder({ onClose }: { onClose: () => void }) {
  useTopics("ues");
  const [wanted, setWanted] = useState("");
  const [at, setAt] = useState(0);
  const found = [
    ...open().map((place) => ({ title: place.title, note: "page", to: link(place.at) })),
    ...(wanted.length > 1
      ? rows("ues").map((ue) => ({ title: ue.supi, note: `UE · ${ue.state}`, to: link("ues", ue.supi) }))
      : []),
  ]
    .filter((one) => one.title.toLowerCase().includes(wanted.toLowerCase().trim()))
    .slice(0, 9);
  const take = (to: string) => {
    onClose();
    go(to);
  };
  return (
    <Dialog title="Go to" onClose={onClose}>
      <div class="finder">
        <input
          type="text"
          role="combobox"
          aria-label="Page or SUPI"
          aria-expanded="true"
          aria-controls="found"
          aria-activedescendant={found[at] ? `found-${at}` : undefined}
          placeholder="A page, or a SUPI"
          value={wanted}
          autofocus
          onInput={(event) => {
            setWanted(event.currentTarget.value);
            setAt(0);
          }}
          onKeyDown={(event) => {
            if (event.key === "ArrowDown") setAt(Math.min(found.length - 1, at + 1));
            else if (event.key === "ArrowUp") setAt(Math.max(0, at - 1));
            else if (event.key === "Enter" && found[at]) take(found[at].to);
            else return;
            event.preventDefault();
          }}
        />
        <div id="found" role="listbox" aria-label="Found">
          {found.map((one, place) => (
            <div
              key={one.to}
              id={`found-${place}`}
              role="option"
              aria-selected={place === at}
              onClick={() => take(one.to)}
            >
              {one.title}
              <span class="muted">{one.note}</span>
            </div>
          ))}
        </div>
      </div>
    </Dialog>
  );
}

function Bar({ onMenu, onFind }: { onMenu: () => void; onFind: () => void }) {
  const [asked, setAsked] = useState(false);
  const now = status();
  const dark = theme.value === "dark";
  return (
    <header class="bar">
      <span class="only-narrow">
        <Button kind="bare" icon="menu" label="Pages" onClick={onMenu} />
      </span>
      <p class="whose">
        <b>{now?.name ?? "Freehold"}</b>
        {now && <span class="muted wide"> PLMN {now.plmn}</span>}
      </p>
      <span class={`heard ${connected.value ? "good" : "bad"}`} role="status">
        <i class="dot" />
        {connected.value ? "live" : "not connected"}
      </span>
      <button type="button" class="button plain find wide" onClick={onFind} aria-keyshortcuts="Control+K">
        <Icon name="search" />
        <span>Go to…</span>
        <kbd>Ctrl K</kbd>
      </button>
      <Button
        kind="bare"
        icon={dark ? "sun" : "moon"}
        label={dark ? "Light colours" : "Dark colours"}
        onClick={() => paint(dark ? "light" : "dark")}
      />
      <button type="button" class="button bare" onClick={() => setAsked(true)} title="Change your password">
        <Icon name="users" />
        <span class="wide">{me.value?.name}</span>
        <span class="hidden">: change your password</span>
      </button>
      <Button kind="bare" icon="out" label="Log out" onClick={() => void logout()} />
      {asked && <Password onClose={() => setAsked(false)} />}
    </header>
  );
}

function Page() {
  const [first = "", ...rest] = path.value;
  const place = open().find((one) => one.at === first);
  if (!place) {
    return (
      <>
        <Head title="Not here" />
        <Empty title="There is no such page, or not for this account">
          <a href="/">To the dashboard</a>
        </Empty>
      </>
    );
  }
  return <>{place.page(rest)}</>;
}

function Inside() {
  const [menu, setMenu] = useState(false);
  const [finding, setFinding] = useState(false);
  const main = useRef<HTMLElement>(null);
  const here = path.value.join("/");
  const before = useRef(here);
  useEffect(() => {
    const key = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        setFinding(true);
      }
      if (event.key === "Escape") setMenu(false);
    };
    addEventListener("keydown", key);
    return () => removeEventListener("keydown", key);
  }, []);
  useEffect(() => {
    if (before.current !== here) {
      before.current = here;
      main.current?.querySelector<HTMLElement>("h1")?.focus({ preventScroll: true });
      main.current?.scrollTo(0, 0);
    }
  }, [here]);
  return (
    <div class={menu ? "frame menu-open" : "frame"}>
      <a class="skip" href="#page">
        To the page
      </a>
      <Navigation onGo={() => setMenu(false)} />
      {menu && <div class="veil" onClick={() => setMenu(false)} />}
      <div class="content">
        <Bar onMenu={() => setMenu(!menu)} onFind={() => setFinding(true)} />
        <main id="page" ref={main}>
          <Page />
        </main>
      </div>
      {finding && <Finder onClose={() => setFinding(false)} />}
      {ending.value !== undefined && (
        <Dialog title="Still there?" onClose={() => void stay().catch(() => {})}>
          <div class="form">
            <p role="alert">You will be logged out in {ending.value} s.</p>
            <div class="buttons">
              <Button onClick={() => void logout()}>Log out</Button>
              <Button kind="primary" onClick={() => void stay().catch(() => {})}>
                Stay logged in
              </Button>
            </div>
          </div>
        </Dialog>
      )}
    </div>
  );
}

export function App() {
  return (
    <>
      {state.value === "in" && <Inside />}
      {state.value === "login" && <Login />}
      {state.value === "due" && <Renew />}
      {state.value === "setup" && <Setup />}
      {state.value === "unreachable" && <Unreachable again={() => void begin()} />}
      <Told />
    </>
  );
}
