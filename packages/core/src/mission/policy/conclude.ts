import type { Conversation, Trouble } from '../../model/conversation.ts'
import { type MissionExit, outcomeOf, type ProcessExit, type Receipt } from '../../model/exit.ts'
import { type MissionSpec, windowText } from '../../model/spec.ts'
import type { Budget, Limit, MissionState } from '../../model/state.ts'
import type { Circumstances } from '../signal.ts'
import { classify, type Verdict } from './classify.ts'
import { limitOf } from './gate.ts'
import { afterRun, chargeRestart, wantsRestart } from './restart.ts'

/** What follows the end of a run. */
export type Conclusion = {
  readonly budget: Budget
  readonly conversation: Conversation | null
} & (
  | {
      readonly kind: 'restart'
      readonly delayMs: number
      readonly charged: boolean
      readonly reason: string
    }
  /** Again, when the account may be used again: nothing is charged. */
  | { readonly kind: 'wait'; readonly limited: Limited; readonly reason: string }
  | { readonly kind: 'exit'; readonly exit: MissionExit; readonly limited: Limited | null }
)

/** A limit that the run met, and whose it is. */
export interface Limited {
  readonly account: string
  readonly limit: Limit
}

/** What an end is concluded from: the end itself, and what its tree left. */
export interface RunOver {
  readonly exit: ProcessExit
  readonly receipt: Receipt
}

/** Decides, once the leader of a run is gone, whether the mission runs again. */
export function conclude(
  state: Pick<MissionState, 'run' | 'ending' | 'budget' | 'startedAt' | 'conversation'>,
  spec: MissionSpec,
  { exit, receipt, circumstances }: RunOver & { readonly circumstances: Circumstances },
): Conclusion {
  const { judgement } = circumstances
  const { ending, conversation: before } = state
  const first = classify(exit, { ending, spec, conversation: before, judgement })
  const conversation = before === null ? null : noteEnd(before, first, judgement)
  const verdict = stuckVerdict(first, conversation)
  const budget = afterRun(state.budget, exit.ran, spec.maxSeconds * 1000)
  const known = { budget, conversation }

  // Whoever sat at its terminal has left: it goes on without one, however that ended.
  if (before !== null && before.terminal !== null && (ending === null || ending.reason === 'leftovers')) {
    return { ...known, kind: 'restart', delayMs: 0, charged: false, reason: 'its terminal was left' }
  }
  if (ending?.reason === 'restart') {
    return { ...known, kind: 'restart', delayMs: 0, charged: false, reason: 'restarted on request' }
  }
  const limited =
    verdict.class === 'rate-limited' && judgement?.kind === 'rate-limited'
      ? {
          account: judgement.account ?? circumstances.account,
          limit: limitMet(judgement.until, state, exit, circumstances),
        }
      : null
  if (limited !== null && spec.onLimit === 'wait') {
    return { ...known, kind: 'wait', limited, reason: verdict.reason }
  }
  if (!wantsRestart(spec.restart, verdict.class)) {
    return { ...known, kind: 'exit', exit: missionExit(state.run, verdict, exit, receipt), limited }
  }
  if (exit.kind === 'lost' && exit.cause === 'reboot') {
    return { ...known, kind: 'restart', delayMs: 0, charged: false, reason: verdict.reason }
  }
  const answer = chargeRestart(budget, spec, () => circumstances.random)
  switch (answer.kind) {
    case 'granted':
      return {
        kind: 'restart',
        conversation,
        budget: answer.budget,
        delayMs: answer.delayMs,
        charged: true,
        reason: verdict.reason,
      }
    case 'exhausted': {
      const reason = `${verdict.reason}; not restarted: ${spec.maxRestarts} restarts${windowText(spec)} are used up`
      const failed = missionExit(state.run, { ...verdict, reason }, exit, receipt)
      return { ...known, kind: 'exit', exit: failed, limited: null }
    }
  }
}

/** So many times in a row a conversation may fail in the same way before it is not tried again. */
const SAME_FAILURES = 3

/** Counts the ends of the same kind without an answer in between. What may pass by itself is not counted. */
function noteEnd(
  conversation: Conversation,
  { class: exitClass, reason }: Verdict,
  judgement: Trouble | undefined,
): Conversation {
  if (exitClass !== 'crashed' || judgement?.kind === 'passing' || conversation.memory === 'none')
    return conversation
  const { stuck } = conversation
  return { ...conversation, stuck: { reason, times: stuck?.reason === reason ? stuck.times + 1 : 1 } }
}

function stuckVerdict(verdict: Verdict, conversation: Conversation | null): Verdict {
  const stuck = conversation?.stuck
  if (verdict.class !== 'crashed' || stuck?.reason !== verdict.reason || stuck.times < SAME_FAILURES) {
    return verdict
  }
  const reason = `the conversation fails in the same way each time that it is resumed: ${verdict.reason}`
  return { ...verdict, class: 'permanent', reason }
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
  exitClass: 'killed' | 'stopped' | 'budget' | 'failed-to-start',
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
