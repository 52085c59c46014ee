/** What a row of a mission must be for everything that reads it: bits that flipped in a text are nothing that SQLite sees. */
import { type MissionSpec, type MissionState, PHASES } from '@overmind/core'

type Test = (value: unknown) => boolean

const text: Test = (value) => typeof value === 'string'
const number: Test = (value) => typeof value === 'number'
const object: Test = (value) => typeof value === 'object' && value !== null && !Array.isArray(value)
const list: Test = (value) => Array.isArray(value)
const texts: Test = (value) => object(value) && Object.values(value ?? {}).every(text)
const oneOf =
  (...values: readonly unknown[]): Test =>
  (value) =>
    values.includes(value)
const orNull =
  (test: Test): Test =>
  (value) =>
    value === null || test(value)
const missing =
  (test: Test): Test =>
  (value) =>
    value === undefined || test(value)

const SPEC: { readonly [F in keyof MissionSpec]-?: Test } = {
  command: object,
  cwd: text,
  type: oneOf('task', 'session', 'blueprint', 'ritual'),
  provider: text,
  model: orNull(text),
  options: object,
  maxCostUsd: orNull(number),
  maxTurns: orNull(number),
  maxTokens: orNull(number),
  onLimit: oneOf('wait', 'exit'),
  askTimeoutMs: orNull(number),
  onAskTimeout: oneOf('deny', 'stop'),
  restart: oneOf('never', 'on-failure', 'always'),
  maxRestarts: number,
  maxSeconds: number,
  backoffMs: number,
  activityTimeoutMs: orNull(number),
  activity: oneOf('output', 'cpu'),
  timeoutMs: orNull(number),
  stopSignal: text,
  stopTimeoutMs: number,
  successCodes: list,
  outputLimitBytes: number,
  custody: oneOf('marks', 'cgroup'),
  memoryBytes: orNull(number),
  cpus: orNull(number),
  pids: orNull(number),
  parent: orNull(text),
  onParentExit: oneOf('keep', 'stop'),
  onExit: oneOf('nothing', 'tell-parent'),
  priority: number,
  colony: text,
  labels: texts,
  terminal: orNull(object),
  team: orNull(object),
}

const STATE: { readonly [F in keyof MissionState]-?: Test } = {
  phase: oneOf(...PHASES),
  run: number,
  process: orNull(object),
  startedAt: orNull(object),
  ending: orNull(object),
  ended: orNull(object),
  restarts: number,
  queuedAt: orNull(number),
  budget: object,
  account: missing(text),
  limit: missing(object),
  conversation: orNull(object),
  forgotten: missing(object),
  timers: object,
  exit: orNull(object),
}

export function isSpec(value: unknown): value is MissionSpec {
  return isOf(SPEC, value)
}

export function isState(value: unknown): value is MissionState {
  return isOf(STATE, value)
}

function isOf(fields: Readonly<Record<string, Test>>, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(fields).every(([name, test]) => test(Reflect.get(value, name)))
}
