import { OvermindError, systemCode } from '@overmind/core'

/** What a system says when it lacks something for the moment. */
const LACKING: ReadonlySet<string> = new Set([
  'EAGAIN',
  'EDQUOT',
  'EIO',
  'EMFILE',
  'ENFILE',
  'ENOMEM',
  'ENOSPC',
])

/** How soon it is tried again what could not be done for the moment. Milliseconds. */
export const RETRY_MS = 1000

/** Whether what could not be done may be possible a moment later, as on a full disk: nothing that was asked for is wrong. */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if (error instanceof OvermindError && error.code === 'store_failed') return true
  return LACKING.has(systemCode(error) ?? '') || isPassing(error.cause)
}
