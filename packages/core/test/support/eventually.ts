import { setTimeout as pause } from 'node:timers/promises'

interface EventuallyOptions {
  /** Milliseconds until it is given up. */
  readonly within?: number
  /** What is waited for, in the words of the failure. */
  readonly what?: string
}

/** Waits for a fact, however long it takes within reason; what `look` found is the result. */
export async function eventually<T>(
  look: () => T | Promise<T>,
  { within = 15_000, what = look.toString() }: EventuallyOptions = {},
): Promise<Exclude<T, null | undefined | false>> {
  const deadline = performance.now() + within
  for (;;) {
    const found = await look()
    if (found !== null && found !== undefined && found !== false) {
      return found as Exclude<T, null | undefined | false>
    }
    if (performance.now() > deadline) throw new Error(`did not come true within ${within} ms: ${what}`)
    await pause(5)
  }
}

/** A promise that must settle soon, so that a hang fails where it happens. */
export async function soon<T>(promise: Promise<T>, what: string, within = 15_000): Promise<T> {
  const late = new AbortController()
  try {
    return await Promise.race([
      promise,
      pause(within, undefined, { signal: late.signal }).then((): never => {
        throw new Error(`did not settle within ${within} ms: ${what}`)
      }),
    ])
  } finally {
    late.abort()
  }
}
