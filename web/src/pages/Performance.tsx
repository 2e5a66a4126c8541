/** How well it goes, now and over the periods that are kept: KPIs of TS 28.554, counters of TS 28.552. */
import { useEffect, useMemo, useState } from "preact/hooks";
import { get } from "../api";
import { bitRate, count, duration } from "../format";
import { link } from "../router";
import type { History, KpiView, MeasurementView, Series } from "../types";
import { Choice, Empty, Head, Panel, Sheet, useRead } from "../ui/bits";
import { type Line, Plot } from "../ui/Plot";

const HOUR = 3600;
const RANGES = [
  ["6", "Last 6 hours"],
  ["24", "Last day"],
  ["168", "Last week"],
  ["0", "All that is kept"],
] as const;
const COLOURS = ["--n1", "--n2", "--n4", "--sbi"];
const percent = (value: number) => `${value.toFixed(value >= 99.95 || value < 0.05 ? 0 : 1)} %`;
const milliseconds = (value: number) => `${value.toFixed(value < 10 ? 1 : 0)} ms`;
const number = (value: number) => count(Math.round(10 * value) / 10);

interface Chart {
  title: string;
  clause: string;
  show: (value: number) => string;
  lines: [name: string, title: string][];
  /** What a value is multiplied by before it is shown. */
  by?: number;
}

const CHARTS: Chart[] = [
  {
    title: "Success rates",
    clause: "TS 28.554 6.2",
    show: percent,
    lines: [
      ["RSR.Initial", "Registration"],
      ["PDUSessionEstSR", "PDU session"],
      ["ServiceSR", "Service request"],
      ["AuthSR", "Authentication"],
    ],
  },
  {
    title: "Load",
    clause: "TS 28.554 6.2.1, 6.4.1",
    show: number,
    lines: [
      ["AMFMeanRegNbr", "Registered UEs"],
      ["PDUSesMeanNbr", "PDU sessions"],
    ],
  },
  {
    title: "Throughput",
    clause: "TS 28.554 6.3",
    show: bitRate,
    by: 1000,
    lines: [
      ["DTSNSI", "Downlink"],
      ["UTSNSI", "Uplink"],
    ],
  },
  {
    title: "How long it takes",
    clause: "TS 28.552 5.2.2, 5.3.1",
    show: milliseconds,
    lines: [
      ["RegTime", "Registration"],
      ["PDUEstTime", "PDU session"],
    ],
  },
];

const wanted = CHARTS.flatMap((chart) => chart.lines.map(([name]) => name)).join(",");

function shown(value: number | null, unit: string): string {
  if (value === null) return "–";
  if (unit === "%") return percent(value);
  if (unit === "ms") return milliseconds(value);
  if (unit === "kbit/s") return bitRate(1000 * value);
  return number(value);
}

function Drawn({ chart, series }: { chart: Chart; series: Series[] }) {
  const [times, lines] = useMemo(() => {
    const found = new Map(series.map((one) => [one.name, one]));
    const at = found.get(chart.lines[0]![0])?.points.map(([time]) => time) ?? [];
    const drawn = chart.lines.map(([name, title], place): Line => {
      const points = found.get(name)?.points ?? [];
      const values = points.map(([, value]) => (value === null ? null : value * (chart.by ?? 1)));
      return { name: title, colour: COLOURS[place % COLOURS.length]!, values };
    });
    return [at, drawn] as const;
  }, [chart, series]);
  return <Plot whole label={chart.title} times={times} lines={lines} show={chart.show} height={190} />;
}

/** One counter of all, drawn as it is chosen; its labels as their sum. */
function Any({ begin }: { begin: number }) {
  const known = useRead(() => get<MeasurementView[]>("measurements"));
  const [chosen, setChosen] = useState("RM.RegInitReq");
  const read = useRead(() => get<History>(`history?begin=${begin}&labels=no&name=${chosen}`), chosen, begin);
  const counters = (known.value ?? []).filter((one) => one.kind === "CC");
  const about = counters.find((one) => one.name === chosen);
  const points = read.value?.series[0]?.points ?? [];
  return (
    <Panel title="Any counter, by period" class="span2">
      <Choice
        label="Counter"
        value={chosen}
        options={counters.map((one): [string, string] => [one.name, `${one.name} · ${one.text}`])}
        onChange={setChosen}
      />
      {points.length ? (
        <Plot
          whole
          label={chosen}
          times={points.map(([time]) => time)}
          lines={[{ name: chosen, colour: "--n1", values: points.map(([, value]) => value) }]}
          show={number}
          height={170}
        />
      ) : (
        <Empty title={read.error || (read.value ? "It was not counted in this time" : "One moment…")} />
      )}
      {about && <p class="muted">{`${about.text} ${about.clause}`}</p>}
    </Panel>
  );
}

function Now() {
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => !document.hidden && setTurn((before) => before + 1), 10_000);
    return () => clearInterval(timer);
  }, []);
  const read = useRead(() => get<KpiView[]>("kpis"), turn);
  return (
    <Panel title="The last five minutes" class="span3" flush>
      <Sheet label="KPIs">
        <table>
          <thead>
            <tr>
              <th scope="col">KPI</th>
              <th scope="col" class="end">
                Value
              </th>
              <th scope="col" class="end wide">
                Events
              </th>
              <th scope="col" class="wide">
                Clause
              </th>
            </tr>
          </thead>
          <tbody>
            {(read.value ?? []).map((one) => (
              <tr key={one.name}>
                <th scope="row" title={one.formula}>
                  {one.title}
                </th>
                <td class="end">{shown(one.value, one.unit)}</td>
                <td class="end wide">{one.events === null ? "" : count(one.events)}</td>
                <td class="wide clause">{one.clause}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Sheet>
    </Panel>
  );
}

export function Performance() {
  const [hours, setHours] = useState("24");
  const begin = useMemo(() => (hours === "0" ? 0 : Math.floor(Date.now() / 1000) - Number(hours) * HOUR), [hours]);
  const read = useRead(() => get<History>(`history?begin=${begin}&name=${wanted}`), begin);
  const series = read.value?.series ?? [];
  const periods = series[0]?.points.length ?? 0;
  const step = read.value?.step ?? 900;
  return (
    <>
      <Head title="Performance" note={`What was measured, by periods of ${duration(step)} (TS 28.552, TS 28.554).`}>
        <Choice compact label="Time" value={hours} options={RANGES.map((one) => [...one])} onChange={setHours} />
        <a class="button plain" href={link("alarms")}>
          <span>Thresholds</span>
        </a>
      </Head>
      <div class="columns performance">
        {periods ? (
          CHARTS.map((chart) => (
            <Panel key={chart.title} title={chart.title} aside={<span class="clause">{chart.clause}</span>}>
              <Drawn chart={chart} series={series} />
            </Panel>
          ))
        ) : (
          <Panel title="History" class="span3">
            <Empty title={read.error || (read.value ? "No period has ended in this time" : "One moment…")}>
              {read.value && `A period of ${duration(step)} is drawn once it is over.`}
            </Empty>
          </Panel>
        )}
        {periods > 0 && <Any begin={begin} />}
        <Now />
      </div>
    </>
  );
}
