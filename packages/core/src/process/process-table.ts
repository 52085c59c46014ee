import type { MissionId, Run } from '../model/ids.ts'
import type { ProcessIdentity } from '../model/state.ts'

/** One living process; those that are dead but not yet reaped are not processes to us. */
export interface ProcessEntry {
  readonly pid: number
  readonly parent: number
  readonly group: number
  /** The session's leader, or null where the system does not say. */
  readonly session: number | null
  /** See `ProcessIdentity.start`. */
  readonly start: string
}

/** What a process's environment says about whose it is. */
export type Marker =
  | { readonly kind: 'mission'; readonly mission: MissionId; readonly run: Run; readonly home: string }
  /** A process of Overmind itself, which belongs to no mission even when a mission started it. */
  | { readonly kind: 'supervisor' }
  /** It is becoming another program in this very moment: what it carries cannot be seen. */
  | { readonly kind: 'changing' }

/** What a process uses. */
export interface Load {
  /** Processor time since it began, with what its children had used that have ended and that it waited for; milliseconds. */
  readonly cpuMs: number
  readonly memoryBytes: number
}

/** What the operating system knows of its processes. */
export interface ProcessTable {
  /** Names the boot of this machine. */
  readonly boot: string
  /** The identity of a living process, or null. */
  identify(pid: number): ProcessIdentity | null
  /** When a process started, in milliseconds since boot with the time it was suspended; null when that cannot be told. */
  bornAt(identity: ProcessIdentity): number | null
  /** Now, on the same clock. */
  uptime(): number | null
  /** Every living process. */
  scan(): readonly ProcessEntry[]
  entry(pid: number): ProcessEntry | null
  /** The ids of processes that lost their parent, dead ones included; null when this system does not list them. */
  orphans(): readonly number[] | null
  /** The marker in a process's environment; null when there is none or it may not be read. */
  marker(pid: number): Marker | null
  /** The environment a process was started with, or null when it may not be read. */
  environment(pid: number): Readonly<Record<string, string>> | null
  /** What a process uses; null when it is gone. */
  load(pid: number): Load | null
  /** The arguments a process was started with, or null. */
  commandLine(pid: number): readonly string[] | null
}

export function isSameProcess(a: ProcessIdentity, b: ProcessIdentity | null): boolean {
  return b !== null && a.pid === b.pid && a.start === b.start && a.boot === b.boot
}
