import { isShortage, OvermindError } from '@overmind/core'
import { after } from './after.ts'

/** How soon it is tried again what could not be done for the moment. Milliseconds. */
export const RETRY_MS = 1000

/** Whether what could not be done may be possible a moment later, as on a full disk: nothing that was asked for is wrong. */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if (error instanceof OvermindError && error.code === 'store_failed') return true
  return isShortage(error) || isPassing(error.cause)
}

/** Does again, every second, what is not possible for the moment, and tells why each time. Rejects when the signal aborts. */
export async function inTime<T>(
  act: () => Promise<T>,
  signal: AbortSignal,
  waits: (error: unknown) => void = () => {},
): Promise<T> {
  for (;;) {
    try {
      return await act()
    } catch (error) {
      if (!isPassing(error)) throw error
      waits(error)
    }
    await after(RETRY_MS, signal)
  }
}
