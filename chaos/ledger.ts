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

/** What the program of a mission does. */
export type Program =
  | { readonly kind: 'counts'; readonly plan: Plan }
  /** It notes each line that it is told. */
  | { readonly kind: 'hears' }
  /** The stand-in for Claude Code. */
  | { readonly kind: 'converses' }
  /** It notes each line that is typed on its terminal. */
  | { readonly kind: 'reads-typing' }

export interface Sent {
  readonly text: string
  readonly sure: boolean
  /** When it was asked for, and when that was answered; what several say at once has no order. Milliseconds. */
  readonly asked: number
  readonly answered: number
}

/** A line that somebody typed on a terminal, and what they saw of it before they left. */
export interface Typed {
  readonly text: string
  /** Whoever typed it; what several type at once has no order. */
  readonly typist: string
  /** `left`: they, or the terminal, went before it could be seen. */
  readonly fate: 'shown' | 'not-shown' | 'left'
}

/** Lines that somebody at a terminal saw one behind the other, from one redraw to the next. */
export interface Glimpse {
  readonly run: number
  readonly lines: readonly string[]
}

/** One mission that was asked for. */
export interface Entry {
  readonly name: string
  readonly program: Program
  /** How many runs it comes to when nobody disturbs it; null when that is not said here. */
  readonly runs: number | null
  /** The mission that it ends with. */
  readonly boundTo: string | null
  /** The session that is told when it has exited. */
  readonly tells: string | null
  /** Unknown while it is not sure that it was accepted. */
  id: string | null
  /** Somebody or something may have ended a run of it: its plan may not have been carried out. */
  disturbed: boolean
  /** How often its agent may have been ended from outside. */
  deaths: number
  /** It was asked to be forgotten, and may be. */
  removed: boolean
  readonly sent: Sent[]
  readonly typed: Typed[]
  readonly glimpses: Glimpse[]
  /** What those saw who followed its log, from the first line on. */
  readonly follows: (readonly string[])[]
}

/** Agents of a pipeline, by name, with those that each waits for. */
export interface Pipeline {
  readonly name: string
  readonly sure: boolean
  readonly needs: ReadonlyMap<string, readonly string[]>
  /** Those that wait only until the other has begun, as members of a team do. */
  readonly team: ReadonlySet<string>
  disturbed: boolean
  /** What has ended of it may have been forgotten. */
  removed: boolean
}

/** A pipeline of copies that are declared anew from time to time. */
export interface Fleet {
  readonly name: string
  /** What was declared last. */
  version: number
  copies: number
  /** What was declared last was accepted, and nobody is about to declare something else. */
  settled: boolean
  /** It was taken down. */
  gone: boolean
}

/** A time from a request to the next in which a ritual is at work, in milliseconds since 1970. */
export interface Span {
  readonly from: number
  to: number | null
}

export interface Ritual {
  readonly name: string
  readonly everySeconds: number
  readonly overlap: 'skip' | 'wait' | 'replace' | 'allow'
  id: string | null
  /** When it is sure to have been at work. */
  readonly spans: Span[]
  /** What it has started may have been ended by force. */
  killed: boolean
  /** It was asked to be forgotten, and may be. */
  removed: boolean
}

export interface Ledger {
  readonly entries: Entry[]
  readonly pipelines: Pipeline[]
  readonly fleets: Fleet[]
  readonly rituals: Ritual[]
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
    fleets: [],
    rituals: [],
    counts,
    count: (what) => void counts.set(what, (counts.get(what) ?? 0) + 1),
    entryOf: (id) => entries.find((entry) => entry.id === id),
  }
}

export function newEntry(
  name: string,
  program: Program,
  { runs = null, boundTo = null, tells = null }: Partial<Pick<Entry, 'runs' | 'boundTo' | 'tells'>> = {},
): Entry {
  return {
    name,
    program,
    runs,
    boundTo,
    tells,
    id: null,
    disturbed: false,
    deaths: 0,
    removed: false,
    sent: [],
    typed: [],
    glimpses: [],
    follows: [],
  }
}
