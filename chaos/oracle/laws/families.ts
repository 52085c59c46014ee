/** Who is bound to a parent ends with it, and a session is told of the end of those that belong to it. */
import { heardBy } from '../heard.ts'
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

export const sessionsAreToldOfExits: Law = (sight) => {
  const kept = keptOf(sight)
  return kept.flatMap(({ entry, mission }) => {
    const parent = kept.find((other) => other.mission.id === entry.tells)
    if (parent === undefined || mission.exited_at === null || entry.disturbed) return []
    // Who is ended meanwhile is told nothing, and a program that died may hear it again.
    if (parent.entry.disturbed || parent.mission.status !== 'running') return []
    const told = heardBy(sight, parent)?.reports.filter((id) => id === mission.id).length
    return told === 1
      ? []
      : [
          `session ${parent.mission.id} (${parent.entry.name}) was told ${told} times that ${mission.id} has exited`,
        ]
  })
}
