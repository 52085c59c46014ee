import type { SlotScope } from '../model/concurrency.ts'
import type { Memory, Trouble, Verdict } from '../model/conversation.ts'
import type { EndReason, GroupReason, MissionEvent, TalkReason } from '../model/events.ts'
import type { ProcessExit, Receipt } from '../model/exit.ts'
import type { MessageId, Run } from '../model/ids.ts'
import type { MissionState, ProcessIdentity, Rung, TimerName } from '../model/state.ts'
import type { MissionSpec, TerminalSize } from '../model/spec.ts'
import type { Instant } from '../model/time.ts'
import type { Fact } from '../provider/talk.ts'
import type { Gate } from './policy/gate.ts'

/** What can happen to a mission. What belongs to a run carries its number and is dropped when it is not the current one. */
export type Signal =
  | { readonly type: 'launch' }
  /** There is a slot for it now. */
  | { readonly type: 'turn' }
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
  /** What it belongs to wants it ended, or what it said itself. */
  | { readonly type: 'end'; readonly because: GroupReason | TalkReason }
  /** Whoever looks after it found this run to be of no use any more. */
  | { readonly type: 'unhealthy'; readonly run: Run }
  | { readonly type: 'kill' }
  /** Default: a person. */
  | { readonly type: 'restart'; readonly by?: 'team' }
  /** A timer is due; `quietMs` says for how long the run has been silent. */
  | { readonly type: 'timer'; readonly name: TimerName; readonly quietMs: number }

/** What can happen in a conversation. It changes nothing that the machine knows. */
export type TalkSignal =
  | { readonly type: 'say'; readonly message: MessageId; readonly text: string }
  | { readonly type: 'verdict'; readonly ask: string; readonly verdict: Verdict }
  | { readonly type: 'interrupt'; readonly request: string }
  /** The next run is to be the agent's own terminal, or no longer. */
  | { readonly type: 'sit'; readonly terminal: TerminalSize | null }
  /** Nobody holds its messages back any more. */
  | { readonly type: 'released' }
  /** Lines of the run's stdout, up to `to`; only those that say something. */
  | {
      readonly type: 'heard'
      readonly run: Run
      readonly to: number
      readonly lines: readonly HeardLine[]
    }
  /** What has this key is in the agent's input: a message by its id, a reply by its `replyKey`. */
  | { readonly type: 'told'; readonly run: Run; readonly key: string }
  /** The run is about to begin, and this is what the agent has of the conversation. */
  | { readonly type: 'recalled'; readonly run: Run; readonly memory: Memory }

/** Offsets of a line in stdout, and what it says. */
export interface HeardLine {
  readonly from: number
  readonly to: number
  readonly facts: readonly Fact[]
}

/** What a decision may depend on besides the mission and what happened. */
export interface Circumstances {
  readonly now: Instant
  readonly boot: string
  /** One number in [0, 1), for this decision's jitter. */
  readonly random: number
  /** What the provider makes of the end of the run, when there is one and it has something to say. */
  readonly judgement: Trouble | undefined
  /** The account of the mission, or the one that the judgement names, and its gate. */
  readonly account: string
  readonly gate: Gate
  /** The limits that leave no room for it to start. */
  readonly full: readonly SlotScope[]
  /** Whether the agent can be asked in its own words to end. */
  readonly parts: boolean
  /** Whether it can be told that it has been silent for too long. */
  readonly nudges: boolean
}

/** What is to be done once a decision is written. */
export type Effect =
  | { readonly type: 'spawn' }
  | { readonly type: 'signal'; readonly signal: NodeJS.Signals }
  /** Ask the agent in its own words to end. */
  | { readonly type: 'part' }
  /** Tell the agent that it has been silent for too long. */
  | { readonly type: 'nudge' }
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
  'finished',
  'trouble',
  'restart',
  'unanswered',
  'budget',
  'unhealthy',
  'stall',
  'deadline',
  'team-restart',
  'team-end',
  'parent',
  'stop',
  'kill',
]

/** kill > stop > parent > team > deadline > stall > unhealthy > budget > unanswered > restart > the agent's own: the reason that a run is being ended only ever rises. */
export function higher(a: EndReason, b: EndReason): EndReason {
  return PRECEDENCE.indexOf(a) >= PRECEDENCE.indexOf(b) ? a : b
}

const RUNGS: readonly Rung[] = ['part', 'interrupt', 'ask', 'kill']

/** The rung of an ending never goes back. */
export function higherRung(a: Rung, b: Rung): Rung {
  return RUNGS.indexOf(a) >= RUNGS.indexOf(b) ? a : b
}

/** What is sent on a rung. */
export function signalOf(
  rung: Exclude<Rung, 'part'>,
  { stopSignal }: Pick<MissionSpec, 'stopSignal'>,
): NodeJS.Signals {
  return ({ interrupt: 'SIGINT', ask: stopSignal, kill: 'SIGKILL' } as const)[rung]
}

export function nextRung(rung: Rung): Rung {
  return rung === 'part' || rung === 'interrupt' ? 'ask' : 'kill'
}
