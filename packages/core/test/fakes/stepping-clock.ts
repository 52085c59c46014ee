import type { Clock, Instant } from '../../src/index.ts'

interface Timer {
  readonly due: number
  readonly sequence: number
  readonly fire: () => void
}

export interface SteppingClock extends Clock {
  /** Timers that are set and not yet due. */
  readonly armed: number
  /** Milliseconds until the next timer, or undefined. */
  next(): number | undefined
  /** Moves on and fires what becomes due, in the order of (deadline, setting), each at its own moment. */
  advance(ms: number): void
}

/** A clock that moves only when told to. */
export function steppingClock(
  start: Instant = { wall: 1_700_000_000_000, monotonic: 1_000_000 },
): SteppingClock {
  let passed = 0
  let sequence = 0
  const timers = new Set<Timer>()

  function earliest(): Timer | undefined {
    let first: Timer | undefined
    for (const timer of timers) {
      if (
        first === undefined ||
        timer.due < first.due ||
        (timer.due === first.due && timer.sequence < first.sequence)
      )
        first = timer
    }
    return first
  }

  return {
    get armed() {
      return timers.size
    },
    now: () => ({ wall: start.wall + passed, monotonic: start.monotonic + passed }),
    timer(delayMs, fire) {
      const timer: Timer = { due: passed + Math.max(0, delayMs), sequence: (sequence += 1), fire }
      timers.add(timer)
      return () => void timers.delete(timer)
    },
    next: () => {
      const first = earliest()
      return first === undefined ? undefined : Math.max(0, first.due - passed)
    },
    advance(ms) {
      const until = passed + ms
      for (let first = earliest(); first !== undefined && first.due <= until; first = earliest()) {
        timers.delete(first)
        passed = Math.max(passed, first.due)
        first.fire()
      }
      passed = until
    },
  }
}
