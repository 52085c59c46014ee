/** A moment on both clocks. Milliseconds. */
export interface Instant {
  /** Milliseconds since 1970, as people tell time; may jump. */
  readonly wall: number
  /** Milliseconds since the machine booted, without the time it was suspended; never jumps. */
  readonly monotonic: number
}

/**
 * A due moment kept as data, so that it outlives the process that set it. In the boot in which it was
 * set the monotonic clock decides; after a reboot the wall clock does.
 */
export interface Deadline extends Instant {
  readonly boot: string
}

export interface Clock {
  now(): Instant
  /** Calls `fire` once after `delayMs` milliseconds; the result cancels it. */
  timer(delayMs: number, fire: () => void): () => void
}

export function deadlineAfter(now: Instant, boot: string, delayMs: number): Deadline {
  return { wall: now.wall + delayMs, monotonic: now.monotonic + delayMs, boot }
}

/** How long until a deadline, in milliseconds; never negative. */
export function remaining(deadline: Deadline, now: Instant, boot: string): number {
  const left = deadline.boot === boot ? deadline.monotonic - now.monotonic : deadline.wall - now.wall
  return Math.max(0, left)
}

export function delayed({ wall, monotonic, boot }: Deadline, ms: number): Deadline {
  return { wall: wall + ms, monotonic: monotonic + ms, boot }
}

/** The one that is due later. Of two boots only the wall clock can be compared. */
export function later(a: Deadline, b: Deadline): Deadline {
  return (a.boot === b.boot ? a.monotonic >= b.monotonic : a.wall >= b.wall) ? a : b
}

const LONGEST_TIMEOUT_MS = 2 ** 31 - 1

/** Node fires a timer of more than 2^31-1 ms at once, so a long one is made of several. */
function longTimer(delayMs: number, fire: () => void): () => void {
  if (delayMs <= 0) {
    // Of no delay a timeout makes a millisecond.
    const immediate = setImmediate(fire)
    return () => clearImmediate(immediate)
  }
  let handle: NodeJS.Timeout
  const arm = (left: number): void => {
    const step = Math.min(left, LONGEST_TIMEOUT_MS)
    handle = setTimeout(() => (left > step ? arm(left - step) : fire()), step)
  }
  arm(delayMs)
  return () => clearTimeout(handle)
}

/** The machine's clocks. The monotonic one is the kernel's, so it means the same in every process. */
export const systemClock: Clock = {
  now: () => ({ wall: Date.now(), monotonic: Number(process.hrtime.bigint() / 1000n) / 1000 }),
  timer: longTimer,
}
