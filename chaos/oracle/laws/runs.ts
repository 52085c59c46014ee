/** Each run is begun once, is ended by somebody or by itself, and has the exit code that it had. */
import type { EventView } from '@overmind/client'
import { type Kept, keptOf, type Law, type Records, runsOf } from '../sight.ts'

export const runsAreAsTheyWere: Law = (sight) => {
  const stories = Map.groupBy(sight.journal, (event) => event['mission'])
  return keptOf(sight).flatMap((kept) => {
    const story = stories.get(kept.mission.id) ?? []
    return [
      ...runsOf(kept.mission).flatMap((run) => aRun(sight.records, { kept, run, story })),
      ...count(sight.records, kept),
    ]
  })
}

function aRun(
  records: Records,
  { kept, run, story }: { readonly kept: Kept; readonly run: number; readonly story: readonly EventView[] },
): readonly string[] {
  const { entry, mission } = kept
  const found: string[] = []
  const tell = (what: string): void => void found.push(`run ${run} of ${mission.id} (${entry.name}) ${what}`)
  const note = `${mission.id}.${run}`
  const begun = records.note(`${note}.begun`)?.length ?? 0
  if (begun > 1) tell(`was begun ${begun} times`)
  const exits = story.filter((event) => event.type === 'run.exited' && event['run'] === run)
  if (exits.length > 1) tell(`exited ${exits.length} times`)
  if (run !== mission.run || mission.exited_at === null || entry.disturbed) return found
  const said = records.note(`${note}.exit`)?.[0]
  const onRecord = String(mission.exit_code)
  if (said === undefined && begun === 1 && entry.program.kind !== 'converses')
    tell(`was ended before it was done, by nobody: ${mission.exit_class}, ${mission.exit_reason}`)
  if (said !== undefined && onRecord !== said)
    tell(`exited with ${said}, and ${onRecord} is on record: ${mission.exit_reason}`)
  return found
}

/** A quest is tried as often as it may be, and no more; what may not be started again is not. */
function count(records: Records, { entry, mission }: Kept): readonly string[] {
  if (entry.runs === null || entry.disturbed || mission.exited_at === null) return []
  // A launcher that was killed in that moment may have cost it one that never began.
  const isBegun = runsOf(mission).every((run) => records.note(`${mission.id}.${run}.begun`) !== null)
  if (mission.run === entry.runs || !isBegun) return []
  return [
    `mission ${mission.id} (${entry.name}) came to ${mission.run} runs, and ${entry.runs} were due: ${mission.exit_reason}`,
  ]
}
