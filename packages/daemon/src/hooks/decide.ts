/** What follows from a try: pure, since clock and chance come in by argument. */
import { STATUS_CODES } from 'node:http'

export type Outcome =
  | { readonly kind: 'delivered' }
  | {
      readonly kind: 'failed'
      /** One line, safe to show. */
      readonly reason: string
      /** Another try would not change it. */
      readonly final?: boolean
      /** The receiver wants to be left alone for so long. */
      readonly retryAfterMs?: number
    }
  /** It was not seen to its end. */
  | { readonly kind: 'interrupted' }

export type Step =
  | { readonly kind: 'done' }
  | { readonly kind: 'again'; readonly at: number; readonly reason: string }
  | { readonly kind: 'dead'; readonly reason: string }
  /** As if it had not been tried. */
  | { readonly kind: 'undo' }

export interface Circumstances {
  /** Tries so far, this one included. */
  readonly attempts: number
  /** Tries that a hook has after the first. */
  readonly retries: number
  readonly now: number
  readonly random: () => number
}

const FIRST_WAIT_MS = 1000
export const LONGEST_WAIT_MS: number = 5 * 60_000
/** Jitter only shortens, so that the longest wait is that. */
const JITTER = 0.25

export function afterTry(outcome: Outcome, { attempts, retries, now, random }: Circumstances): Step {
  switch (outcome.kind) {
    case 'delivered':
      return { kind: 'done' }
    case 'interrupted':
      return { kind: 'undo' }
    case 'failed': {
      const { reason, final = false, retryAfterMs = 0 } = outcome
      if (final || attempts > retries) return { kind: 'dead', reason }
      const doubled = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(attempts - 1, 40))
      const wait = Math.max(Math.round(doubled * (1 - JITTER * random())), retryAfterMs)
      return { kind: 'again', at: now + Math.min(wait, LONGEST_WAIT_MS), reason }
    }
  }
}

/** Of these, another try may help; all other 4xx say that the request itself is wrong. */
const PASSING: readonly number[] = [408, 425, 429]

/** What an answer over HTTP means. Its words are left out: they are the receiver's, who may repeat what it was sent. */
export function ofAnswer(status: number, retryAfter: string | undefined, now: number): Outcome {
  if (status >= 200 && status < 300) return { kind: 'delivered' }
  const redirected = status >= 300 && status < 400 ? ': redirects are not followed' : ''
  const reason = `answered ${[status, STATUS_CODES[status]].filter(Boolean).join(' ')}${redirected}`
  const final = status >= 400 && status < 500 && !PASSING.includes(status)
  return { kind: 'failed', reason, final, retryAfterMs: waitOf(retryAfter, now) }
}

/** A `Retry-After` is a number of seconds or a date; what is neither counts for nothing. */
function waitOf(retryAfter: string | undefined, now: number): number {
  if (retryAfter === undefined) return 0
  const date = retryAfter.endsWith(' GMT') ? Date.parse(retryAfter) - now : 0
  const wait = /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1000 : date
  return Number.isFinite(wait) ? Math.max(0, wait) : 0
}
