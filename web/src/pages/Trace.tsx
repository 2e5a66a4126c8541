/** The call flow as it happens: a ladder of lanes, and every message open to its bits. */
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { ROOT, reason } from "../api";
import { clock } from "../format";
import { rows as tableRows, useTopics } from "../live";
import { go, query } from "../router";
import {
  asText,
  clear,
  follow,
  held,
  INTERFACES,
  isMark,
  lanesOf,
  nameOf,
  numbered,
  open,
  opened,
  openFile,
  pause,
  type Row,
  records,
  refuses,
  WATCHING,
} from "../trace";
import { Button, copy, Empty, Head, tell } from "../ui/bits";
import { Icon } from "../ui/Icon";
import { Message } from "../ui/Message";

const ROW = 28;
const MORE = 10;

/** Pixels of a lane in a picture of so many. */
const laneWidth = (width: number): number => (width > 1400 ? 66 : width > 1000 ? 52 : width > 560 ? 38 : 31);

function Arrow({ row, lanes, lane }: { row: Row; lanes: string[]; lane: number }) {
  const { record } = row;
  const from = lanes.indexOf(record.start);
  const to = lanes.indexOf(record.end);
  const middle = ROW / 2;
  const x = (at: number) => lane / 2 + at * lane;
  const rails = lanes.map((name, at) => <path key={name} class="rail" d={`M${x(at)} 0V${ROW}`} />);
  const kind = refuses(record) ? "refusal" : record.interface.toLowerCase();
  let mark = null;
  if (isMark(record) || from === to) {
    mark = <circle class={`spot ${kind}`} cx={x(Math.max(0, from))} cy={middle} r="4" />;
  } else if (from >= 0 && to >= 0) {
    const toward = to > from ? 1 : -1;
    const end = x(to) - toward * 2;
    mark = (
      <g class={`arrow ${kind}`}>
        <path d={`M${x(from)} ${middle}H${end}`} />
        <path class="point" d={`M${end} ${middle}l${-toward * 8} -4v8z`} />
      </g>
    );
  }
  return (
    <svg class="lanes" width={lanes.length * lane} height={ROW} aria-hidden="true">
      {rails}
      {mark}
    </svg>
  );
}

function Line(props: {
  row: Row;
  lanes: string[];
  lane: number;
  top: number;
  chosen: boolean;
  first: number | undefined;
  onChoose: () => void;
}) {
  const { row, lanes, lane, top, chosen, onChoose } = props;
  const { record } = row;
  const mark = isMark(record);
  const kind = refuses(record) ? "refusal" : record.interface.toLowerCase();
  const since = props.first === undefined ? "" : `+${(record.time - props.first).toFixed(3)}`;
  return (
    <div
      role="row"
      class={`line ${mark ? record.interface : "message"} ${chosen ? "chosen" : ""}`}
      style={{ transform: `translateY(${top}px)` }}
      aria-selected={chosen}
      data-key={row.key}
      onClick={onChoose}
    >
      <span role="gridcell" class="time" title={since}>
        {clock(record.time, true)}
      </span>
      <span role="gridcell" class="picture" aria-label={mark ? record.start : `${record.start} to ${record.end}`}>
        <Arrow row={row} lanes={lanes} lane={lane} />
      </span>
      <span role="gridcell" class="step">
        {row.step || ""}
      </span>
      <span role="gridcell" class={`kind ${kind}`}>
        {mark ? "" : record.interface}
      </span>
      <span role="gridcell" class="what" title={nameOf(record)}>
        {nameOf(record)}
      </span>
      <span role="gridcell" class="clause">
        {record.clause}
      </span>
    </div>
  );
}

interface Ladder {
  rows: Row[];
  lanes: string[];
}

function useLadder(shown: ReadonlySet<string>, heartbeats: boolean, wanted: string, gnb: string): Ladder {
  const all = records.value;
  return useMemo(() => {
    const words = wanted.toLowerCase().split(/\s+/).filter(Boolean);
    const found = all.filter(({ record }) => {
      if (!isMark(record) && !shown.has(record.interface)) return false;
      if (!heartbeats && WATCHING.has(record.name)) return false;
      if (gnb && record.source !== gnb && record.target !== gnb && !(isMark(record) && record.subject.includes(gnb)))
        return false;
      const text = `${record.interface} ${nameOf(record)} ${record.clause} ${record.subject} ${record.source} ${record.target}`;
      return words.every((word) => text.toLowerCase().includes(word));
    });
    const rows = numbered(found);
    return { rows, lanes: lanesOf(rows) };
  }, [all, shown, heartbeats, wanted, gnb]);
}

