import type { JournalEvent, Mission, Runtime } from '@overmind/core'
import { OvermindError } from '@overmind/core'
import { missionFilter } from '../api/filter.ts'
import { eventView, missionView } from '../api/views.ts'
import { fitsEvent } from '../config/event-pattern.ts'
import type { Hook } from '../config/config.ts'

/** One event on its way to one hook. */
export interface Delivery {
  /** Names it for ever, so that who gets it twice can tell. */
  readonly id: string
  readonly hook: string
  readonly type: string
  readonly mission: { readonly id: string; readonly name: string | null } | null
  /** One JSON document. */
  readonly body: string
}

export function deliveryId(hook: string, seq: number): string {
  return `${hook}-${seq}`
}

/**
 * What a hook is told of an event: undefined for one of a type that it is not for, null when its filter does not let it pass. The
 * mission is as it is by now, and null when it is forgotten.
 */
export function deliveryOf(hook: Hook, event: JournalEvent, runtime: Runtime): Delivery | null | undefined {
  if (!hook.events.some((pattern) => fitsEvent(pattern, event.type))) return undefined
  const mission = 'mission' in event ? find(runtime, event.mission) : undefined
  if (hook.filter.length > 0) {
    if (mission === undefined || !missionFilter(hook.filter, true)(mission)) return null
  }
  const id = deliveryId(hook.name, event.seq)
  const view = mission === undefined ? null : missionView(mission)
  const body = { hook: hook.name, delivery: id, event: eventView(event), mission: view }
  const of = 'mission' in event ? { id: event.mission, name: view?.name ?? null } : null
  return { id, hook: hook.name, type: event.type, mission: of, body: JSON.stringify(body) }
}

/** What is sent to see whether it arrives: the only event that is not in the journal. */
export function testDelivery({ name }: Hook, now: Date): Delivery {
  const id = `${name}-test-${now.getTime()}`
  const event = { seq: 0, at: now.toISOString(), type: 'hook.test' }
  const body = JSON.stringify({ hook: name, delivery: id, event, mission: null })
  return { id, hook: name, type: event.type, mission: null, body }
}

function find(runtime: Runtime, id: string): Mission | undefined {
  try {
    return runtime.get(id)
  } catch (error) {
    if (error instanceof OvermindError && error.code === 'not_found') return undefined
    throw error
  }
}
