import { setTimeout as sleep } from 'node:timers/promises'
import { livesOf, notesIn } from '../jobs.ts'
import type { Job, Session, Site } from '../manager.ts'

/** Often enough to be right within a few milliseconds, and so seldom that nobody is in the way. */
const LOOK_MS = 5

/** Jobs a second; throws when not all are up before the signal. */
export async function starts(
  session: Session,
  { home }: Site,
  { jobs, signal }: { readonly jobs: readonly Job[]; readonly signal: AbortSignal },
): Promise<number> {
  const before = await notesIn(home)
  const began = performance.now()
  const refused: unknown[] = []
  const asked = session.start(jobs, signal).catch((error: unknown) => void refused.push(error))
  for (;;) {
    await sleep(LOOK_MS)
    const took = performance.now() - began
    if ((await notesIn(home)) - before >= jobs.length) {
      // Told when all are up, however long the manager goes on.
      await asked
      return (jobs.length * 1000) / took
    }
    if (signal.aborted) {
      const up = new Set((await livesOf(home)).map(({ name }) => name)).size
      throw new Error(`over ${Math.round(took / 1000)} s: ${up} were up by then`)
    }
    if (refused.length > 0) throw refused[0]
  }
}
