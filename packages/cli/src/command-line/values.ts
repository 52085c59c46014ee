import { durationMs, sizeBytes } from '@overmind/core/text'
import { BadValue, type Reader } from './flags.ts'

const LONGEST_MS = 365 * 86_400_000

export const text: Reader<string> = (given) => given

/** `K=V`: a name, and whatever stands behind it. */
export const pair: Reader<readonly [name: string, value: string]> = (given) => {
  const at = given.indexOf('=')
  if (at < 1) throw new BadValue('must be of the form K=V')
  return [given.slice(0, at), given.slice(at + 1)]
}

/** Milliseconds, from a number of `unit` or a time with units: `500ms`, `30s`, `5m`, `1h30m`, `1d`. */
export function duration(unit: 'ms' | 's'): Reader<number> {
  const words = unit === 's' ? 'a number of seconds' : 'a number of milliseconds'
  return (given) => {
    const milliseconds = durationMs(given, unit)
    if (milliseconds === undefined) throw new BadValue(`must be ${words}, or a time such as 30s, 5m or 1h30m`)
    if (milliseconds > LONGEST_MS) throw new BadValue('must be at most a year')
    return milliseconds
  }
}

export function whole(least: number): Reader<number> {
  return (given) => {
    const number = /^\d+$/.test(given) ? Number(given) : Number.NaN
    if (!Number.isSafeInteger(number) || number < least) {
      throw new BadValue(`must be a whole number, at least ${least}`)
    }
    return number
  }
}

export const integer: Reader<number> = (given) => {
  const number = /^-?\d+$/.test(given) ? Number(given) : Number.NaN
  if (!Number.isSafeInteger(number)) throw new BadValue('must be a whole number')
  return number
}

/** Bytes, or with a unit of 1024 of the one before: `512M`, `1.5G`. */
export const bytes: Reader<number> = (given) => {
  const size = sizeBytes(given)
  if (size === undefined || !Number.isSafeInteger(size))
    throw new BadValue('must be a number of bytes, or a size such as 512M or 2G')
  return size
}

/** A positive number that may have a fraction. */
export const amount: Reader<number> = (given) => {
  const number = /^\d+(\.\d+)?$/.test(given) ? Number(given) : Number.NaN
  if (!(number > 0)) throw new BadValue('must be a number such as 2 or 0.5')
  return number
}

/** A positive number of seconds that may have a fraction. */
export const seconds: Reader<number> = (given) => {
  const milliseconds = duration('s')(given)
  if (milliseconds === 0) throw new BadValue('must be more than 0')
  return milliseconds / 1000
}

/**
 * A moment as ISO 8601 in UTC: from how long ago it was (`10m`), from seconds since 1970 (at least nine digits,
 * so that a unit forgotten is an error), or from a date and time.
 */
export function moment(now: () => number): Reader<string> {
  return (given) => {
    const time = momentMs(given, now)
    if (!(Math.abs(time) <= 8.64e15)) {
      throw new BadValue('must be a time ago such as 10m, an ISO time or seconds since 1970')
    }
    return new Date(time).toISOString()
  }
}

function momentMs(given: string, now: () => number): number {
  if (/^\d{9,}(\.\d+)?$/.test(given)) return Number(given) * 1000
  if (/[a-z]$/.test(given)) return now() - (durationMs(given, 'ms') ?? Number.NaN)
  return /^\d{4}-\d\d/.test(given) ? Date.parse(given) : Number.NaN
}

const SIGNAL = /^(SIG)?([A-Z][A-Z0-9+]*)$/

/** A signal's name, with or without `SIG`, in either case. */
export const signal: Reader<string> = (given) => {
  const name = SIGNAL.exec(given.toUpperCase())?.[2]
  const { signals } = process.getBuiltinModule('node:os').constants
  if (name === undefined || !Object.hasOwn(signals, `SIG${name}`)) {
    throw new BadValue('must be a signal such as SIGTERM or SIGINT')
  }
  return `SIG${name}`
}
