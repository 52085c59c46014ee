import type { MissionSpec } from '../model/spec.ts'

/** What a provider makes of a mission: the program to run and how its output is to be kept. */
export interface Invocation {
  readonly argv: readonly [string, ...string[]]
  /** `merged`: for people, in true order. `split`: the provider parses stdout. */
  readonly streams: 'merged' | 'split'
}

/** Knows one kind of agent: its command line and, for agents that talk, its input and output. */
export interface Provider {
  readonly name: string
  invoke(spec: MissionSpec): Invocation
}
