import { setTimeout as pause } from 'node:timers/promises'

const AGAIN_MS = 1000

export interface InsistOptions {
  /** Ends it; what is begun then is still tried once. */
  readonly signal: AbortSignal
  /** Told of the first failure of each. */
  onFault(error: unknown): void
}

/** Does something at once, and again each second as long as it fails, as writes on a full disk do; false when it was given up. */
export function insistence({ signal, onFault }: InsistOptions): (act: () => void) => Promise<boolean> {
  return async (act) => {
    for (let told = false; ; told = true) {
      try {
        act()
        return true
      } catch (error) {
        if (!told) onFault(error)
      }
      if (signal.aborted) return false
      // Woken by the signal, it tries for the last time.
      await pause(AGAIN_MS, undefined, { signal }).catch(() => undefined)
    }
  }
}
