/** What the network offers, and every setting. */
import { useState } from "preact/hooks";
import { get } from "../api";
import { count } from "../format";
import { rows, useTopics } from "../live";
import { may } from "../session";
import { Badge, Empty, Facts, Head, Panel, Sheet, useRead } from "../ui/bits";
import { Versions } from "./Configure";
import { HomeKeys } from "./HomeKeys";

type Settings = Record<string, unknown>;
interface Schema {
  type?: string;
  description?: string;
  default?: unknown;
  enum?: unknown[];
  properties?: Record<string, Schema>;
  items?: Schema;
}

const isTable = (value: unknown): value is Settings =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A value in words: lists with commas, a table of a list with what is set in it. */
function said(value: unknown): string {
  if (Array.isArray(value)) return value.map(said).join(", ");
  if (!isTable(value)) return String(value ?? "");
  const set = Object.entries(value).filter(([, each]) => said(each));
  return set.map(([key, each]) => `${key} ${said(each)}`).join(" · ");
}

/** Settings with the tables inside of them as keys with dots: as a file may write them. */
function* flat(
  value: Settings,
  schema: Schema | undefined,
  before = "",
): Generator<[string, unknown, Schema | undefined]> {
  for (const [key, each] of Object.entries(value)) {
    const own = schema?.properties?.[key];
    if (isTable(each) && own?.properties) yield* flat(each, own, `${before}${key}.`);
    else yield [`${before}${key}`, each, own];
  }
}
const list = (value: unknown): Settings[] => (Array.isArray(value) ? (value as Settings[]) : []);

