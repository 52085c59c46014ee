/** So many times as long as a start has taken, nothing is started. */
const REST = 4

/** Does something when its turn has come. */
export type Pace = <T>(act: () => Promise<T>) => Promise<T>

/**
 * To start a program stops a process of the daemon's size for milliseconds. One after the other, with rests between them, however many
 * events wait: so the daemon has most of its time for missions and requests.
 */
export function createPace(): Pace {
  let free: Promise<void> = Promise.resolve()
  return async (act) => {
    const turn = free
    const { promise, resolve } = Promise.withResolvers<void>()
    free = promise
    await turn
    const began = performance.now()
    const done = act()
    // Only its beginning counts, and not how long it goes on.
    setTimeout(resolve, (performance.now() - began) * REST)
    return done
  }
}
