import type {
  ActorRef,
  AnyActorLogic,
  AnyEventObject,
  EventFromLogic,
  InputFrom,
  Snapshot,
  SnapshotFrom,
} from 'xstate'
import { OvermindError } from '../model/errors.ts'
import type { RestartType } from './strategy.ts'

/** What a child's `start` returns (or its logic has as output at once) to say: not needed, and no error. */
export const ignore: Ignore = Object.freeze({ overmind: 'ignore' })

export interface Ignore {
  readonly overmind: 'ignore'
}

export function isIgnore(value: unknown): value is Ignore {
  return value === ignore
}

/** How a child ends: stopped at once, or asked by its `stopEvent` and given so many milliseconds, or for ever. */
export type ShutdownTime = 'brutal_kill' | 'infinity' | number

export type ChildType = 'worker' | 'supervisor'

/** Logic with something to tell whoever called `startChild`. */
export interface LogicWithInfo<Logic extends AnyActorLogic> {
  readonly logic: Logic
  readonly info: unknown
}

/** Called at each start and restart with the child's input. What it throws is a failure to start. */
export type StartFunction<Logic extends AnyActorLogic> = (
  input: InputFrom<Logic>,
) => Logic | LogicWithInfo<Logic> | Ignore

interface ChildFields<Logic extends AnyActorLogic> {
  readonly start: Logic | StartFunction<Logic>
  /** Default: 5000 for a worker, `infinity` for a supervisor. Milliseconds. */
  readonly shutdown?: ShutdownTime
  /** Default: `supervisor` when `start` is a supervisor's logic, else `worker`. */
  readonly type?: ChildType
  /**
   * Asks the child to end by itself. A child without one is stopped at once, as a process that does not trap
   * exits; supervisors need none.
   */
  readonly stopEvent?: EventFromLogic<Logic>
  /** The child counts as started when this holds; if it ends before, it could not be started. */
  readonly ready?: (snapshot: SnapshotFrom<Logic>) => boolean
  /** How long `ready` may take, in milliseconds. Default: for ever. */
  readonly startTimeout?: number
  /** The name in the actor system, which each new life takes over. */
  readonly systemId?: string
}

export type InputField<Logic extends AnyActorLogic> =
  undefined extends InputFrom<Logic>
    ? { readonly input?: InputFrom<Logic> }
    : { readonly input: InputFrom<Logic> }

type RestartFields =
  | {
      /** Default: `permanent`. */
      readonly restart?: RestartType
      readonly significant?: false
    }
  | {
      readonly restart: Exclude<RestartType, 'permanent'>
      /** Its end may end the supervisor, see `autoShutdown`. */
      readonly significant: true
    }

/** The description of a child. Its input and events are those of its logic. */
export type ChildInput<Logic extends AnyActorLogic = AnyActorLogic> = {
  /** Unique among the children of one supervisor. */
  readonly id: string
} & ChildFields<Logic> &
  InputField<Logic> &
  RestartFields

/** The description of a child that is known by its actor. */
export type DynamicChildInput<Logic extends AnyActorLogic = AnyActorLogic> = {
  /** For people; it need not be unique. Default: `child`. */
  readonly id?: string
  /** Default: `permanent`. */
  readonly restart?: RestartType
} & ChildFields<Logic> &
  InputField<Logic>

/** What the children of a supervisor have in common that differ by their input alone. */
export type ChildTemplate<Logic extends AnyActorLogic = AnyActorLogic> = {
  /** For people. Default: `child`. */
  readonly id?: string
  /** Default: `permanent`. */
  readonly restart?: RestartType
} & ChildFields<Logic>

/**
 * A child's description, checked against its logic where it is written down, for a list that is made
 * elsewhere. Inside `children: [...]` it is not needed.
 *
 * @example
 * ```ts
 * const db = child({ id: 'db', start: connect, input: { url: 'postgres://…' }, shutdown: 5000 })
 * ```
 */
export function child<Logic extends AnyActorLogic>(spec: ChildInput<Logic>): ChildInput {
  return spec
}

