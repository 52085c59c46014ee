import type { AnyActorLogic } from 'xstate'
import { OvermindError } from '../model/errors.ts'
import type { Charge, Intensity } from './intensity.ts'
import { checkChild, type ChildInput, type ChildSpec } from './spec.ts'
import { isSupervisor } from './kinship.ts'
import type { AutoShutdown, Strategy } from './strategy.ts'

/** The children of a supervisor, each held against its own logic. */
export type Children<Logics extends readonly AnyActorLogic[]> = {
  readonly [Index in keyof Logics]: ChildInput<Logics[Index]>
}

/** What a supervisor is made from. `maxRestarts` and `maxSeconds` are 1 and 5 unless given. */
export interface SupervisorOptions<
  Logics extends readonly AnyActorLogic[] = readonly AnyActorLogic[],
> extends Partial<Intensity> {
  readonly strategy: Strategy
  /** Default: `never`. */
  readonly autoShutdown?: AutoShutdown
  /** Restarts that one before it was charged and that count for this one too, oldest first. Default: none. */
  readonly charges?: readonly Charge[]
  /** Started in this order, and stopped in reverse. */
  readonly children?: Children<Logics>
}

export interface Flags extends Intensity {
  readonly strategy: Strategy
  readonly autoShutdown: AutoShutdown
}

const STRATEGIES: readonly string[] = ['one_for_one', 'one_for_all', 'rest_for_one'] satisfies Strategy[]
const MODES: readonly string[] = ['never', 'any_significant', 'all_significant'] satisfies AutoShutdown[]

/** Flags that are not known are ignored. @throws OvermindError `invalid_supervisor` */
export function checkFlags(options: SupervisorOptions, before?: Flags): Flags {
  const strategy = options.strategy ?? before?.strategy
  if (!STRATEGIES.includes(strategy)) throw invalid('strategy', strategy, STRATEGIES.join(', '))
  const autoShutdown = options.autoShutdown ?? before?.autoShutdown ?? 'never'
  if (!MODES.includes(autoShutdown)) throw invalid('autoShutdown', autoShutdown, MODES.join(', '))
  return { strategy, autoShutdown, ...checkIntensity(options, before ?? { maxRestarts: 1, maxSeconds: 5 }) }
}

/** @throws OvermindError `invalid_supervisor` */
export function checkIntensity(options: Partial<Intensity>, before: Intensity): Intensity {
  const { maxRestarts = before.maxRestarts, maxSeconds = before.maxSeconds } = options
  if (!isCount(maxRestarts)) throw invalid('maxRestarts', maxRestarts, 'an integer, 0 or more')
  if (typeof maxSeconds !== 'number' || !Number.isFinite(maxSeconds) || maxSeconds <= 0) {
    throw invalid('maxSeconds', maxSeconds, 'a number of seconds, more than 0')
  }
  return { maxRestarts, maxSeconds }
}

export function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0
}

export function invalid(field: string, value: unknown, says: string): OvermindError {
  return new OvermindError('invalid_supervisor', `a supervisor's ${field} must be ${says}`, { field, value })
}

/** @throws OvermindError `invalid_child_spec`, `duplicate_child_id`, `significant_not_allowed` */
export function checkChildren(
  children: readonly ChildInput[],
  { autoShutdown }: Flags,
): readonly ChildSpec[] {
  const specs = children.map((child) => checkMember(child, autoShutdown))
  const ids = new Set<string>()
  for (const { id } of specs) {
    if (ids.has(id)) {
      throw new OvermindError('duplicate_child_id', `two children have the id ${id}`, {
        field: 'id',
        value: id,
      })
    }
    ids.add(id)
  }
  return specs
}

/** @throws OvermindError `invalid_child_spec`, `significant_not_allowed` */
export function checkMember(child: ChildInput, autoShutdown: AutoShutdown): ChildSpec {
  const spec = checkChild(child, isSupervisor(child?.start) ? 'supervisor' : 'worker')
  if (spec.significant && autoShutdown === 'never') {
    throw new OvermindError(
      'significant_not_allowed',
      `the child ${spec.id} is significant, but the supervisor never shuts down for that: set autoShutdown`,
      { field: 'significant', value: spec.id },
    )
  }
  return spec
}
