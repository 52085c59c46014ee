import { setTimeout as sleep } from 'node:timers/promises'
import { ConnectionFailed, isAway } from '@overmind/client'

/** How long a daemon that has died may take to come back. */
const PATIENCE_MS = 10_000
const RETRY_MS = 200

/** Whether there was no daemon, or one that is ending and begins nothing more. */
function hasDoneNothing(error: unknown): boolean {
  return isAway(error) && !(error instanceof ConnectionFailed)
}

/** Rests before the daemon is asked again. */
export async function rest(signal: AbortSignal): Promise<void> {
  await sleep(RETRY_MS, undefined, { signal })
}

/** Asks for what may be asked for twice, until the daemon is there or has been away for too long. */
export async function patiently<T>(ask: () => Promise<T>, signal: AbortSignal): Promise<T> {
  return retrying(ask, signal, isAway)
}

/** The same for what must not happen twice: asked again only as long as nothing has been done. */
export async function once<T>(ask: () => Promise<T>, signal: AbortSignal): Promise<T> {
  return retrying(ask, signal, hasDoneNothing)
}

async function retrying<T>(
  ask: () => Promise<T>,
  signal: AbortSignal,
  again: (error: unknown) => boolean,
): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      if (!again(error) || performance.now() > deadline) throw error
    }
    await rest(signal)
  }
}
