/**
 * A supervisor of children that come and go: Elixir's `DynamicSupervisor`, and with a template OTP's
 * `simple_one_for_one`. Children are known by their actors, each is restarted alone, all are stopped at once.
 */
import type { AnyActorLogic, InputFrom } from 'xstate'
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
import { createCrew, type Crew, lastLife, type Member, type MemberState, STOPPED } from './crew.ts'
import { checkIntensity, invalid, isCount } from './flags.ts'
import type { Intensity } from './intensity.ts'
import { isSupervisor } from './kinship.ts'
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
import {
  checkChild,
  type ChildRef,
  type ChildSpec,
  type ChildTemplate,
  type DynamicChildInput,
} from './spec.ts'
import type { TreeNode } from './tree.ts'

/** `maxRestarts` and `maxSeconds` are 3 and 5 unless given. */
export interface DynamicSupervisorOptions extends Partial<Intensity> {
  /** Children at most, those that are being restarted included. Default: no limit. */
  readonly maxChildren?: number
  readonly strategy?: 'one_for_one'
  readonly autoShutdown?: 'never'
}

/** The options of a supervisor whose children differ by their input alone. */
export interface TemplateSupervisorOptions<Logic extends AnyActorLogic> extends DynamicSupervisorOptions {
  readonly template: ChildTemplate<Logic>
}

/** An actor that is, or was, somebody's child. */
type AnyChild = Pick<ChildRef, 'sessionId'>

/** What dynamic supervisors with and without a template have in common. */
export interface DynamicSupervisorHandle extends SupervisorHandle {
  /** Stops a child, or its restarts, and forgets it. @throws OvermindError `child_not_found`, `supervisor_ended` */
  terminateChild(ref: AnyChild): Promise<void>
  /** @throws OvermindError `child_not_found`, `supervisor_ended` */
  childSpec(ref: AnyChild): ChildSpec
  /** The children at this moment. One that is being restarted shows the last it had. @throws OvermindError `supervisor_ended` */
  whichChildren(): readonly ChildView[]
  /** With a template there is one description, else one for each child. @throws OvermindError `supervisor_ended` */
  countChildren(): ChildCounts
}

/** A dynamic supervisor at work. */
export interface DynamicSupervisor extends DynamicSupervisorHandle {
  /**
   * Starts a child. One whose start is ignored, or that has ended for good, is forgotten.
   *
   * @throws OvermindError `invalid_child_spec`, `significant_not_allowed`, `max_children`, `child_start_failed`,
   * `supervisor_ended`
   */
  startChild<Logic extends AnyActorLogic>(spec: DynamicChildInput<Logic>): Promise<StartedChild<Logic>>
  /** Changes limits; children stay, even if they are too many now. @throws OvermindError `invalid_supervisor` */
  reconfigure(changes: DynamicSupervisorOptions): Promise<void>
}

/** A dynamic supervisor at work whose children differ by their input alone. */
export interface TemplateSupervisor<
  Logic extends AnyActorLogic = AnyActorLogic,
> extends DynamicSupervisorHandle {
  /** Starts a child. @throws OvermindError `max_children`, `child_start_failed`, `supervisor_ended` */
  startChild(
    ...input: undefined extends InputFrom<Logic> ? [input?: InputFrom<Logic>] : [input: InputFrom<Logic>]
  ): Promise<StartedChild<Logic>>
  /** Changes limits, and the template of children to come. @throws OvermindError `invalid_supervisor`, `invalid_child_spec` */
  reconfigure(changes: DynamicSupervisorOptions & { readonly template?: ChildTemplate<Logic> }): Promise<void>
}

interface Limits extends Intensity {
  readonly maxChildren: number
}

interface TemplatePlan {
  readonly limits: Limits
  readonly template: ChildSpec
}

/** @throws OvermindError `invalid_supervisor` */
function checkLimits(options: DynamicSupervisorOptions, before: Limits = DEFAULTS): Limits {
  const { strategy = 'one_for_one', autoShutdown = 'never', maxChildren = before.maxChildren } = options
  if (strategy !== 'one_for_one') throw invalid('strategy', strategy, 'one_for_one when it is dynamic')
  if (autoShutdown !== 'never') throw invalid('autoShutdown', autoShutdown, 'never when it is dynamic')
  if (maxChildren !== Infinity && !isCount(maxChildren)) {
    throw invalid('maxChildren', maxChildren, 'an integer, 0 or more')
  }
  return { ...checkIntensity(options, before), maxChildren }
}

const DEFAULTS: Limits = { maxRestarts: 3, maxSeconds: 5, maxChildren: Infinity }

/** @throws OvermindError `invalid_child_spec`, `significant_not_allowed` */
function checkDynamic(input: DynamicChildInput | ChildTemplate): ChildSpec {
  const usualType = isSupervisor(input?.start) ? 'supervisor' : 'worker'
  const spec = checkChild({ ...input, id: input?.id ?? 'child' }, usualType)
  if (!spec.significant) return spec
  const message = 'the children of a dynamic supervisor cannot be significant: it never shuts down by itself'
  throw new OvermindError('significant_not_allowed', message, { field: 'significant', value: spec.id })
}

/** Children by their actors; for one that is being restarted it is the last it had. */
interface Dynamic {
  readonly crew: Crew
  readonly handle: DynamicSupervisorHandle
  add(spec: ChildSpec): Promise<StartedChild>
  working<Handle extends SupervisorHandle>(handle: Handle): Working<Handle>
}

