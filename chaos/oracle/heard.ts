/** What sessions have heard, by their own notes. */
import type { Kept, Sight } from './sight.ts'

/** What Overmind itself tells a session of a mission that belongs to it. */
const REPORT = /^Mission \S+ \((\w{8})\), which belongs to you, has exited/

interface Heard {
  /** What people said to it. */
  readonly messages: readonly string[]
  /** The missions of whose end it was told. */
  readonly reports: readonly string[]
}

/** Null for what is told nothing. */
export function heardBy(sight: Pick<Sight, 'records'>, kept: Kept): Heard | null {
  const lines = linesOf(sight, kept)
  if (lines === null) return null
  return {
    messages: lines.filter((line) => !REPORT.test(line)),
    reports: lines.flatMap((line) => REPORT.exec(line)?.[1] ?? []),
  }
}

function linesOf({ records }: Pick<Sight, 'records'>, { entry, mission }: Kept): readonly string[] | null {
  switch (entry.program.kind) {
    case 'hears':
      return records.note(`${mission.id}.heard`) ?? []
    case 'converses':
      return mission.session_id === null ? [] : records.conversation(mission.session_id)
    default:
      return null
  }
}
