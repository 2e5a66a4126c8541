/** Pages by their paths; links are plain links. */
import { computed, signal } from "@preact/signals";

const place = signal(location.pathname + location.search);

export const path = computed(() => place.value.split("?")[0]!.split("/").filter(Boolean).map(decodeURIComponent));
export const query = computed(() => new URLSearchParams(place.value.split("?")[1] ?? ""));

export function go(to: string, replace = false): void {
  if (to !== place.value) {
    history[replace ? "replaceState" : "pushState"](null, "", to);
    place.value = to;
  }
}

/** The address of a page with its parts escaped. */
export function link(...parts: (string | number)[]): string {
  return `/${parts.map((part) => encodeURIComponent(part).replaceAll("%3A", ":")).join("/")}`;
}

export function listen(): void {
  addEventListener("popstate", () => {
    place.value = location.pathname + location.search;
  });
  document.addEventListener("click", (event) => {
    const anchor = (event.target as Element).closest("a");
    const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
    if (!anchor || !plain || event.defaultPrevented || anchor.target || anchor.hasAttribute("download")) {
      return;
    }
    const href = anchor.getAttribute("href") ?? "";
    if (href.startsWith("/") && !href.startsWith("/api/")) {
      event.preventDefault();
      go(href);
    }
  });
}
