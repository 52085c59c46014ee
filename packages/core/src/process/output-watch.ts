/**
 * Notices that a run wrote something, and no more: it never reads the output. While a file is quiet the
 * kernel's notice is awaited; while it is busy the file's length is looked at from time to time instead,
 * so that a flood costs as little as a trickle. A flood past the limit is trimmed here too.
 */
import { statSync } from 'node:fs'
import { systemCode } from '../model/errors.ts'
import type { Clock } from '../model/time.ts'
import { type FileNotice, noticeChanges } from './file-notice.ts'
import { type Trimmed, trimBefore } from './trim.ts'

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
  readonly onTrimmed: (trimmed: Trimmed) => void
}

export interface OutputWatch {
  /** Accounts for what has been written up to now. */
  check(): void
  /** When something was last written, in milliseconds since 1970; null when nothing ever was. */
  lastWrite(): number | null
  close(): void
}

export function watchOutput(options: OutputWatchOptions): OutputWatch {
  const { path, limitBytes, clock } = options
  let seen = options.from
  let trimmedTo = options.trimmedTo
  let trimming = false
  let trimmable = true
  let closed = false
  let notice: FileNotice | undefined
  let cancel = clock.timer(FIRST_MS, () => poll(FIRST_MS))

  function length(): number {
    try {
      return statSync(path).size
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return seen
      throw error
    }
  }

  function check(): number {
    const size = length()
    const grown = size - seen
    if (grown > 0) {
      options.onGrowth(seen, size)
      seen = size
    }
    if (trimmable && !trimming && size - trimmedTo > limitBytes * 1.125) void trim(size)
    return grown
  }

  async function trim(size: number): Promise<void> {
    trimming = true
    const result = await trimBefore(path, size - limitBytes)
    trimming = false
    if (result.kind === 'trimmed') trimmedTo = result.to
    else trimmable = false
    if (!closed) options.onTrimmed(result)
  }

  function poll(waited: number): void {
    notice?.close()
    notice = undefined
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
      check()
      cancel = clock.timer(FIRST_MS, () => poll(FIRST_MS))
    })
    // What was written before the notice was asked for.
    if (length() > seen) cancel = clock.timer(0, () => poll(FIRST_MS))
  }

  return {
    check: () => void check(),
    lastWrite: () => {
      const stats = statSync(path, { throwIfNoEntry: false })
      return stats === undefined || stats.size === 0 ? null : stats.mtimeMs
    },
    close: () => {
      closed = true
      cancel()
      notice?.close()
      notice = undefined
    },
  }
}
