import type { Random } from '../../model/ids.ts'
import type { ExitClass } from '../../model/exit.ts'
import type { MissionSpec, RestartPolicy } from '../../model/spec.ts'
import type { Budget } from '../../model/state.ts'

export const BACKOFF_CAP_MS = 60_000
export const JITTER = 0.25

/** Whether a mission that ended this way should run again, the budget aside. One that met a limit waits, or not, by another rule. */
export function wantsRestart(policy: RestartPolicy, exit: ExitClass): boolean {
  switch (exit) {
    case 'killed':
    case 'stopped':
    case 'failed-to-start':
    case 'permanent':
    case 'budget':
    case 'rate-limited':
      return false
    case 'completed':
      return policy === 'always'
    case 'deadline':
    case 'stalled':
    case 'out-of-memory':
    case 'signalled':
    case 'lost':
    case 'crashed':
      return policy !== 'never'
  }
}

/** Adds a run's length to the budget's clock and forgets restarts that left the window. */
export function afterRun(budget: Budget, ranMs: number, windowMs: number): Budget {
  const clock = budget.clock + Math.max(0, ranMs)
  return { clock, charged: budget.charged.filter((at) => at > clock - windowMs) }
}

export type BudgetAnswer =
  | { readonly kind: 'granted'; readonly budget: Budget; readonly delayMs: number }
  | { readonly kind: 'exhausted' }

/**
 * Charges one restart. The window counts the mission's own running time, so that waiting between
 * restarts cannot disarm the limit.
 */
export function chargeRestart(
  budget: Budget,
  limits: Pick<MissionSpec, 'maxRestarts' | 'backoffMs'>,
  random: Random,
): BudgetAnswer {
  const spent = budget.charged.length
  if (limits.maxRestarts > 0 && spent >= limits.maxRestarts) return { kind: 'exhausted' }
  return {
    kind: 'granted',
    budget: { ...budget, charged: [...budget.charged, budget.clock] },
    delayMs: backoff(limits.backoffMs, spent, random),
  }
}

/** Jitter only shortens, so that the cap is a cap. */
export function backoff(baseMs: number, restarts: number, random: Random): number {
  const grown = Math.min(BACKOFF_CAP_MS, baseMs * 2 ** Math.min(restarts, 40))
  return Math.round(grown * (1 - JITTER * random()))
}
