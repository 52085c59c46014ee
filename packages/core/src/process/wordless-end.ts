import type { ProcessExit } from '../model/exit.ts'
import { KILLED } from '../model/signals.ts'

/** What is known of a run whose keeper has gone, and has written nothing. */
export interface WordlessEnd {
  /** We sent it SIGKILL. */
  readonly killed: boolean
  /** The kernel has ended processes of it for want of memory. */
  readonly outOfMemory: boolean
  /** Milliseconds since 1970. */
  readonly at: number
  /** Milliseconds. */
  readonly ran: number
}

/** A keeper that was ended with its tree could write nothing: who ended it says how. Otherwise it is not to be known. */
export function endWithoutWord({ killed, outOfMemory, at, ran }: WordlessEnd): ProcessExit {
  if (killed) return { kind: 'code', code: KILLED, at, ran }
  if (outOfMemory) return { kind: 'code', code: KILLED, at, ran, cause: 'out-of-memory' }
  return { kind: 'lost', cause: 'vanished', at, ran }
}
