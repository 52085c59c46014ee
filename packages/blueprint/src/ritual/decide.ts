/** What follows when a ritual is due. Pure. */
import type { Missed } from './options.ts'
import type { Schedule } from './schedule.ts'

/** After so long a time was not met but missed. Milliseconds. */
const MISSED_MS = 60_000

export type Due =
  | { readonly kind: 'start'; readonly at: number }
  | { readonly kind: 'skip'; readonly at: number; readonly because: string }

/**
 * Up to which time all have been met. With a clock that was set back this may be a time to come: one that has been met does not come
 * again. Unless several would: then the clock was wrong, or it is a matter of intervals, and what is due counts from now.
 */
export function metUntil(handled: number, now: number, schedule: Pick<Schedule, 'between'>): number {
  return handled > now && schedule.between(now, handled, 2).length > 1 ? now : handled
}

/** Which of the times that have come are to be met; the others are passed over, and why. */
export function dueOf(times: readonly number[], now: number, missed: Missed): readonly Due[] {
  const late = times.filter((at) => now - at > MISSED_MS)
  const last = late.at(-1)
  return times.map((at): Due => {
    const isLate = now - at > MISSED_MS
    if (!isLate || (missed === 'once' && at === last && late.length === times.length))
      return { kind: 'start', at }
    return { kind: 'skip', at, because: 'missed' }
  })
}
