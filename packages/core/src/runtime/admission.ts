/** Whether a mission may be started, and what it is then: its provider, its place in a family, what it inherits. */
import { OvermindError } from '../model/errors.ts'
import type { MissionId } from '../model/ids.ts'
import type { Membership } from '../model/membership.ts'
import {
  type Caller,
  DEFAULT_COLONY,
  type MissionSpec,
  type ParsedMission,
  parseMission,
} from '../model/spec.ts'
import type { MissionRecord } from '../model/state.ts'
import { limitsOf } from '../process/cgroups/limits.ts'
import type { ProcessHost } from '../process/host.ts'
import { checkFolder } from '../process/launch-checks.ts'
import { checkTerminals } from '../process/terminal/launch.ts'
import type { Providers } from './providers.ts'
import type { Entry, Registry } from './registry.ts'
import type { Joining } from './teams.ts'

/** A mission that somebody wants. */
export interface Asked extends Omit<Joining, 'membership'> {
  readonly membership: Membership | null
  /** The mission whose name it may have although that is alive. */
  readonly inPlaceOf?: MissionId | undefined
}

/** A mission of which nothing stands in the way. */
export interface Prepared extends Pick<MissionRecord, 'spec' | 'env'> {
  /** Undefined for one that is made up. */
  readonly name: string | undefined
}

export interface Admission {
  /** Reads what was given. @throws OvermindError */
  check(input: unknown): void
  /** Sees that a mission can be started, which takes a moment; nothing is noted. @throws OvermindError */
  prepare(asked: Asked): Promise<Prepared>
  /** @throws OvermindError `not_running` when a mission is bound to one that has exited */
  mustHaveParent(spec: Pick<MissionSpec, 'parent' | 'onParentExit'>): void
  /** Gives it its name back. @throws OvermindError `not_found`, `not_running`, `name_taken`, `runtime_closed` */
  mayRunAgain(entry: Entry): void
}

export interface AdmissionDeps {
  readonly registry: Registry
  readonly providers: Providers
  readonly host: Pick<ProcessHost, 'mustSupport'>
  /** @throws OvermindError `runtime_closed` */
  mustBeOpen(): void
}

export function createAdmission({ registry, providers, host, mustBeOpen }: AdmissionDeps): Admission {
  function mustHaveParent({ parent: id, onParentExit }: Pick<MissionSpec, 'parent' | 'onParentExit'>): void {
    if (id === null || onParentExit === 'keep') return
    const parent = registry.find(id)
    if (parent?.live === true) return
    const fate =
      parent === undefined ? 'was forgotten: start a new one in its place' : 'has exited: restart that first'
    throw new OvermindError(
      'not_running',
      `the mission ends with its parent ${parent?.name ?? id}, which ${fate}`,
      { field: 'parent', value: id },
    )
  }

  function groupOf(
    { inherited }: Pick<ParsedMission, 'inherited'>,
    parent: MissionId | null,
  ): Pick<MissionSpec, 'priority' | 'colony'> {
    const above = parent === null ? undefined : registry.find(parent)?.actor.record().spec
    return {
      priority: inherited.priority ?? above?.priority ?? 0,
      colony: inherited.colony ?? above?.colony ?? DEFAULT_COLONY,
    }
  }

  function parentOf(reference: string | undefined): MissionId | null {
    if (reference === undefined) return null
    try {
      return registry.resolve(reference).id
    } catch (error) {
      if (!(error instanceof OvermindError) || error.code !== 'not_found') throw error
      throw new OvermindError('parent_not_found', `there is no mission ${reference} to be the parent`, {
        field: 'parent',
        value: reference,
      })
    }
  }

  function mustBeOfItsProvider(spec: MissionSpec): void {
    if (!providers.has(spec.provider)) {
      throw new OvermindError(
        'unknown_provider',
        `provider must be one of ${providers.names.join(', ')}: got ${JSON.stringify(spec.provider)}`,
        { field: 'provider', value: spec.provider },
      )
    }
    const type = providers.controllerOf(spec)?.type
    if (type === undefined ? spec.type !== 'task' && spec.type !== 'session' : spec.type !== type) {
      throw new OvermindError(
        'invalid_spec',
        `type must be ${type ?? 'task or session'} with the provider ${spec.provider}: got ${spec.type}`,
        { field: 'type', value: spec.type },
      )
    }
    providers.of(spec).checkOptions?.(spec)
  }

  function check(input: unknown, inPlaceOf?: MissionId): ParsedMission & { readonly spec: MissionSpec } {
    const parsed = parseMission(input, caller)
    const parent = parentOf(parsed.parent)
    const spec: MissionSpec = { ...parsed.spec, ...groupOf(parsed, parent), parent, team: null }
    mustHaveParent(spec)
    mustBeOfItsProvider(spec)
    const limits = limitsOf(spec)
    if (limits !== null) host.mustSupport(limits)
    if (parsed.name !== undefined) registry.mustBeFree(parsed.name, inPlaceOf)
    return { ...parsed, spec }
  }

  return {
    check: (input) => void check(input),
    async prepare({ input, membership, name: usualName, inPlaceOf }) {
      mustBeOpen()
      const { name: asked, env, spec: checked } = check(input, inPlaceOf)
      const spec: MissionSpec = { ...checked, team: membership }
      const name = asked ?? usualName
      if (name !== undefined) registry.mustBeFree(name, inPlaceOf)
      await checkFolder(spec.cwd)
      await providers.of(spec).check?.(spec, env)
      if (spec.terminal !== null) checkTerminals()
      mustBeOpen()
      return { name, env, spec }
    },
    mustHaveParent,
    mayRunAgain(entry) {
      mustBeOpen()
      const { id, name, actor } = entry
      if (registry.find(id) !== entry) {
        throw new OvermindError('not_found', `mission ${id} (${name}) has been removed`)
      }
      mustHaveParent(actor.record().spec)
      registry.reclaim(entry)
    },
  }
}

/** Where a mission belongs whose description does not say. Asked for only then: the folder may be gone. */
const caller: Caller = {
  get cwd() {
    return process.cwd()
  },
  get env() {
    return process.env
  },
}
