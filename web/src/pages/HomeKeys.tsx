/** The home network's keys, with which SIMs conceal who they are: made, handed to the card vendor, retired. */
import { useState } from "preact/hooks";
import { get, send } from "../api";
import { count, moment } from "../format";
import { may } from "../session";
import type { HomeKeyView } from "../types";
import { Button, Choice, Confirm, copy, Dialog, Empty, Form, Panel, Sheet, tell, useRead } from "../ui/bits";

function Fresh({ onClose, onDone }: { onClose: () => void; onDone: () => void }) {
  const [profile, setProfile] = useState("A");
  return (
    <Dialog title="Make a home network key" onClose={onClose}>
      <Form
        submit="Make it"
        onCancel={onClose}
        onSubmit={async () => {
          const made = await send<HomeKeyView>("POST", "home-keys", { profile });
          tell(`Key ${made.id} is in use: put its public half on the SIMs to come`);
          onDone();
          onClose();
        }}
      >
        <p class="note">
          The keys before stay, and open what SIMs conceal with them. Put the new public key and its ID on the SIMs to
          come; retire an old key once no SIM has it any more.
        </p>
        <Choice
          label="Profile"
          value={profile}
          options={[
            ["A", "A: X25519, what most SIMs have"],
            ["B", "B: secp256r1"],
          ]}
          onChange={setProfile}
        />
      </Form>
    </Dialog>
  );
}

export function HomeKeys() {
  const keys = useRead(() => get<HomeKeyView[]>("home-keys"));
  const [making, setMaking] = useState(false);
  const [old, setOld] = useState<HomeKeyView | undefined>(undefined);
  const known = keys.value ?? [];
  const change = may("administer");
  return (
    <Panel
      title="Home network keys"
      class="span3"
      flush
      aside={
        change && (
          <Button icon="add" onClick={() => setMaking(true)}>
            New key
          </Button>
        )
      }
    >
      {known.length === 0 ? (
        <Empty title={keys.error || "One moment…"} />
      ) : (
        <Sheet label="Home network keys">
          <table>
            <thead>
              <tr>
                <th scope="col">ID</th>
                <th scope="col">Profile</th>
                <th scope="col">Public key, for SIMs (TS 31.102 4.4.11.8)</th>
                <th scope="col" class="end">
                  SUCIs opened
                </th>
                <th scope="col">Last</th>
                <th scope="col">
                  <span class="hidden">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {known.map((one) => (
                <tr key={one.id}>
                  <th scope="row">{one.id}</th>
                  <td>{one.profile}</td>
                  <td class="mono breaks">{one.public_key}</td>
                  <td class="end">{count(one.uses)}</td>
                  <td class="mono nowrap">{one.last_used ? moment(one.last_used) : "–"}</td>
                  <td class="end nowrap">
                    <Button
                      kind="bare"
                      icon="copy"
                      label={`Copy key ${one.id}`}
                      onClick={() => copy(one.public_key, "Public key")}
                    />
                    {change && (
                      <Button
                        kind="bare"
                        icon="clear"
                        label={`Retire key ${one.id}`}
                        disabled={known.length === 1}
                        onClick={() => setOld(one)}
                      />
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Sheet>
      )}
      {making && <Fresh onClose={() => setMaking(false)} onDone={keys.reload} />}
      {old && (
        <Confirm
          title={`Retire key ${old.id}?`}
          text={`SIMs that conceal who they are with key ${old.id} are refused from now on. ${
            old.uses
              ? `It opened ${count(old.uses)} identities, the last one ${moment(old.last_used)}: SIMs may have it still.`
              : old.counted_since
                ? `It opened none since ${moment(old.counted_since)}.`
                : "Nobody counted yet how many it opened."
          } It cannot be brought back.`}
          action="Retire it"
          onClose={() => setOld(undefined)}
          onConfirm={async () => {
            await send("DELETE", `home-keys/${old.id}?force`);
            tell(`Key ${old.id} is retired`);
            keys.reload();
          }}
        />
      )}
    </Panel>
  );
}