/** An actor as a supervisor knows its children. */
export type ChildRef = ActorRef<Snapshot<unknown>, AnyEventObject>

/** The complete description of a child, defaults filled in. */
export interface ChildSpec {
  readonly id: string
  /** Undefined for a temporary child that has started: it is never started again, so nothing is kept. */
  readonly start: ChildInput['start'] | undefined
  readonly input: unknown
  readonly restart: RestartType
  readonly shutdown: ShutdownTime
  readonly type: ChildType
  readonly significant: boolean
  readonly stopEvent: AnyEventObject | undefined
  readonly ready: ((snapshot: Snapshot<unknown>) => boolean) | undefined
  readonly startTimeout: number | undefined
  readonly systemId: string | undefined
}

type Rule = readonly [holds: (value: unknown) => boolean, says: string]

const isName = (value: unknown): boolean => typeof value === 'string' && value !== ''
const isDuration = (value: unknown): boolean =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0
const oneOf = (...values: readonly unknown[]): Rule => [
  (value) => values.includes(value),
  values.map((value) => String(value)).join(', '),
]
const optional = ([holds, says]: Rule): Rule => [(value) => value === undefined || holds(value), says]

const RULES: Readonly<Record<keyof ChildSpec, Rule>> = {
  id: [isName, 'a text'],
  start: [
    (value) => typeof value === 'function' || isLogic(value),
    'actor logic or a function that returns it',
  ],
  input: [() => true, ''],
  restart: optional(oneOf('permanent', 'transient', 'temporary')),
  shutdown: optional([
    (value) => value === 'brutal_kill' || value === 'infinity' || isDuration(value),
    'brutal_kill, infinity or milliseconds',
  ]),
  type: optional(oneOf('worker', 'supervisor')),
  significant: optional(oneOf(true, false)),
  stopEvent: optional([
    (value) =>
      typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string',
    'an event',
  ]),
  ready: optional([(value) => typeof value === 'function', 'a function']),
  startTimeout: optional([isDuration, 'milliseconds']),
  systemId: optional([isName, 'a text']),
}

const CHECKS = Object.entries(RULES)

function isLogic(value: unknown): value is AnyActorLogic {
  return (
    typeof value === 'object' &&
    value !== null &&
    'transition' in value &&
    typeof value.transition === 'function' &&
    'getInitialSnapshot' in value &&
    typeof value.getInitialSnapshot === 'function'
  )
}

/** Fields that are not known are ignored. @throws OvermindError `invalid_child_spec`, `significant_not_allowed` */
export function checkChild(input: ChildInput, usualType: ChildType): ChildSpec {
  const given: unknown = input
  if (typeof given !== 'object' || given === null) {
    throw new OvermindError('invalid_child_spec', 'a child is described by an object', { value: given })
  }
  for (const [field, [holds, says]] of CHECKS) {
    const value: unknown = Reflect.get(given, field)
    if (holds(value)) continue
    const fault = value === undefined ? 'is missing' : `must be ${says}`
    throw new OvermindError('invalid_child_spec', `a child's ${field} ${fault}`, { field, value })
  }
  const type = input.type ?? usualType
  const restart = input.restart ?? 'permanent'
  const significant = input.significant ?? false
  if (significant && restart === 'permanent') {
    throw new OvermindError(
      'significant_not_allowed',
      'a permanent child never ends for good, so it cannot be significant',
      { field: 'significant', value: input.id },
    )
  }
  return {
    id: input.id,
    start: input.start,
    input: Reflect.get(given, 'input'),
    restart,
    shutdown: input.shutdown ?? (type === 'supervisor' ? 'infinity' : 5000),
    type,
    significant,
    stopEvent: input.stopEvent as AnyEventObject | undefined,
    ready: input.ready,
    startTimeout: input.startTimeout,
    systemId: input.systemId,
  }
}

/** A temporary child is not started again: what it was started from need not be remembered. */
export function forgetStart(spec: ChildSpec): ChildSpec {
  return { ...spec, start: undefined, input: undefined, ready: undefined }
}
