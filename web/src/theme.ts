/** Light or dark: as the system says until somebody chooses. */
import { signal } from "@preact/signals";
import { painted } from "./ui/Plot";

type Theme = "light" | "dark";
const KEY = "freehold-theme";
const system = matchMedia("(prefers-color-scheme: dark)");

const stored = (): Theme | undefined => {
  const value = localStorage.getItem(KEY);
  return value === "light" || value === "dark" ? value : undefined;
};

export const theme = signal<Theme>(stored() ?? (system.matches ? "dark" : "light"));

function show(): void {
  document.documentElement.dataset.theme = theme.value;
  painted.value += 1;
}

export function paint(chosen: Theme): void {
  localStorage.setItem(KEY, chosen);
  theme.value = chosen;
  show();
}

export function begin(): void {
  system.addEventListener("change", () => {
    if (!stored()) {
      theme.value = system.matches ? "dark" : "light";
      show();
    }
  });
  show();
}
