/** What follows when a ritual is due. Pure. */
import type { Missed } from './options.ts'

/** After so long a time was not met but missed. Milliseconds. */
const MISSED_MS = 60_000

export type Due =
  | { readonly kind: 'start'; readonly at: number }
  | { readonly kind: 'skip'; readonly at: number; readonly because: string }

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
