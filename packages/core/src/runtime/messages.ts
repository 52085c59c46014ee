import type { Store } from '../journal/store.ts'
import type { JournalEvent } from '../model/events.ts'
import { type MessageId, type MissionId, seq } from '../model/ids.ts'

type Of<T extends JournalEvent['type']> = Extract<JournalEvent, { type: T }>

/** So many events are looked through at a time. */
const PAGE = 256

/** The newest event of a type about a message. */
export function messageEvent<T extends 'message.queued' | 'message.handed' | 'message.answered'>(
  store: Store,
  { mission, message, type }: { readonly mission: MissionId; readonly message: MessageId; readonly type: T },
): Of<T> | undefined {
  const isIt = (event: JournalEvent): event is Of<T> =>
    event.type === type && 'message' in event && event.message === message
  for (let limit = PAGE; ; limit *= 4) {
    const events = store.events({ after: seq(0), mission, types: [type], limit, newestFirst: true })
    const found = events.find(isIt)
    if (found !== undefined || events.length < limit) return found
  }
}

/** What a person said. */
export function messageText(store: Store, mission: MissionId, message: MessageId): string {
  const queued = messageEvent(store, { mission, message, type: 'message.queued' })
  if (queued === undefined) throw new TypeError(`message ${message} of mission ${mission} is not on record`)
  return queued.text
}
