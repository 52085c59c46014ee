/** A blueprint as it is run: checked, with its defaults and variables filled in. */
import type { MemberRestart, MissionInput, TeamStrategy } from '@overmind/core'

export interface Blueprint {
  /** What the pipeline is called; letters, digits, `-`, `_` and `.`. */
  readonly name: string
  /** Agents at work at a time; null for no limit. */
  readonly maxParallel: number | null
  /** Milliseconds that all of it may take; null for no limit. */
  readonly deadlineMs: number | null
  /** What all agents may spend together; null for no limit. */
  readonly maxCostUsd: number | null
  readonly maxTurns: number | null
  readonly maxTokens: number | null
  /**
   * In an order in which each stands behind all that it depends on, otherwise as in the file. Members of a team stand together, in the
   * order in which it starts them.
   */
  readonly agents: readonly Agent[]
}

export interface Agent {
  /** Of a copy: the agent's name and its number, `web-2`. */
  readonly name: string
  /** Which copy of which agent it is; null for an agent of which there is one. */
  readonly replica: { readonly of: string; readonly index: number; readonly update: Update } | null
  /** The team that supervises it, and when that starts it again; null when none does. */
  readonly team: { readonly of: Team; readonly restart: MemberRestart } | null
  /**
   * `command` and the texts of `options` may hold references to results of agents that it depends on, and braces that are written
   * as `{{ "{{" }}`: `fillIn` makes what is run of each of them, also where nothing is referred to.
   */
  readonly mission: Omit<MissionInput, 'name' | 'env' | 'parent'>
  /** On top of the environment of whoever applies it. Texts are put through `fillIn` as well. */
  readonly env: Readonly<Record<string, EnvValue>>
  /** In the order of the file. */
  readonly dependsOn: readonly Dependency[]
  /** What shows that it is ready; null: that it runs. */
  readonly ready: Probe | null
  /** What shows that it is still of use; null: that it runs. */
  readonly alive: Liveness | null
}

/** How copies are replaced whose description has changed. */
export interface Update {
  /** So many may be of no use at a time on account of that. */
  readonly maxUnavailable: number
  /** Milliseconds that a new copy has to come to be of use. */
  readonly withinMs: number
  /** Milliseconds that a copy without a probe must have run to be of use. */
  readonly stayUpMs: number
}

/** Agents that are supervised as one: they start together, and a failure of one is everybody's business that the strategy names. */
export interface Team {
  readonly name: string
  readonly strategy: TeamStrategy
  /** It gives up when it would start members again more often than `maxRestarts` times within `maxSeconds`. */
  readonly maxRestarts: number
  readonly maxSeconds: number
}

/** Secrets are named and never written down: a variable of whoever applies it, or a file that is read when the agent starts. */
export type EnvValue = string | { readonly fromEnv: string } | { readonly fromFile: string }

export interface Dependency {
  readonly agent: string
  /** What must have happened to it. */
  readonly when: Condition
  /** What follows when that cannot happen any more. */
  readonly onFailure: OnFailure
}

/**
 * `completed`: it has ended well. `started`: it runs, or has run. `ready`: its probe says so. `failed`: it has ended, and not
 * well. `ended`: it has ended.
 */
export type Condition = 'completed' | 'started' | 'ready' | 'failed' | 'ended'

/** `skip`: who waits for it is not started, nor is who waits for that one. `run`: it is started all the same. `stop`: all of the pipeline ends. */
export type OnFailure = 'skip' | 'run' | 'stop'

/** How it is seen that an agent is ready. */
export type Probe =
  | Look
  /** A line of its output in which this text is found. */
  | { readonly kind: 'output'; readonly text: string }

/** How it is seen that an agent is still of use: so many looks that fail one after the other end its run. */
export interface Liveness {
  readonly look: Look
  readonly failures: number
}

export type Look =
  /** A program that ends with 0, in the agent's folder and environment. */
  | { readonly kind: 'exec'; readonly argv: readonly [string, ...string[]]; readonly every: ProbeTimes }
  /** An answer with a status below 400. */
  | { readonly kind: 'http'; readonly url: string; readonly every: ProbeTimes }

export interface ProbeTimes {
  /** Milliseconds from the end of one look to the next. */
  readonly intervalMs: number
  /** Milliseconds after which a look has failed. */
  readonly timeoutMs: number
}