function Picture(props: {
  ladder: Ladder;
  following: boolean;
  onScrolled: (bottom: boolean) => void;
  chosen: number;
  onChoose: (row: Row) => void;
}) {
  const { ladder, following, onScrolled, chosen, onChoose } = props;
  const { rows, lanes } = ladder;
  const box = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [tall, setTall] = useState(600);
  const [lane, setLane] = useState(66);

  useEffect(() => {
    const element = box.current!;
    const watcher = new ResizeObserver(() => {
      setTall(element.clientHeight);
      setLane(laneWidth(element.clientWidth));
    });
    watcher.observe(element);
    return () => watcher.disconnect();
  }, []);
  useLayoutEffect(() => {
    if (following && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [rows.length, following]);

  const place = rows.findIndex((row) => row.key === chosen);
  const move = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 15, PageUp: -15, Home: -1e9, End: 1e9 }[event.key];
    if (step === undefined || !rows.length) return;
    event.preventDefault();
    const next = Math.min(rows.length - 1, Math.max(0, (place < 0 ? rows.length - 1 : place) + step));
    onChoose(rows[next]!);
    const element = box.current!;
    const head = ROW + 8;
    if (next * ROW < element.scrollTop) element.scrollTop = next * ROW;
    else if (next * ROW + head + ROW > element.scrollTop + element.clientHeight)
      element.scrollTop = next * ROW + head + ROW - element.clientHeight;
  };
  const first = Math.max(0, Math.floor(top / ROW) - MORE);
  const after = Math.min(rows.length, Math.ceil((top + tall) / ROW) + MORE);
  let began: number | undefined;
  for (let at = Math.min(place, rows.length - 1); at >= 0; at -= 1) {
    began = rows[at]!.record.time;
    if (rows[at]!.record.interface === "procedure") break;
  }
  return (
    <div
      class={lane < 52 ? "ladder narrow-lanes" : "ladder"}
      ref={box}
      role="grid"
      aria-label="Call flow"
      aria-rowcount={rows.length}
      tabIndex={0}
      style={{ "--lanes": `${lanes.length * lane}px`, "--lane": `${lane}px` }}
      onScroll={(event) => {
        const element = event.currentTarget;
        setTop(element.scrollTop);
        onScrolled(element.scrollTop + element.clientHeight >= element.scrollHeight - ROW);
      }}
      onKeyDown={move}
    >
      <div role="row" class="line names">
        <span role="columnheader">Time</span>
        <span role="columnheader" class="picture" aria-label="From and to">
          {lanes.map((lane) => (
            <b key={lane}>{lane}</b>
          ))}
        </span>
        <span role="columnheader" class="step">
          <span class="hidden">Step</span>
        </span>
        <span role="columnheader">On</span>
        <span role="columnheader">Message</span>
        <span role="columnheader" class="clause">
          Clause
        </span>
      </div>
      <div role="rowgroup" class="lines" style={{ height: `${rows.length * ROW}px` }}>
        {rows.slice(first, after).map((row, at) => (
          <Line
            key={row.key}
            row={row}
            lanes={lanes}
            lane={lane}
            top={(first + at) * ROW}
            chosen={row.key === chosen}
            first={began}
            onChoose={() => onChoose(row)}
          />
        ))}
      </div>
    </div>
  );
}

