/**
 * The process host: the only part that touches processes. It starts runs under their keepers, notices
 * how they end, signals and counts their process trees, and finds them again after a restart. It
 * decides nothing: what to do about an end is the mission's business.
 */
import type { Argument } from '../model/argument.ts'
import type { ProcessExit, Receipt } from '../model/exit.ts'
import type { Stream, Streams } from '../model/output.ts'
import type { CgroupSupport } from '../model/cgroup-support.ts'
import type { Activity, Custody, Environment, TerminalSize } from '../model/spec.ts'
import type { ProcessIdentity } from '../model/state.ts'
import type { Instant } from '../model/time.ts'
import type { Limits } from './cgroups/limits.ts'
import type { RunRef } from './run-ref.ts'
import type { RunUsage } from './usage.ts'

export interface Launch extends RunRef {
  readonly name: string
  readonly argv: readonly [string, ...Argument[]]
  readonly cwd: string
  readonly env: Environment
  readonly streams: Streams
  /** Of the terminal, when it is on one. */
  readonly size: TerminalSize
  readonly outputLimitBytes: number
  readonly activity: Activity
  /** What its control group limits; null when it gets none. */
  readonly limits: Limits | null
  /** What the keeper carries for a supervisor that has lost its store. */
  readonly copy: string
}

export interface Launched {
  readonly process: ProcessIdentity
  readonly at: Instant
}

/** How much of each stream has been accounted for, and trimmed. */
export type Seen = Readonly<Partial<Record<Stream, { readonly to: number; readonly trimmedTo: number }>>>

/** What is known of a run that an earlier supervisor left. */
export interface Abandoned extends RunRef {
  /** Null when the earlier supervisor died between the intent and the record. */
  readonly process: ProcessIdentity | null
  readonly startedAt: Instant | null
  readonly custody: Custody
  readonly streams: Streams
  readonly outputLimitBytes: number
  readonly activity: Activity
  readonly seen: Seen
  /** SIGKILL was to be sent to it: whether it was is not known. */
  readonly killed: boolean
}

export type Finding =
  /** It lives, and is watched from now on. */
  | { readonly kind: 'alive'; readonly launched: Launched }
  | { readonly kind: 'ended'; readonly exit: ProcessExit; readonly left: number }
  /** Its keeper never ran: it may be started now, and will have been started once. */
  | { readonly kind: 'never-started' }

/** A living keeper under this home, whoever started it. */
export interface FoundKeeper {
  readonly process: ProcessIdentity
  readonly at: Instant
  readonly environment: Environment
  /** The command it keeps. */
  readonly command: readonly [string, ...string[]]
}

export type HostEvent =
  | {
      readonly type: 'started'
      readonly ref: RunRef
      readonly process: ProcessIdentity
      readonly at: Instant
    }
  /** There is no process, and nothing is left of the attempt; `retry` when the machine may only be short of something. */
  | { readonly type: 'refused'; readonly ref: RunRef; readonly reason: string; readonly retry: boolean }
  | {
      readonly type: 'exited'
      readonly ref: RunRef
      readonly exit: ProcessExit
      readonly left: number
      readonly receipt: Receipt
    }
  /** What was to be told under this key is in the run's input. */
  | { readonly type: 'told'; readonly ref: RunRef; readonly key: string }
  /** It cannot be told anything any more: what copies to its stdin was ended from outside. */
  | { readonly type: 'deaf'; readonly ref: RunRef }
  | { readonly type: 'emptied'; readonly ref: RunRef; readonly receipt: Receipt }
  | { readonly type: 'orphaned'; readonly ref: RunRef }
  /** The host itself could not do something; runs go on. */
  | { readonly type: 'fault'; readonly error: unknown }
  | {
      readonly type: 'output'
      readonly ref: RunRef
      readonly stream: Stream
      readonly from: number
      readonly to: number
    }
  /** The bytes before `to` are about to be given back to the disk. */
  | { readonly type: 'trimming'; readonly ref: RunRef; readonly stream: Stream; readonly to: number }
  /** They could not be: the output is not limited. */
  | { readonly type: 'untrimmable'; readonly ref: RunRef; readonly reason: string }

export interface ProcessHost {
  readonly boot: string
  /** Where events go; set once, before anything is started. */
  listen(listener: (event: HostEvent) => void): void
  /** Whether runs can have control groups, and what these can limit. */
  cgroups(): CgroupSupport
  /** @throws OvermindError `cgroup_not_supported` when there can be no group, or one of these limits cannot be set */
  mustSupport(limits: Limits): void
  /** Starts a run; `started` or `refused` follows. */
  spawn(launch: Launch): void
  /** Finds runs that an earlier supervisor left, in the order given, and watches those that live. */
  recover(runs: readonly Abandoned[]): readonly Finding[]
  /** Living keepers under this home that `recover` did not find, for a supervisor that has lost its store. */
  unknownKeepers(): readonly FoundKeeper[]
  /** Sends a signal to the whole tree, having proved each process to be the run's own. */
  signal(ref: RunRef, signal: NodeJS.Signals): Promise<void>
  /**
   * Writes text, and the end of a line, to the stdin of a run that talks: as a whole and at most once for each key,
   * whichever supervisor was asked to. `told` follows. Nothing comes of it when the run ends before.
   */
  tell(ref: RunRef, line: { readonly key: string; readonly text: string }): void
  /** Stops waiting for the tree to be empty and reports it as `emptied`, naming what is left. */
  giveUp(ref: RunRef): Promise<void>
  /** For how long the run has shown none of the signs of life that count for it, in milliseconds; since its start at most. */
  quietFor(ref: RunRef): number
  /** What the watched runs use, by `<mission>.<run>`. */
  usage(): Promise<ReadonlyMap<string, RunUsage>>
  /** Stops watching; settles when nothing more can begin. Processes go on. */
  close(): Promise<void>
}
