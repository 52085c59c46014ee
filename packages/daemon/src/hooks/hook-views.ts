/** How hooks look on the wire: without the values of headers and secrets. */
import type { DeadDeliveryView, HookView } from '../api/types.ts'
import { iso, showCommand } from '../api/views.ts'
import type { Hook, Target } from '../config/config.ts'
import { deliveryId } from './delivery.ts'
import type { DeadDelivery, HookCounts } from './deliveries.ts'

const NOTHING: HookCounts = { delivered: 0, waiting: 0, dead: 0, failure: null }

/** Hooks in the order of the file, and behind them those that are gone and have left something. */
export function hookViews(
  hooks: readonly Hook[],
  counts: ReadonlyMap<string, HookCounts>,
): readonly HookView[] {
  const gone = [...counts].filter(([name]) => !hooks.some((hook) => hook.name === name))
  return [
    ...hooks.map((hook) => ({
      name: hook.name,
      events: hook.events,
      filter: hook.filter,
      to: showTarget(hook.target),
      ...countsView(counts.get(hook.name) ?? NOTHING),
    })),
    ...gone.map(([name, left]) => ({ name, events: [], filter: [], to: null, ...countsView(left) })),
  ]
}

/** The path of an address is often the key to it. */
export function showTarget(target: Target): string {
  if (target.kind === 'command') return showCommand({ kind: 'exec', argv: target.argv })
  const { origin, pathname, search } = new URL(target.url)
  return pathname === '/' && search === '' ? origin : `${origin}/…`
}

type CountsView = Pick<HookView, 'delivered' | 'waiting' | 'dead' | 'last_error' | 'last_error_at'>

function countsView({ delivered, waiting, dead, failure }: HookCounts): CountsView {
  const last = {
    last_error: failure?.error ?? null,
    last_error_at: failure === null ? null : iso(failure.at),
  }
  return { delivered, waiting, dead, ...last }
}

export function deadDeliveryView({ deadAt, type, ...dead }: DeadDelivery): DeadDeliveryView {
  return { delivery: deliveryId(dead.hook, dead.seq), event: type, at: iso(deadAt), ...dead }
}
