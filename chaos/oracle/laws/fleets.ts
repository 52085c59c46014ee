/** Of what is declared with copies, there are as many as declared, of what was declared last. */
import type { Fleet } from '../../ledger.ts'
import type { Law, Sight } from '../sight.ts'

export const copiesAreAsDeclared: Law = (sight) =>
  sight.ledger.fleets.flatMap((fleet) => aFleet(sight, fleet))

function aFleet(
  { missions, records }: Sight,
  { name, version, copies, settled, gone }: Fleet,
): readonly string[] {
  if (!settled) return []
  const own = missions.filter(({ labels }) => labels['overmind/pipeline'] === name)
  if (gone) return own.map((mission) => `${name} was taken down, and ${mission.name} is still known`)
  const live = own.filter((mission) => mission.exited_at === null)
  // Who waits for a slot holds up those behind it.
  if (live.some(({ phase }) => phase.endsWith('.queued'))) return []
  const wanted = Array.from({ length: copies }, (_, index) => `${name}.copy-${index + 1}`)
  const found: string[] = []
  for (const copy of wanted) {
    const same = live.filter((mission) => mission.name === copy)
    if (same.length !== 1) found.push(`${copy} is there ${same.length} times`)
    for (const { id, run } of same) {
      const serves = records.note(`${id}.${run}.serves`)?.[0] ?? 'nothing'
      if (serves !== String(version)) found.push(`${copy} serves ${serves}, and ${version} was declared`)
    }
  }
  const surplus = live.filter((mission) => !wanted.includes(mission.name))
  return [
    ...found,
    ...surplus.map((mission) => `${mission.name} is there, and ${copies} copies were declared`),
  ]
}
