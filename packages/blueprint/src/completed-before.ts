import type { AgentFields } from './agents.ts'
import { orderOf } from './graph.ts'

/**
 * Who has ended well whenever an agent starts, for those that anybody asks for. Of an agent that waits in a circle it is said of
 * everybody: the circle is what is wrong.
 *
 * Each agent has a bit for each that is asked for, so that a chain of ten thousand is not walked ten thousand times.
 */
export function completedBefore(
  agents: readonly AgentFields[],
  asked: ReadonlySet<string>,
): (agent: string, other: string) => boolean {
  const byName = new Map(agents.map((agent) => [agent.name, agent]))
  const places = new Map([...asked].map((name, place) => [name, place]))
  const length = Math.ceil(places.size / 32)
  const before = new Map<string, Uint32Array>()
  const nodes = agents.map(({ name, dependsOn }) => ({
    name,
    edges: dependsOn.map(({ agent, path }) => ({ to: agent, path })),
  }))
  for (const name of orderOf(nodes)) {
    const own = new Uint32Array(length)
    for (const { agent, completed } of byName.get(name)?.dependsOn ?? []) {
      if (completed) add(own, agent)
    }
    before.set(name, own)
  }
  return (agent, other) => {
    const own = before.get(agent)
    const place = places.get(other)
    if (own === undefined) return true
    return place !== undefined && ((own[place >>> 5] ?? 0) & (1 << (place & 31))) !== 0
  }

  function add(own: Uint32Array, agent: string): void {
    before.get(agent)?.forEach((theirs, at) => (own[at] = (own[at] ?? 0) | theirs))
    const place = places.get(agent)
    if (place !== undefined) own[place >>> 5] = (own[place >>> 5] ?? 0) | (1 << (place & 31))
  }
}
