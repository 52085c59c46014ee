import type { EventDraft, EventType, JournalEvent } from '../model/events.ts'
import type { MissionId, Run, Seq } from '../model/ids.ts'
import type { Stream } from '../model/output.ts'
import type { MissionRecord } from '../model/state.ts'

/** What is written in one step: all of it or nothing. */
export interface Change {
  readonly events: readonly EventDraft[]
  /** Missions as they are after this change. */
  readonly put?: readonly MissionRecord[]
  /** Missions to forget, with their events. */
  readonly remove?: readonly MissionId[]
  /** Runs of whose `run.output` only the newest are kept, with those of this change. */
  readonly thin?: readonly Thinning[]
}

export interface Thinning {
  readonly mission: MissionId
  readonly run: Run
  /** So many. */
  readonly keep: number
}

export interface EventQuery {
  /** Only events with a greater number. */
  readonly after: Seq
  /** Null: only those of the runtime itself. */
  readonly mission?: MissionId | null
  readonly run?: number
  /** Only events about this stream of a run's output. */
  readonly stream?: Stream
  /** Only events of these types. */
  readonly types?: readonly EventType[]
  /** At most this many. */
  readonly limit: number
  /** Begin with the newest. Default: with the oldest. */
  readonly newestFirst?: boolean
}

/**
 * The memory of a runtime, behind one seam: missions and their events. Calls are synchronous on purpose:
 * when `commit` has returned, the change survives the death of the process, and the effect it announces
 * may begin. `createMemoryStore` keeps everything in memory; `@overmind/daemon` has one on SQLite. Both
 * pass the same suite.
 */
export interface Store {
  /** Writes a change and numbers its events. @throws OvermindError `store_failed`; then nothing was written. */
  commit(change: Change): readonly JournalEvent[]
  missions(): readonly MissionRecord[]
  events(query: EventQuery): readonly JournalEvent[]
  /** The number of the newest event ever written; 0 when there is none. */
  last(): Seq
  /** The number of the oldest event still kept, or `last() + 1` when none is. */
  first(): Seq
  /** From now on, what is asked of it may be refused with `runtime_closed`. */
  close(): void
}
