import type { MissionActor } from '../mission/mission.ts'
import { OvermindError } from '../model/errors.ts'
import { type MissionId, newMissionId, type Random } from '../model/ids.ts'
import { generateName } from '../model/names.ts'
import type { Mission } from './mission-handle.ts'
import { type Named, resolveMission } from './resolve.ts'

export interface Entry extends Named {
  readonly actor: MissionActor
  readonly handle: Mission
}

/** The missions of a runtime, and who has which name. */
export interface Registry {
  add(actor: MissionActor, handle: Mission): Entry
  remove(id: MissionId): void
  /** A mission has another parent. */
  move(id: MissionId, from: MissionId | null): void
  find(id: MissionId): Entry | undefined
  /** Ids of the missions that belong to this one, the oldest first; the same list until one comes or goes. */
  childrenOf(id: MissionId): readonly MissionId[]
  /** The one that a person means. @throws OvermindError `not_found`, `ambiguous_id` */
  resolve(reference: string): Entry
  /** The oldest first. */
  all(): readonly Entry[]
  /** @throws OvermindError `name_taken` when a mission that is not exited has it, other than the one in whose place another comes */
  mustBeFree(name: string, inPlaceOf?: MissionId): void
  /** Gives an exited mission that is to run again its name back. @throws OvermindError `name_taken` */
  reclaim(entry: Entry): void
  freshName(random: Random): string
  freshId(random: Random): MissionId
}

const NONE: readonly MissionId[] = []

interface Children {
  readonly ids: Set<MissionId>
  /** The oldest first, when somebody has asked since they changed. */
  byAge: readonly MissionId[] | undefined
}

export function createRegistry(): Registry {
  const entries = new Map<string, Entry>()
  /** The mission that had a name last. */
  const names = new Map<string, MissionId>()
  /** Whose name a mission has taken while that was alive: it is theirs again if it ends before them. */
  const before = new Map<MissionId, MissionId>()
  const families = new Map<MissionId, Children>()

  const byAge = (a: MissionId, b: MissionId): number =>
    (entries.get(a)?.createdAt ?? 0) - (entries.get(b)?.createdAt ?? 0)

  function join(id: MissionId, parent: MissionId | null): void {
    if (parent === null) return
    const { ids } = families.get(parent) ?? { ids: new Set() }
    families.set(parent, { ids: ids.add(id), byAge: undefined })
  }

  function leave(id: MissionId, parent: MissionId | null): void {
    const family = parent === null ? undefined : families.get(parent)
    if (parent === null || family?.ids.delete(id) !== true) return
    if (family.ids.size === 0) families.delete(parent)
    else family.byAge = undefined
  }

  function childrenOf(id: MissionId): readonly MissionId[] {
    const family = families.get(id)
    if (family === undefined) return NONE
    return (family.byAge ??= [...family.ids].toSorted(byAge))
  }

  function holderOf(name: string): Entry | undefined {
    for (let id = names.get(name); id !== undefined; id = before.get(id)) {
      const holder = entries.get(id)
      if (holder?.live === true) return holder
    }
    return undefined
  }

  function mustBeFree(name: string, inPlaceOf?: MissionId): void {
    const holder = holderOf(name)
    if (holder === undefined || holder.id === inPlaceOf) return
    throw new OvermindError(
      'name_taken',
      `the name ${name} is taken by mission ${holder.id} (${holder.actor.status()}): choose another or stop it`,
      { field: 'name', value: name },
    )
  }

  return {
    add: (actor, handle) => {
      const { name, createdAt } = actor.record()
      const entry: Entry = {
        id: actor.id,
        name,
        createdAt,
        actor,
        handle,
        get live() {
          return actor.record().state.exit === null
        },
      }
      entries.set(actor.id, entry)
      if (entry.live) {
        const holder = holderOf(name)
        if (holder !== undefined) before.set(actor.id, holder.id)
        names.set(name, actor.id)
      }
      join(actor.id, actor.record().spec.parent)
      return entry
    },
    remove: (id) => {
      const removed = entries.get(id)
      const name = removed?.name
      const parent = removed?.actor.record().spec.parent ?? null
      leave(id, parent)
      entries.delete(id)
      const earlier = before.get(id)
      before.delete(id)
      if (name === undefined || names.get(name) !== id) return
      if (earlier === undefined) names.delete(name)
      else names.set(name, earlier)
    },
    move: (id, from) => {
      leave(id, from)
      join(id, entries.get(id)?.actor.record().spec.parent ?? null)
    },
    find: (id) => entries.get(id),
    childrenOf,
    resolve: (reference) => resolveMission(reference, entries, entries.values()),
    all: () => [...entries.values()],
    mustBeFree,
    reclaim: ({ id, name, live }) => {
      if (live) return
      mustBeFree(name)
      names.set(name, id)
    },
    freshName: (random) => generateName((name) => holderOf(name) !== undefined, random),
    freshId: (random) => {
      let id = newMissionId(random)
      while (entries.has(id)) id = newMissionId(random)
      return id
    },
  }
}
