import type { Journal } from '../journal/journal.ts'
import type { Change } from '../journal/store.ts'
import type { EventDraft } from '../model/events.ts'
import type { Clock } from '../model/time.ts'

/** How long a note may wait for company before it is written. Milliseconds. */
const WAIT_MS = 50
/** How soon it is tried again what could not be written. Milliseconds. */
const RETRY_MS = 1000
/** So many notes wait for a store that cannot be written; the oldest are left out then. */
const MOST_WAITING = 10_000

/** What a runtime writes to its journal with. */
export interface Writer {
  /** @throws OvermindError `store_failed`; then nothing was written. */
  commit(change: Change): void
  /** Writes an event with the next change, or soon: for what only adds detail. */
  note(event: EventDraft): void
  /** Writes what has been noted, or tries again later. */
  flush(): void
  /** Writes what has been noted, a last time: nothing is tried again. */
  close(): void
}

export function createWriter(journal: Journal, clock: Clock, onFault: (error: unknown) => void): Writer {
  let notes: EventDraft[] = []
  let cancel: (() => void) | undefined
  let isStuck = false
  let closed = false

  function flush(): void {
    cancel?.()
    cancel = undefined
    if (notes.length === 0) return
    const events = notes
    notes = []
    try {
      journal.commit({ events })
      isStuck = false
    } catch (error) {
      notes = [...events, ...notes].slice(-MOST_WAITING)
      if (!closed) cancel = clock.timer(RETRY_MS, flush)
      if (!isStuck) onFault(error)
      isStuck = true
    }
  }

  return {
    commit: (change) => {
      const before = notes
      journal.commit(before.length === 0 ? change : { ...change, events: [...before, ...change.events] })
      notes = notes.slice(before.length)
    },
    note: (event) => {
      notes.push(event)
      if (!closed) cancel ??= clock.timer(WAIT_MS, flush)
    },
    flush,
    close: () => {
      closed = true
      flush()
    },
  }
}
