/** What the API answers with, under the names of its OpenAPI document; tests/unit/manage/test_console.py compares. */

export interface StatusView {
  name: string;
  plmn: string;
  tac: number;
  version: string;
  pid: number;
  uptime_s: number;
  gnbs: number;
  ues_registered: number;
  ues_connected: number;
  sessions: number;
  uplink_bytes: number;
  downlink_bytes: number;
}

export interface GnbView {
  id: string;
  name: string;
  address: string;
  tacs: number[];
  plmns: string[];
  slices: string[];
  ues: number;
}

export interface UeView {
  supi: string;
  guti: string;
  state: string;
  connection: string;
  gnb: string;
  tai: string;
  pei: string;
  procedures: string[];
  cell: string;
}

export interface SessionView {
  supi: string;
  pdu_session_id: number;
  dnn: string;
  slice: string;
  ip: string;
  ip6: string;
  state: string;
  uplink_bytes: number;
  downlink_bytes: number;
  type: string;
  macs: string[];
  flows: string[];
}

export interface SecurityView {
  ciphering: string;
  integrity: string;
  ng_ksi: number;
  uplink_count: number;
  downlink_count: number;
}

export interface EndingView {
  function: string;
  name: string;
  clause: string;
  began: number;
  seconds: number;
  outcome: string;
  why: string;
}

export interface UeInsideView {
  security: SecurityView | null;
  allowed_slices: string[];
  registration_area: string[];
  running: string[];
  ended: EndingView[];
}

export interface UeDetails extends UeView {
  sessions: SessionView[];
  inside: UeInsideView;
}

export interface FunctionView {
  name: string;
  kind: string;
  address: string;
  state: string;
}

export interface HomeKeyView {
  id: number;
  profile: string;
  public_key: string;
  uses: number;
  last_used: number;
  counted_since: number;
}

export interface CounterView {
  name: string;
  label: string;
  value: number;
}

export interface EventView {
  time: number;
  name: string;
  severity: string;
  text: string;
  subject: string;
  fix: string;
  clause: string;
  ue: string;
}

export interface AlarmComment {
  time: number;
  user: string;
  text: string;
}

export interface AlarmView {
  id: string;
  object_class: string;
  object_instance: string;
  notification_id: number;
  alarm_type: string;
  probable_cause: string;
  perceived_severity: string;
  specific_problem: string;
  raised: number;
  changed: number;
  text: string;
  fix: string;
  clause: string;
  cleared: number | null;
  clear_user: string;
  ack_state: string;
  ack_user: string;
  ack_time: number | null;
  comments: AlarmComment[];
  count: number;
  last_seen: number;
}

export interface RecordView {
  time: number;
  interface: string;
  source: string;
  target: string;
  name: string;
  detail: string;
  clause: string;
  subject: string;
  octets: string;
  start: string;
  end: string;
  inside: string;
  id: number;
}

export interface FieldView {
  label: string;
  text: string;
  first: number | null;
  bits: number;
  fields: FieldView[];
}

export interface DissectionView {
  protocol: string;
  specification: string;
  octets: string;
  content: FieldView;
}

export interface Change {
  topic: string;
  whole: boolean;
  rows: Record<string, unknown>;
  gone: string[];
}

export interface DnnForm {
  dnn: string;
  ip: string;
  ip6: string;
  types: string[];
  five_qi: number;
  uplink: number;
  downlink: number;
  framed_routes: string[];
  up_security: { integrity: string; confidentiality: string } | null;
}

export interface SliceForm {
  id: string;
  default: boolean;
  dnns: DnnForm[];
}

export interface SubscriberView {
  supi: string;
  name: string;
  enabled: boolean;
  msisdn: string;
  uplink: number;
  downlink: number;
  slices: SliceForm[];
  allowed_pei: string[];
}

export interface ChangeView {
  key: string;
  before: string;
  after: string;
  takes_effect: string;
}

export interface ConfigurationView {
  text: string;
  path: string;
  pending: ChangeView[];
}

export interface VersionView {
  number: number;
  at: number;
  actor: string;
  note: string;
}

export interface MeView {
  name: string;
  role: string;
  permissions: string[];
  idle: number;
  left: number;
  /** Whether another password has to be chosen before anything else. */
  due: boolean;
  /** When it has to be, in seconds since 1970; 0 for never. */
  ends: number;
}

export interface LookView {
  time: number;
  uplink_bytes: number;
  downlink_bytes: number;
  ues_registered: number;
  ues_connected: number;
  sessions: number;
}

export interface AccountView {
  name: string;
  role: string;
  enabled: boolean;
}

export interface TokenView {
  id: string;
  account: string;
  role: string;
  expires: number;
  text: string;
}

export interface Act {
  time: number;
  actor: string;
  act: string;
  subject: string;
  detail: string;
}

export interface KpiView {
  name: string;
  title: string;
  value: number | null;
  unit: string;
  formula: string;
  clause: string;
  standard: boolean;
  events: number | null;
  begin: number;
  end: number;
}

export interface MeasurementView {
  name: string;
  object: string;
  kind: string;
  text: string;
  split: string;
  unit: string;
  clause: string;
  standard: boolean;
}

export interface Series {
  name: string;
  label: string;
  unit: string;
  points: [number, number | null][];
}

export interface History {
  step: number;
  suspect: number[];
  series: Series[];
}

export interface CauseView {
  name: string;
  clause: string;
  then: string;
  then_clause: string;
  locks: boolean;
}

export interface RuleView {
  name: string;
  title: string;
  clause: string;
  asked_of: string;
  asked: string;
  configured_of: string;
  configured: string;
  advice: string;
}

export interface FailureView {
  id: string;
  time: number;
  first: number;
  count: number;
  event: string;
  procedure: string;
  clause: string;
  text: string;
  supi: string;
  subject: string;
  cause: CauseView | null;
  rule: RuleView | null;
  fix: string;
  over: boolean;
}

export interface FieldForm {
  name: string;
  label: string;
  pattern: string;
  required: boolean;
}

export interface RemedyView {
  name: string;
  title: string;
  text: string;
  needs: string;
  changes: ChangeView[];
  fields: FieldForm[];
  tag: string;
}

export interface FailureDetails extends FailureView {
  remedies: RemedyView[];
}

export interface TerminalView {
  supi: string;
  name: string;
  power: string;
  state: string;
  card: string;
  gnb: string;
  addresses: string[];
  trouble: string;
  sessions: TerminalSessionView[];
}

export interface TerminalSessionView {
  id: number;
  dnn: string;
  type: string;
  addresses: string[];
  interface: string;
}

export interface BackupView {
  program: string;
  made: number;
  network: string;
  plmn: string;
  subscribers: number;
  home_keys: number;
  accounts: number;
  tokens: number;
  versions: number;
  ledger_entries: number;
  ledger_root: string;
  periods: number;
  files: string[];
}

export interface SimsMade {
  added: number;
  first: string;
  last: string;
  first_iccid: string;
  last_iccid: string;
  name: string;
  file: string;
}

export interface WaitingView {
  backup: BackupView | null;
}
