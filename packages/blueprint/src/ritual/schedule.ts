/** When a ritual is due. Times of day are those of its time zone, also where the clocks change. */
import { Cron } from 'croner'
import { OvermindError } from '@overmind/core'

export interface Schedule {
  /** The first time after this one; null when there is none any more. Milliseconds since 1970. */
  next(after: number): number | null
  /** The times after `after`, up to and with `until`; at most so many, the last ones. */
  between(after: number, until: number, most: number): readonly number[]
}

/**
 * A schedule from five fields (minute, hour, day of the month, month, day of the week), six with seconds first, or a word such as
 * `@daily`. A time that a change of the clocks leaves out is due at the change; one that comes twice is due the first time.
 *
 * @param timezone such as `Europe/Berlin`; undefined for that of this machine
 * @throws OvermindError `invalid_spec`
 */
export function scheduleOf(pattern: string, timezone: string | undefined): Schedule {
  const cron = parse(pattern, timezone)
  const next = (after: number): number | null => cron.nextRun(new Date(after))?.getTime() ?? null
  const last = (before: number): number | null => cron.previousRuns(1, new Date(before))[0]?.getTime() ?? null
  return {
    next,
    between(after, until, most) {
      const times: number[] = []
      // From the end: how many there are before the last ones is nobody's business, and may be millions.
      for (let at = last(until + 1); at !== null && at > after && times.length < most; at = last(at))
        times.push(at)
      return times.toReversed()
    },
  }
}

function parse(pattern: string, timezone: string | undefined): Cron {
  try {
    const cron = new Cron(pattern, { paused: true, ...(timezone === undefined ? {} : { timezone }) })
    // A time zone that is none is only noticed when it is needed.
    cron.nextRun()
    return cron
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.replace(/^Cron\w*: /, '') : String(cause)
    throw new OvermindError('invalid_spec', `the schedule ${JSON.stringify(pattern)} is none: ${why}`, {
      field: 'schedule',
      value: pattern,
      cause,
    })
  }
}
