/** Missions that are no process: what is done for them is done inside the supervisor. */
import type { Run } from '../model/ids.ts'
import type { Environment, MissionInput, MissionSpec, MissionType } from '../model/spec.ts'
import type { Mission } from './mission-handle.ts'
import type { Runtime } from './runtime-handle.ts'

/**
 * Knows one kind of mission that looks after others: a pipeline, for example. Such a mission has runs, a log, an exit code and
 * a place in its family as any other, and a supervisor that dies in the middle is followed by one that goes on.
 */
export interface Controller {
  /** What such missions name as their provider. */
  readonly name: string
  /** The type that they have, and no others. */
  readonly type: Exclude<MissionType, 'task' | 'session'>
  /**
   * Checks a description before anything is started; `checkMission` does so for a mission that it may start later, when its folder and
   * program may be there. Default: nothing.
   *
   * @throws OvermindError that says what is wrong and what to do
   */
  check?(spec: MissionSpec, env: Environment, checkMission: CheckMission): Promise<void>
  /** Begins a run, or goes on with one: what an earlier supervisor did for it shows in the missions that it started. */
  begin(work: Work): Control
}

/** @throws OvermindError for what is wrong in itself */
export type CheckMission = (input: MissionInput) => void

/** What a controller is given for one run. */
export interface Work {
  readonly mission: Mission
  readonly env: Environment
  readonly run: Run
  /** This run was begun by an earlier supervisor. */
  readonly resumed: boolean
  readonly runtime: Runtime
  /** Writes a line to the mission's log. */
  log(line: string): void
}

/** A run of a controller. */
export interface Control {
  /** Gives the run's exit code. */
  readonly over: Promise<number>
  /** What it does now and what it waits for: sentences for people. */
  doing(): readonly string[]
  /** `ask`: it is to end what it has begun, and itself. `force`: at once. May be called more than once. */
  end(how: 'ask' | 'force'): void
  /** The supervisor goes. Nothing may be done any more; what was started goes on, and the next supervisor calls `begin`. */
  leave(): void
}
