import type { Mission, Runtime } from '@overmind/core'
import { endMission } from '../end-mission.ts'
import { teamOf } from './members.ts'

/** Ends missions, and the teams of those that are in one: as a whole, lest a team starts again what is being ended. */
export async function endTogether(
  runtime: Runtime,
  missions: readonly Mission[],
  how: 'stop' | 'kill',
): Promise<void> {
  const teams = new Map(missions.map((mission) => [mission, teamOf(runtime, mission)]))
  const ending = [...new Set(teams.values())].map((team) => team?.stop())
  const one = how === 'kill' ? missions : missions.filter((mission) => teams.get(mission) === undefined)
  await Promise.all([...ending, ...one.map((mission) => endMission(mission, how))])
}
