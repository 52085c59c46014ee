import type { JournalEvent } from '../model/events.ts'
import { type MissionId, seq } from '../model/ids.ts'
import type { MissionRecord } from '../model/state.ts'
import type { Store, Thinning } from './store.ts'

export interface MemoryStoreOptions {
  /** How many events are kept, the newest. Default: 100,000. */
  readonly capacity?: number
}

/** A store that lasts as long as the process: for embedding, where the output files are enough. */
export function createMemoryStore({ capacity = 100_000 }: MemoryStoreOptions = {}): Store {
  const missions = new Map<MissionId, MissionRecord>()
  let events: JournalEvent[] = []
  let last = seq(0)

  return {
    commit({ events: drafts, put = [], remove = [], thin = [] }) {
      const numbered = drafts.map((draft): JournalEvent => ({ ...draft, seq: (last = seq(last + 1)) }))
      for (const record of put) missions.set(record.id, record)
      if (remove.length > 0) {
        const gone = new Set(remove)
        for (const id of gone) missions.delete(id)
        events = events.filter((event) => !('mission' in event && gone.has(event.mission)))
      }
      events.push(...numbered)
      for (const one of thin) events = thinned(events, one)
      // Cut in large steps: dropping one event at a time would move the whole list each time.
      if (events.length > capacity * 1.25) events = events.slice(-capacity)
      return numbered
    },
    missions: () => [...missions.values()],
    events: ({ after, mission, run, stream, types, limit, newestFirst = false }) => {
      const wanted = (event: JournalEvent): boolean =>
        (mission === undefined || ('mission' in event ? event.mission : null) === mission) &&
        (run === undefined || ('run' in event && event.run === run)) &&
        (stream === undefined || ('stream' in event && event.stream === stream)) &&
        (types === undefined || types.includes(event.type))
      const oldest = firstAfter(events, after)
      const found: JournalEvent[] = []
      for (let step = 0; step < events.length - oldest && found.length < limit; step += 1) {
        const event = events[newestFirst ? events.length - 1 - step : oldest + step]
        if (event !== undefined && wanted(event)) found.push(event)
      }
      return found
    },
    last: () => last,
    first: () => events[0]?.seq ?? seq(last + 1),
    close: () => {},
  }
}

function thinned(events: readonly JournalEvent[], { mission, run, keep }: Thinning): JournalEvent[] {
  const isNote = (event: JournalEvent): boolean =>
    event.type === 'run.output' && event.mission === mission && event.run === run
  let surplus = events.filter(isNote).length - keep
  return events.filter((event) => !(surplus > 0 && isNote(event) && surplus-- > 0))
}

/** Binary search: the position of the first event with a number greater than `after`. */
export function firstAfter(events: readonly JournalEvent[], after: number): number {
  let low = 0
  let high = events.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((events[middle]?.seq ?? Infinity) > after) high = middle
    else low = middle + 1
  }
  return low
}