function dynamic(setting: Setting, limits: () => Limits, isTemplated: boolean): Dynamic {
  const members = new Map<AnyChild, Member>()
  const forget = (state: MemberState): void => {
    const ref = lastLife(state)?.ref
    if (ref !== undefined) members.delete(ref)
  }

  const crew = createCrew({
    ...setting,
    intensity: limits,
    stops: 'together',
    roster: {
      members: () => [...members.values()],
      affected: (member) => [member],
      changed: (member, before) => {
        const ref = lastLife(member.state)?.ref
        if (ref === lastLife(before)?.ref) return
        forget(before)
        if (ref !== undefined) members.set(ref, member)
      },
      left: (_, before) => forget(before),
      endsWith: () => false,
    },
  })
  const { self } = setting.scope

  function find(ref: AnyChild): Member {
    const member = members.get(ref)
    if (member === undefined) {
      const { sessionId } = ref
      throw new OvermindError('child_not_found', `${sessionId} is no child of this supervisor`, {
        value: sessionId,
      })
    }
    return member
  }

  function present(): Iterable<Member> {
    if (crew.phase() === 'ended') throw ended()
    return members.values()
  }

  function tree(): TreeNode {
    const { maxChildren } = limits()
    const most = maxChildren === Infinity ? '' : `, ${maxChildren} children at most`
    return supervisorNode(`${self.id} dynamic supervisor, ${often(limits())}${most}, ${crew.phase()}`, [
      ...members.values(),
    ])
  }

  return {
    crew,
    async add(spec) {
      const { maxChildren } = limits()
      if (members.size >= maxChildren) {
        throw new OvermindError(
          'max_children',
          `there are ${members.size} children, ${maxChildren} are allowed`,
          {
            value: maxChildren,
          },
        )
      }
      return bringAsked(crew, { spec, state: STOPPED })
    },
    handle: {
      ...commonHandle(setting.scope, crew, tree),
      terminateChild: (ref) =>
        crew.call(async () => {
          await crew.dismiss(find(ref))
          members.delete(ref)
        }),
      childSpec: (ref) => {
        present()
        return find(ref).spec
      },
      whichChildren: () => [...present()].toReversed().map(view),
      countChildren: () => {
        const counts = count(present())
        return isTemplated ? { ...counts, specs: 1 } : counts
      },
    },
    working: (handle) => ({ crew, handle, tree, begin: () => crew.begin([]) }),
  }
}

const dynamicKind: Kind<Limits, DynamicSupervisor> = {
  name: 'dynamic supervisor',
  handles: new WeakMap(),
  create(first, setting) {
    let limits = first
    const { crew, handle, add, working } = dynamic(setting, () => limits, false)
    return working({
      ...handle,
      startChild: (input) => crew.call(() => add(checkDynamic(input))),
      reconfigure: (changes) =>
        crew.call(() => {
          limits = checkLimits(changes, limits)
        }),
    })
  },
}

const templateKind: Kind<TemplatePlan, TemplateSupervisor> = {
  name: 'dynamic supervisor with a template',
  handles: new WeakMap(),
  create(first, setting) {
    let { limits, template } = first
    const { crew, handle, add, working } = dynamic(setting, () => limits, true)
    return working({
      ...handle,
      startChild: (...[input]: readonly unknown[]) => crew.call(() => add({ ...template, input })),
      reconfigure: (changes) =>
        crew.call(() => {
          const next = checkLimits(changes, limits)
          if (changes.template !== undefined) template = checkDynamic(changes.template)
          limits = next
        }),
    })
  },
}

/**
 * The handle of a dynamic supervisor without a template that is an actor.
 *
 * @throws OvermindError `not_a_supervisor`
 */
export function dynamicSupervisorOf(ref: object | undefined): DynamicSupervisor {
  return handleOf(dynamicKind, ref)
}

/** Actor logic that supervises children that come and go. Its handle: `dynamicSupervisorOf`. */
export function dynamicSupervisorLogic(options: DynamicSupervisorOptions = {}): SupervisorLogic {
  return logicOf(dynamicKind, () => checkLimits(options))
}

/**
 * Starts a supervisor without children, for children that come and go.
 *
 * @throws OvermindError `invalid_supervisor`, `invalid_child_spec`, `significant_not_allowed`
 * @example
 * ```ts
 * const sessions = await startDynamicSupervisor({ maxChildren: 1000 })
 * const { ref } = await sessions.startChild({ start: session, input: { user: 'ada' }, restart: 'temporary' })
 * ref?.send({ type: 'hello' })
 *
 * const jobs = await startDynamicSupervisor({ template: { start: job, restart: 'transient' } })
 * await jobs.startChild({ path: 'report.pdf' })
 * ```
 */
export function startDynamicSupervisor<Logic extends AnyActorLogic>(
  options: TemplateSupervisorOptions<Logic>,
  start?: StartOptions,
): Promise<TemplateSupervisor<Logic>>
export function startDynamicSupervisor(
  options?: DynamicSupervisorOptions,
  start?: StartOptions,
): Promise<DynamicSupervisor>
export async function startDynamicSupervisor(
  options: DynamicSupervisorOptions & { readonly template?: ChildTemplate } = {},
  start: StartOptions = {},
): Promise<DynamicSupervisorHandle> {
  const { template } = options
  const environment = environmentOf(start)
  if (template === undefined) {
    const logic = logicOf(dynamicKind, () => checkLimits(options), environment)
    return handleOf(dynamicKind, await startRoot(logic, start))
  }
  const plan = (): TemplatePlan => ({ limits: checkLimits(options), template: checkDynamic(template) })
  return handleOf(templateKind, await startRoot(logicOf(templateKind, plan, environment), start))
}
