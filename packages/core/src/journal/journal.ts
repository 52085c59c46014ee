/**
 * The journal: the ordered, numbered log of everything that happens. A subscriber holds nothing but a
 * number, the last it has seen, and reads on from there: from a short tail kept in memory when it is
 * close behind, from the store when it is not. So no subscriber, however slow, costs memory, and none
 * misses an event that is still kept. When events it has not read are no longer kept, it is told so by
 * a gap.
 */
import type { Gap, JournalEvent } from '../model/events.ts'
import { type MissionId, type Seq, seq } from '../model/ids.ts'
import type { MissionRecord } from '../model/state.ts'
import { firstAfter } from './memory-store.ts'
import type { Change, Store } from './store.ts'

const TAIL = 2048
const PAGE = 256

export interface SubscribeOptions {
  /** Begin behind this number; 0 is the beginning of what is kept. Default: the newest, so that only news comes. */
  readonly since?: Seq
  readonly mission?: MissionId
  /** Ends the subscription quietly. */
  readonly signal?: AbortSignal
  /** Ends it once everything up to now has been read. Default: go on until aborted or closed. */
  readonly follow?: boolean
}

export interface Journal {
  /** Writes a change, then wakes the subscribers. @throws OvermindError `store_failed`; then nothing was written. */
  commit(change: Change): readonly JournalEvent[]
  subscribe(options?: SubscribeOptions): AsyncIterableIterator<JournalEvent | Gap>
  missions(): readonly MissionRecord[]
  last(): Seq
  /** Ends all subscriptions once they have read the news, and closes the store. */
  close(): void
}

export function createJournal(store: Store): Journal {
  let tail: JournalEvent[] = []
  /** Numbers up to this one may be missing from the tail. */
  let tailAfter = store.last()
  let newest = store.last()
  let closed = false
  let wake: { readonly news: Promise<void>; readonly ring: () => void } = bell()

  function bell(): typeof wake {
    const { promise, resolve } = Promise.withResolvers<void>()
    return { news: promise, ring: resolve }
  }

  function ring(): void {
    const { ring: now } = wake
    wake = bell()
    now()
  }

  function page(after: Seq, mission: MissionId | undefined): readonly JournalEvent[] {
    if (after < tailAfter) {
      return store.events({ after, limit: PAGE, ...(mission === undefined ? {} : { mission }) })
    }
    const from = firstAfter(tail, after)
    if (mission === undefined) return tail.slice(from, from + PAGE)
    return tail.slice(from).filter((event) => 'mission' in event && event.mission === mission)
  }

  async function* read(
    begin: Seq,
    { mission, signal, follow = true }: SubscribeOptions,
  ): AsyncGenerator<JournalEvent | Gap, undefined> {
    const end = follow ? undefined : newest
    const over = (): boolean => signal?.aborted === true
    let cursor = begin
    signal?.addEventListener('abort', ring, { once: true })
    try {
      if (cursor > newest) {
        // A number of another journal, or of one that was replaced.
        const reached = newest
        yield { type: 'gap', after: cursor, next: seq(reached + 1) }
        cursor = reached
      }
      while (!over()) {
        const { news } = wake
        const oldest = closed ? seq(tailAfter + 1) : store.first()
        if (oldest > cursor + 1) {
          yield { type: 'gap', after: cursor, next: oldest }
          cursor = seq(oldest - 1)
        }
        const upTo = newest
        const events = page(cursor, mission)
        for (const event of events) {
          if (end !== undefined && event.seq > end) return
          cursor = event.seq
          yield event
          if (over()) return
        }
        if (events.length > 0) continue
        // Nothing of this mission up to here: do not look through the same events again.
        cursor = seq(Math.max(cursor, upTo))
        if (closed || (end !== undefined && cursor >= end)) return
        await news
      }
    } finally {
      signal?.removeEventListener('abort', ring)
    }
  }

  /** Where to begin is settled at once, not when the first event is asked for. */
  function subscribe(options: SubscribeOptions = {}): AsyncGenerator<JournalEvent | Gap, undefined> {
    const since = options.since ?? newest
    return read(since === 0 ? seq(store.first() - 1) : since, options)
  }

  return {
    commit(change) {
      const events = store.commit(change)
      if (change.remove !== undefined && change.remove.length > 0) {
        const gone = new Set(change.remove)
        tail = tail.filter((event) => !('mission' in event && gone.has(event.mission)))
      }
      const last = events.at(-1)
      if (last !== undefined) {
        newest = last.seq
        tail.push(...events)
        if (tail.length > TAIL * 2) {
          tail = tail.slice(-TAIL)
          tailAfter = seq((tail[0]?.seq ?? newest + 1) - 1)
        }
        ring()
      }
      return events
    },
    subscribe,
    missions: () => store.missions(),
    last: () => newest,
    close() {
      closed = true
      ring()
      store.close()
    },
  }
}
