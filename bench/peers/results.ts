/** What one run of the bench found: kept as JSON, from which the page and the chart are made. */
import { readFileSync, writeFileSync } from 'node:fs'

/** One thing that is measured, the same for all managers. */
export interface Measure {
  readonly title: string
  /** What exactly, in one sentence. */
  readonly definition: string
  readonly unit: string
  readonly better: 'more' | 'less'
  /** Whether it is measured for each number of jobs. */
  readonly grows: boolean
  /** With fewer jobs it would be noise. */
  readonly least?: number
}

export interface Figure {
  readonly manager: string
  readonly measure: string
  /** Null where the number of jobs does not matter. */
  readonly jobs: number | null
  /** Null when there is none; the note says why. */
  readonly value: number | null
  readonly note?: string
}

/** What was left after `kill -9` of the manager, and what it made of that when it was started again. */
export interface Recovery {
  readonly manager: string
  readonly jobs: number
  /** Jobs that still ran a second after the crash, of those that were to. */
  readonly alive: number
  readonly of: number
  /** Jobs that the new manager says are running. Null when it cannot say. */
  readonly known: number | null
  /** Jobs that run twice then, once without the manager's knowing. */
  readonly twice: number
  /** Jobs that had died with the manager, and that it has started again. */
  readonly again: number
  /** What became of the exit code 7. */
  readonly exitCode: 'known' | 'cannot' | 'not known' | 'ran again'
  readonly linesWritten: number
  readonly linesLost: number
  readonly linesTwice: number
  /** Whether the process that wrote them lived on. */
  readonly writerLived: boolean
  /** From asking the manager to start again to a list that shows all of them as running. Null: it never did. */
  readonly seconds: number | null
}

export interface Machine {
  readonly processor: string
  readonly cores: number
  readonly memoryGb: number
  readonly kernel: string
  readonly system: string
  readonly node: string
  /** Processes that wanted to run when the bench began, averaged over a minute. */
  readonly load: number
}

export interface Results {
  readonly date: string
  readonly minutes: number
  readonly machine: Machine
  readonly counts: readonly number[]
  readonly managers: readonly {
    readonly name: string
    readonly ways: string
    /** Null when it was not there; the note says why. */
    readonly version: string | null
    readonly note?: string
    readonly startsOnly?: boolean
  }[]
  readonly figures: readonly Figure[]
  readonly recoveries: readonly Recovery[]
}

const FILE = new URL('../results/peers.json', import.meta.url)

export const readResults = (): Results => JSON.parse(readFileSync(FILE, 'utf8')) as Results

export const writeResults = (results: Results): void =>
  writeFileSync(FILE, `${JSON.stringify(results, undefined, 2)}\n`)
