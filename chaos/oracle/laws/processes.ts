/** Who lives is who Overmind says it is, no more and no fewer. */
import type { Law } from '../sight.ts'

export const processesAreThoseOfMissions: Law = ({ processes, missions }) => {
  const byId = new Map(missions.map((mission) => [mission.id, mission]))
  const strangers = processes.flatMap(({ pid, name, mission: id }) => {
    if (id === null) return []
    const mission = byId.get(id)
    if (mission === undefined) return [`process ${pid} (${name}) is of mission ${id}, which is not known`]
    return mission.exited_at === null
      ? []
      : [`process ${pid} (${name}) lives, and its mission ${id} (${mission.name}) is ${mission.status}`]
  })
  const alive = new Set(processes.map(({ mission }) => mission))
  const ghosts = missions
    // The command goes on without its keeper, whose process it says it is.
    .filter(({ id, os_pid: pid }) => pid !== null && !alive.has(id))
    .map(
      ({ id, name, status, os_pid: pid }) =>
        `mission ${id} (${name}) is ${status} under ${pid}, which is gone`,
    )
  return [...strangers, ...ghosts]
}
