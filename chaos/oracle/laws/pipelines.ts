/** Each agent of a pipeline runs once, behind those that it waits for. */
import type { MissionView } from '@overmind/client'
import type { Pipeline } from '../../ledger.ts'
import type { Law, Sight } from '../sight.ts'

export const agentsRunOnceInOrder: Law = (sight) =>
  sight.ledger.pipelines.flatMap((pipeline) => aPipeline(sight, pipeline))

function aPipeline({ missions, records }: Sight, pipeline: Pipeline): readonly string[] {
  const { name, needs, team, disturbed, removed } = pipeline
  const byName = Map.groupBy(missions, (mission) => mission.name)
  const own = byName.get(name)?.[0]
  if (own === undefined || own.exited_at === null || disturbed || removed) return []
  const missionsOf = (agent: string): readonly MissionView[] => byName.get(`${name}.${agent}`) ?? []
  const timeOf = (agent: string, what: 'begun' | 'exit'): bigint | null =>
    records.notedAt(`${missionsOf(agent)[0]?.id}.1.${what}`)
  const found: string[] = []
  if (own.exit_code !== 0) found.push(`pipeline ${name} failed: ${own.exit_reason}`)
  for (const [agent, before] of needs) {
    const same = missionsOf(agent)
    if (same.length !== 1) found.push(`agent ${agent} of ${name} is there ${same.length} times`)
    if (same[0] !== undefined && same[0].run !== 1)
      found.push(`agent ${agent} of ${name} ran ${same[0].run} times`)
    const begun = timeOf(agent, 'begun')
    // Members of a team run side by side, and are only started in their order.
    for (const need of before.filter((need) => !(team.has(agent) && team.has(need)))) {
      const ended = timeOf(need, 'exit')
      if (begun !== null && (ended === null || ended > begun))
        found.push(`agent ${agent} of ${name} began before ${need} had ended`)
    }
  }
  return found
}