export function Network() {
  useTopics("sessions");
  const settings = useRead(() => get<Record<string, Settings | Settings[]>>("settings"));
  const sessions = rows("sessions");
  const known = settings.value;
  if (!known) {
    return (
      <>
        <Head title="Network" />
        <Panel title="Network">
          <Empty title={settings.error || "One moment…"} />
        </Panel>
      </>
    );
  }
  const network = known.network as Settings;
  const amf = known.amf as Settings;
  return (
    <>
      <Head title="Network" note="What terminals are offered: slices, data networks, algorithms and keys.">
        {may("administer") && (
          <a class="button plain" href="/configuration">
            <span>Change</span>
          </a>
        )}
      </Head>
      <div class="columns">
        <Panel title="Identity">
          <Facts
            rows={[
              ["Name", said(network.name)],
              ["PLMN", said(network.plmn)],
              ["TAC", [said(network.tac), ...(amf.tac as number[])].join(", ")],
              ["AMF region, set, pointer", `${said(amf.region)}, ${said(amf.set)}, ${said(amf.pointer)}`],
              ["N2", said(amf.n2) || "in process"],
            ]}
          />
        </Panel>
        <Panel title="Security policy">
          <Facts
            rows={[
              ["Ciphering, in order", said(amf.ciphering)],
              ["Integrity, in order", said(amf.integrity)],
              ["SUCI null scheme", amf.null_scheme ? "allowed" : "refused"],
              ["5GMM cause for unknown subscribers", `#${said((known.reject as Settings).unknown_subscriber)}`],
              ["5GMM cause for barred subscribers", `#${said((known.reject as Settings).barred_subscriber)}`],
            ]}
          />
        </Panel>
        <Panel title="Slices" flush>
          <Sheet label="Slices">
            <table>
              <thead>
                <tr>
                  <th scope="col">S-NSSAI</th>
                  <th scope="col" class="end">
                    Sessions
                  </th>
                </tr>
              </thead>
              <tbody>
                {list(known.slice).map((slice) => (
                  <tr key={said(slice.id)}>
                    <th scope="row">{said(slice.id)}</th>
                    <td class="end">{count(sessions.filter((one) => one.slice === said(slice.id)).length)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Sheet>
        </Panel>
        <Panel title="Data networks" class="span3" flush>
          <Sheet label="Data networks">
            <table>
              <thead>
                <tr>
                  {["DNN", "Pool", "N6", "MTU", "DNS", "P-CSCF", "Session-AMBR up", "Session-AMBR down"].map(
                    (title) => (
                      <th key={title} scope="col">
                        {title}
                      </th>
                    ),
                  )}
                  <th scope="col" class="end">
                    Sessions
                  </th>
                </tr>
              </thead>
              <tbody>
                {list(known.dnn).map((dnn) => (
                  <tr key={said(dnn.name)}>
                    <th scope="row">{said(dnn.name)}</th>
                    <td class="mono">{[dnn.ipv4 ? said(dnn.pool) : "", said(dnn.pool6)].filter(Boolean).join(" ")}</td>
                    <td>{said(dnn.n6)}</td>
                    <td>{said(dnn.mtu)}</td>
                    <td>{dnn.dns && said(dnn.dns) ? <span class="mono">{said(dnn.dns)}</span> : "its own"}</td>
                    <td>{said(dnn.p_cscf) ? <span class="mono">{said(dnn.p_cscf)}</span> : "–"}</td>
                    <td>{said(dnn.ambr_up)}</td>
                    <td>{said(dnn.ambr_down)}</td>
                    <td class="end">{count(sessions.filter((one) => one.dnn === dnn.name).length)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Sheet>
        </Panel>
        <HomeKeys />
      </div>
    </>
  );
}

type Setting = [key: string, value: unknown, schema: Schema | undefined];

function Section({ name, value, note }: { name: string; value: Setting[]; note: string | undefined }) {
  const text = note?.split("\n")[0];
  return (
    <section class="settings">
      <h2 class="mono">{name}</h2>
      {text && <p class="note">{text.split("`").map((part, at) => (at % 2 ? <code key={at}>{part}</code> : part))}</p>}
      <dl class="facts">
        {value.map(([key, each, own]) => {
          const usual = own !== undefined && JSON.stringify(own.default) === JSON.stringify(each);
          return (
            <div key={key}>
              <dt class="mono">{key}</dt>
              <dd>
                <span class={usual ? "muted mono" : "mono"}>{said(each) || "–"}</span>
                {!usual && own !== undefined && <Badge tone="info">set</Badge>}
              </dd>
            </div>
          );
        })}
      </dl>
      {value.length === 0 && <p class="muted">Every one has its default.</p>}
    </section>
  );
}

export function Configuration() {
  const settings = useRead(() => get<Record<string, Settings | Settings[]>>("settings"));
  const schema = useRead(() => get<Schema>("settings-schema"));
  const [wanted, setWanted] = useState("");
  const sections = Object.entries(settings.value ?? {}).flatMap(([name, value]) => {
    const own = schema.value?.properties?.[name];
    return Array.isArray(value)
      ? value.map((each, at) => ({
          name: `[[${name}]] ${said(each.name ?? each.id ?? at + 1)}`,
          value: each,
          schema: own?.items,
        }))
      : [{ name: `[${name}]`, value, schema: own }];
  });
  const chosen = sections
    .map((section) => ({
      ...section,
      value: [...flat(section.value, section.schema)].filter(([key, each]) =>
        `${section.name} ${key} ${said(each)}`.toLowerCase().includes(wanted.toLowerCase()),
      ),
    }))
    .filter((section) => !wanted || section.value.length > 0);
  return (
    <>
      <Head
        title="Configuration"
        note="Every setting as it is in force, as the file would hold it. Those set apart from their default are marked."
      >
        <label class="search">
          <input
            type="search"
            placeholder="Filter"
            aria-label="Filter settings"
            value={wanted}
            onInput={(event) => setWanted(event.currentTarget.value)}
          />
        </label>
      </Head>
      <Versions onDone={settings.reload} />
      {settings.value ? (
        <div class="cards settings-grid">
          {chosen.map((section) => (
            <div class="panel" key={section.name}>
              <Section name={section.name} value={section.value} note={section.schema?.description} />
            </div>
          ))}
        </div>
      ) : (
        <Panel title="Configuration">
          <Empty title={settings.error || "One moment…"} />
        </Panel>
      )}
    </>
  );
}
