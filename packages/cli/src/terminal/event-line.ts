import type { EventView, GapView } from '@overmind/client'
import { inert, type Paint, truncate } from '@overmind/daemon/text'

/** A longer text is cut: all of it is in `--json`. */
const LONGEST_FIELD = 60

/** In the line already, too long for one, or said by another field. */
const LEFT_OUT = new Set([
  'seq',
  'at',
  'type',
  'mission',
  'spec',
  'kind',
  'outcome',
  'evidence',
  'receipt',
  'tail',
])

/** One line for people: number, time, mission, type, and the type's own fields in short. */
export function eventLine(
  event: EventView | GapView,
  names: ReadonlyMap<string, string>,
  paint: Paint,
): string {
  if (isGap(event)) {
    return paint('yellow', `… events ${event.after + 1} to ${event.next - 1} are no longer kept`)
  }
  const { seq, at, type, mission } = event
  const details = [...fieldsOf(event)].map(([name, value]) => `${name}=${short(value)}`)
  const who = mission === undefined ? '-' : named(mission, names.get(mission))
  return [paint('dim', `${seq}  ${at}`), who, paint('bold', type), ...details].join('  ')
}

/** The type's own fields; those of an object among them stand for it, and the same name is said once. */
function fieldsOf(event: object): Map<string, unknown> {
  const fields = new Map<string, unknown>()
  for (const [name, value] of Object.entries(event)) {
    if (LEFT_OUT.has(name) || value === null || value === undefined) continue
    if (typeof value === 'object' && !Array.isArray(value)) {
      for (const [inner, own] of fieldsOf(value as object)) fields.set(inner, own)
    } else fields.set(name, value)
  }
  return fields
}

function isGap(event: EventView | GapView): event is GapView {
  return event.type === 'gap'
}

function named(id: string, name: string | undefined): string {
  return name === undefined ? id : `${inert(name)} (${id})`
}

function short(value: unknown): string {
  // Milliseconds of a clock have many digits, dollars few.
  if (typeof value === 'number') return String(value < 100 ? Number(value.toFixed(4)) : Math.round(value))
  const text = typeof value === 'string' && /^[^\s"]+$/.test(value) ? value : JSON.stringify(value)
  return truncate(inert(text), LONGEST_FIELD)
}
