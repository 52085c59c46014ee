import { createHash } from 'node:crypto'
import type { Blueprint } from '../blueprint.ts'

/**
 * What tells whether an agent is still the one that was declared: its own description, and those of all that it depends on,
 * because their results are what it works with.
 */
export function fingerprints({ agents }: Pick<Blueprint, 'agents'>): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  const fleets = new Map(
    agents.flatMap(({ name, replica }) => (replica === null ? [] : [[name, replica.of]])),
  )
  for (const agent of agents) {
    const { name, replica: _, dependsOn, ...rest } = agent
    // How many there are of one it waits for does not make it another agent.
    const edges = new Map(
      // The first copy stands for all of them.
      dependsOn.toReversed().map((edge) => [fleets.get(edge.agent) ?? edge.agent, edge] as const),
    )
    const upstream = [...edges].map(([of, { agent: first, ...edge }]) => [of, edge, found.get(first) ?? null])
    const text = JSON.stringify([name, canonical(rest), canonical(upstream)])
    found.set(name, createHash('sha256').update(text).digest('hex').slice(0, 16))
  }
  return found
}

/** The same whatever the order of fields. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical)
  if (typeof value !== 'object' || value === null) return value
  return Object.entries(value)
    .filter(([, inner]) => inner !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, inner]) => [name, canonical(inner)])
}
