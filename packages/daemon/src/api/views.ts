/** How the runtime's values look on the wire. */
import type {
  Command,
  Gap,
  JournalEvent,
  Mission,
  MissionView as CoreMissionView,
  Receipt,
  RestartPolicy,
  Team,
} from '@overmind/core'
import type { MissionRow } from '../text/mission-row.ts'
import type { EventView, GapView, MissionView, ReceiptView, TeamView } from './types.ts'

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
    os_pid: ({ state }) =>
      state.exit === null && state.ended === null ? (state.process?.pid ?? null) : null,
    type: ({ spec }) => spec.type,
    provider: ({ spec }) => spec.provider,
    cwd: ({ spec }) => spec.cwd,
    model: () => null,
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
    terminal: ({ spec }) => spec.terminal,
    session_id: () => null,
    exit_code: ({ state }) => state.exit?.code ?? null,
    exit_signal: ({ state }) => state.exit?.signal ?? null,
    exit_class: ({ state }) => state.exit?.class ?? null,
    exit_reason: ({ state }) => state.exit?.evidence.reason ?? null,
  }

export const MISSION_FIELDS: readonly string[] = Object.keys(FIELDS)

export function isMissionField(name: string): name is MissionField {
  return Object.hasOwn(FIELDS, name)
}

export function missionFields(mission: Mission, fields: readonly MissionField[]): Partial<MissionView> {
  const view = mission.view()
  return Object.fromEntries(fields.map((field) => [field, FIELDS[field](view, mission)]))
}

const rows = new WeakMap<CoreMissionView, MissionRow>()

/** The same object as long as nothing has happened to the mission. */
export function missionRow(mission: Mission): MissionRow {
  const view = mission.view()
  const known = rows.get(view)
  if (known !== undefined) return known
  const row: MissionRow = {
    id: FIELDS.id(view, mission),
    name: FIELDS.name(view, mission),
    type: FIELDS.type(view, mission),
    status: FIELDS.status(view, mission),
    restart_count: FIELDS.restart_count(view, mission),
    parent: FIELDS.parent(view, mission),
    children: FIELDS.children(view, mission),
    team: FIELDS.team(view, mission),
    started_at: FIELDS.started_at(view, mission),
    command: FIELDS.command(view, mission),
  }
  rows.set(view, row)
  return row
}

export function missionView(mission: Mission): MissionView {
  const view = mission.view()
  return {
    id: FIELDS.id(view, mission),
    name: FIELDS.name(view, mission),
    command: FIELDS.command(view, mission),
    status: FIELDS.status(view, mission),
    phase: FIELDS.phase(view, mission),
    os_pid: FIELDS.os_pid(view, mission),
    type: FIELDS.type(view, mission),
    provider: FIELDS.provider(view, mission),
    cwd: FIELDS.cwd(view, mission),
    model: FIELDS.model(view, mission),
    restart_policy: FIELDS.restart_policy(view, mission),
    restart_count: FIELDS.restart_count(view, mission),
    run: FIELDS.run(view, mission),
    last_activity: FIELDS.last_activity(view, mission),
    created_at: FIELDS.created_at(view, mission),
    started_at: FIELDS.started_at(view, mission),
    exited_at: FIELDS.exited_at(view, mission),
    parent: FIELDS.parent(view, mission),
    children: FIELDS.children(view, mission),
    team: FIELDS.team(view, mission),
    terminal: FIELDS.terminal(view, mission),
    session_id: FIELDS.session_id(view, mission),
    exit_code: FIELDS.exit_code(view, mission),
    exit_signal: FIELDS.exit_signal(view, mission),
    exit_class: FIELDS.exit_class(view, mission),
    exit_reason: FIELDS.exit_reason(view, mission),
  }
}

export function teamView(team: Team): TeamView {
  const { name, strategy, maxRestarts, maxSeconds, outcome, members } = team.view()
  return {
    name,
    strategy,
    max_restarts: maxRestarts,
    max_seconds: maxSeconds,
    outcome: outcome ?? null,
    members: members.map(({ id, restart, mission }) => ({ id, restart, mission: mission ?? null })),
  }
}

export function receiptView({ signals, strays, left }: Receipt): ReceiptView {
  return { signals: signals.map((sent) => ({ ...sent, at: iso(sent.at) })), strays, left }
}

export function eventView(event: JournalEvent): EventView
export function eventView(event: JournalEvent | Gap): EventView | GapView
export function eventView(event: JournalEvent | Gap): EventView | GapView {
  if (event.type === 'gap') return event
  const { seq, at, type, ...rest } = event
  return { seq, at: iso(at), type, ...toWire(rest) }
}

/** Names with underscores, moments as text: for values whose shape is the journal's. */
export function toWire(value: object): Record<string, unknown> {
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
