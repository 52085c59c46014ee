/** The same child several times over, so that work is spread by a key: Elixir's `PartitionSupervisor`. */
import { availableParallelism } from 'node:os'
import type { ActorRefFromLogic, AnyActorLogic } from 'xstate'
import { OvermindError } from '../model/errors.ts'
import type { ChildCounts, ChildView } from './children.ts'
import { checkIntensity, invalid, isCount } from './flags.ts'
import type { Intensity } from './intensity.ts'
import {
  environmentOf,
  handleOf,
  type Kind,
  logicOf,
  startRoot,
  type StartOptions,
  type SupervisorHandle,
  type SupervisorLogic,
} from './logic.ts'
import type { ChildTemplate, InputField } from './spec.ts'
import { createSupervisor, type Plan, plan } from './supervisor.ts'

/** `maxRestarts` and `maxSeconds` are 3 and 5 unless given. */
export interface PartitionSupervisorOptions<
  Logic extends AnyActorLogic = AnyActorLogic,
> extends Partial<Intensity> {
  /** The child of each partition. Partitions are numbered from 0; the child's id is its partition's number. */
  readonly child: (partition: number) => Omit<ChildTemplate<Logic>, 'id'> & InputField<Logic>
  /** How many there are at first, and at most. An integer, 1 or more. Default: one for each core. */
  readonly partitions?: number
  readonly autoShutdown?: 'never'
}

/** A partition supervisor at work. */
export interface PartitionSupervisor<Logic extends AnyActorLogic = AnyActorLogic> extends SupervisorHandle {
  /**
   * The actor responsible for a key: an integer by its remainder, anything else by its hash, so that it is the
   * same partition each time until it is resized.
   *
   * @throws OvermindError `child_not_found` when there is no partition, or its child does not run;
   * `supervisor_ended`
   */
  at(key: string | number): ActorRefFromLogic<Logic>
  /** How many partitions are in use. */
  partitions(): number
  /**
   * Takes partitions out of use, the highest first, or back into it.
   *
   * @throws OvermindError `invalid_supervisor` unless it is an integer from 0 to what there was at first,
   * `child_start_failed`, `supervisor_ended`
   */
  resize(partitions: number): Promise<void>
  /** The children at this moment, the highest partition first. @throws OvermindError `supervisor_ended` */
  whichChildren(): readonly ChildView[]
  /** `specs` is what there was at first, `active` what runs. @throws OvermindError `supervisor_ended` */
  countChildren(): ChildCounts
}

/** @throws OvermindError `invalid_supervisor`, `invalid_child_spec` */
function planOf(options: PartitionSupervisorOptions): Plan {
  const { child, partitions = availableParallelism(), autoShutdown = 'never' } = options
  if (typeof child !== 'function') throw invalid('child', child, 'a function of the partition')
  if (!isCount(partitions) || partitions === 0)
    throw invalid('partitions', partitions, 'an integer, 1 or more')
  if (autoShutdown !== 'never') throw invalid('autoShutdown', autoShutdown, 'never when it has partitions')
  return plan({
    strategy: 'one_for_one',
    ...checkIntensity(options, { maxRestarts: 3, maxSeconds: 5 }),
    children: Array.from({ length: partitions }, (_, partition) => ({
      ...child(partition),
      id: String(partition),
    })),
  })
}

const kind: Kind<Plan, PartitionSupervisor> = {
  name: 'partition supervisor',
  handles: new WeakMap(),
  create(first, setting) {
    const most = first.children.length
    const base = createSupervisor(first, setting)
    const { terminateChild, restartChild, whichChildren, countChildren, ...common } = base.handle
    let inUse = most
    let resized: Promise<void> = Promise.resolve()

    async function resizeTo(partitions: number): Promise<void> {
      while (inUse > partitions) {
        await terminateChild(String(inUse - 1))
        inUse -= 1
      }
      while (inUse < partitions) {
        await restartChild(String(inUse))
        inUse += 1
      }
    }

    const handle: PartitionSupervisor = {
      ref: common.ref,
      stop: common.stop,
      exited: common.exited,
      print: common.print,
      toString: common.print,
      [Symbol.asyncDispose]: common[Symbol.asyncDispose],
      whichChildren,
      countChildren,
      partitions: () => inUse,
      at(key) {
        const partition = inUse === 0 ? undefined : partitionOf(key, inUse)
        const child = whichChildren().find(({ id }) => id === String(partition))
        if (child?.ref !== undefined && child.state === 'running') return child.ref
        const what =
          partition === undefined ? 'there are no partitions' : `partition ${partition} does not run`
        throw new OvermindError('child_not_found', what, { value: key })
      },
      resize(partitions) {
        if (!isCount(partitions) || partitions > most) {
          return Promise.reject(invalid('partitions', partitions, `an integer from 0 to ${most}`))
        }
        const next = resized.then(() => resizeTo(partitions))
        // Whoever asked for this one is told of its failure, and the next one does not depend on it.
        resized = next.catch(() => undefined)
        return next
      },
    }
    return { ...base, handle }
  },
}

function partitionOf(key: string | number, partitions: number): number {
  if (typeof key === 'number' && Number.isInteger(key)) return Math.abs(key) % partitions
  // FNV-1a: short, and the same everywhere.
  let hash = 0x811c9dc5
  for (const character of String(key)) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0
  }
  return hash % partitions
}

/** Actor logic that supervises partitions. Its handle: `partitionSupervisorOf`. */
export function partitionSupervisorLogic<Logic extends AnyActorLogic>(
  options: PartitionSupervisorOptions<Logic>,
): SupervisorLogic {
  return logicOf(kind, () => planOf(options))
}

/** The handle of a partition supervisor that is an actor. @throws OvermindError `not_a_supervisor` */
export function partitionSupervisorOf(ref: object | undefined): PartitionSupervisor {
  return handleOf(kind, ref)
}

/**
 * Starts a supervisor with one child for each partition.
 *
 * @throws OvermindError `invalid_supervisor`, `invalid_child_spec`, `child_start_failed`
 * @example
 * ```ts
 * const caches = await startPartitionSupervisor({ partitions: 4, child: () => ({ start: cache }) })
 * caches.at('user:17').send({ type: 'put', value: 42 })
 * ```
 */
export async function startPartitionSupervisor<Logic extends AnyActorLogic>(
  options: PartitionSupervisorOptions<Logic>,
  start: StartOptions = {},
): Promise<PartitionSupervisor<Logic>> {
  return handleOf(
    kind,
    await startRoot(
      logicOf(kind, () => planOf(options), environmentOf(start)),
      start,
    ),
  )
}
