import type { SlotScope } from './concurrency.ts'
import type { ModelSpending, Trouble, Verdict } from './conversation.ts'
import type { MissionExit, ProcessExit, Receipt } from './exit.ts'
import type { MessageId, MissionId, Run, Seq } from './ids.ts'
import type { Stream } from './output.ts'
import type { MissionSpec } from './spec.ts'

/** Why others end a mission: its parent has exited; its team ends; its team starts it again, with those that it is to be beside. */
export type GroupReason = 'parent' | 'team-end' | 'team-restart'

/**
 * Why an agent that talks is ended by what it said: it has answered all that it was asked; it met something that the
 * next run may not meet; its budget is used up; a question of its own was not answered in time.
 */
export type TalkReason = 'finished' | 'trouble' | 'budget' | 'unanswered'

/** Why a process tree is being ended. */
export type EndReason =
  | 'kill'
  | 'stop'
  | GroupReason
  | TalkReason
  | 'deadline'
  | 'stall'
  /** Whoever looks after it found it to be of no use any more. */
  | 'unhealthy'
  | 'restart'
  | 'leftovers'

/**
 * What happens to a mission, in the words of the journal. `docs/events.md` lists each with what must
 * come before it; a test holds that table against this type.
 */
export type MissionEvent =
  | { readonly type: 'mission.created'; readonly name: string; readonly spec: MissionSpec }
  /** Intent: the process of this run is about to be started. */
  | { readonly type: 'run.starting'; readonly run: Run }
  | { readonly type: 'run.started'; readonly run: Run; readonly pid: number }
  | { readonly type: 'run.refused'; readonly run: Run; readonly reason: string; readonly retry: boolean }
  /** A new supervisor found the process of this run alive. */
  | { readonly type: 'run.adopted'; readonly run: Run; readonly pid: number }
  /** The keeper is gone but the command lives: its exit code can no longer be learned. */
  | { readonly type: 'run.orphaned'; readonly run: Run; readonly reason: string }
  /** Output up to `to` was on disk at this time. */
  | {
      readonly type: 'run.output'
      readonly run: Run
      readonly stream: Stream
      readonly from: number
      readonly to: number
    }
  /** The oldest output, up to `to`, was given back to the disk because the limit was reached. */
  | { readonly type: 'run.trimmed'; readonly run: Run; readonly stream: Stream; readonly to: number }
  /** Old output could not be given back to the disk: this run's output is not limited. */
  | { readonly type: 'run.untrimmed'; readonly run: Run; readonly reason: string }
  /** Intent: this signal is about to be sent to the tree; null: the agent is about to be asked, in its own words. */
  | {
      readonly type: 'run.ending'
      readonly run: Run
      readonly reason: EndReason
      readonly signal: NodeJS.Signals | null
    }
  | { readonly type: 'run.exited'; readonly run: Run; readonly exit: ProcessExit; readonly left: number }
  | { readonly type: 'run.stalled'; readonly run: Run; readonly quiet: number }
  /** Intent: an agent that has been silent for too long is about to be told so. */
  | { readonly type: 'run.nudged'; readonly run: Run }
  /** A run that was held for stalled has shown activity, and goes on. */
  | { readonly type: 'run.recovered'; readonly run: Run }
  /** The tree of this run is empty, or names what could not be ended. */
  | { readonly type: 'run.ended'; readonly run: Run; readonly receipt: Receipt }
  | {
      readonly type: 'mission.restarting'
      readonly run: Run
      readonly delay: number
      readonly reason: string
      readonly charged: boolean
    }
  /** This run waits, as others of the account do, and is let through at `until` (milliseconds since 1970). */
  | {
      readonly type: 'mission.limited'
      readonly run: Run
      readonly account: string
      readonly until: number
    }
  /** This run waits until there is room for it in these limits. */
  | {
      readonly type: 'mission.queued'
      readonly run: Run
      readonly full: readonly SlotScope[]
    }
  /** The agent of this run listens. */
  | {
      readonly type: 'session.ready'
      readonly run: Run
      /** Whether it goes on with what was said in earlier runs. */
      readonly resumed: boolean
    }
  /** What the agent calls the conversation from now on. */
  | {
      readonly type: 'session.named'
      readonly run: Run
      readonly conversation: string
      readonly model: string | null
    }
  /** A person's words for the agent are safe, and will be told. */
  | { readonly type: 'message.queued'; readonly message: MessageId; readonly text: string }
  /** Intent: it is about to be written to the agent's input, when `heard` bytes of its stdout had been taken in. */
  | {
      readonly type: 'message.handed'
      readonly run: Run
      readonly message: MessageId
      readonly heard: number
    }
  /** The agent has shown that it has it. */
  | { readonly type: 'message.taken'; readonly run: Run; readonly message: MessageId }
  /** It will be told again: the agent ended before it had it, or could not answer for a reason that may pass. */
  | {
      readonly type: 'message.returned'
      readonly run: Run
      readonly message: MessageId
      readonly reason: string
    }
  /** Its answer stands in stdout of that run from `from` to `to`: an earlier one, when it was cut off before it could say that this was all. */
  | {
      readonly type: 'message.answered'
      readonly run: Run
      readonly message: MessageId
      readonly ok: boolean
      readonly from: number
      readonly to: number
    }
  /** The agent has ended a turn, with what that cost. */
  | {
      readonly type: 'turn.ended'
      readonly run: Run
      readonly ok: boolean
      readonly interrupted: boolean
      readonly from: number
      readonly to: number
      /** US dollars. */
      readonly cost: number
      /** How often its model was called. */
      readonly turns: number
      /** By model. */
      readonly usage: readonly (ModelSpending & { readonly model: string })[]
    }
  /** Somebody wants the agent to let go of its turn. */
  | { readonly type: 'turn.interrupting'; readonly run: Run }
  /** The agent says what is wrong. */
  | { readonly type: 'session.trouble'; readonly run: Run; readonly trouble: Trouble }
  /** The agent asks a person. */
  | {
      readonly type: 'ask.opened'
      readonly run: Run
      readonly ask: string
      readonly tool: string
      readonly summary: string
    }
  | {
      readonly type: 'ask.answered'
      readonly run: Run
      readonly ask: string
      readonly verdict: Verdict
      readonly by: 'person' | 'timeout'
    }
  /** The agent no longer wants to know, or is gone. */
  | { readonly type: 'ask.withdrawn'; readonly run: Run; readonly ask: string }
  /** Its team counts the end of this run as a failure, and is about to start it again, with others as its strategy says. */
  | { readonly type: 'team.restarting'; readonly run: Run; readonly team: string }
  | { readonly type: 'mission.exited'; readonly run: Run; readonly exit: MissionExit }
  /** It belongs to another mission from now on; `from` is the one before, if there was one. */
  | { readonly type: 'mission.moved'; readonly from: MissionId | null; readonly parent: MissionId }
  | { readonly type: 'mission.removed'; readonly parent: MissionId | null }

