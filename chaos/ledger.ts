/** What was asked of Overmind, and what it said to that: the truth that it is held against. */

/** What a request came to. `unsure`: the answer never came, so it may have happened. */
export type Said<T> =
  | { readonly said: 'yes'; readonly value: T }
  | { readonly said: 'no'; readonly code: string }
  | { readonly said: 'unsure' }

/** What a counting program was told to do. */
export interface Plan {
  readonly lines: number
  readonly pauseSeconds: number
  readonly code: number
  readonly manner: 'plain' | 'stubborn' | 'leaves' | 'strays' | 'stops-itself'
}

export interface Sent {
  readonly text: string
  readonly sure: boolean
}

/** One mission that was asked for. */
export interface Entry {
  readonly name: string
  /** Null for a session, which does what it is told. */
  readonly plan: Plan | null
  /** Unknown while it is not sure that it was accepted. */
  id: string | null
  /** Somebody or something may have ended a run of it: its plan may not have been carried out. */
  disturbed: boolean
  /** How often its agent may have been ended from outside. */
  deaths: number
  /** It was asked to be forgotten, and may be. */
  removed: boolean
  readonly sent: Sent[]
}

/** Agents of a pipeline, by name, with those that each waits for. */
export interface Pipeline {
  readonly name: string
  readonly sure: boolean
  readonly needs: ReadonlyMap<string, readonly string[]>
  disturbed: boolean
  /** What has ended of it may have been forgotten. */
  removed: boolean
}

export interface Ledger {
  readonly entries: Entry[]
  readonly pipelines: Pipeline[]
  /** Of every action and fault, how often it was done and how often refused. */
  readonly counts: Map<string, number>
  count(what: string): void
  entryOf(id: string): Entry | undefined
}

export function openLedger(): Ledger {
  const entries: Entry[] = []
  const counts = new Map<string, number>()
  return {
    entries,
    pipelines: [],
    counts,
    count: (what) => void counts.set(what, (counts.get(what) ?? 0) + 1),
    entryOf: (id) => entries.find((entry) => entry.id === id),
  }
}

export function newEntry(name: string, plan: Plan | null): Entry {
  return { name, plan, id: null, disturbed: false, deaths: 0, removed: false, sent: [] }
}
