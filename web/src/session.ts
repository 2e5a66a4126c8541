/** Who uses the console, and for how long without touching it. */
import { signal } from "@preact/signals";
import { get, send, whenLoggedOut } from "./api";
import * as live from "./live";
import { go } from "./router";
import type { MeView } from "./types";

export type State = "loading" | "unreachable" | "setup" | "login" | "in";
export const state = signal<State>("loading");
export const me = signal<MeView | undefined>(undefined);
/** Why the log-in page is shown, where there is something to say. */
export const notice = signal("");
/** Whether one can log in at a provider. */
export const provider = signal(false);
/** Seconds until an unused log-in ends, where that is soon. */
export const ending = signal<number | undefined>(undefined);

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
  state.value = "in";
  live.start();
}

export async function login(name: string, password: string): Promise<void> {
  await send("POST", "login", { name, password });
  notice.value = "";
  await enter();
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
  if (state.value === "in") {
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
    if (state.value === "in") {
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
