import type { EventType, Gap, JournalEvent, JournalMissionEvent } from '../model/events.ts'
import type { MissionExit } from '../model/exit.ts'
import type { Verdict } from '../model/conversation.ts'
import type { MessageId, MissionId, Seq } from '../model/ids.ts'
import type { AnswerText, Talk } from '../provider/talk.ts'
import type { Stream } from '../model/output.ts'
import type { Environment, MissionSpec } from '../model/spec.ts'
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

/** What became of a message; its text is empty when the agent ended without an answer. */
export interface MessageAnswer extends AnswerText {
  readonly message: MessageId
  readonly ok: boolean
  readonly run: number
}

export interface SitOptions {
  /** How wide its terminal is at first. Default: 80 columns, 24 rows. */
  readonly columns?: number | undefined
  readonly rows?: number | undefined
  /** Do not wait for the end of its turn. Default: false. */
  readonly interrupt?: boolean | undefined
  readonly signal?: AbortSignal
}

export interface OutputOptions {
  /** Which run. Default: the newest. */
  readonly run?: number
  /** Default: all of it, or stdout where stderr is kept apart. */
  readonly stream?: Stream
  /** Offset of the first byte; earlier ones that are no longer kept are passed over. Default: 0. */
  readonly from?: number
  /** Go on until the run is over. Default: true. */
  readonly follow?: boolean
  /** Ends the iteration quietly. */
  readonly signal?: AbortSignal
}

/** A part of the output of a run. */
export interface OutputPiece {
  /** Offset of its first byte. */
  readonly at: number
  readonly bytes: Uint8Array
}

export interface HistoryQuery {
  readonly run?: number
  /** Default: all. */
  readonly types?: readonly EventType[]
  /** Only those behind this number. */
  readonly since?: Seq
  /** Begin with the oldest. Default: with the newest. */
  readonly oldestFirst?: boolean
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
  /** What its command finds in its environment, but for what says whose process it is. It may hold secrets, so that no view has it. */
  environment(): Environment
  /** For files that hold its results; made by whoever puts one there, and removed with the mission. */
  readonly resultsFolder: string
  /** When its current or last run last wrote something, in milliseconds since 1970; null when it never did. Looks at the disk. */
  lastActivity(): number | null
  /** Its events, the newest first unless asked otherwise. */
  history(query: HistoryQuery): readonly JournalMissionEvent[]
  /** How many people are attached to its terminal. Looks at the disk. */
  attached(): Attached
  /** What it does now and what it waits for, as its controller says: sentences for people. Empty for one that is a process. */
  doing(): readonly string[]
  /** Where its output is kept. */
  outputFiles(run?: number): readonly OutputFile[]
  /** Asks it to end, then ends it; settles when its process tree is empty. A second call goes straight to SIGKILL. @throws OvermindError `not_running` */
  stop(options?: StopOptions): Promise<MissionExit>
  /** SIGKILL to the whole process tree; settles when it is empty. @throws OvermindError `not_running` */
  kill(options?: KillOptions): Promise<MissionExit>
  /** Ends the current run and begins a new one; settles when that has started. Nothing is charged. */
  restart(): Promise<void>
  /**
   * Says that its run is of no use any more, as a probe of yours found: the run is asked to end, counts as one that stalled, and the
   * restart policy decides what follows. Does nothing unless a run is up.
   */
  unhealthy(): void
  /** Settles when the mission has exited for good; rejects with the signal's reason when that comes first. */
  exited(options?: { readonly signal?: AbortSignal }): Promise<MissionExit>
  /**
   * Settles with its state as soon as the test holds for that: now, or behind any step of it. Rejects with what the test throws, and
   * with the signal's reason.
   *
   * @throws OvermindError `runtime_closed` when that can be seen no more
   * @example
   * ```ts
   * await mission.until(({ phase }) => phase === 'running.up')
   * ```
   */
  until(
    test: (state: MissionState) => boolean,
    options?: { readonly signal?: AbortSignal },
  ): Promise<MissionState>
  /**
   * Says something to a session; settles when that is safe: it will be told, in order, whatever dies meanwhile.
   *
   * @throws OvermindError `not_session`, `not_running`, `empty_message`, `message_too_long`
   * @example
   * ```ts
   * const { text } = await session.answer(session.send('Which tests fail?'))
   * ```
   */
  send(text: string): MessageId
  /** Settles when a message has been answered. @throws OvermindError `message_not_found`, `not_running` when the mission exits first */
  answer(message: MessageId, options?: { readonly signal?: AbortSignal }): Promise<MessageAnswer>
  /** Its last answer, whatever that was about; null before the first. */
  result(): Promise<Omit<MessageAnswer, 'message'> | null>
  /** Asks the agent to let go of what it is doing. @throws OvermindError `not_session`, `not_running`, `not_busy` */
  interrupt(): void
  /**
   * Puts the agent on its own terminal, in the same conversation, for people to attach to; settles when that run
   * has begun, a moment before its terminal listens. The agent is brought to rest first: at the end of its turn, or at
   * once with `interrupt`. Messages wait meanwhile.
   *
   * @throws OvermindError `not_terminal` when it has none, `not_running`, `waits_for_answer` when it asks a person
   */
  sitDown(options?: SitOptions): Promise<void>
  /** Takes it off its terminal again; settles when it goes on without. @throws OvermindError `not_terminal`, `not_running` */
  standUp(): Promise<void>
  /** Answers a question of the agent. @throws OvermindError `ask_not_found` */
  decide(ask: string, verdict: Verdict): void
  /** How its agent talks; null when it does not. */
  readonly talk: Talk | null
  /** What happens to it, from its beginning. */
  events(options?: EventsOptions): AsyncIterableIterator<JournalMissionEvent | Gap>
  /**
   * The bytes of its output, exactly as it wrote them.
   *
   * @throws OvermindError `run_not_found`; `runtime_closed` behind what is there, when the run goes on and can be seen no more
   */
  output(options?: OutputOptions): AsyncIterableIterator<Uint8Array>
  /**
   * The same, with where each piece begins: where it is not where the one before ended, what was in between is no longer kept.
   *
   * @throws OvermindError as `output`
   */
  outputPieces(options?: OutputOptions): AsyncIterableIterator<OutputPiece>
}

export function isOf(mission: MissionId, event: JournalEvent | Gap): event is JournalMissionEvent | Gap {
  return event.type === 'gap' || ('mission' in event && event.mission === mission)
}
