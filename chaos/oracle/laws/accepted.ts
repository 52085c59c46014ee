/** What was accepted is there, once, and nothing else is. */
import type { Law, Sight } from '../sight.ts'

export const acceptedIsThereOnce: Law = ({ ledger, missions }) => {
  const { entries, pipelines, rituals } = ledger
  const byName = Map.groupBy(missions, ({ name }) => name)
  const ids = new Set(missions.map(({ id }) => id))
  const lost = [...entries, ...rituals]
    .filter(({ id, removed }) => id !== null && !removed && !ids.has(id))
    .map(({ id, name }) => `mission ${id} (${name}) was accepted and is not there`)
  const twice = [...entries, ...rituals]
    .filter(({ name }) => (byName.get(name)?.length ?? 0) > 1)
    .map(({ name }) => `${name} was asked for once and is there more than once`)
  const invented = missions
    .filter((mission) => !isAskedFor(ledger, mission))
    .map(({ id, name }) => `nobody asked for mission ${id} (${name})`)
  const gone = pipelines
    .filter(({ name, sure, removed: forgotten }) => sure && !forgotten && !byName.has(name))
    .map(({ name }) => `pipeline ${name} was accepted and is not there`)
  return [...lost, ...twice, ...invented, ...gone]
}

function isAskedFor(
  { entries, pipelines, fleets, rituals }: Sight['ledger'],
  { name, labels }: Sight['missions'][number],
): boolean {
  return (
    entries.some((entry) => entry.name === name) ||
    rituals.some(
      (ritual) => ritual.name === name || (ritual.id !== null && ritual.id === labels['overmind/ritual']),
    ) ||
    pipelines.some((line) => line.name === name || isAgentOf(line, name)) ||
    fleets.some((fleet) => fleet.name === name || labels['overmind/pipeline'] === fleet.name)
  )
}

function isAgentOf({ name: pipeline, needs }: Sight['ledger']['pipelines'][number], name: string): boolean {
  return name.startsWith(`${pipeline}.`) && needs.has(name.slice(pipeline.length + 1))
}
