import type { Agent, Dependency, Team } from './blueprint.ts'

/** What starts in one step: an agent, or all members of a team in their order. */
export interface Unit {
  readonly team: Team | null
  /** At least one. */
  readonly agents: readonly Agent[]
  /** What must have happened to others before. */
  readonly dependsOn: readonly Dependency[]
}

/** A pipeline asks with each step, and its agents never change. */
const known = new WeakMap<readonly Agent[], readonly Unit[]>()

export function unitsOf(agents: readonly Agent[]): readonly Unit[] {
  const units = known.get(agents) ?? grouped(agents)
  known.set(agents, units)
  return units
}

function grouped(agents: readonly Agent[]): readonly Unit[] {
  const groups = Map.groupBy(agents, ({ name, team }) =>
    team === null ? `agent ${name}` : `team ${team.of.name}`,
  )
  return [...groups.values()].map((members) => {
    const names = new Set(members.map(({ name }) => name))
    return {
      team: members[0]?.team?.of ?? null,
      agents: members,
      dependsOn: members.flatMap(({ dependsOn }) => dependsOn.filter(({ agent }) => !names.has(agent))),
    }
  })
}
