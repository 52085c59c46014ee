import type { MissionRow } from './mission-row.ts'

/**
 * A row for each team, before the first of its members, which stand under it unless they have a parent of their own. When all have
 * the same one, the team stands under that, and they under their team.
 */
export function withTeams(
  missions: readonly MissionRow[],
): readonly (MissionRow & { readonly under: string | null })[] {
  const members = Map.groupBy(missions, ({ team }) => team?.name)
  const seen = new Set<string>()
  return missions.flatMap((mission) => {
    const { team, parent } = mission
    if (team === null) return [{ ...mission, under: parent }]
    const all = members.get(team.name) ?? []
    const above = all.every((one) => one.parent === parent) ? parent : null
    const row = { ...mission, under: parent === above ? idOf(team.name) : parent }
    if (seen.has(team.name)) return [row]
    seen.add(team.name)
    return [{ ...teamRow(team, all), under: above }, row]
  })
}

/** No mission has an id like this. */
function idOf(team: string): string {
  return `team ${team}`
}

function teamRow(
  { name, strategy }: NonNullable<MissionRow['team']>,
  members: readonly MissionRow[],
): MissionRow {
  const alive = members.find(
    ({ status }) => status === 'running' || status === 'restarting' || status === 'stalled',
  )
  return {
    id: idOf(name),
    name,
    type: 'team',
    status: (alive ?? members.find(({ status }) => status === 'crashed') ?? members[0])?.status ?? 'stopped',
    asks: 0,
    restart_count: members.reduce((sum, { restart_count }) => sum + restart_count, 0),
    parent: null,
    children: members.map(({ id }) => id),
    team: null,
    started_at: null,
    command: strategy,
  }
}
