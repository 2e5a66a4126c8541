/** The configuration's text: changed with its plan in view, and every version that there was. */
import { useState } from "preact/hooks";
import { get, getTagged, send } from "../api";
import { moment } from "../format";
import { may } from "../session";
import type { ChangeView, ConfigurationView, VersionView } from "../types";
import { Badge, Button, Dialog, Empty, Field, Form, Heads, Panel, Sheet, tell, useRead } from "../ui/bits";
import { Changes } from "../ui/Changes";

function Editor(props: { text: string; note: string; tag: string; onClose: () => void; onDone: () => void }) {
  const [text, setText] = useState(props.text);
  const [note, setNote] = useState(props.note);
  const [plan, setPlan] = useState<ChangeView[] | undefined>(undefined);
  const look = async () => setPlan(await send<ChangeView[]>("POST", "configuration-plan", { text }));
  const apply = async () => {
    await send("PUT", "configuration", { text, note }, props.tag);
    tell("Applied");
    props.onDone();
    props.onClose();
  };
  return (
    <Dialog title="Change the configuration" onClose={props.onClose} wide>
      <Form submit={plan ? "Apply" : "See the plan"} onSubmit={plan ? apply : look} onCancel={props.onClose}>
        <div class="field">
          <label for="configuration-text">The file, in TOML; empty for every default</label>
          <textarea
            id="configuration-text"
            class="mono"
            rows={14}
            spellcheck={false}
            autofocus
            value={text}
            onInput={(event) => {
              setText(event.currentTarget.value);
              setPlan(undefined);
            }}
          />
        </div>
        <Field label="Why" hint="Kept with the version, and in the ledger." value={note} onInput={setNote} />
        {plan && <Changes changes={plan} />}
      </Form>
    </Dialog>
  );
}

/** Versions, and the way to change; `onDone` once something was applied. */
export function Versions({ onDone }: { onDone: () => void }) {
  const current = useRead(() => getTagged<ConfigurationView>("configuration"));
  const versions = useRead(() => get<VersionView[]>("configuration-versions"));
  const [open, setOpen] = useState<{ text: string; note: string } | undefined>(undefined);
  const known = current.value?.value;
  const again = async (one: VersionView) => {
    const { text } = await get<{ text: string }>(`configuration-versions/${one.number}`);
    setOpen({ text, note: `back to version ${one.number}` });
  };
  const change = may("administer") && known && (
    <Button kind="primary" onClick={() => setOpen({ text: known.text, note: "" })}>
      Change
    </Button>
  );
  return (
    <Panel title="Versions" aside={change} flush>
      {known && known.pending.length > 0 && (
        <p class="pending">
          <Badge tone="warn">waits for a restart</Badge> {known.pending.map((one) => one.key).join(", ")}
        </p>
      )}
      {versions.value?.length ? (
        <Sheet label="Versions">
          <table>
            <Heads titles={["Version", "Applied", "By", "Why", ""]} />
            <tbody>
              {versions.value
                .slice()
                .reverse()
                .map((one) => (
                  <tr key={one.number}>
                    <th scope="row">{one.number}</th>
                    <td class="mono">{moment(one.at)}</td>
                    <td>{one.actor}</td>
                    <td>{one.note}</td>
                    <td class="end">
                      {may("administer") && (
                        <Button onClick={() => void again(one).catch((error) => tell(String(error), "bad"))}>
                          Take up again
                        </Button>
                      )}
                    </td>
                  </tr>
                ))}
            </tbody>
          </table>
        </Sheet>
      ) : (
        <Empty title={versions.error || (versions.value ? "It was never changed here" : "One moment…")} />
      )}
      {open && (
        <Editor
          {...open}
          tag={current.value?.tag ?? ""}
          onClose={() => setOpen(undefined)}
          onDone={() => {
            current.reload();
            versions.reload();
            onDone();
          }}
        />
      )}
    </Panel>
  );
}
