import { OvermindError } from '@overmind/core'
import type { Context } from 'hono'

/** Node's timers go no further. */
const LONGEST_MS = 2 ** 31 - 1

export interface Within {
  /** Undefined: as long as it takes. */
  readonly timeoutMs: number | undefined
  /** What is said when it took longer. */
  readonly late: string
}

/** Waits for something as long as the client does. @throws OvermindError `timeout` */
export async function within<T>(
  c: Context,
  { timeoutMs, late }: Within,
  wait: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const over = new AbortController()
  const timer =
    timeoutMs === undefined
      ? undefined
      : setTimeout(() => over.abort(new OvermindError('timeout', late)), Math.min(timeoutMs, LONGEST_MS))
  try {
    return await wait(AbortSignal.any([over.signal, c.req.raw.signal]))
  } finally {
    clearTimeout(timer)
  }
}
