import type { EventType, JournalMissionEvent } from '@overmind/core'

/** One run of a mission, as the journal tells of it. */
export interface RunStory {
  readonly run: number
  /** Milliseconds since 1970; null when it never became a process. */
  readonly startedAt: number | null
  readonly endedAt: number | null
  /** Milliseconds; null while it is not over, or when nobody knows. */
  readonly ran: number | null
  readonly code: number | null
  /** Why it ended; null while it goes on. */
  readonly reason: string | null
  /** US dollars, of agents that say so. */
  readonly costUsd: number
}

/** What `runsOf` reads. */
export const RUN_EVENTS: readonly EventType[] = [
  'run.starting',
  'run.started',
  'run.refused',
  'run.exited',
  'turn.ended',
  'mission.restarting',
  'mission.exited',
]

type Open = { -readonly [K in keyof RunStory]: RunStory[K] }

/** The runs that these events are about, the oldest first. Runs whose beginning is not among them are left out. */
export function runsOf(events: readonly JournalMissionEvent[]): readonly RunStory[] {
  const runs = new Map<number, Open>()
  for (const event of events) {
    switch (event.type) {
      case 'run.starting':
        runs.set(event.run, {
          run: event.run,
          startedAt: null,
          endedAt: null,
          ran: null,
          code: null,
          reason: null,
          costUsd: 0,
        })
        break
      case 'run.started':
        amend(runs, event.run, { startedAt: event.at })
        break
      case 'run.refused':
        amend(runs, event.run, { endedAt: event.at, reason: event.reason })
        break
      case 'run.exited': {
        const { exit } = event
        amend(runs, event.run, {
          endedAt: exit.at,
          ran: exit.kind === 'code' ? exit.ran : null,
          code: exit.kind === 'code' ? exit.code : null,
          reason: exit.kind === 'code' ? null : exit.cause,
        })
        break
      }
      case 'turn.ended': {
        const run = runs.get(event.run)
        if (run !== undefined) run.costUsd += event.cost
        break
      }
      case 'mission.restarting':
        // One that has exited was given its reason then.
        if (runs.get(event.run - 1)?.reason === null) amend(runs, event.run - 1, { reason: event.reason })
        break
      case 'mission.exited':
        amend(runs, event.run, { reason: event.exit.evidence.reason })
        break
      default:
    }
  }
  return [...runs.values()]
}

function amend(runs: ReadonlyMap<number, Open>, run: number, known: Partial<Open>): void {
  const open = runs.get(run)
  if (open !== undefined) Object.assign(open, known)
}
