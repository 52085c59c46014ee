import { type ExitReason, isClean } from './exit.ts'

/** Which children are restarted when one ends: it alone, all, or it and those started after it. */
export type Strategy = 'one_for_one' | 'one_for_all' | 'rest_for_one'

/** `permanent`: always restarted. `transient`: unless it ended cleanly. `temporary`: never, and then forgotten. */
export type RestartType = 'permanent' | 'transient' | 'temporary'

/** Whether a supervisor ends when significant children have ended for good. */
export type AutoShutdown = 'never' | 'any_significant' | 'all_significant'

export function wantsRestart(restart: RestartType, exit: ExitReason): boolean {
  switch (restart) {
    case 'permanent':
      return true
    case 'transient':
      return !isClean(exit)
    case 'temporary':
      return false
  }
}

/** Those that are restarted when `ended` is, in start order; `children` are in start order. */
export function affected<Child>(
  strategy: Strategy,
  children: Iterable<Child>,
  ended: Child,
): readonly Child[] {
  switch (strategy) {
    case 'one_for_one':
      return [ended]
    case 'one_for_all':
      return [...children]
    case 'rest_for_one': {
      const all = [...children]
      return all.slice(all.indexOf(ended))
    }
  }
}

/** Whether a supervisor ends now that a child has ended for good; `others` tells which children it still has. */
export function wantsShutdown(
  mode: AutoShutdown,
  ended: { readonly significant: boolean },
  others: Iterable<{ readonly significant: boolean; readonly alive: boolean }>,
): boolean {
  if (!ended.significant) return false
  switch (mode) {
    case 'never':
      return false
    case 'any_significant':
      return true
    case 'all_significant':
      for (const { significant, alive } of others) if (significant && alive) return false
      return true
  }
}

/** Whether a child that was told to stop has ended as expected; if not, it is reported. */
export function isExpectedEnd(exit: ExitReason, restart: RestartType, brutally: boolean): boolean {
  switch (exit.kind) {
    case 'killed':
      return brutally
    case 'shutdown':
      return restart !== 'permanent' || (exit.reason === undefined && !brutally)
    case 'normal':
      return restart !== 'permanent'
    case 'error':
      return false
  }
}
