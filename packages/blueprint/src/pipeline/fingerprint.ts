import { createHash } from 'node:crypto'
import type { Agent, Blueprint } from '../blueprint.ts'
import { unitsOf } from '../units.ts'

/**
 * What tells whether an agent is still the one that was declared: its own description, and those of all that it depends on,
 * because their results are what it works with. For a member of a team, that of its whole team.
 */
export function fingerprints({ agents }: Pick<Blueprint, 'agents'>): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  const fleets = new Map(
    agents.flatMap(({ name, replica }) => (replica === null ? [] : [[name, replica.of]])),
  )
  for (const { team, agents: members } of unitsOf(agents)) {
    const own = members.map((agent) => [agent.name, ownPrint(agent)] as const)
    const whole = [team, members.map(({ team: place }) => place?.restart), own]
    for (const [name, print] of own)
      found.set(name, team === null ? print : hashed([print, canonical(whole)]))
  }
  return found

  function ownPrint({ name, mission, env, dependsOn, ready, alive }: Agent): string {
    // How many there are of one it waits for does not make it another agent.
    const edges = new Map(
      // The first copy stands for all of them.
      dependsOn.toReversed().map((edge) => [fleets.get(edge.agent) ?? edge.agent, edge] as const),
    )
    const upstream = [...edges].map(([of, { agent: first, ...edge }]) => [of, edge, found.get(first) ?? null])
    return hashed([name, canonical({ mission, env, ready, alive }), canonical(upstream)])
  }
}

function hashed(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16)
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
