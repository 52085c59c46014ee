/** Killing a mission with all that belongs to it. */
import type { MissionId } from '../model/ids.ts'
import type { Entry, Registry } from './registry.ts'

/**
 * A parent that is still alive may start children while others are being killed: so often they are
 * killed first; after that the parent goes, and then the rest of them.
 */
const ROUNDS_BEFORE_PARENT = 3

/** Kills the descendants of a mission, children before their parents, siblings at the same time. */
export async function killDescendants(
  id: MissionId,
  registry: Registry,
  rounds: number = Infinity,
): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    const left = livingBranches(id, registry)
    if (left.length === 0) return
    await Promise.all(left.map((child) => killTree(child, registry)))
  }
}

async function killTree({ id, actor }: Entry, registry: Registry): Promise<void> {
  await killDescendants(id, registry, ROUNDS_BEFORE_PARENT)
  if (actor.record().state.exit === null) {
    actor.request({ type: 'kill' })
    await actor.exited()
  }
  await killDescendants(id, registry)
}

/** The children that live, or have a descendant that does. */
function livingBranches(id: MissionId, registry: Registry): readonly Entry[] {
  return registry
    .childrenOf(id)
    .map((child) => registry.find(child))
    .filter((entry) => entry !== undefined)
    .filter((entry) => entry.live || livingBranches(entry.id, registry).length > 0)
}
