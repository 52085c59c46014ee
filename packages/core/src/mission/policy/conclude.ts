import { type MissionExit, outcomeOf, type ProcessExit, type Receipt } from '../../model/exit.ts'
import type { MissionSpec } from '../../model/spec.ts'
import type { Budget, Limit, MissionState } from '../../model/state.ts'
import type { Circumstances } from '../signal.ts'
import { classify, type Verdict } from './classify.ts'
import { limitOf } from './gate.ts'
import { afterRun, chargeRestart, wantsRestart } from './restart.ts'

/** What follows the end of a run. */
export type Conclusion =
  | {
      readonly kind: 'restart'
      readonly budget: Budget
      readonly delayMs: number
      readonly charged: boolean
      readonly reason: string
    }
  /** Again, when the account may be used again: nothing is charged. */
  | { readonly kind: 'wait'; readonly budget: Budget; readonly limited: Limited; readonly reason: string }
  | {
      readonly kind: 'exit'
      readonly budget: Budget
      readonly exit: MissionExit
      readonly limited: Limited | null
    }

/** A limit that the run met, and whose it is. */
export interface Limited {
  readonly account: string
  readonly limit: Limit
}

/** Decides, once the leader of a run is gone, whether the mission runs again. */
export function conclude(
  state: Pick<MissionState, 'run' | 'ending' | 'budget' | 'startedAt'>,
  spec: MissionSpec,
  exit: ProcessExit,
  receipt: Receipt,
  circumstances: Circumstances,
): Conclusion {
  const { judgement } = circumstances
  const verdict = classify(exit, state.ending, spec, judgement)
  const budget = afterRun(state.budget, exit.ran, spec.maxSeconds * 1000)

  if (state.ending?.reason === 'restart') {
    return { kind: 'restart', budget, delayMs: 0, charged: false, reason: 'restarted on request' }
  }
  const limited =
    verdict.class === 'rate-limited' && judgement?.kind === 'rate-limited'
      ? { account: judgement.account, limit: limitMet(judgement.until, state, exit, circumstances) }
      : null
  if (!wantsRestart(spec.restart, verdict.class)) {
    return { kind: 'exit', budget, exit: missionExit(state.run, verdict, exit, receipt), limited }
  }
  if (limited !== null) return { kind: 'wait', budget, limited, reason: verdict.reason }
  if (exit.kind === 'lost' && exit.cause === 'reboot') {
    return { kind: 'restart', budget, delayMs: 0, charged: false, reason: verdict.reason }
  }
  const answer = chargeRestart(budget, spec, () => circumstances.random)
  switch (answer.kind) {
    case 'granted':
      return {
        kind: 'restart',
        budget: answer.budget,
        delayMs: answer.delayMs,
        charged: true,
        reason: verdict.reason,
      }
    case 'exhausted': {
      const reason = `${verdict.reason}; not restarted: ${spec.maxRestarts} restarts within ${spec.maxSeconds} s of running time are used up`
      const failed = missionExit(state.run, { ...verdict, reason }, exit, receipt)
      return { kind: 'exit', budget, exit: failed, limited: null }
    }
  }
}

function limitMet(
  until: number | null,
  { startedAt }: Pick<MissionState, 'startedAt'>,
  { at }: ProcessExit,
  circumstances: Circumstances,
): Limit {
  return limitOf({ until, at, startedAt }, circumstances.gate, circumstances)
}

function missionExit(run: number, verdict: Verdict, exit: ProcessExit, receipt: Receipt): MissionExit {
  return {
    class: verdict.class,
    outcome: outcomeOf(verdict.class),
    run,
    code: verdict.code,
    signal: verdict.signal,
    at: exit.at,
    evidence: { reason: verdict.reason, ...(exit.tail === undefined ? {} : { tail: exit.tail }) },
    receipt,
  }
}

/** The end of a mission of which no process was left to speak of. */
export function exitWithoutProcess(
  run: number,
  exitClass: 'killed' | 'stopped' | 'failed-to-start',
  reason: string,
  at: number,
): MissionExit {
  return {
    class: exitClass,
    outcome: outcomeOf(exitClass),
    run,
    code: null,
    signal: null,
    at,
    evidence: { reason },
    receipt: { signals: [], strays: 0, left: [] },
  }
}
