/** Who uses the console, and for how long without touching it. */
import { signal } from "@preact/signals";
import { get, send, whenLoggedOut } from "./api";
import { remember } from "./history";
import * as live from "./live";
import { go } from "./router";
import type { MeView } from "./types";
import { tell } from "./ui/bits";

export type State = "loading" | "unreachable" | "setup" | "login" | "due" | "in";
export const state = signal<State>("loading");
export const me = signal<MeView | undefined>(undefined);
/** Why the log-in page is shown, where there is something to say. */
export const notice = signal("");
/** Whether one can log in at a provider. */
export const provider = signal(false);
/** Seconds until an unused log-in ends, where that is soon. */
export const ending = signal<number | undefined>(undefined);

const DAY = 86_400;
/** Days before the end of a password from which on it is told. */
const EARLY = 14;
const TOUCH = 120_000;
const WARNING = 60;
let touched = 0;
let active = 0;

export const may = (permission: string): boolean => me.value?.permissions.includes(permission) ?? false;

export async function begin(): Promise<void> {
  try {
    const { initialised, known, oidc } = await get<{ initialised: boolean; known: boolean; oidc: boolean }>("setup");
    provider.value = oidc;
    const refused = /^#refused=(.*)$/.exec(location.hash)?.[1];
    if (refused) {
      notice.value = `The provider's log-in was refused: ${decodeURIComponent(refused)}`;
      history.replaceState(null, "", "/");
    }
    if (known) await enter();
    else state.value = initialised ? "login" : "setup";
  } catch {
    state.value = "unreachable";
  }
}

async function enter(): Promise<void> {
  me.value = await get<MeView>("me");
  touched = active = Date.now();
  ending.value = undefined;
  if (me.value.due) {
    state.value = "due";
    return;
  }
  state.value = "in";
  const days = Math.ceil((me.value.ends - Date.now() / 1000) / DAY);
  if (me.value.ends && days <= EARLY) {
    tell(`Your password ends in ${days === 1 ? "a day" : `${days} days`}: change it before`, "warn");
  }
  live.start();
  void remember().catch(() => {});
}

export async function login(name: string, password: string): Promise<void> {
  await send("POST", "login", { name, password });
  notice.value = "";
  await enter();
}

/** Choose another password, where one is due, and go on with it. */
export async function renew(current: string, password: string): Promise<void> {
  await send("PATCH", "me", { current, password });
  await login(me.value?.name ?? "", password);
}

export async function logout(why = ""): Promise<void> {
  notice.value = why;
  live.stop();
  await send("POST", "logout").catch(() => {});
  leave();
  if (!why) go("/", true);
}

function leave(): void {
  live.stop();
  me.value = undefined;
  ending.value = undefined;
  if (state.value === "in" || state.value === "due") {
    state.value = "login";
  }
}

/** Go on: the server hears that somebody is there. */
export async function stay(): Promise<void> {
  active = Date.now();
  touched = active;
  ending.value = undefined;
  me.value = await get<MeView>("me");
}

function look(): void {
  const who = me.value;
  if (state.value !== "in" || !who) return;
  const now = Date.now();
  if (active > touched && now - touched > TOUCH) {
    void stay().catch(() => {});
    return;
  }
  const unused = who.idle - (now - Math.max(active, touched)) / 1000;
  const left = Math.ceil(who.left ? Math.min(unused, who.left - (now - touched) / 1000) : unused);
  ending.value = left <= WARNING ? Math.max(0, left) : undefined;
  if (left <= 0) void logout("You were logged out because nobody used the console.");
}

export function watch(): void {
  whenLoggedOut(() => {
    if (state.value === "in" || state.value === "due") {
      notice.value = "Your log-in has ended.";
      leave();
    }
  });
  for (const kind of ["pointerdown", "keydown", "wheel"]) {
    addEventListener(
      kind,
      () => {
        if (ending.value === undefined) active = Date.now();
      },
      { passive: true },
    );
  }
  setInterval(look, 1000);
}
