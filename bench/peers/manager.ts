/** What a manager of processes is to this bench: the little that all of them have in common, each in its own usual way. */
import type { Command, Environment } from './command.ts'

/** Where a manager works: nothing outside of the folder is its own, and all that it starts has the environment. */
export interface Site {
  readonly home: string
  readonly env: Environment
}

export interface Job {
  readonly name: string
  /** Plain words without spaces or quotes, so that no manager's way of quoting matters. */
  readonly argv: readonly [string, ...string[]]
  readonly restart: 'always' | 'never'
  /** Whether its output is to be in a file; managers that keep all output do so anyway. */
  readonly logged: boolean
}

/** A manager at work. What it does not have, it cannot do. */
export interface Session {
  /** Whether jobs that crash are started again. Default: they are. */
  readonly restarts?: boolean
  /** The process that is the manager: the others descend from it. */
  pid(): Promise<number>
  /** Asks for all of them; whether they are up is for the jobs to say. */
  start(jobs: readonly Job[], signal: AbortSignal): Promise<void>
  /** The command that does nothing but start. */
  readonly idle?: Command
  /** What people type to see what there is. */
  readonly list?: Command
  /** The names of the jobs that it says are running. */
  running?(): Promise<ReadonlySet<string>>
  /** With which code a job ended, by what the manager says. */
  exitCode?(job: string): Promise<number | undefined>
  /** The files with a job's output. */
  logs(job: string): Promise<readonly string[]>
  /** What people do beforehand so that jobs are known after a crash. */
  save?(): Promise<void>
  /** Starts the manager again after a crash, as its documentation says. */
  reopen(): Promise<void>
}

export interface Manager {
  readonly name: string
  /** Which of its ways this bench takes, for people who know the manager. */
  readonly ways: string
  /** Another way to start the jobs of a manager that is measured in all else under its own name. */
  readonly startsOnly?: boolean
  /** Undefined when it is not on this machine. */
  version(): Promise<string | undefined>
  open(site: Site): Promise<Session>
}
