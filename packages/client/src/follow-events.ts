import { setTimeout as pause } from 'node:timers/promises'
import type { EventView, GapView } from '@overmind/daemon'
import { isAway } from './errors.ts'

/** How long a daemon that is away is left alone. */
const RETRY_MS = 200

interface Source {
  /** The number of the newest event. */
  newest(): Promise<number>
  /** What happens after a number, until the daemon goes. */
  events(since: number): AsyncIterable<EventView | GapView>
}

/** Events as they happen, from the daemon that is there or from the next one. */
export async function* followEvents(
  { newest, events }: Source,
  { since, signal }: { readonly since?: number | undefined; readonly signal?: AbortSignal | undefined },
): AsyncGenerator<EventView | GapView, void, undefined> {
  let last = since
  for (;;) {
    try {
      // Where it begins must be known, to go on from there when the first connection brings nothing.
      last ??= await newest()
      for await (const event of events(last)) {
        last = 'seq' in event ? event.seq : event.next - 1
        yield event
      }
    } catch (error) {
      if (!isAway(error)) throw error
    }
    await pause(RETRY_MS, undefined, signal === undefined ? {} : { signal }).catch(() => undefined)
    signal?.throwIfAborted()
  }
}
