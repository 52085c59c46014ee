import type { Seq } from '@overmind/core'
import type { Hook } from '../config/config.ts'
import { attempt } from './attempt.ts'
import { afterTry, LONGEST_WAIT_MS, type Step } from './decide.ts'
import type { Pace } from './pace.ts'
import type { Deliveries, WaitingDelivery } from './deliveries.ts'

/** Deliveries of a hook that are under way at a time. */
const AT_ONCE = 4

export interface SenderOptions {
  readonly home: string
  readonly pace: Pace
  readonly deliveries: Deliveries
  /** Gives up what is under way. */
  readonly signal: AbortSignal
  onDead(delivery: WaitingDelivery, reason: string): void
  /** So many dead deliveries had to go. */
  onDropped(count: number): void
  /** Does something that may fail for a while, until it is done; false when it was given up. */
  insist(act: () => void): Promise<boolean>
}

/** Brings what waits for one hook to where that wants it. What waits is in the store: no more than is under way is in memory. */
export interface Sender {
  /** There may be something to send. */
  look(): void
  /** Settles once nothing is under way and nothing is to be sent now. */
  idle(): Promise<void>
  /** Begins nothing any more; settles once nothing is under way. */
  close(): Promise<void>
}

/** `hook` is as it is at this moment: it may be changed meanwhile. */
export function createSender(
  hook: () => Hook,
  { home, pace, deliveries, signal, onDead, onDropped, insist }: SenderOptions,
): Sender {
  const { name } = hook()
  const underWay = new Map<Seq, Promise<void>>()
  let timer: NodeJS.Timeout | undefined
  let looking: Promise<void> | undefined
  let again = false
  let open = true

  /** One look at a time: what comes up meanwhile is seen by the next. */
  function look(): void {
    again = true
    looking ??= lookWhileAsked()
  }

  async function lookWhileAsked(): Promise<void> {
    while (again && open) {
      again = false
      await insist(begin)
    }
    looking = undefined
  }

  function begin(): void {
    clearTimeout(timer)
    const now = Date.now()
    const limit = AT_ONCE - underWay.size
    for (const delivery of limit > 0 ? deliveries.due(name, { now, except: underWay.keys(), limit }) : []) {
      // Noted before it is done: who dies of it does not begin to count again.
      deliveries.begin(delivery)
      underWay.set(delivery.seq, send(delivery))
    }
    if (underWay.size < AT_ONCE) wakeFor(now)
  }

  function wakeFor(now: number): void {
    const next = deliveries.nextDue(name, underWay.keys())
    if (next === undefined) return
    if (next <= now + LONGEST_WAIT_MS) {
      timer = setTimeout(look, Math.max(0, next - now))
      return
    }
    // The clock was put back: nothing waits for longer than it may.
    deliveries.hasten(name, now)
    again = true
  }

  async function send(delivery: WaitingDelivery): Promise<void> {
    const { retries } = hook()
    const outcome = await attempt(hook(), delivery, { home, pace, signal })
    const attempts = delivery.attempts + 1
    const step = afterTry(outcome, { attempts, retries, now: Date.now(), random: Math.random })
    await insist(() => note(delivery, step))
    underWay.delete(delivery.seq)
    look()
  }

  function note(delivery: WaitingDelivery, step: Step): void {
    const at = Date.now()
    switch (step.kind) {
      case 'done':
        return deliveries.done(delivery)
      case 'undo':
        return deliveries.undo(delivery)
      case 'again':
        return deliveries.putOff(delivery, { until: step.at, error: step.reason, at })
      case 'dead': {
        const dropped = deliveries.bury(delivery, { error: step.reason, at })
        onDead(delivery, step.reason)
        if (dropped > 0) onDropped(dropped)
      }
    }
  }

  async function rest(): Promise<void> {
    await looking
    while (underWay.size > 0) {
      await Promise.all(underWay.values())
      await looking
    }
  }

  return {
    look,
    idle() {
      look()
      return rest()
    },
    close() {
      open = false
      clearTimeout(timer)
      return rest()
    },
  }
}
