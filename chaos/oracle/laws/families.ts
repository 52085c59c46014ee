/** Who is bound to a parent ends with it. */
import { keptOf, type Law } from '../sight.ts'

export const childrenEndWithTheirParents: Law = (sight) => {
  const byId = new Map(sight.missions.map((mission) => [mission.id, mission]))
  return keptOf(sight).flatMap(({ entry, mission }) => {
    if (entry.boundTo === null || mission.exited_at !== null) return []
    const parent = byId.get(entry.boundTo)
    return parent !== undefined && parent.exited_at === null
      ? []
      : [
          `mission ${mission.id} (${entry.name}) is ${mission.status}, and its parent ${entry.boundTo} has exited`,
        ]
  })
}
