import type { Environment, MissionSpec } from '../model/spec.ts'

/** What a provider makes of a mission: the program to run and how its output is to be kept. */
export interface Invocation {
  readonly argv: readonly [string, ...string[]]
  /** `merged`: for people, in true order. `split`: the provider parses stdout. `terminal`: it draws on a screen. */
  readonly streams: 'merged' | 'split' | 'terminal'
}

/** How a run ended that nobody here had ended: all that a provider judges by. */
export interface RunEnd {
  /** Null when it could not be learned. */
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** The last output, at most 4 KB; empty when the code is 0. */
  readonly tail: string
  /** Milliseconds since 1970: what "resets in 5 minutes" counts from. */
  readonly at: number
}

/** What only a provider can tell of an end. */
export type Judgement =
  /** It would end the same way each time: a bad flag, no credentials. Never restarted. */
  | { readonly kind: 'permanent'; readonly reason: string }
  /** Its account may not be used for a while. Not a failure: nothing is charged. */
  | {
      readonly kind: 'rate-limited'
      readonly reason: string
      /** When the limit ends, in milliseconds since 1970; null when that is not known. */
      readonly until: number | null
      /** Whose limit it is, named as `Provider.account` names it. */
      readonly account: string
    }

/** Knows one kind of agent: its command line and, for agents that talk, its input and output. */
export interface Provider {
  readonly name: string
  invoke(spec: MissionSpec): Invocation
  /** Pure: the account that a mission will use, so that it waits while that is limited. Default: the provider's name. */
  account?(spec: MissionSpec, env: Environment): string
  /** Pure: what to make of an end; undefined when it tells nothing special. Not asked about an end that was asked for. */
  judge?(end: RunEnd): Judgement | undefined
}
