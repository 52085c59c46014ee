/** A supervisor whose children are known by their ids and kept in order: OTP's `supervisor`. */
import type { AnyActorLogic } from 'xstate'
import { OvermindError } from '../model/errors.ts'
import {
  bringAsked,
  type ChildCounts,
  type ChildView,
  commonHandle,
  count,
  often,
  type StartedChild,
  supervisorNode,
  view,
} from './children.ts'
import { createCrew, type Crew, type Member, STOPPED } from './crew.ts'
import type { Charge } from './intensity.ts'
import { checkChildren, checkFlags, checkMember, type Flags, type SupervisorOptions } from './flags.ts'
import {
  environmentOf,
  handleOf,
  type Kind,
  logicOf,
  type Setting,
  startRoot,
  type StartOptions,
  type SupervisorHandle,
  type SupervisorLogic,
  type Working,
} from './logic.ts'
import { ended } from './queue.ts'
import { type ChildInput, type ChildSpec, forgetStart, type Ignore, ignore, isIgnore } from './spec.ts'
import { affected, wantsShutdown } from './strategy.ts'
import type { TreeNode } from './tree.ts'

/** What can be changed while it runs. What is left out stays. */
export type Reconfiguration = Partial<SupervisorOptions>

/**
 * A supervisor at work. Requests are done one at a time, behind what has happened before. Each rejects with
 * `supervisor_ended` when the supervisor has ended.
 */
export interface Supervisor extends SupervisorHandle {
  /**
   * Adds a child, last in order, and starts it.
   *
   * @throws OvermindError `invalid_child_spec`, `significant_not_allowed`, `child_already_started` (it runs),
   * `child_already_present` (it is there and does not run), `child_start_failed`: then nothing was added
   */
  startChild<Logic extends AnyActorLogic>(spec: ChildInput<Logic>): Promise<StartedChild<Logic>>
  /** Stops a child, or its restarts. Its description stays, unless it is temporary. @throws OvermindError `child_not_found` */
  terminateChild(id: string): Promise<void>
  /**
   * Starts a child that does not run. Charges nothing.
   *
   * @throws OvermindError `child_not_found`, `child_running`, `child_restarting`, `child_start_failed`
   */
  restartChild(id: string): Promise<StartedChild>
  /** Forgets a child that does not run. @throws OvermindError `child_not_found`, `child_running`, `child_restarting` */
  deleteChild(id: string): Promise<void>
  /** @throws OvermindError `child_not_found`, `supervisor_ended` */
  childSpec(id: string): ChildSpec
  /** The children at this moment, the youngest first. @throws OvermindError `supervisor_ended` */
  whichChildren(): readonly ChildView[]
  /** @throws OvermindError `supervisor_ended` */
  countChildren(): ChildCounts
  /**
   * Changes flags and descriptions; nothing is started or stopped. A description that is new is added, one
   * that is not given is kept, behind the others. What changes holds from the child's next start or end on.
   *
   * @throws OvermindError as `startSupervisor` does; then nothing was changed
   */
  reconfigure(changes: Reconfiguration): Promise<void>
}

export interface Plan {
  readonly flags: Flags
  readonly charges: readonly Charge[]
  readonly children: readonly ChildSpec[]
}

export function plan(options: SupervisorOptions): Plan {
  const flags = checkFlags(options)
  return { flags, charges: options.charges ?? [], children: checkChildren(options.children ?? [], flags) }
}

const kind: Kind<Plan, Supervisor> = {
  name: 'supervisor',
  create: createSupervisor,
  handles: new WeakMap(),
}

/**
 * The handle of a supervisor that is an actor, as a child of another supervisor is.
 *
 * @throws OvermindError `not_a_supervisor`
 * @example
 * ```ts
 * const { ref } = await supervisor.startChild({ id: 'web', start: supervisorLogic({ strategy: 'one_for_one' }) })
 * await supervisorOf(ref).startChild({ id: 'listener', start: listen })
 * ```
 */
export function supervisorOf(ref: object | undefined): Supervisor {
  return handleOf(kind, ref)
}

/**
 * Actor logic that supervises children, to be a child itself, or for `createActor`, `invoke` and `spawn`.
 *
 * @example
 * ```ts
 * const web = supervisorLogic({ strategy: 'rest_for_one', children: [{ id: 'pool', start: pool }] })
 * await startSupervisor({ strategy: 'one_for_one', children: [{ id: 'web', start: web }] })
 * ```
 */
export function supervisorLogic<Input = unknown>(
  /**
   * Called when it starts, with the child's input. What it throws is a failure to start. Children with an input
   * are best written with `child` here.
   */
  init: (input: Input) => SupervisorOptions | Ignore,
): SupervisorLogic<Input>
export function supervisorLogic<const Logics extends readonly AnyActorLogic[]>(
  options: SupervisorOptions<Logics>,
): SupervisorLogic
export function supervisorLogic<Input>(
  from: SupervisorOptions | ((input: Input) => SupervisorOptions | Ignore),
): SupervisorLogic<Input> {
  return logicOf(kind, planner(from))
}

function planner<Input>(
  from: SupervisorOptions | ((input: Input) => SupervisorOptions | Ignore),
): (input: Input) => Plan | Ignore {
  if (typeof from !== 'function') return () => plan(from)
  return (input) => {
    const options = from(input)
    return isIgnore(options) ? ignore : plan(options)
  }
}

