/** Numbers and times as people read them. */

const UNITS = ["", "k", "M", "G", "T"];

function scaled(value: number, unit: string): string {
  let at = 0;
  let left = value;
  while (left >= 999.5 && at < UNITS.length - 1) {
    left /= 1000;
    at += 1;
  }
  const digits = left >= 100 || (at === 0 && Number.isInteger(left)) ? 0 : left >= 10 ? 1 : 2;
  return `${left.toFixed(digits)} ${UNITS[at]}${unit}`;
}

/** `12.3 Mbit/s`, of bits a second. */
export const bitRate = (rate: number): string => scaled(Math.max(0, rate), "bit/s");

/** `1.20 MB`. */
export const octets = (count: number): string => scaled(count, "B");

export const count = (value: number): string => value.toLocaleString("en-US").replaceAll(",", " ");

export const two = (value: number): string => String(value).padStart(2, "0");

/** Local time of day of seconds since 1970, to the millisecond where asked. */
export function clock(seconds: number, milliseconds = false): string {
  const date = new Date(seconds * 1000);
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return milliseconds ? `${time}.${String(date.getMilliseconds()).padStart(3, "0")}` : time;
}

/** Local date and time of seconds since 1970. */
export function moment(seconds: number): string {
  const date = new Date(seconds * 1000);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${clock(seconds)}`;
}

/** `3 d 4 h`, `12 min`, `8 s`. */
export function duration(seconds: number): string {
  const whole = Math.floor(seconds);
  if (whole < 60) return `${whole} s`;
  const rest = (left: number, unit: string) => (left ? ` ${left} ${unit}` : "");
  if (whole < 3600) return `${Math.floor(whole / 60)} min${rest(whole % 60, "s")}`;
  if (whole < 86400) return `${Math.floor(whole / 3600)} h${rest(Math.floor((whole % 3600) / 60), "min")}`;
  return `${Math.floor(whole / 86400)} d${rest(Math.floor((whole % 86400) / 3600), "h")}`;
}

/** A short time a procedure took. */
export function took(seconds: number): string {
  if (seconds < 0.001) return `${Math.round(seconds * 1e6)} µs`;
  if (seconds < 1) return `${(seconds * 1000).toFixed(seconds < 0.01 ? 2 : 1)} ms`;
  return `${seconds.toFixed(2)} s`;
}

/** A TAI with its TAC in decimal, as a configuration writes it: `001/01 TAC 1`. */
export const tai = (text: string): string =>
  text.replace(/ tac ([0-9a-f]+)$/, (_, digits: string) => ` TAC ${Number.parseInt(digits, 16)}`);

/** A 5G-GUTI without the word before it. */
export const guti = (text: string): string => text.replace(/^5g-guti /, "");

export const words = (name: string): string => name.replaceAll("_", " ");
