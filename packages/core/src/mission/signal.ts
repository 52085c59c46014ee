import type { EndReason, GroupReason, MissionEvent } from '../model/events.ts'
import type { ProcessExit, Receipt } from '../model/exit.ts'
import type { Run } from '../model/ids.ts'
import type { MissionState, ProcessIdentity, TimerName } from '../model/state.ts'
import type { Instant } from '../model/time.ts'
import type { Judgement } from '../provider/provider.ts'
import type { Gate } from './policy/gate.ts'

/** What can happen to a mission. What belongs to a run carries its number and is dropped when it is not the current one. */
export type Signal =
  | { readonly type: 'launch' }
  | { readonly type: 'spawned'; readonly run: Run; readonly process: ProcessIdentity; readonly at: Instant }
  /** Another supervisor's run was found to be under this keeper. */
  | { readonly type: 'adopted'; readonly run: Run; readonly process: ProcessIdentity }
  /** The process could not be started; `retry` when that may pass (no memory, no file handles). */
  | { readonly type: 'refused'; readonly run: Run; readonly reason: string; readonly retry: boolean }
  /** The leader of the run ended; `left` processes of its tree did not. */
  | {
      readonly type: 'exited'
      readonly run: Run
      readonly exit: ProcessExit
      readonly left: number
      readonly receipt: Receipt
    }
  /** The tree of the run is empty, or cannot be emptied: then the receipt names what is left. */
  | { readonly type: 'emptied'; readonly run: Run; readonly receipt: Receipt }
  /** Ask it to end; `timeoutMs` from asking to SIGKILL, null for the mission's own. */
  | { readonly type: 'stop'; readonly timeoutMs: number | null }
  /** What it belongs to wants it ended. */
  | { readonly type: 'end'; readonly because: GroupReason }
  | { readonly type: 'kill' }
  /** Default: a person. */
  | { readonly type: 'restart'; readonly by?: 'team' }
  /** A timer is due; `quietMs` says for how long the run has been silent. */
  | { readonly type: 'timer'; readonly name: TimerName; readonly quietMs: number }

/** What a decision may depend on besides the mission and what happened. */
export interface Circumstances {
  readonly now: Instant
  readonly boot: string
  /** One number in [0, 1), for this decision's jitter. */
  readonly random: number
  /** What the provider makes of the end of the run, when there is one and it has something to say. */
  readonly judgement: Judgement | undefined
  /** The account of the mission, or the one that the judgement names, and its gate. */
  readonly account: string
  readonly gate: Gate
}

/** What is to be done once a decision is written. */
export type Effect =
  | { readonly type: 'spawn' }
  | { readonly type: 'signal'; readonly signal: NodeJS.Signals }
  /** Look at the tree a last time and report it as `emptied`, whatever is left. */
  | { readonly type: 'give-up' }
  /** The mission has exited: its children may be bound to it. */
  | { readonly type: 'release-children' }

export interface Decision {
  readonly state: MissionState
  readonly events: readonly MissionEvent[]
  readonly effects: readonly Effect[]
}

const PRECEDENCE: readonly EndReason[] = [
  'leftovers',
  'restart',
  'stall',
  'deadline',
  'team-restart',
  'team-end',
  'parent',
  'stop',
  'kill',
]

/** kill > stop > parent > team > deadline > stall > restart: the reason that a run is being ended only ever rises. */
export function higher(a: EndReason, b: EndReason): EndReason {
  return PRECEDENCE.indexOf(a) >= PRECEDENCE.indexOf(b) ? a : b
}
