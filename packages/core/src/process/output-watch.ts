/**
 * Notices that a run wrote something, and no more: it never reads the output. While a file is quiet the
 * kernel's notice is awaited; while it is busy the file's length is looked at from time to time instead,
 * so that a flood costs as little as a trickle. A flood past the limit is trimmed here too.
 */
import type { Clock } from '../model/time.ts'
import { type FileNotice, noticeChanges } from './file-notice.ts'
import { statOf } from './regular-file.ts'
import { trimBefore, trimPoint } from './trim.ts'

const SOONEST_MS = 20
const FIRST_MS = 100
const LATEST_MS = 1000

export interface OutputWatchOptions {
  readonly path: string
  /** Bytes already accounted for. */
  readonly from: number
  readonly trimmedTo: number
  readonly limitBytes: number
  readonly clock: Clock
  readonly onGrowth: (from: number, to: number) => void
  /** The bytes before `to` are about to be given back; when it throws they are not. */
  readonly onTrim: (to: number) => void
  readonly onFault: (error: unknown) => void
  readonly onUntrimmable: (reason: string) => void
}

export interface OutputWatch {
  /** Accounts for what has been written up to now. */
  check(): void
  /** For how long nothing has been written, in milliseconds. */
  quietFor(): number
  close(): void
}

export function watchOutput(options: OutputWatchOptions): OutputWatch {
  const { path, limitBytes, clock } = options
  let seen = options.from
  let grewAt = grownBefore()
  let trimmedTo = options.trimmedTo
  let trimming = false
  let trimmable = true
  let closed = false
  let cancelRetry: (() => void) | undefined
  let notice: FileNotice | undefined
  let cancel = clock.timer(FIRST_MS, () => poll(FIRST_MS))

  /** What was written before the watch began is as old as the file says. */
  function grownBefore(): number {
    const { wall, monotonic } = clock.now()
    const stats = statOf(path)
    return stats === undefined ? monotonic : monotonic - Math.max(0, wall - stats.mtimeMs)
  }

  /** What a run has put in the place of its file does not grow. */
  function length(): number {
    const stats = statOf(path)
    return stats?.isFile() === true ? stats.size : seen
  }

  function check(): number {
    const size = length()
    const grown = size - seen
    if (grown > 0) {
      options.onGrowth(seen, size)
      seen = size
      grewAt = clock.now().monotonic
    }
    considerTrim(size)
    return grown
  }

  async function trim(size: number): Promise<void> {
    const to = trimPoint(size - limitBytes)
    options.onTrim(to)
    trimming = true
    trimmedTo = to
    let result = await trimBefore(path, to)
    while (result.kind === 'hindered' && !closed) {
      options.onFault(result.error)
      await new Promise<void>((resolve) => (cancelRetry = clock.timer(LATEST_MS, resolve)))
      result = await trimBefore(path, to)
    }
    trimming = false
    if (closed) return
    if (result.kind === 'unsupported') {
      trimmable = false
      options.onUntrimmable(result.reason)
    } else {
      // It may have grown past the limit again meanwhile, and nobody may be looking any more.
      considerTrim(length())
    }
  }

  function considerTrim(size: number): void {
    if (trimmable && !trimming && size - trimmedTo > limitBytes * 1.125) trim(size).catch(options.onFault)
  }

  /** Looks, and sees to the next look; when it cannot be looked now it is looked later. */
  function poll(waited: number): void {
    notice?.close()
    notice = undefined
    try {
      look(waited)
    } catch (error) {
      options.onFault(error)
      cancel = clock.timer(LATEST_MS, () => poll(LATEST_MS))
    }
  }

  function look(waited: number): void {
    const grown = check()
    if (grown === 0) return awaitNotice()
    // A file that grows by a quarter of its limit between two looks is looked at more often.
    const byRate = (limitBytes / 4 / grown) * waited
    const next = Math.max(SOONEST_MS, Math.min(LATEST_MS, waited * 2, byRate))
    cancel = clock.timer(next, () => poll(next))
  }

  function awaitNotice(): void {
    notice = noticeChanges(path, () => {
      notice?.close()
      notice = undefined
      cancel()
      cancel = clock.timer(FIRST_MS, () => poll(FIRST_MS))
      try {
        check()
      } catch (error) {
        options.onFault(error)
      }
    })
    // What was written before the notice was asked for.
    if (length() > seen) cancel = clock.timer(0, () => poll(FIRST_MS))
  }

  return {
    check: () => void check(),
    quietFor: () => {
      check()
      return clock.now().monotonic - grewAt
    },
    close: () => {
      closed = true
      cancelRetry?.()
      cancel()
      notice?.close()
      notice = undefined
    },
  }
}
