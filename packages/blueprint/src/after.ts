import { type Clock, systemClock } from '@overmind/core'

/** Settles after so many milliseconds, be it weeks; rejects when the signal aborts. */
export function after(
  ms: number,
  signal: AbortSignal,
  { timer }: Pick<Clock, 'timer'> = systemClock,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const abort = (): void => reject(new Error('aborted', { cause: signal.reason }))
  if (signal.aborted) abort()
  const cancel = timer(Math.max(0, ms), resolve)
  signal.addEventListener('abort', abort, { once: true })
  return promise.finally(() => {
    cancel()
    signal.removeEventListener('abort', abort)
  })
}
