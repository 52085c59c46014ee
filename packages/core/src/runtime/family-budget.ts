/** What a mission and all that belongs to it have spent, held against what it may spend. */
import { overBudget } from '../mission/policy/budget.ts'
import { addSpending, nothingSpent, type Spending } from '../model/conversation.ts'
import type { MissionId } from '../model/ids.ts'
import type { Entry, Registry } from './registry.ts'

type Members = Pick<Registry, 'find' | 'childrenOf'>

/** Ends the families that this mission belongs to whose budget is used up, as far as they talk. */
export function endOverspentFamilies(id: MissionId, members: Members): void {
  for (let head = above(id, members); head !== undefined; head = above(head.id, members)) {
    const family = familyOf(head, members)
    if (overBudget(sum(family), head.actor.record().spec) === null) continue
    for (const { live, actor } of family) {
      if (live && actor.record().state.conversation !== null) actor.tell({ type: 'end', because: 'budget' })
    }
  }
}

function above(id: MissionId, members: Members): Entry | undefined {
  const parent = members.find(id)?.actor.record().spec.parent ?? null
  return parent === null ? undefined : members.find(parent)
}

function familyOf(head: Entry, members: Members): readonly Entry[] {
  const family: Entry[] = [head]
  // It grows while it is walked through: children's children come behind their parents.
  for (const { id } of family) {
    for (const child of members.childrenOf(id)) {
      const entry = members.find(child)
      if (entry !== undefined) family.push(entry)
    }
  }
  return family
}

function sum(family: readonly Entry[]): Spending {
  return family.map(spentBy).reduce(addSpending, nothingSpent)
}

/** What a mission has spent, with those that belonged to it and are forgotten. */
export function spentBy({ actor }: Entry): Spending {
  const { conversation, forgotten } = actor.record().state
  return addSpending(conversation?.spent ?? nothingSpent, forgotten ?? nothingSpent)
}
