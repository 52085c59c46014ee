/** Everything that can be seen from outside at one moment, as values: what laws are held against. */
import type { EventView, MissionView, QueueView } from '@overmind/client'
import type { Followed } from '../follower.ts'
import type { Entry, Ledger } from '../ledger.ts'
import type { Seen } from '../processes.ts'

/** What programs noted, and what Overmind keeps of what they wrote. */
export interface Records {
  /** The lines of a note; null when there is none. */
  note(name: string): readonly string[] | null
  /** When something was noted last, in nanoseconds; null when there is no such note. */
  notedAt(name: string): bigint | null
  /** The lines of output that are kept of a run. */
  output(mission: string, run: number): readonly string[]
  /** The lines that the recording of a run's terminal shows. */
  recording(mission: string, run: number): readonly string[]
  /** What people have said in a conversation of Claude's. */
  conversation(id: string): readonly string[]
}

export interface Sight {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly ledger: Pick<Ledger, 'entries' | 'pipelines' | 'fleets' | 'rituals'>
  readonly missions: readonly MissionView[]
  readonly journal: readonly EventView[]
  readonly queue: QueueView
  readonly processes: readonly Seen[]
  readonly followed: Followed
  /** What daemons noted as errors of their own. */
  readonly faults: readonly string[]
  readonly records: Records
}

/** Each finding is a sentence, the same one as long as the same thing is wrong. */
export type Law = (sight: Sight) => readonly string[]

/** A mission that is there and was asked for. */
export interface Kept {
  readonly entry: Entry
  readonly mission: MissionView
}

/** Missions that were asked for and never asked to be forgotten. */
export function keptOf({ ledger, missions }: Pick<Sight, 'ledger' | 'missions'>): readonly Kept[] {
  const byId = new Map(ledger.entries.map((entry) => [entry.id, entry]))
  return missions.flatMap((mission) => {
    const entry = byId.get(mission.id)
    return entry === undefined || entry.removed ? [] : [{ entry, mission }]
  })
}

/** The numbers of its runs so far. */
export function runsOf({ run }: MissionView): readonly number[] {
  return Array.from({ length: run }, (_, index) => index + 1)
}

/** The values that are there more than once, each once. */
export function doublesOf<T>(values: readonly T[]): readonly T[] {
  return [...new Set(values.filter((value, index) => values.indexOf(value) !== index))]
}

/** Whether these stand in this order in those, maybe with others between. */
export function isWithin<T>(these: readonly T[], those: readonly T[]): boolean {
  let from = 0
  return these.every((each) => {
    const at = those.indexOf(each, from)
    from = at + 1
    return at !== -1
  })
}
