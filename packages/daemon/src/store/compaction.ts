import type { SqliteStore } from './sqlite-store.ts'

/** How often it is looked whether there is something to give back. */
const LOOK_MS = 10_000
/** Between two slices, for everybody else. */
const REST_MS = 20

export interface CompactionOptions {
  readonly onFault: (error: unknown) => void
  /** Milliseconds between two looks. Default: ten seconds. */
  readonly everyMs?: number
}

/** Gives back to the disk what has been forgotten, a slice at a time beside all else; the result ends that. */
export function keepCompact(
  store: Pick<SqliteStore, 'compact'>,
  { onFault, everyMs = LOOK_MS }: CompactionOptions,
): () => void {
  let timer: NodeJS.Timeout

  function later(delayMs: number): void {
    timer = setTimeout(slice, delayMs)
    timer.unref()
  }

  function slice(): void {
    let isMore = false
    try {
      isMore = store.compact()
    } catch (error) {
      onFault(error)
    }
    later(isMore ? REST_MS : everyMs)
  }

  later(everyMs)
  return () => clearTimeout(timer)
}
