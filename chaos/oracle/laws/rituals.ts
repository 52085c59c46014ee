/** A ritual starts one mission for each of its times, and none twice. */
import type { Ritual } from '../../ledger.ts'
import { doublesOf, type Law, type Sight } from '../sight.ts'

/** How late a mission may be noted that is not in the list either. Milliseconds. */
const LATE_MS = 3000

export const timesAreMetOnce: Law = (sight) =>
  sight.ledger.rituals.flatMap((ritual) => aRitual(sight, ritual))

function aRitual({ at, missions, records }: Sight, ritual: Ritual): readonly string[] {
  const { name, id, overlap, killed } = ritual
  const steps = (records.note(`${name}.times`) ?? []).map((line) => line.split(' '))
  const begun = steps.flatMap(([what, mission = '']) => (what === 'begun' ? [mission] : []))
  const children = missions.filter(({ labels }) => id !== null && labels['overmind/ritual'] === id)
  const due = children.map(({ labels }) => labels['overmind/due'] ?? '')
  const met = new Set([...begun, ...children.map((mission) => mission.name)])
  // Who ends a ritual by force ends those that wait for a slot as well.
  const times = overlap === 'allow' && !killed ? timesOf(ritual, at) : []
  return [
    ...doublesOf(begun).map((mission) => `${mission} was begun more than once`),
    ...doublesOf(due).map((time) => `ritual ${name} met ${time} more than once`),
    ...times
      .map((time) => nameOf(name, time))
      .filter((mission) => !met.has(mission))
      .map((mission) => `${mission} was never begun`),
    ...(overlap === 'allow' || killed
      ? []
      : overlapsOf(steps).map((mission) => `${mission} was begun beside another`)),
  ]
}

/** The times at which it is sure to have been due, long enough ago. */
function timesOf({ everySeconds, spans }: Ritual, at: number): readonly number[] {
  const step = everySeconds * 1000
  return spans.flatMap(({ from, to }) => {
    const first = Math.ceil(from / step) * step
    const last = Math.min(to ?? Infinity, at - LATE_MS)
    return Array.from(
      { length: Math.max(0, Math.floor((last - first) / step) + 1) },
      (_, n) => first + n * step,
    )
  })
}

/** As a ritual calls what it starts. */
function nameOf(ritual: string, time: number): string {
  const [day = '', clock = ''] = new Date(time).toISOString().replaceAll(/[-:]/g, '').split('T')
  return `${ritual}.${day}-${clock.slice(0, 6)}`
}

/** Those that began while another had not ended. */
function overlapsOf(steps: readonly (readonly string[])[]): readonly string[] {
  const open = new Set<string>()
  return steps.flatMap(([what, mission = '']) => {
    if (what === 'ended') open.delete(mission)
    if (what !== 'begun') return []
    const isBeside = open.size > 0
    open.add(mission)
    return isBeside ? [mission] : []
  })
}
