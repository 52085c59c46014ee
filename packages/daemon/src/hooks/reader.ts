import { setImmediate as breath } from 'node:timers/promises'
import { type Gap, type JournalEvent, type Runtime, seq } from '@overmind/core'
import type { Hook } from '../config/config.ts'
import type { Deliveries } from './deliveries.ts'
import { deliveryOf } from './delivery.ts'

/** Events in a row after which others have their turn. */
const AT_A_TIME = 64
/** Events that are none of the hook's business, after which its place is noted all the same. */
const NOTED_EVERY = 1000

export interface ReaderOptions {
  readonly runtime: Runtime
  readonly deliveries: Deliveries
  readonly signal: AbortSignal
  /** There is something to deliver. */
  onDelivery(): void
  /** Events that it has not read are no longer kept. */
  onGap(gap: Omit<Gap, 'type'>): void
  /** Does something that may fail for a while, until it is done; false when it was given up. */
  insist(act: () => void): Promise<boolean>
}

/**
 * Reads the journal on from where a hook has read to, and makes a delivery of each event that is for it. Ends with the signal, or
 * when the runtime has closed and all of it is read. `hook` is as it is at this moment: it may be changed meanwhile.
 */
export async function readJournal(
  hook: () => Hook,
  { runtime, deliveries, signal, onDelivery, onGap, insist }: ReaderOptions,
): Promise<void> {
  const { name } = hook()
  let noted = deliveries.cursor(name)
  let at = noted
  let inARow = 0

  const goneBefore = ({ seq: number }: JournalEvent): void => {
    if (number > at + 1) onGap({ after: at, next: number })
  }

  for await (const event of runtime.events({ since: at, signal })) {
    if (event.type === 'gap') {
      onGap(event)
      at = seq(event.next - 1)
      continue
    }
    if (signal.aborted) return
    goneBefore(event)
    at = event.seq
    const delivery = deliveryOf(hook(), event, runtime)
    // What a filter has kept back is noted, since the mission may pass it the next time. What is of another type never is for it.
    if (delivery !== undefined || at - noted >= NOTED_EVERY) {
      if (!(await insist(() => deliveries.advance(name, { to: event.seq, delivery: delivery ?? null }))))
        return
      noted = at
      if (delivery) onDelivery()
    }
    inARow = (inARow + 1) % AT_A_TIME
    if (inARow === 0) await breath()
  }
  if (at > noted && !signal.aborted) await insist(() => deliveries.advance(name, { to: at, delivery: null }))
}
