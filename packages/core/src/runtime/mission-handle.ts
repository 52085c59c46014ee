import type { EventType, Gap, JournalEvent, JournalMissionEvent } from '../model/events.ts'
import type { MissionExit } from '../model/exit.ts'
import type { MissionId, Seq } from '../model/ids.ts'
import type { Stream } from '../model/output.ts'
import type { MissionSpec } from '../model/spec.ts'
import type { MissionState, Status } from '../model/state.ts'
import type { Attached } from '../process/terminal/protocol.ts'

/** A mission at one moment; plain data. */
export interface MissionView {
  readonly id: MissionId
  readonly name: string
  readonly spec: MissionSpec
  readonly status: Status
  readonly state: MissionState
  /** Milliseconds since 1970. */
  readonly createdAt: number
  /** The missions that belong to this one, the oldest first. */
  readonly children: readonly MissionId[]
}

export interface StopOptions {
  /** Milliseconds from asking to SIGKILL. Default: the mission's `stopTimeoutMs`. */
  readonly timeoutMs?: number
}

export interface KillOptions {
  /** First all that belongs to it, however deep, children before their parents. An exited mission may have living children. */
  readonly cascade?: boolean
}

export interface EventsOptions {
  /** Begin behind this number. Default: at the mission's beginning. */
  readonly since?: Seq
  /** Ends the iteration quietly. */
  readonly signal?: AbortSignal
  /** Go on after what is there. Default: true; the iteration then ends when the mission has exited. */
  readonly follow?: boolean
}

export interface OutputOptions {
  /** Which run. Default: the newest. */
  readonly run?: number
  /** Offset of the first byte; earlier ones that are no longer kept are passed over. Default: 0. */
  readonly from?: number
  /** Go on until the run is over. Default: true. */
  readonly follow?: boolean
  /** Ends the iteration quietly. */
  readonly signal?: AbortSignal
}

export interface HistoryQuery {
  readonly run?: number
  /** Default: all. */
  readonly types?: readonly EventType[]
  readonly limit: number
}

/** One file of output. */
export interface OutputFile {
  readonly run: number
  /** `recording`: what a terminal showed, in the format asciicast v2. */
  readonly stream: Stream | 'recording'
  readonly path: string
  /** Its length; the first `trimmedTo` bytes are no longer kept. */
  readonly bytes: number
  readonly trimmedTo: number
}

/** A handle on a mission of a runtime. It stays valid when the mission has exited. */
export interface Mission {
  readonly id: MissionId
  readonly name: string
  view(): MissionView
  /** When its current or last run last wrote something, in milliseconds since 1970; null when it never did. Looks at the disk. */
  lastActivity(): number | null
  /** Its newest events, the newest first. */
  history(query: HistoryQuery): readonly JournalMissionEvent[]
  /** How many people are attached to its terminal. Looks at the disk. */
  attached(): Attached
  /** Where its output is kept. */
  outputFiles(run?: number): readonly OutputFile[]
  /** Asks it to end, then ends it; settles when its process tree is empty. A second call goes straight to SIGKILL. @throws OvermindError `not_running` */
  stop(options?: StopOptions): Promise<MissionExit>
  /** SIGKILL to the whole process tree; settles when it is empty. @throws OvermindError `not_running` */
  kill(options?: KillOptions): Promise<MissionExit>
  /** Ends the current run and begins a new one; settles when that has started. Nothing is charged. */
  restart(): Promise<void>
  /** Settles when the mission has exited for good; rejects with the signal's reason when that comes first. */
  exited(options?: { readonly signal?: AbortSignal }): Promise<MissionExit>
  /** What happens to it, from its beginning. */
  events(options?: EventsOptions): AsyncIterableIterator<JournalMissionEvent | Gap>
  /** The bytes of its output, exactly as it wrote them. @throws OvermindError `run_not_found` */
  output(options?: OutputOptions): AsyncIterableIterator<Uint8Array>
}

export function isOf(mission: MissionId, event: JournalEvent | Gap): event is JournalMissionEvent | Gap {
  return event.type === 'gap' || ('mission' in event && event.mission === mission)
}
