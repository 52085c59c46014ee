import { setTimeout as pause } from 'node:timers/promises'

/** Waits for a fact, however long it takes within reason; what `look` found is the result. */
export async function eventually<T>(
  what: string,
  look: () => T | Promise<T>,
  within = 20_000,
): Promise<Exclude<T, null | undefined | false>> {
  const deadline = performance.now() + within
  for (;;) {
    const found = await look()
    if (isFact(found)) return found
    if (performance.now() > deadline) throw new Error(`did not come true within ${within} ms: ${what}`)
    await pause(10)
  }
}

function isFact<T>(value: T): value is Exclude<T, null | undefined | false> {
  return value !== null && value !== undefined && value !== false
}

/** A promise that must settle soon, so that a hang fails where it happens. */
export async function soon<T>(what: string, promise: Promise<T>, within = 20_000): Promise<T> {
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
