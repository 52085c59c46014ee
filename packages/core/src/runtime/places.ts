/** Where missions belong, when that changes: when they are given another parent, and when their parent is forgotten. */
import { type Family, placed } from '../mission/mission.ts'
import { addSpending, type Spending } from '../model/conversation.ts'
import { OvermindError } from '../model/errors.ts'
import type { EventDraft } from '../model/events.ts'
import type { MissionId } from '../model/ids.ts'
import type { Clock } from '../model/time.ts'
import { spentBy } from './family-budget.ts'
import type { Entry, Registry } from './registry.ts'
import type { Writer } from './writer.ts'

export interface Places {
  /** @throws OvermindError `not_found`, `invalid_spec` when it would belong to itself, `store_failed` */
  move(reference: string, parent: string): void
  /**
   * Forgets a mission; what belonged to it belongs to its parent, and so does what it has spent. Without a parent there is nobody
   * to whom that would matter: then they keep its id.
   *
   * @throws OvermindError `store_failed`
   */
  forget(entry: Entry): void
}

export interface PlacesOptions {
  readonly registry: Registry
  readonly writer: Pick<Writer, 'commit'>
  readonly clock: Clock
}

export function createPlaces({ registry, writer, clock }: PlacesOptions): Places {
  function moved({ id, actor }: Entry, parent: MissionId): EventDraft {
    const { parent: from } = actor.record().spec
    return { type: 'mission.moved', mission: id, at: clock.now().wall, from, parent }
  }

  function take({ id, actor }: Entry, parent: MissionId): void {
    const { spec, state } = actor.record()
    actor.take({ parent, forgotten: state.forgotten })
    registry.move(id, spec.parent)
  }

  function ancestors(id: MissionId): ReadonlySet<MissionId> {
    const found = new Set<MissionId>()
    for (let at = registry.find(id); at !== undefined && !found.has(at.id);) {
      found.add(at.id)
      const { parent } = at.actor.record().spec
      at = parent === null ? undefined : registry.find(parent)
    }
    return found
  }

  return {
    move(reference, parentReference) {
      const entry = registry.resolve(reference)
      const { id: parent } = registry.resolve(parentReference)
      const record = entry.actor.record()
      if (record.spec.parent === parent) return
      if (ancestors(parent).has(entry.id)) {
        throw new OvermindError(
          'invalid_spec',
          `mission ${entry.id} (${entry.name}) cannot belong to ${parent}, which belongs to it`,
          { field: 'parent', value: parent },
        )
      }
      const next = placed(record, { parent, forgotten: record.state.forgotten })
      writer.commit({ events: [moved(entry, parent)], put: [next] })
      take(entry, parent)
    },
    forget(entry) {
      const { id, actor } = entry
      const { parent } = actor.record().spec
      const above = parent === null ? undefined : registry.find(parent)
      const removed: EventDraft = { type: 'mission.removed', mission: id, at: clock.now().wall, parent }
      if (above === undefined) {
        writer.commit({ remove: [id], events: [removed] })
        registry.remove(id)
        return
      }
      const children = registry.childrenOf(id).flatMap((child) => registry.find(child) ?? [])
      const family: Family = {
        parent: above.actor.record().spec.parent,
        forgotten: withSpending(above, spentBy(entry)),
      }
      writer.commit({
        remove: [id],
        put: [
          ...children.map(({ actor: { record } }) =>
            placed(record(), { parent: above.id, forgotten: record().state.forgotten }),
          ),
          placed(above.actor.record(), family),
        ],
        events: [...children.map((child) => moved(child, above.id)), removed],
      })
      above.actor.take(family)
      for (const child of children) take(child, above.id)
      registry.remove(id)
    },
  }
}

/** What is forgotten below a mission, with what another has spent. */
function withSpending({ actor }: Entry, spent: Spending): Spending | undefined {
  const { forgotten } = actor.record().state
  if (spent.turns === 0 && spent.costUsd === 0 && Object.keys(spent.models).length === 0) return forgotten
  return forgotten === undefined ? spent : addSpending(forgotten, spent)
}
