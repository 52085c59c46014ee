/**
 * What travels over the API, as TypeScript. Field names are those of `--json` on the command line: words
 * in lower case joined by underscores. Moments are ISO 8601 in UTC with milliseconds; durations and sizes
 * are whole numbers and name their unit.
 */
import type {
  CgroupSupport,
  Activity,
  Custody,
  Labels,
  OnExit,
  EndReason,
  ErrorCode,
  ExitClass,
  MemberRestart,
  MissionType,
  OnAskTimeout,
  OnLimit,
  OnParentExit,
  Phase,
  RestartPolicy,
  Status,
  TeamOutcome,
  TeamStrategy,
  TerminalSize,
  Turn,
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
  /** Why its run is being ended; null while it is not. */
  readonly ending: EndReason | null
  /** The process id of the keeper, which leads the mission's session and process group. */
  readonly os_pid: number | null
  readonly type: MissionType
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
  /** The size that its terminal has at first; null when it runs on none now. */
  readonly terminal: TerminalSize | null
  /** Whether people can attach, once the agent has been put on its terminal. */
  readonly has_terminal: boolean
  readonly labels: Labels
  readonly priority: number
  readonly colony: string
  readonly custody: Custody
  /** Limits of what all of its processes use together; null where there is none. */
  readonly memory_bytes: number | null
  readonly cpus: number | null
  readonly pids: number | null
  /** What the agent calls the conversation. */
  readonly session_id: string | null
  /** What an agent that talks is doing; null for a mission that does not talk. */
  readonly turn: Turn | null
  /** Messages that the agent has not answered. */
  readonly messages: number
  /** Questions of the agent that wait for a person. */
  readonly asks: number
  /** By the agent's own account; null for a mission that does not talk. US dollars. */
  readonly cost_usd: number | null
  /** Tokens of all kinds. */
  readonly tokens: number | null
  /** How often the agent's model was called. */
  readonly turns: number | null
  readonly exit_code: number | null
  readonly exit_signal: string | null
  readonly exit_class: ExitClass | null
  /** One sentence: why it ended. */
  readonly exit_reason: string | null
}

/** What a live mission uses and has spent. */
export interface UsageView extends Pick<
  MissionView,
  'id' | 'name' | 'status' | 'asks' | 'command' | 'tokens' | 'cost_usd' | 'turns'
> {
  readonly processes: number
  /** Processor time that its living processes have used. */
  readonly cpu_ms: number
  readonly memory_bytes: number
}

export interface UsageList {
  /** When it was looked. */
  readonly at: string
  readonly missions: readonly UsageView[]
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
  /** A text is a line for `sh -c`, or an agent's prompt; a list is a program and its arguments, as they are. */
  readonly command?: string | readonly string[]
  readonly name?: string
  /** Absolute. */
  readonly cwd?: string
  /** The whole environment; never given back. */
  readonly env?: Readonly<Record<string, string>>
  readonly type?: MissionType
  readonly provider?: string
  readonly model?: string
  /** Of the provider, see its page. */
  readonly options?: Readonly<Record<string, unknown>>
  readonly max_cost_usd?: number
  readonly max_turns?: number
  readonly max_tokens?: number
  readonly on_limit?: OnLimit
  readonly ask_timeout_ms?: number
  readonly on_ask_timeout?: OnAskTimeout
  readonly restart?: RestartPolicy
  /** How often it is started again after it failed: in place of `restart` and `max_restarts`. */
  readonly retries?: number
  readonly max_restarts?: number
  readonly max_seconds?: number
  readonly backoff_ms?: number
  readonly activity_timeout_ms?: number
  readonly activity?: Activity
  readonly timeout_ms?: number
  readonly stop_signal?: string
  readonly stop_timeout_ms?: number
  readonly success_codes?: readonly number[]
  readonly output_limit_bytes?: number
  /** Default: `cgroup` with one of the limits that follow, else `marks`. */
  readonly custody?: Custody
  readonly memory_bytes?: number
  readonly cpus?: number
  readonly pids?: number
  /** Id, name, or unique beginning of an id of the mission that it belongs to. */
  readonly parent?: string
  /** What becomes of it when its parent has exited. Default: `keep`. */
  readonly on_parent_exit?: OnParentExit
  /** `tell-parent`: its parent, when that is a session, is told that it has exited. Default: `nothing`. */
  readonly on_exit?: OnExit
  /** Names and values of your own, by which missions are found. */
  readonly labels?: Labels
  /** Of those that wait for a slot, the one with the highest goes first. Default: that of its parent, else 0. */
  readonly priority?: number
  /** The group of missions that it belongs to. Default: that of its parent, else `default`. */
  readonly colony?: string
  /** Runs it on a terminal of this size. Default: on none. */
  readonly terminal?: { readonly columns?: number; readonly rows?: number }
}

/** One run of a mission. */
export interface RunView {
  readonly run: number
  /** Null when it never became a process. */
  readonly started_at: string | null
  readonly ended_at: string | null
  readonly duration_ms: number | null
  readonly exit_code: number | null
  /** Why it ended; null while it goes on. */
  readonly reason: string | null
  /** US dollars, of agents that say so. */
  readonly cost_usd: number
}

