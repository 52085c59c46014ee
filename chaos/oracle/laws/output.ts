/** Each numbered line that a program wrote is kept, once and in order. */
import { type Kept, keptOf, type Law, type Records, runsOf } from '../sight.ts'

export const outputIsWhole: Law = (sight) =>
  keptOf(sight).flatMap((kept) => runsOf(kept.mission).flatMap((run) => aRun(sight.records, kept, run)))

function aRun(records: Records, { entry, mission }: Kept, run: number): readonly string[] {
  if (entry.program.kind !== 'counts') return []
  const { plan } = entry.program
  const found: string[] = []
  const tell = (what: string): void => void found.push(`run ${run} of ${mission.id} (${entry.name}) ${what}`)
  const note = `${mission.id}.${run}`
  const written = records.output(mission.id, run).filter((line) => line.startsWith('line '))
  const wrong = written.findIndex((line, index) => line !== `line ${index + 1}`)
  if (wrong !== -1) tell(`has ${JSON.stringify(written[wrong])} as its line ${wrong + 1}`)
  const noted = records.note(`${note}.lines`)?.length ?? 0
  // What it has written it notes a moment later.
  if (written.length < noted || written.length > noted + 1)
    tell(`wrote ${noted} lines, and ${written.length} are kept`)
  if (records.note(`${note}.exit`) !== null && written.length !== plan.lines)
    tell(`ended after ${plan.lines} lines, and ${written.length} are kept`)
  return found
}

/** Whoever follows a log sees it from its first line on, each line once. */
export const followersSeeTheBeginning: Law = (sight) =>
  keptOf(sight).flatMap(({ entry, mission }) => {
    const kept = sight.records.output(mission.id, 1)
    return entry.follows.flatMap((seen) => {
      const wrong = seen.findIndex((line, index) => line !== kept[index])
      return wrong === -1
        ? []
        : [
            `who follows the log of ${mission.id} (${entry.name}) saw ${JSON.stringify(seen[wrong])} as line ${wrong + 1}, where it has ${JSON.stringify(kept[wrong])}`,
          ]
    })
  })
