/** What is to be had of a runtime. */
import type { SubscribeOptions } from '../journal/journal.ts'
import type { CgroupSupport } from '../model/cgroup-support.ts'
import type { ConcurrencyLimits } from '../model/concurrency.ts'
import type { Gap, JournalEvent } from '../model/events.ts'
import type { MissionId, Seq } from '../model/ids.ts'
import type { MissionInput } from '../model/spec.ts'
import type { TeamInput } from '../model/team.ts'
import type { RunUsage } from '../process/usage.ts'
import type { Mission } from './mission-handle.ts'
import type { Recovery } from './recover.ts'
import type { Queue } from './slots.ts'
import type { Team } from './teams.ts'

export interface CloseOptions {
  /**
   * `stop`: missions are ended by their ladder first. `keep`: they go on without a supervisor, for the
   * next runtime over the same home. Default: `stop`.
   */
  readonly missions?: 'stop' | 'keep'
}

export interface SuccessorOptions {
  /**
   * A mission whose place it takes: it may have the name of that while that is still alive. Of two missions of a controller, what
   * is to end with the first is not ended when that exits: the second looks after it.
   */
  readonly inPlaceOf?: MissionId | undefined
}

export interface Runtime extends AsyncDisposable {
  readonly home: string
  readonly recovery: Recovery
  /** Whether missions can have control groups here, and which limits can be set: by now, since that may change. */
  cgroups(): CgroupSupport
  /**
   * Starts a mission; settles when its process runs, is found unable to, or waits: for a slot, or because its account is
   * rate-limited.
   *
   * @throws OvermindError `invalid_spec` and its kind when the description is wrong, `name_taken`,
   * `unknown_provider`, `cgroup_not_supported`, `cwd_not_found`, `command_not_found` and the like: then nothing was started.
   */
  start(input: MissionInput, options?: SuccessorOptions): Promise<Mission>
  /**
   * Checks whether a mission could be started as things are now; nothing is.
   *
   * @throws OvermindError as `start` does
   */
  check(input: MissionInput): Promise<void>
  /** The mission that an id, a name, or the unique beginning of an id means. @throws OvermindError `not_found`, `ambiguous_id` */
  get(reference: string): Mission
  /** All missions, the oldest first. */
  list(): readonly Mission[]
  /**
   * Makes a mission belong to another one: it counts for that one's budget, with all that it has spent, and ends with it if it
   * was to end with its parent.
   *
   * @throws OvermindError `not_found`; `invalid_spec` when it would belong to itself
   */
  move(reference: string, parent: string): void
  /** Forgets an exited mission, its events and its output. What belonged to it belongs to its parent, if it has one, and so does what it has spent. @throws OvermindError `not_found`, `not_exited` */
  remove(reference: string): Promise<void>
  /**
   * Starts missions as a team that is supervised as one: when a member fails for good, the strategy says who starts again
   * with it. Settles when all have started. The team outlives its supervisor as its missions do.
   *
   * @throws OvermindError `invalid_spec`, `name_taken` and whatever `start` throws: then nothing was started;
   * `child_start_failed` when a member could not be started: then all have been ended and forgotten
   * @example
   * ```ts
   * await using runtime = await createRuntime()
   * const team = await runtime.supervisor({
   *   strategy: 'rest_for_one',
   *   members: [
   *     { id: 'planner', mission: { command: 'plan --watch' } },
   *     { id: 'builder', mission: { command: 'build --from plan' } },
   *   ],
   * })
   * await team.over()
   * ```
   */
  supervisor(team: TeamInput): Promise<Team>
  /** Teams of this runtime, those that are over included. */
  teams(): readonly Team[]
  /** What happens, numbered. */
  events(options?: SubscribeOptions): AsyncIterableIterator<JournalEvent | Gap>
  /** What the processes of live missions use right now. */
  usage(): Promise<ReadonlyMap<MissionId, RunUsage>>
  /**
   * Sets how many missions may be at work at a time, in place of the limits before. Nothing that runs is ended for it, and those
   * that now have room start.
   *
   * @throws OvermindError `invalid_limits`; then nothing has changed
   * @example
   * ```ts
   * runtime.limit({ missions: 8, providers: { claude: 4 } })
   * ```
   */
  limit(limits: ConcurrencyLimits): void
  /** What the limits on missions at work hold up now. */
  queue(): Queue
  /** The number of the newest event: the revision that a list belongs to. */
  revision(): Seq
  /** A second call does nothing. */
  close(options?: CloseOptions): Promise<void>
}