/**
 * Starts a supervisor and its children, one after the other. Settles when all have started.
 *
 * @throws OvermindError `invalid_supervisor`, `invalid_child_spec`, `duplicate_child_id`,
 * `significant_not_allowed`; `child_start_failed` when a child could not be started: those before it have been
 * stopped again
 * @example
 * ```ts
 * const supervisor = await startSupervisor({
 *   strategy: 'rest_for_one',
 *   children: [
 *     { id: 'db', start: connect, input: { url: 'postgres://…' }, ready: ({ context }) => context.open },
 *     { id: 'api', start: api, restart: 'transient', stopEvent: { type: 'drain' }, shutdown: 10_000 },
 *   ],
 * })
 * console.log(supervisor.print())
 * await supervisor.stop()
 * ```
 */
export function startSupervisor(
  init: () => SupervisorOptions | Ignore,
  start?: StartOptions,
): Promise<Supervisor | Ignore>
export function startSupervisor<const Logics extends readonly AnyActorLogic[]>(
  options: SupervisorOptions<Logics>,
  start?: StartOptions,
): Promise<Supervisor>
export async function startSupervisor(
  from: SupervisorOptions | (() => SupervisorOptions | Ignore),
  start: StartOptions = {},
): Promise<Supervisor | Ignore> {
  const ref = await startRoot(logicOf(kind, planner<unknown>(from), environmentOf(start)), start)
  return isIgnore(ref.getSnapshot().output) ? ignore : handleOf(kind, ref)
}

export function createSupervisor(
  { flags: first, charges, children }: Plan,
  setting: Setting,
): Working<Supervisor> {
  let flags = first
  let members = new Map(children.map((spec): [string, Member] => [spec.id, { spec, state: STOPPED }]))

  const crew: Crew = createCrew({
    ...setting,
    intensity: () => flags,
    charges,
    stops: 'in_turn',
    roster: {
      members: () => [...members.values()],
      affected: (member) => affected(flags.strategy, members.values(), member),
      changed: () => undefined,
      left: ({ spec }) => {
        if (spec.restart === 'temporary') members.delete(spec.id)
      },
      endsWith: (member) =>
        wantsShutdown(
          flags.autoShutdown,
          member.spec,
          members.values().map(({ spec, state }) => ({
            significant: spec.significant,
            alive: state.kind !== 'stopped',
          })),
        ),
    },
  })
  const { self } = setting.scope

  function find(id: string): Member {
    const member = members.get(id)
    if (member === undefined)
      throw new OvermindError('child_not_found', `no child has the id ${id}`, { value: id })
    return member
  }

  function present(): ReadonlyMap<string, Member> {
    if (crew.phase() === 'ended') throw ended()
    return members
  }

  const handle: Supervisor = {
    ...commonHandle(setting.scope, crew, tree),

    startChild: (input) =>
      crew.call(async () => {
        const spec = checkMember(input, flags.autoShutdown)
        const { id } = spec
        switch (members.get(id)?.state.kind) {
          case 'running':
            throw new OvermindError('child_already_started', `the child ${id} runs already`, { value: id })
          case 'restarting':
          case 'stopped':
            throw new OvermindError('child_already_present', `the child ${id} is there already`, {
              value: id,
            })
          case undefined:
        }
        const member: Member = { spec, state: STOPPED }
        members.set(id, member)
        try {
          return await bringAsked(crew, member)
        } catch (error) {
          members.delete(id)
          throw error
        }
      }),

    terminateChild: (id) =>
      crew.call(async () => {
        const member = find(id)
        await crew.dismiss(member)
        if (member.spec.restart === 'temporary') members.delete(id)
      }),

    restartChild: (id) =>
      crew.call(() => {
        const member = find(id)
        refuseAlive(member)
        return bringAsked(crew, member)
      }),

    deleteChild: (id) =>
      crew.call(() => {
        refuseAlive(find(id))
        members.delete(id)
      }),

    childSpec: (id) => {
      present()
      return find(id).spec
    },

    whichChildren: () => [...present().values()].toReversed().map(view),
    countChildren: () => count(present().values()),

    reconfigure: (changes) =>
      crew.call(() => {
        const next = checkFlags({ ...changes, strategy: changes.strategy ?? flags.strategy }, flags)
        const specs = checkChildren(changes.children ?? [], next)
        flags = next
        members = merge(members, specs)
      }),
  }

  function tree(): TreeNode {
    const { strategy } = flags
    return supervisorNode(`${self.id} supervisor ${strategy}, ${often(flags)}, ${crew.phase()}`, [
      ...members.values(),
    ])
  }

  return { crew, handle, tree, begin: () => crew.begin([...members.values()]) }
}

function refuseAlive({ spec: { id }, state }: Member): void {
  switch (state.kind) {
    case 'running':
      throw new OvermindError('child_running', `the child ${id} runs: terminate it first`, { value: id })
    case 'restarting':
      throw new OvermindError('child_restarting', `the child ${id} is being restarted: terminate it first`, {
        value: id,
      })
    case 'stopped':
  }
}

/** Given ones first, in their order; then those that were not given, in theirs. */
function merge(before: ReadonlyMap<string, Member>, specs: readonly ChildSpec[]): Map<string, Member> {
  const next = new Map<string, Member>()
  for (const spec of specs) {
    const member = before.get(spec.id) ?? { spec, state: STOPPED }
    member.spec = spec.restart === 'temporary' && member.state.kind === 'running' ? forgetStart(spec) : spec
    next.set(spec.id, member)
  }
  for (const [id, member] of before) if (!next.has(id)) next.set(id, member)
  return next
}
