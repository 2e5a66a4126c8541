/** What failed, and why. */
import { moment } from "../format";
import { loaded, rows, useTopics } from "../live";
import { go, link } from "../router";
import type { FailureView } from "../types";
import { Empty, Head, Panel } from "../ui/bits";
import { OverBadge, Why, whose } from "../ui/Why";

const newest = (): FailureView[] => rows("failures").sort((a, b) => b.time - a.time);

function List({ found, chosen }: { found: FailureView[]; chosen: string }) {
  return (
    <ul class="failures" aria-label="Failures">
      {found.map((one) => (
        <li key={one.id}>
          <a href={link("why", one.id)} aria-current={one.id === chosen ? "true" : undefined}>
            <span class="top">
              <b>{one.procedure}</b>
              <OverBadge one={one} />
            </span>
            <span class="mono">{whose(one)}</span>
            <span class="muted">
              {one.rule?.title ?? one.text}
              {one.count > 1 && ` · ${one.count} times`}
            </span>
            <time class="muted">{moment(one.time)}</time>
          </a>
        </li>
      ))}
    </ul>
  );
}

export function Failures({ id }: { id: string }) {
  useTopics("failures");
  const found = newest();
  const chosen = id || found[0]?.id || "";
  return (
    <>
      <Head title="Why?" note="Procedures that failed: what was compared with what, and the change that ends it." />
      {found.length === 0 && !id ? (
        <Panel title="Failures">
          <Empty title={loaded.value.has("failures") ? "Nothing failed" : "One moment…"}>
            {loaded.value.has("failures") && "Refusals, expired timers and lost nodes are explained here."}
          </Empty>
        </Panel>
      ) : (
        <div class="pair why-pair">
          <Panel title="Failures" flush>
            <List found={found} chosen={chosen} />
          </Panel>
          <Panel title="Why" class="sticky">
            <Why key={chosen} id={chosen} />
          </Panel>
        </div>
      )}
    </>
  );
}

/** The newest failures that stand. */
export function Standing({ most }: { most: number }) {
  useTopics("failures");
  const found = newest()
    .filter((one) => !one.over)
    .slice(0, most);
  if (!found.length) return <Empty title={loaded.value.has("failures") ? "Nothing stands" : "One moment…"} />;
  return <List found={found} chosen="" />;
}

/** Why the newest failure of a UE happened; nothing where none did. */
export function WhyOf({ supi }: { supi: string }) {
  useTopics("failures");
  const first = newest().find((one) => one.supi === supi && !one.over);
  if (!first) return null;
  return (
    <Panel
      title="Why?"
      class="span3"
      aside={
        <button type="button" class="button bare" onClick={() => go(link("why"))}>
          All failures
        </button>
      }
    >
      <Why key={first.id} id={first.id} />
    </Panel>
  );
}
