import type { Argument } from '../model/argument.ts'
import type { Memory, Spending, Trouble } from '../model/conversation.ts'
import type { Run } from '../model/ids.ts'
import type { Streams } from '../model/output.ts'
import type { Environment, MissionSpec, TerminalSize } from '../model/spec.ts'
import type { Talk } from './talk.ts'

/** What a provider knows of a mission when a run of it is about to begin. */
export interface Beginning {
  readonly spec: MissionSpec
  readonly env: Environment
  readonly run: Run
  /** Null for missions that do not talk. */
  readonly conversation: {
    readonly id: string | null
    /** There is something to go on with. */
    readonly resumes: boolean
    /** What it may do without asking, in its own words. */
    readonly rules: readonly string[]
    /** It was cut off from a message, which it will be told again, and may go on with by itself. */
    readonly unfinished: boolean
    readonly spent: Spending
    /** People sit down at the agent's own terminal for this run. */
    readonly terminal: TerminalSize | null
  } | null
}

/** The program to run and how it is connected. */
export interface Invocation {
  /** The program, and what it is called with. What may be a secret is a `PrivateArgument`: `ps` shows all others to every user. */
  readonly argv: readonly [string, ...Argument[]]
  /** With `talk` its input is the mission's messages, and the provider's `talk` says how. With `inner` nothing is started, see `Controller`. */
  readonly streams: Streams
  readonly env: Environment
}

/** How a run ended that nobody here had ended: all that a provider judges by. */
export interface RunEnd {
  /** Null when it could not be learned. */
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** The last output (of a mission that talks, the last errors), at most 4 KB; empty when the code is 0. */
  readonly tail: string
  /** Milliseconds since 1970: what "resets in 5 minutes" counts from. */
  readonly at: number
  /** What the agent last said was wrong, of a mission that talks. */
  readonly trouble: Trouble | null
}

/**
 * Knows one kind of agent: its command line and, for agents that talk, its input and output. `docs/providers.md`
 * shows how to write one; `providerContract` of `@overmind/core/testing` is the suite that each must pass.
 */
export interface Provider {
  readonly name: string
  /**
   * Checks what belongs to this agent alone: its options. Pure: of a mission that is to be started later, as an agent of a
   * blueprint, this is checked at once. Default: nothing.
   *
   * @throws OvermindError that says what is wrong and what to do
   */
  checkOptions?(spec: MissionSpec): void
  /**
   * Checks what must be there when it is started: whether the agent is installed. Default: nothing.
   *
   * @throws OvermindError that says what is wrong and what to do
   */
  check?(spec: MissionSpec, env: Environment): Promise<void>
  /** Pure: the same beginning is the same program. */
  invoke(beginning: Beginning): Invocation
  /** For agents that talk; null when missions of this kind do not. Pure. */
  talk?(spec: MissionSpec): Talk | null
  /** Looks up what the agent has of the conversation of earlier runs, before another goes on with it. Default: `closed`. */
  remembers?(beginning: Beginning): Promise<Memory>
  /** Pure: the account that a mission will use, so that it waits while that is limited. Default: the provider's name. */
  account?(spec: MissionSpec, env: Environment): string
  /** Pure: what to make of an end; undefined when it tells nothing special. Not asked about an end that was asked for. */
  judge?(end: RunEnd): Trouble | undefined
}
