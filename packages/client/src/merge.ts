import { PassThrough } from 'node:stream'
import { pipeline } from 'node:stream/promises'

/**
 * What several sources give, as they give it; each in its own order. None is read faster than all of it is consumed. Ends when
 * all have ended, and with the first failure; none is read on after that, nor when the consumer leaves.
 */
export async function* merge<T extends object>(sources: readonly AsyncIterable<T>[]): AsyncGenerator<T> {
  const merged = new PassThrough({ objectMode: true, highWaterMark: 1 })
  // Each source listens to it.
  merged.setMaxListeners(0)
  Promise.all(sources.map((source) => pipeline(source, merged, { end: false }))).then(
    () => merged.end(),
    (error: Error) => merged.destroy(error),
  )
  // Nothing else is written to it.
  yield* merged as AsyncIterable<T>
}
