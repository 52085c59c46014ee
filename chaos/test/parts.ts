/** The parts of a small world. */
import type { EventView, MissionView } from '@overmind/client'
import type { Seen } from '../processes.ts'

/** When the world is looked at. */
export const AT = Date.parse('2026-11-23T12:00:10.000Z')

/** The ids of its missions. */
export const ID = {
  counter: '00000001',
  hearer: '00000002',
  agent: '00000003',
  terminal: '00000004',
  child: '00000005',
  pipeline: '00000006',
  first: '00000007',
  second: '00000008',
  fleet: '00000009',
  copy: '0000000a',
  ritual: '0000000b',
  tick: '0000000c',
  tock: '0000000d',
} as const

/** A living process of a mission. */
export function seen(mission: string): Seen {
  return { pid: processOf(mission), name: 'sh', mission, isKeeper: true }
}

const processOf = (mission: string): number => 1000 + Number.parseInt(mission, 16)

export function event(seq: number, type: string, fields: Readonly<Record<string, unknown>>): EventView {
  return { seq, type, at: new Date(AT).toISOString(), mission: ID.counter, ...fields }
}

export function mission(name: string, id: string, fields: Partial<MissionView> = {}): MissionView {
  const never = {
    last_activity: null,
    exited_at: null,
    exit_code: null,
    exit_signal: null,
    exit_class: null,
    exit_reason: null,
  }
  return {
    id,
    name,
    command: 'sh',
    status: 'running',
    phase: 'running.up',
    ending: null,
    os_pid: processOf(id),
    type: 'task',
    provider: 'raw',
    cwd: '/tmp',
    model: null,
    restart_policy: 'never',
    restart_count: 0,
    run: 1,
    created_at: '2026-11-23T12:00:00.000Z',
    started_at: '2026-11-23T12:00:00.000Z',
    parent: null,
    children: [],
    team: null,
    terminal: null,
    has_terminal: false,
    labels: {},
    priority: 0,
    colony: 'default',
    custody: 'marks',
    memory_bytes: null,
    cpus: null,
    pids: null,
    session_id: null,
    turn: null,
    messages: 0,
    asks: 0,
    cost_usd: null,
    tokens: null,
    turns: null,
    ...never,
    ...fields,
  }
}
