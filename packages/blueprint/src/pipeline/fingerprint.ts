import { createHash } from 'node:crypto'
import type { Blueprint } from '../blueprint.ts'

/**
 * What tells whether an agent is still the one that was declared: its own description, and those of all that it depends on,
 * because their results are what it works with.
 */
export function fingerprints({ agents }: Pick<Blueprint, 'agents'>): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const agent of agents) {
    const upstream = agent.dependsOn.map(({ agent: name }) => found.get(name) ?? null)
    const text = JSON.stringify([canonical(agent), upstream])
    found.set(agent.name, createHash('sha256').update(text).digest('hex').slice(0, 16))
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
