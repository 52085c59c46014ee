/**
 * Why a mission or run ended; the first that applies, in this order. What people see is its outcome.
 */
export type ExitClass =
  | 'killed'
  | 'stopped'
  | 'budget'
  | 'deadline'
  | 'stalled'
  | 'failed-to-start'
  | 'rate-limited'
  | 'permanent'
  | 'out-of-memory'
  | 'signalled'
  | 'completed'
  | 'lost'
  | 'crashed'

/** What `ps` shows of an exited mission. */
export type Outcome = 'stopped' | 'crashed' | 'killed'

export function outcomeOf(exit: ExitClass): Outcome {
  switch (exit) {
    case 'killed':
      return 'killed'
    case 'stopped':
    case 'completed':
      return 'stopped'
    case 'budget':
    case 'deadline':
    case 'stalled':
    case 'failed-to-start':
    case 'rate-limited':
    case 'permanent':
    case 'out-of-memory':
    case 'signalled':
    case 'lost':
    case 'crashed':
      return 'crashed'
  }
}

/** The end of a process whose code is known. */
export interface CodeExit {
  readonly kind: 'code'
  /** 0 to 255; a program that died of signal n is reported by its shell as 128 + n. */
  readonly code: number
  /** When it ended; milliseconds since 1970. */
  readonly at: number
  /** How long it ran; milliseconds by the machine's monotonic clock. */
  readonly ran: number
  /** `out-of-memory`: the kernel ended processes of the run, because there was not the memory for them. Only known of runs in a control group. */
  readonly cause?: 'out-of-memory'
  /** The last output, at most 4 KB, as text; only kept when the code is not 0. */
  readonly tail?: string
}

/** How the process at the top of a run ended, as far as it could be learned. */
export type ProcessExit =
  | CodeExit
  | {
      /** No record of the exit exists: its keeper was killed, or the machine went down. */
      readonly kind: 'lost'
      /** When it was found missing; milliseconds since 1970. */
      readonly at: number
      /** How long it ran at the most; milliseconds. */
      readonly ran: number
      readonly cause: LostCause
      readonly tail?: string
    }

/** `vanished`: the keeper is gone without a record. `unkillable`: SIGKILL did not end it. */
export type LostCause = 'reboot' | 'vanished' | 'unkillable'

/** What a stop or kill did to the process tree, and what it left behind. */
export interface Receipt {
  readonly signals: readonly SentSignal[]
  /** Processes that had left the process group and were found by their environment. */
  readonly strays: number
  /** Process ids that are still there because nothing could end them; empty unless something is wrong. */
  readonly left: readonly number[]
}

export interface SentSignal {
  readonly signal: NodeJS.Signals
  /** How many processes it reached. */
  readonly processes: number
  /** Milliseconds since 1970. */
  readonly at: number
}

export const emptyReceipt: Receipt = { signals: [], strays: 0, left: [] }

export interface Evidence {
  /** One sentence for people: why this class. */
  readonly reason: string
  /** The last output before the end, at most 4 KB, as text; only kept when the end was not clean. */
  readonly tail?: string
}

/** The end of a mission. `code` is null when no process ran or its code could not be learned. */
export interface MissionExit {
  readonly class: ExitClass
  readonly outcome: Outcome
  readonly run: number
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** Milliseconds since 1970. */
  readonly at: number
  readonly evidence: Evidence
  readonly receipt: Receipt
}
