/** A simulated terminal goes to another gNB, with its sessions. */
import { useState } from "preact/hooks";
import { send } from "../api";
import { rows } from "../live";
import type { TerminalView } from "../types";
import { Choice, Dialog, Empty, Form, tell } from "../ui/bits";

export function HandOver({ one, onClose }: { one: TerminalView; onClose: () => void }) {
  const [chosen, setChosen] = useState("");
  const [way, setWay] = useState("xn");
  const others = rows("gnbs")
    .map((gnb) => gnb.name)
    .filter((name) => name !== one.gnb)
    .sort();
  const gnb = others.includes(chosen) ? chosen : (others[0] ?? "");
  return (
    <Dialog title="Hand over" onClose={onClose}>
      {gnb ? (
        <Form
          submit="Hand it over"
          onCancel={onClose}
          onSubmit={async () => {
            await send("POST", `terminals/${one.supi}/handover`, { gnb, interface: way });
            tell(`${one.supi} is handed over to ${gnb}`);
            onClose();
          }}
        >
          <p>The terminal goes to another gNB of this process; its sessions and their packets go along.</p>
          <Choice label="gNB" value={gnb} options={others} onChange={setChosen} />
          <Choice
            label="Interface"
            value={way}
            options={[
              ["xn", "Xn: from gNB to gNB"],
              ["n2", "N2: by way of the AMF"],
            ]}
            onChange={setWay}
          />
        </Form>
      ) : (
        <div class="form">
          <Empty title="No other gNB is connected">Add a [[gnb]], or start with more: freehold up --gnbs 2.</Empty>
        </div>
      )}
    </Dialog>
  );
}
