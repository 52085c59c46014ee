import type { MissionSpec } from '../../model/spec.ts'
import type { MissionState } from '../../model/state.ts'
import { deadlineAfter, type Instant } from '../../model/time.ts'

/**
 * Until when a person may answer an agent: the question that has waited longest sets the time for all. What is being
 * ended waits for no answer.
 */
export function withAskTime(
  state: MissionState,
  { askTimeoutMs }: Pick<MissionSpec, 'askTimeoutMs'>,
  now: Instant,
  boot: string,
): MissionState {
  const open = state.phase === 'running.up' ? state.conversation?.asks : undefined
  const oldest = open?.find(({ verdict }) => verdict === null)
  const { ask, ...timers } = state.timers
  if (askTimeoutMs === null || oldest === undefined) return ask === undefined ? state : { ...state, timers }
  if (ask !== undefined) return state
  const due = deadlineAfter(now, boot, Math.max(0, oldest.at + askTimeoutMs - now.wall))
  return { ...state, timers: { ...timers, ask: due } }
}
