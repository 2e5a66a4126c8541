/** The management API, asked from the page it serves. */

export const ROOT = "/api/v1";

/** What is wrong with one row of an import. */
interface RowError {
  line: number;
  detail: string;
}

/** A refusal: its HTTP status, the one line that says why, and where rows are wrong, each of them. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    detail: string,
    readonly rows: RowError[] = [],
  ) {
    super(detail);
  }
}

let onLoggedOut: () => void = () => {};

/** What to do once the log-in is over. */
export function whenLoggedOut(act: () => void): void {
  onLoggedOut = act;
}

async function ask(
  method: string,
  path: string,
  body?: BodyInit,
  type = "application/json",
  tag = "",
): Promise<Response> {
  const init: RequestInit = { method, credentials: "same-origin" };
  if (body !== undefined) {
    init.body = body;
    init.headers = { "content-type": type };
  }
  if (tag) {
    init.headers = { ...init.headers, "if-match": tag };
  }
  let answer: Response;
  try {
    answer = await fetch(`${ROOT}/${path}`, init);
  } catch {
    throw new Problem(0, "the network does not answer: is it running?");
  }
  if (answer.ok) {
    return answer;
  }
  const told: unknown = await answer.json().catch(() => undefined);
  const { detail, errors } = (told ?? {}) as { detail?: string; errors?: RowError[] };
  if (answer.status === 401 && path !== "login") {
    onLoggedOut();
  }
  throw new Problem(answer.status, detail ?? answer.statusText, errors);
}

export async function get<T>(path: string): Promise<T> {
  return (await ask("GET", path)).json();
}

/** What a path holds, with the tag that a change of it names (RFC 9110 13.1.1). */
export async function getTagged<T>(path: string): Promise<{ value: T; tag: string }> {
  const answer = await ask("GET", path);
  return { value: await answer.json(), tag: answer.headers.get("etag") ?? "" };
}

export async function getText(path: string): Promise<string> {
  return (await ask("GET", path)).text();
}

export async function send<T = void>(method: string, path: string, form?: unknown, tag = ""): Promise<T> {
  const answer = await ask(method, path, form === undefined ? undefined : JSON.stringify(form), undefined, tag);
  const text = await answer.text();
  return (text ? JSON.parse(text) : undefined) as T;
}

export async function upload<T>(path: string, text: string, type: string): Promise<T> {
  return (await ask("POST", path, text, type)).json();
}

/** A file that the API gives, with its name. */
export async function download(method: string, path: string, form?: unknown): Promise<{ name: string; octets: Blob }> {
  const answer = await ask(method, path, form === undefined ? undefined : JSON.stringify(form));
  const name = /filename="([^"]+)"/.exec(answer.headers.get("content-disposition") ?? "")?.[1] ?? "download";
  return { name, octets: await answer.blob() };
}

/** One line of a refusal or of a mistake. */
export function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
