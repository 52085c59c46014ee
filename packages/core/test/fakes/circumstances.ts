import type { Circumstances } from '../../src/mission/signal.ts'
import { OPEN_GATE } from '../../src/mission/policy/gate.ts'

/** Nothing is limited, nobody has anything to say, and chance is 0. */
export function circumstances(over: Partial<Circumstances> = {}): Circumstances {
  return {
    now: { wall: 1000, monotonic: 0 },
    boot: 'boot',
    random: 0,
    judgement: undefined,
    account: 'account',
    gate: OPEN_GATE,
    full: [],
    parts: false,
    nudges: false,
    ...over,
  }
}
