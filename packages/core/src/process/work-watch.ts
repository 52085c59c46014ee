/**
 * Sees whether the processes of runs work, by the processor time that they use, for runs of which that is a sign of life.
 */
import type { Clock } from '../model/time.ts'
import { keyOf, type RunRef } from './run-ref.ts'
import type { RunUsage } from './usage.ts'

/** Between two looks further apart than this we did not run, or the machine did not: they prove nothing. */
const PAUSE_MS = 10_000
/** What waits wakes up now and then: a run works when it has used so much of one processor since the last look. */
const LEAST_SHARE = 0.05

export interface WorkWatch {
  add(ref: RunRef): void
  remove(ref: RunRef): void
  /** Looks at all of them at once. To be called every few seconds. */
  look(): void
  /** For how long the run is proved not to have worked, in milliseconds; null when it is not watched. */
  idleFor(ref: RunRef): number | null
}

export interface WorkWatchOptions {
  readonly clock: Clock
  /** What runs use, by `<mission>.<run>`. */
  readonly usage: () => Promise<ReadonlyMap<string, RunUsage>>
  readonly onFault: (error: unknown) => void
}

/** When a run was last looked at, and by then had last worked. */
interface Seen {
  readonly cpuMs: number
  readonly at: number
  readonly workedAt: number
}

export function createWorkWatch({ clock, usage, onFault }: WorkWatchOptions): WorkWatch {
  const runs = new Map<string, Seen | null>()
  let looking = false

  function note(used: ReadonlyMap<string, RunUsage>): void {
    const at = clock.now().monotonic
    for (const [key, before] of runs) {
      const cpuMs = used.get(key)?.cpuMs
      if (cpuMs !== undefined) runs.set(key, seen(before, cpuMs, at))
    }
  }

  return {
    add: (ref) => void runs.set(keyOf(ref), null),
    remove: (ref) => void runs.delete(keyOf(ref)),
    look: () => {
      if (looking || runs.size === 0) return
      looking = true
      usage()
        .then(note, onFault)
        .finally(() => {
          looking = false
        })
    },
    idleFor: (ref) => {
      const known = runs.get(keyOf(ref))
      if (known === undefined) return null
      return known === null ? 0 : known.at - known.workedAt
    },
  }
}

/** The total falls when a process goes that nobody waited for: something happened then too. */
function seen(before: Seen | null, cpuMs: number, at: number): Seen {
  if (before === null || at - before.at > PAUSE_MS) return { cpuMs, at, workedAt: at }
  const works = Math.abs(cpuMs - before.cpuMs) >= LEAST_SHARE * (at - before.at)
  return { cpuMs, at, workedAt: works ? at : before.workedAt }
}
