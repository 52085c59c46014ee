/** How the runtime's values look on the wire. */
import { isInner, tokensOf } from '@overmind/core'
import type {
  Command,
  Gap,
  JournalEvent,
  MessageAnswer,
  Mission,
  MissionSpec,
  MissionView as CoreMissionView,
  Receipt,
  RestartPolicy,
  Runtime,
  Spending,
  Team,
} from '@overmind/core'
import type { RunStory } from '../describe/runs.ts'
import type { MissionRow } from '../text/mission-row.ts'
import type {
  AnswerView,
  EventView,
  GapView,
  MissionView,
  ModelUsageView,
  QueueView,
  ReceiptView,
  RunView,
  TeamView,
} from './types.ts'

export function iso(milliseconds: number): string {
  return new Date(milliseconds).toISOString()
}

const RESTART_POLICY: Readonly<Record<RestartPolicy, MissionView['restart_policy']>> = {
  never: 'never',
  'on-failure': 'on_failure',
  always: 'always',
}

/** An argument that a shell would take apart is shown in quotes. */
export function showCommand(command: Command): string {
  if (command.kind === 'shell') return command.line
  return command.argv
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`))
    .join(' ')
}

export type MissionField = keyof MissionView

/** One field at a time, so that a list costs no more than what it is asked for. */
const FIELDS: { readonly [F in MissionField]: (view: CoreMissionView, mission: Mission) => MissionView[F] } =
  {
    id: ({ id }) => id,
    name: ({ name }) => name,
    command: ({ spec }) => showCommand(spec.command),
    status: ({ status }) => status,
    phase: ({ state }) => state.phase,
    ending: ({ state }) => (state.exit === null ? (state.ending?.reason ?? null) : null),
    os_pid: ({ state }) =>
      state.exit !== null || state.ended !== null || state.process === null || isInner(state.process)
        ? null
        : state.process.pid,
    type: ({ spec }) => spec.type,
    provider: ({ spec }) => spec.provider,
    cwd: ({ spec }) => spec.cwd,
    model: ({ spec, state }) => state.conversation?.model ?? spec.model,
    restart_policy: ({ spec }) => RESTART_POLICY[spec.restart],
    restart_count: ({ state }) => state.restarts,
    run: ({ state }) => state.run,
    last_activity: (_, mission) => {
      const at = mission.lastActivity()
      return at === null ? null : iso(at)
    },
    created_at: ({ createdAt }) => iso(createdAt),
    started_at: ({ state }) => (state.startedAt === null ? null : iso(state.startedAt.wall)),
    exited_at: ({ state }) => (state.exit === null ? null : iso(state.exit.at)),
    parent: ({ spec }) => spec.parent,
    children: ({ children }) => children,
    team: ({ spec }) =>
      spec.team === null
        ? null
        : { name: spec.team.team, member: spec.team.member, strategy: spec.team.strategy },
    terminal: ({ spec, state }) => state.conversation?.terminal ?? spec.terminal,
    has_terminal: ({ spec }, { talk }) => talk?.hasTerminal ?? spec.terminal !== null,
    labels: ({ spec }) => spec.labels,
    priority: ({ spec }) => spec.priority,
    colony: ({ spec }) => spec.colony,
    custody: ({ spec }) => spec.custody,
    memory_bytes: ({ spec }) => spec.memoryBytes,
    cpus: ({ spec }) => spec.cpus,
    pids: ({ spec }) => spec.pids,
    session_id: ({ state }) => state.conversation?.id ?? null,
    turn: ({ state }) => state.conversation?.turn ?? null,
    messages: ({ state }) => state.conversation?.messages.length ?? 0,
    asks: ({ state }) => state.conversation?.asks.filter(({ verdict }) => verdict === null).length ?? 0,
    cost_usd: ({ state }) => state.conversation?.spent.costUsd ?? null,
    tokens: ({ state }) => (state.conversation === null ? null : tokensOf(state.conversation.spent)),
    turns: ({ state }) => state.conversation?.spent.turns ?? null,
    exit_code: ({ state }) => state.exit?.code ?? null,
    exit_signal: ({ state }) => state.exit?.signal ?? null,
    exit_class: ({ state }) => state.exit?.class ?? null,
    exit_reason: ({ state }) => state.exit?.evidence.reason ?? null,
  }

const ALL_FIELDS = Object.keys(FIELDS) as readonly MissionField[]

export const MISSION_FIELDS: readonly string[] = ALL_FIELDS

export function isMissionField(name: string): name is MissionField {
  return Object.hasOwn(FIELDS, name)
}

export function missionFields<F extends MissionField>(
  mission: Mission,
  fields: readonly F[],
): Pick<MissionView, F> {
  const view = mission.view()
  // Each field comes from the function of its name.
  return Object.fromEntries(fields.map((field) => [field, FIELDS[field](view, mission)])) as Pick<
    MissionView,
    F
  >
}

const ROW_FIELDS = [
  'id',
  'name',
  'type',
  'status',
  'asks',
  'restart_count',
  'parent',
  'children',
  'team',
  'started_at',
  'command',
] as const satisfies readonly (keyof MissionRow)[]

const rows = new WeakMap<CoreMissionView, MissionRow>()

/** The same object as long as nothing has happened to the mission. */
export function missionRow(mission: Mission): MissionRow {
  const view = mission.view()
  const known = rows.get(view)
  if (known !== undefined) return known
  const row = missionFields(mission, ROW_FIELDS)
  rows.set(view, row)
  return row
}

export function missionView(mission: Mission): MissionView {
  return missionFields(mission, ALL_FIELDS)
}

export function teamView(team: Team): TeamView {
  const { name, strategy, maxRestarts, maxSeconds, outcome, members } = team.view()
  return {
    name,
    strategy,
    max_restarts: maxRestarts,
    max_seconds: maxSeconds,
    outcome: outcome ?? null,
    members,
  }
}

/** An answer to `message`; null for one that the agent gave of its own. */
export function answerView(
  { ok, run, text, durationMs, spent, details }: Omit<MessageAnswer, 'message'>,
  message: string | null,
): AnswerView {
  return {
    message,
    ok,
    run,
    text,
    duration_ms: durationMs,
    cost_usd: spent.costUsd,
    turns: spent.turns,
    usage: usageView(spent),
    details,
  }
}

function usageView({ models }: Spending): readonly ModelUsageView[] {
  return Object.entries(models).map(([model, used]) => ({
    model,
    cost_usd: used.costUsd,
    input_tokens: used.inputTokens,
    output_tokens: used.outputTokens,
    cache_read_tokens: used.cacheReadTokens,
    cache_write_tokens: used.cacheWriteTokens,
  }))
}

export function receiptView({ signals, strays, left }: Receipt): ReceiptView {
  return { signals: signals.map((sent) => ({ ...sent, at: iso(sent.at) })), strays, left }
}

export function eventView(event: JournalEvent): EventView
export function eventView(event: JournalEvent | Gap): EventView | GapView
export function eventView(event: JournalEvent | Gap): EventView | GapView {
  if (event.type === 'gap') return event
  const { seq, at, type, ...rest } = event
  const wire = toWire(rest)
  return { seq, at: iso(at), type, ...wire, ...('spec' in rest ? { spec: specView(rest.spec) } : {}) }
}

/** A spec for people. What is structured in a provider's options may hold secrets, and is left out. */
export function specView({ options, ...spec }: MissionSpec): Record<string, unknown> {
  const shown = Object.entries(options).map(([name, value]) => {
    const parts: readonly unknown[] = Array.isArray(value) ? value : [value]
    return [snakeCase(name), parts.some(isStructured) ? '(not shown)' : value]
  })
  return { ...toWire(spec), options: Object.fromEntries(shown) }
}

/** Also as a text, which is how an agent's settings are given on a command line. */
function isStructured(value: unknown): boolean {
  return typeof value === 'string' ? /^\s*[[{]/.test(value) : typeof value === 'object' && value !== null
}

/** Names with underscores, moments as text: for values whose shape is the journal's. */
function toWire(value: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      snakeCase(name),
      (name === 'at' || name === 'until') && typeof inner === 'number' ? iso(inner) : wireValue(inner),
    ]),
  )
}

function wireValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(wireValue)
  return typeof value === 'object' && value !== null ? toWire(value) : value
}

export function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

export function camelCase(name: string): string {
  return name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

export function runView({ run, startedAt, endedAt, ran, code, reason, costUsd }: RunStory): RunView {
  return {
    run,
    started_at: startedAt === null ? null : iso(startedAt),
    ended_at: endedAt === null ? null : iso(endedAt),
    duration_ms: ran,
    exit_code: code,
    reason,
    cost_usd: costUsd,
  }
}

export function queueView(runtime: Pick<Runtime, 'queue' | 'get'>): QueueView {
  const { limits, waiting } = runtime.queue()
  return {
    limits,
    waiting: waiting.map(({ id, since, full }) => {
      const { name, spec } = runtime.get(id).view()
      const { colony, provider, priority } = spec
      return { mission: id, name, colony, provider, priority, since: iso(since), full }
    }),
  }
}