/** The limits on missions at work, and who waits for them. */
export interface QueueView {
  readonly limits: readonly {
    /** `missions`, `provider <name>` or `colony <name>`. */
    readonly scope: string
    readonly most: number
    /** May be more than `most`, when that was lowered or a person would not wait. */
    readonly taken: number
  }[]
  /** In the order in which they would start, if only by their order. */
  readonly waiting: readonly {
    readonly mission: string
    readonly name: string
    readonly colony: string
    readonly provider: string
    readonly priority: number
    readonly since: string
    /** The scopes that have no room for it now. */
    readonly full: readonly string[]
  }[]
}

/** What was said to a session. */
export interface MessageView {
  /** A UUID. */
  readonly message: string
}

export interface AnswerView {
  /** The message that was answered; null when the agent spoke of its own. */
  readonly message: string | null
  readonly ok: boolean
  readonly run: number
  /** What the agent said. */
  readonly text: string
  readonly duration_ms: number | null
  /** US dollars, of this answer. */
  readonly cost_usd: number
  readonly turns: number
  readonly usage: readonly ModelUsageView[]
  /** All that the agent says of it, in its own words. */
  readonly details: Readonly<Record<string, unknown>>
}

/** What one model has used. */
export interface ModelUsageView {
  readonly model: string
  readonly cost_usd: number
  readonly input_tokens: number
  readonly output_tokens: number
  readonly cache_read_tokens: number
  readonly cache_write_tokens: number
}

/** A question of an agent that waits for a person. All text in it is the agent's. */
export interface AskView {
  readonly mission: string
  readonly name: string
  readonly ask: string
  readonly tool: string
  readonly summary: string
  /** What the tool would be given, as JSON. */
  readonly input: string
  /** What would allow this and the like. */
  readonly rule: string | null
  readonly at: string
  /** How many messages and missions wait for the answer. */
  readonly blocking: number
}

export interface DecisionRequest {
  readonly decision: 'allow' | 'deny'
  /** `once`, or all that the agent's own rule covers for as long as the mission lives. Default: `once`. */
  readonly scope?: 'once' | 'session' | undefined
  /** Instead of the agent's own rule. */
  readonly rule?: string | undefined
  /** Told to the agent with a refusal. */
  readonly reason?: string | undefined
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

/** A blueprint to be applied. */
export interface PipelineRequest {
  /** What a file of TOML says, as JSON. */
  readonly document: Readonly<Record<string, unknown>>
  /** The folder of agents that name none. Absolute. Default: that of the daemon. */
  readonly cwd?: string
  /** The environment of all agents; never given back. Default: that of the daemon. */
  readonly env?: Readonly<Record<string, string>>
  /** What is shown as the pipeline's command, such as the name of its file. */
  readonly source?: string
}

export interface ChangeView {
  readonly agent: string
  readonly change: 'added' | 'changed' | 'removed' | 'unchanged'
}

/** What became of a blueprint that was applied. */
export interface PipelineView {
  /** The pipeline: a mission, that `wait`, `logs`, `stop` and the like work on. */
  readonly mission: MissionView
  readonly outcome: 'started' | 'changed' | 'retried' | 'unchanged'
  readonly changes: readonly ChangeView[]
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
    readonly mission: string
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
  /** Commands of missions that are alive, one for each mission. */
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
  /** Whether missions can have control groups, and with which limits. */
  readonly cgroups: CgroupSupport
  readonly revision: number
}

/** Who is told of what, and how that goes. */
export interface HookView {
  readonly name: string
  readonly events: readonly string[]
  readonly filter: readonly string[]
  /** The command, or the address without its path; null for a hook that is no longer in the file and has left dead deliveries. */
  readonly to: string | null
  /** Events that have arrived since it is there. */
  readonly delivered: number
  /** Events that are yet to arrive. */
  readonly waiting: number
  /** Events that will not be tried again. */
  readonly dead: number
  /** Why a try failed the last time that one did. */
  readonly last_error: string | null
  readonly last_error_at: string | null
}

/** An event that did not arrive, however often it was tried. */
export interface DeadDeliveryView {
  /** `<hook>-<number of the event>`. */
  readonly delivery: string
  readonly hook: string
  readonly event: string
  readonly seq: number
  readonly mission: string | null
  readonly attempts: number
  readonly error: string
  readonly at: string
}

export interface HookTest {
  readonly delivery: string
  readonly delivered: boolean
  /** Why not. */
  readonly reason: string | null
  readonly duration_ms: number
}

export interface Reloaded {
  /** The file of settings; there need not be one. */
  readonly path: string
  readonly exists: boolean
  readonly limits: {
    readonly missions: number | null
    readonly providers: Readonly<Record<string, number>>
    readonly colonies: Readonly<Record<string, number>>
  }
  /** Hooks that are there now, and those that no longer are. */
  readonly hooks: readonly HookChange[]
}

export interface HookChange {
  readonly name: string
  readonly change: 'added' | 'changed' | 'removed' | 'unchanged'
  /** How many events waited for it and are dropped, since it is removed. */
  readonly dropped: number
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
  readonly field?: string | undefined
}
