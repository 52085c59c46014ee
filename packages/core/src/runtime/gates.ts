/** The gates of all accounts of all providers, kept in step with what is on record of their missions. */
import type { Gates } from '../mission/mission.ts'
import { type Gate, noteAtGate, OPEN_GATE } from '../mission/policy/gate.ts'
import type { Clock } from '../model/time.ts'

export function createGates({ clock, boot }: { readonly clock: Clock; readonly boot: string }): Gates {
  const gates = new Map<string, Gate>()
  const keyOf = (provider: string, account: string): string => JSON.stringify([provider, account])
  return {
    of: (provider, account) => gates.get(keyOf(provider, account)) ?? OPEN_GATE,
    note({ spec, state }, account, before) {
      const key = keyOf(spec.provider, account)
      const known = gates.get(key) ?? OPEN_GATE
      const next = noteAtGate(known, before, state, { now: clock.now(), boot })
      if (next !== known) gates.set(key, next)
    },
  }
}
