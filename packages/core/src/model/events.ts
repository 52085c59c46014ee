import type { MissionExit, ProcessExit, Receipt } from './exit.ts'
import type { MissionId, Run, Seq } from './ids.ts'
import type { Stream } from './output.ts'
import type { MissionSpec } from './spec.ts'

/** Why others end a mission: its parent has exited; its team ends; its team starts it again, with those that it is to be beside. */
export type GroupReason = 'parent' | 'team-end' | 'team-restart'

/** Why a process tree is being ended. */
export type EndReason = 'kill' | 'stop' | GroupReason | 'deadline' | 'stall' | 'restart' | 'leftovers'

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
  /** Intent: this signal is about to be sent to the tree. */
  | {
      readonly type: 'run.ending'
      readonly run: Run
      readonly reason: EndReason
      readonly signal: NodeJS.Signals
    }
  | { readonly type: 'run.exited'; readonly run: Run; readonly exit: ProcessExit; readonly left: number }
  | { readonly type: 'run.stalled'; readonly run: Run; readonly quiet: number }
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
  | { readonly type: 'mission.exited'; readonly run: Run; readonly exit: MissionExit }
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
      readonly outcome: 'finished' | 'stopped' | 'gave-up'
    }
  /** The store was damaged and has been set aside; history before this event is in that file. */
  | { readonly type: 'store.replaced'; readonly reason: string; readonly path: string }

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
