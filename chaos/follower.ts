/** Somebody who wants to be told of everything that happens, whoever dies. */
import type { OvermindClient } from '@overmind/client'

export interface Followed {
  /** The numbers of the events that they were told of. */
  readonly told: ReadonlySet<number>
  /** Those that they were told of once more. */
  readonly twice: readonly number[]
}

export interface Follower extends Followed, Disposable {}

export function follow(client: OvermindClient): Follower {
  const told = new Set<number>()
  const twice: number[] = []
  const leaves = new AbortController()
  const reads = async (): Promise<void> => {
    for await (const event of client.followEvents({ since: 0, signal: leaves.signal })) {
      if (!('seq' in event)) continue
      if (told.has(event.seq)) twice.push(event.seq)
      told.add(event.seq)
    }
  }
  reads().catch((error: unknown) => {
    if (!leaves.signal.aborted) throw error
  })
  return { told, twice, [Symbol.dispose]: () => leaves.abort() }
}