export function Trace() {
  useTopics("ues");
  const ue = query.value.get("ue") ?? "";
  const gnb = query.value.get("gnb") ?? "";
  const [typed, setTyped] = useState(ue);
  const [wanted, setWanted] = useState("");
  const [shown, setShown] = useState<ReadonlySet<string>>(new Set(INTERFACES));
  const [heartbeats, setHeartbeats] = useState(false);
  const [still, setStill] = useState(false);
  const [following, setFollowing] = useState(true);
  const [turn, setTurn] = useState(0);
  const [chosen, setChosen] = useState<Row | undefined>(undefined);
  const stop = useRef<(() => void) | undefined>(undefined);
  const ladder = useLadder(shown, heartbeats, wanted, gnb);

  useEffect(() => {
    setTyped(ue);
    setChosen(undefined);
    stop.current = follow(ue);
    return () => stop.current?.();
  }, [ue, turn]);
  useEffect(() => {
    pause(still);
    return () => pause(false);
  }, [still]);

  const choose = (one: string) => {
    const next = new Set(shown);
    if (!next.delete(one)) next.add(one);
    setShown(next);
  };
  const file = useRef<HTMLInputElement>(null);
  const read = async (chosenFile: File | undefined) => {
    if (!chosenFile) return;
    try {
      stop.current?.();
      openFile(chosenFile.name, await chosenFile.text());
      setChosen(undefined);
    } catch (error) {
      tell(`It cannot be opened: ${reason(error)}`, "bad");
      setTurn(turn + 1);
    }
  };
  const keptOf = new URLSearchParams(ue ? { ue } : {});
  const capture = new URLSearchParams({ kept: "", end: "", nas: "", interfaces: [...shown].join(",") });
  if (ue) capture.set("ue", ue);
  return (
    <div class="trace">
      <Head title="Trace">
        <form
          class="who"
          onSubmit={(event) => {
            event.preventDefault();
            go(typed.trim() ? `/trace?ue=${encodeURIComponent(typed.trim())}` : "/trace");
          }}
        >
          <label class="search">
            <input
              type="search"
              aria-label="UE to follow"
              placeholder="Every UE; or a SUPI"
              value={typed}
              list="known-ues"
              onInput={(event) => setTyped(event.currentTarget.value)}
              onChange={(event) => {
                const value = event.currentTarget.value.trim();
                if (!value || /^(imsi-\d{6,15}|nai-.+)$/.test(value))
                  go(value ? `/trace?ue=${encodeURIComponent(value)}` : "/trace");
              }}
            />
            <datalist id="known-ues">
              {tableRows("ues")
                .slice(0, 200)
                .map((one) => (
                  <option key={one.supi} value={one.supi} />
                ))}
            </datalist>
          </label>
        </form>
        <label class="search">
          <input
            type="search"
            aria-label="Filter messages"
            placeholder="Filter"
            value={wanted}
            onInput={(event) => setWanted(event.currentTarget.value)}
          />
        </label>
      </Head>
      <div class="tools">
        <div class="chips" role="group" aria-label="Interfaces">
          {INTERFACES.map((one) => (
            <button
              key={one}
              type="button"
              class={`chip ${one.toLowerCase()}`}
              aria-pressed={shown.has(one)}
              onClick={() => choose(one)}
            >
              {one}
            </button>
          ))}
          <button type="button" class="chip" aria-pressed={heartbeats} onClick={() => setHeartbeats(!heartbeats)}>
            heartbeats
          </button>
          {opened.value && (
            <button type="button" class="chip" aria-pressed={true} onClick={() => setTurn(turn + 1)}>
              {opened.value} ×
            </button>
          )}
          {gnb && (
            <button type="button" class="chip" aria-pressed={true} onClick={() => go("/trace")}>
              {gnb} ×
            </button>
          )}
        </div>
        <span class="count" role="status">
          {open.value ? `${ladder.rows.length} row${ladder.rows.length === 1 ? "" : "s"}` : "connecting…"}
          {held.value > 0 && `, ${held.value} new`}
        </span>
        <Button icon={still ? "play" : "pause"} pressed={still} onClick={() => setStill(!still)}>
          {still ? "Go on" : "Pause"}
        </Button>
        <Button pressed={following} onClick={() => setFollowing(!following)}>
          Follow
        </Button>
        <Button
          icon="clear"
          onClick={() => {
            clear();
            setChosen(undefined);
          }}
        >
          Clear
        </Button>
        <Button icon="copy" onClick={() => copy(asText(ladder.rows), "The ladder")}>
          Copy
        </Button>
        <input
          ref={file}
          type="file"
          class="hidden"
          tabIndex={-1}
          aria-label="Trace file"
          accept=".fhtrace,.ndjson"
          onChange={(event) => {
            void read(event.currentTarget.files?.[0]);
            event.currentTarget.value = "";
          }}
        />
        <Button icon="upload" onClick={() => file.current?.click()}>
          Open file
        </Button>
        {!opened.value && (
          <>
            <a class="button plain" href={`${ROOT}/trace-file?${keptOf}`} download="freehold.fhtrace">
              <Icon name="download" />
              <span>Trace file</span>
            </a>
            <a class="button plain" href={`${ROOT}/capture?${capture}`} download="freehold.pcapng">
              <Icon name="download" />
              <span>Capture file</span>
            </a>
          </>
        )}
      </div>
      <div class={chosen ? "split" : "whole"}>
        {ladder.rows.length === 0 ? (
          <Empty title={open.value ? "Nothing has come by yet" : "One moment…"}>
            {open.value &&
              (ue
                ? "Its messages are drawn from its next registration or service request on: switch it off and on."
                : "Messages are drawn as they cross N1, N2, N4 and the services between functions. Switch a terminal on.")}
            {open.value && (
              <p>
                <a href="/terminals">Simulated terminals</a> · <a href="/why">What failed before</a>
              </p>
            )}
          </Empty>
        ) : (
          <Picture
            ladder={ladder}
            following={following && !chosen}
            onScrolled={(bottom) => {
              if (bottom !== following && !chosen) setFollowing(bottom);
            }}
            chosen={chosen?.key ?? -1}
            onChoose={(row) => setChosen(isMark(row.record) ? undefined : row)}
          />
        )}
        {chosen && <Message key={chosen.key} record={chosen.record} onClose={() => setChosen(undefined)} />}
      </div>
    </div>
  );
}
