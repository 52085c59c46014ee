/**
 * What travels over the API, as TypeScript. Field names are those of `--json` on the command line: words
 * in lower case joined by underscores. Moments are ISO 8601 in UTC with milliseconds; durations and sizes
 * are whole numbers and name their unit.
 */
import type {
  ErrorCode,
  ExitClass,
  MemberRestart,
  OnParentExit,
  Phase,
  RestartPolicy,
  Status,
  TeamOutcome,
  TeamStrategy,
  TerminalSize,
} from '@overmind/core'

export interface MissionView {
  /** Eight hexadecimal digits. */
  readonly id: string
  readonly name: string
  /** The command as a person would type it. */
  readonly command: string
  readonly status: Status
  /** The state of the mission machine, finer than `status`. */
  readonly phase: Phase
  /** The process id of the keeper, which leads the mission's session and process group. */
  readonly os_pid: number | null
  readonly type: 'task'
  readonly provider: string
  readonly cwd: string
  readonly model: string | null
  readonly restart_policy: 'never' | 'on_failure' | 'always'
  readonly restart_count: number
  /** Counted from 1; 0 before the first run. */
  readonly run: number
  readonly last_activity: string | null
  readonly created_at: string
  /** When the current or last run began. */
  readonly started_at: string | null
  readonly exited_at: string | null
  readonly parent: string | null
  readonly children: readonly string[]
  /** The team that restarts it together with others. */
  readonly team: { readonly name: string; readonly member: string; readonly strategy: TeamStrategy } | null
  /** The size that its terminal has at first; null when it runs on none. */
  readonly terminal: TerminalSize | null
  readonly session_id: string | null
  readonly exit_code: number | null
  readonly exit_signal: string | null
  readonly exit_class: ExitClass | null
  /** One sentence: why it ended. */
  readonly exit_reason: string | null
}

export interface MissionList {
  /** The journal number that this list is true for; a watch goes on from it. */
  readonly revision: number
  readonly missions: readonly MissionView[]
}

export type WatchMessage =
  | { readonly type: 'put'; readonly revision: number; readonly mission: MissionView }
  | { readonly type: 'removed'; readonly revision: number; readonly id: string }
  /** The reader fell behind what is kept: list again. */
  | { readonly type: 'list_again'; readonly revision: number }

export interface StartRequest {
  /** A text is a line for `sh -c`; a list is a program and its arguments, as they are. */
  readonly command: string | readonly string[]
  readonly name?: string
  /** Absolute. */
  readonly cwd?: string
  /** The whole environment; never given back. */
  readonly env?: Readonly<Record<string, string>>
  readonly type?: 'task'
  readonly provider?: string
  readonly restart?: RestartPolicy
  readonly max_restarts?: number
  readonly max_seconds?: number
  readonly backoff_ms?: number
  readonly activity_timeout_ms?: number
  readonly timeout_ms?: number
  readonly stop_signal?: string
  readonly stop_timeout_ms?: number
  readonly success_codes?: readonly number[]
  readonly output_limit_bytes?: number
  /** Id, name, or unique beginning of an id of the mission that it belongs to. */
  readonly parent?: string
  /** What becomes of it when its parent has exited. Default: `keep`. */
  readonly on_parent_exit?: OnParentExit
  /** Runs it on a terminal of this size. Default: on none. */
  readonly terminal?: { readonly columns?: number; readonly rows?: number }
}

export interface TeamRequest {
  readonly strategy: TeamStrategy
  readonly name?: string
  readonly max_restarts?: number
  readonly max_seconds?: number
  readonly members: readonly {
    readonly id: string
    readonly mission: StartRequest
    /** Default: `transient`. */
    readonly restart?: MemberRestart
  }[]
}

/** Missions that are supervised as one. */
export interface TeamView {
  readonly name: string
  readonly strategy: TeamStrategy
  readonly max_restarts: number
  readonly max_seconds: number
  /** How it ended; null while it is not over. */
  readonly outcome: TeamOutcome | null
  /** In the order in which they are started. */
  readonly members: readonly {
    readonly id: string
    readonly restart: MemberRestart
    readonly mission: string | null
  }[]
}

export interface ReceiptView {
  readonly signals: readonly { readonly signal: string; readonly processes: number; readonly at: string }[]
  readonly strays: number
  readonly left: readonly number[]
}

/** An event of the journal. Beyond these fields each type has its own, see docs/events.md. */
export interface EventView {
  readonly seq: number
  readonly at: string
  readonly type: string
  readonly mission?: string
  readonly run?: number
  readonly [field: string]: unknown
}

/** In place of events that are no longer kept: `after` < seq < `next`. */
export interface GapView {
  readonly type: 'gap'
  readonly after: number
  readonly next: number
}

export interface Description {
  readonly mission: MissionView
  /** The mission's description with all defaults, without its environment. */
  readonly spec: Readonly<Record<string, unknown>>
  /** Why it is in this state: sentences, the most important first. */
  readonly why: readonly string[]
  /** The last output of the last run that did not end well, at most 4 KB. */
  readonly evidence: string | null
  readonly receipt: ReceiptView | null
  /** How many people are attached to its terminal. */
  readonly attached: { readonly control: number; readonly watch: number }
  /** The last events, oldest first. */
  readonly events: readonly EventView[]
  readonly output: readonly {
    readonly run: number
    readonly stream: string
    readonly path: string
    readonly bytes: number
  }[]
}

export interface DaemonStatus {
  readonly pid: number
  readonly version: string
  readonly home: string
  /** The machine's name. */
  readonly host: string
  readonly node_version: string
  readonly started_at: string
  readonly uptime_ms: number
  readonly memory_bytes: number
  /** Processes of Overmind's missions that are alive, keepers not counted. */
  readonly processes: number
  readonly missions: {
    readonly pending: number
    readonly running: number
    readonly stalled: number
    readonly restarting: number
    readonly stopped: number
    readonly crashed: number
    readonly killed: number
    readonly total: number
  }
  readonly revision: number
}

/** One line of output; a line longer than 64 KB comes in parts, all but the last with `partial`. */
export interface LogLine {
  readonly mission: string
  readonly run: number
  /** When it had been written at the latest; null when that was not seen. */
  readonly at: string | null
  readonly text: string
  /** A line of Overmind's own, such as `--- restart #2 at … ---`. */
  readonly notice?: true
  readonly partial?: true
}

export interface Pruned {
  /** Ids of the missions that are forgotten now. */
  readonly removed: readonly string[]
}

/** RFC 9457. */
export interface Problem {
  readonly type: 'about:blank'
  readonly title: string
  readonly status: number
  readonly code: ErrorCode | 'internal'
  readonly detail: string
  /** The field of the request that is wrong. */
  readonly field?: string
}
