/** The daemon's settings, as its parts take them. */
import type { ConcurrencyLimits } from '@overmind/core'

/** Text as it is, or where it is to be had when it is needed. */
export type Secret =
  | { readonly text: string }
  /** A variable of the daemon's environment. */
  | { readonly env: string }
  /** The absolute path of a file. */
  | { readonly file: string }

export type Target =
  | { readonly kind: 'command'; readonly argv: readonly [string, ...string[]] }
  | {
      readonly kind: 'url'
      readonly url: string
      readonly headers: Readonly<Record<string, Secret>>
      /** Signs what is sent. */
      readonly secret: Secret | null
    }

/** Who is told of what. */
export interface Hook {
  readonly name: string
  /** Types of events, or the beginnings of some followed by `.*`. */
  readonly events: readonly string[]
  /** As for `ps --filter`; with some, only events of missions that pass are told. */
  readonly filter: readonly string[]
  readonly target: Target
  readonly timeoutMs: number
  /** Tries after the first. */
  readonly retries: number
}

export interface Config {
  readonly limits: ConcurrencyLimits & {
    readonly providers: Readonly<Record<string, number>>
    readonly colonies: Readonly<Record<string, number>>
  }
  readonly hooks: readonly Hook[]
}

export const NO_CONFIG: Config = { limits: { providers: {}, colonies: {} }, hooks: [] }
