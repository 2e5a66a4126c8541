/** What a change changes, before it is made. */
import type { ChangeView } from "../types";
import { Badge, Empty, Heads, Sheet } from "./bits";

export function Changes({ changes }: { changes: ChangeView[] }) {
  if (!changes.length) return <Empty title="It changes nothing" />;
  return (
    <Sheet label="What it changes">
      <table>
        <Heads titles={["Setting", "Now", "Then", "Takes effect"]} />
        <tbody>
          {changes.map((one) => (
            <tr key={one.key}>
              <th scope="row" class="mono">
                {one.key}
              </th>
              <td class="mono">{one.before || "–"}</td>
              <td class="mono">{one.after || "–"}</td>
              <td>
                <Badge tone={one.takes_effect === "now" ? "good" : "warn"}>
                  {one.takes_effect === "now" ? "at once" : "after a restart"}
                </Badge>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Sheet>
  );
}
