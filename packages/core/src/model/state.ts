import type { Conversation, Spending } from './conversation.ts'
import type { EndReason } from './events.ts'
import type { MissionExit, Outcome, ProcessExit } from './exit.ts'
import type { MissionId, Run } from './ids.ts'
import type { Environment, MissionSpec } from './spec.ts'
import type { Deadline, Instant } from './time.ts'

/**
 * A process that can be proved to be the same one later: a process id alone may have been given to a
 * stranger since.
 */
export interface ProcessIdentity {
  readonly pid: number
  /** When the kernel started it: on Linux clock ticks since boot, elsewhere the text that `ps` prints. */
  readonly start: string
  /** Which boot of the machine it belongs to. */
  readonly boot: string
}

/** The states of the mission machine, `state.substate`. */
export const PHASES = [
  'pending.queued',
  'pending.limited',
  'running.starting',
  'running.up',
  'running.stopping',
  'stalled.suspect',
  'stalled.nudged',
  'stalled.interrupting',
  'stalled.terminating',
  'stalled.killing',
  'restarting.reaping',
  'restarting.backoff',
  'restarting.queued',
  'restarting.limited',
  'exited',
] as const

export type Phase = (typeof PHASES)[number]

export type TimerName = 'rung' | 'deadline' | 'activity' | 'backoff' | 'gate' | 'ask'

/** The ladder that ends a process tree: asked in the agent's own words, or interrupted; by a signal; then killed; then given up. */
export type Rung = 'part' | 'interrupt' | 'ask' | 'kill'

export interface Ending {
  readonly reason: EndReason
  readonly rung: Rung
  /** Milliseconds from asking to SIGKILL. */
  readonly timeoutMs: number
}

/** The restart budget, measured in the mission's own running time. Milliseconds. */
export interface Budget {
  /** How long the mission has run in all, over all its runs. */
  readonly clock: number
  /** Readings of that clock at which a restart was charged, oldest first; only those in the window. */
  readonly charged: readonly number[]
}

/** That an account may not be used for a while, as one of its runs was told. */
export interface Limit {
  /** Nothing of the account starts before. */
  readonly until: Deadline
  /** Limits met before this one, each after waiting for the last: what an unknown wait doubles by. */
  readonly strikes: number
}

/** All that a mission's machine knows: plain data, written to the store at each step. */
export interface MissionState {
  readonly phase: Phase
  /** The run under way or last ended; 0 before the first. */
  readonly run: Run
  /** The keeper of that run, the leader of its session. */
  readonly process: ProcessIdentity | null
  /** When that run was started. */
  readonly startedAt: Instant | null
  readonly ending: Ending | null
  /** How the leader of that run ended; its tree may not be empty yet. */
  readonly ended: ProcessExit | null
  readonly restarts: number
  /** Since when it waits for a slot, in milliseconds since 1970; null when it does not. */
  readonly queuedAt: number | null
  readonly budget: Budget
  /** The account of its provider that it waited for or met a limit of; absent before. */
  readonly account?: string
  /** The last limit that a run of it met; it counts for all missions of the account. */
  readonly limit?: Limit
  /** Null for a mission that does not talk. */
  readonly conversation: Conversation | null
  /** What missions that belonged to it have spent and are forgotten; absent when there are none. */
  readonly forgotten?: Spending
  readonly timers: Readonly<Partial<Record<TimerName, Deadline>>>
  readonly exit: MissionExit | null
}

/** One mission as the store keeps it. */
export interface MissionRecord {
  readonly id: MissionId
  readonly name: string
  readonly spec: MissionSpec
  readonly env: Environment
  /** Milliseconds since 1970. */
  readonly createdAt: number
  readonly state: MissionState
}

/** Whether a run is under way: there is a process, there may be, or what is left of it is being ended. */
export function hasRun(phase: Phase): boolean {
  switch (phase) {
    case 'pending.queued':
    case 'pending.limited':
    case 'restarting.backoff':
    case 'restarting.queued':
    case 'restarting.limited':
    case 'exited':
      return false
    default:
      return true
  }
}

/** Whether this run has begun: its process is there or was, or it could not be started. */
export function hasBegun({ run: current, phase }: MissionState, run: Run): boolean {
  return current > run || (current === run && phase !== 'running.starting')
}

/** Whether its next run is wanted, and waits for a slot or for its account. */
export function waitsToRun(phase: Phase): boolean {
  return phase === 'restarting.queued' || phase === 'restarting.limited'
}

/** What people see of a mission at a glance. */
export type Status = 'pending' | 'running' | 'stalled' | 'restarting' | Outcome

export function statusOf(state: MissionState): Status {
  if (state.exit !== null) return state.exit.outcome
  switch (state.phase) {
    case 'pending.queued':
    case 'pending.limited':
      return 'pending'
    case 'running.starting':
    case 'running.up':
    case 'running.stopping':
      return 'running'
    case 'stalled.suspect':
    case 'stalled.nudged':
    case 'stalled.interrupting':
    case 'stalled.terminating':
    case 'stalled.killing':
      return 'stalled'
    case 'restarting.reaping':
    case 'restarting.backoff':
    case 'restarting.queued':
    case 'restarting.limited':
      return 'restarting'
    case 'exited':
      throw new TypeError('an exited mission has an exit')
  }
}
