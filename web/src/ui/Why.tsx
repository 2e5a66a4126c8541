/** Why something failed: what was compared with what, what follows, and the change that ends it. */
import { useState } from "preact/hooks";
import { get, send } from "../api";
import { moment } from "../format";
import { tables } from "../live";
import { link } from "../router";
import { may } from "../session";
import type { FailureDetails, FailureView, FieldForm, RemedyView, RuleView } from "../types";
import { Badge, Button, Dialog, Empty, Field, Form, tell, useRead } from "./bits";
import { Changes } from "./Changes";
import { Icon } from "./Icon";

export const whose = (one: FailureView): string => one.supi || one.subject || "a terminal";

/** Over, or what stands in the way. */
export function OverBadge({ one }: { one: FailureView }) {
  if (one.over) return <Badge tone="good">works now</Badge>;
  return one.cause?.locks ? <Badge tone="bad">card locked</Badge> : <Badge tone="warn">stands</Badge>;
}

function Sides({ rule }: { rule: RuleView }) {
  const sides: [string, string][] = [];
  if (rule.asked) sides.push([rule.asked_of, rule.asked]);
  if (rule.configured) sides.push([rule.configured_of, rule.configured]);
  return (
    <div class="sides">
      {sides.map(([of, value], at) => (
        <div key={of} class={at === 0 ? "side asked" : "side here"}>
          <span class="of">{of}</span>
          <b>{value}</b>
        </div>
      ))}
    </div>
  );
}

function Repair({ id, remedy, onClose }: { id: string; remedy: RemedyView; onClose: (done: boolean) => void }) {
  const [told, setTold] = useState<Record<string, string>>({});
  const field = (one: FieldForm, at: number) => (
    <Field
      key={one.name}
      label={one.label}
      value={told[one.name] ?? ""}
      onInput={(value) => setTold({ ...told, [one.name]: value })}
      pattern={one.pattern || ".*"}
      required={one.required}
      mono={one.pattern !== ""}
      autofocus={at === 0}
    />
  );
  const make = async () => {
    const fields = Object.fromEntries(Object.entries(told).filter(([, value]) => value.trim()));
    await send("POST", `failures/${id}/repair`, { remedy: remedy.name, tag: remedy.tag, fields });
    tell("The change is made");
    onClose(true);
  };
  return (
    <Dialog title={remedy.title} onClose={() => onClose(false)} wide>
      <Form submit="Make this change" onSubmit={make} onCancel={() => onClose(false)}>
        <p>{remedy.text}</p>
        {remedy.fields.map(field)}
        <Changes changes={remedy.changes} />
      </Form>
    </Dialog>
  );
}

/** A failure whole, read anew whenever it happens again or is over. */
export function Why({ id, onRepaired }: { id: string; onRepaired?: () => void }) {
  const known = tables.failures.value.get(id);
  const read = useRead(() => get<FailureDetails>(`failures/${id}`), id, known?.time, known?.over);
  const [open, setOpen] = useState<RemedyView | undefined>(undefined);
  const one = read.value;
  if (!one || one.id !== id) return <Empty title={read.error || "One moment…"} />;
  const { cause, rule } = one;
  const advice = rule?.advice || (one.remedies.length ? "" : one.fix);
  return (
    <article class="why" aria-label={`Why ${one.procedure} failed`}>
      <header>
        <div>
          <h3>{rule?.title ?? one.text}</h3>
          <p class="muted">
            {one.procedure} of {one.supi ? <a href={link("ues", one.supi)}>{one.supi}</a> : whose(one)} ·{" "}
            {moment(one.time)}
            {one.count > 1 && ` · ${one.count} times`}
          </p>
        </div>
        <OverBadge one={one} />
      </header>
      {rule && <Sides rule={rule} />}
      {cause?.then && !one.over && (
        <p class={cause.locks ? "then locks" : "then"} role={cause.locks ? "alert" : undefined}>
          {cause.then} <span class="clause">{cause.then_clause}</span>
        </p>
      )}
      {(one.remedies.length > 0 || one.supi) && (
        <div class="remedies">
          {one.remedies.map((remedy, at) => (
            <Button
              key={remedy.name}
              kind={at === 0 ? "primary" : "plain"}
              disabled={!may(remedy.needs)}
              onClick={() => setOpen(remedy)}
            >
              {remedy.title}
            </Button>
          ))}
          {one.supi && may("operate") && (
            <a class="button plain" href={`/trace?ue=${one.supi}`}>
              <Icon name="trace" />
              <span>Watch its next try</span>
            </a>
          )}
        </div>
      )}
      {advice && <p class="muted">{advice}</p>}
      <dl class="facts">
        {cause && (
          <div>
            <dt>Cause</dt>
            <dd>
              {cause.name} <span class="clause">{cause.clause}</span>
            </dd>
          </div>
        )}
        {rule && (
          <div>
            <dt>Rule</dt>
            <dd class="clause">{rule.clause}</dd>
          </div>
        )}
        <div>
          <dt>Told</dt>
          <dd>{one.text}</dd>
        </div>
      </dl>
      {open && (
        <Repair
          id={id}
          remedy={open}
          onClose={(done) => {
            setOpen(undefined);
            read.reload();
            if (done) onRepaired?.();
          }}
        />
      )}
    </article>
  );
}