/** What happens to the runtime as a whole. */
export type RuntimeEvent =
  | {
      readonly type: 'runtime.started'
      readonly pid: number
      readonly adopted: number
      readonly ended: number
      readonly lost: number
    }
  | { readonly type: 'runtime.stopped' }
  | { readonly type: 'team.started'; readonly team: string }
  /** `finished`: all members ended well. `gave-up`: they failed more often than the team restarts them. */
  | {
      readonly type: 'team.ended'
      readonly team: string
      /** Another team may have the name later, and another generation. */
      readonly generation: string
      readonly outcome: 'finished' | 'stopped' | 'gave-up'
    }
  /** The store was damaged and has been set aside; history before this event is in that file. */
  | { readonly type: 'store.replaced'; readonly reason: string; readonly path: string }
  /** The record of a mission was damaged and has been set aside within the store; `id` is what stood there as its id. */
  | { readonly type: 'store.mended'; readonly reason: string; readonly id: string }

/** An event before the journal has numbered it. */
export type EventDraft =
  | (MissionEvent & { readonly at: number; readonly mission: MissionId })
  | (RuntimeEvent & { readonly at: number })

/** A numbered event. `at` is in milliseconds since 1970. */
export type JournalEvent = EventDraft & { readonly seq: Seq }

export type EventType = JournalEvent['type']

/** A journal event of one mission. */
export type JournalMissionEvent = Extract<JournalEvent, { mission: MissionId }>

/**
 * In place of events that are no longer kept: the reader fell behind, or began too early. Events
 * `after` < seq < `next` are gone; list again and go on.
 */
export interface Gap {
  readonly type: 'gap'
  readonly after: Seq
  readonly next: Seq
}
