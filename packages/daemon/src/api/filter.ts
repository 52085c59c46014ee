import { type Mission, OvermindError } from '@overmind/core'
import { showCommand } from './views.ts'

const KEYS = {
  id: (mission: Mission) => mission.id,
  name: (mission: Mission) => mission.name,
  status: (mission: Mission) => mission.view().status,
  type: (mission: Mission) => mission.view().spec.type,
  provider: (mission: Mission) => mission.view().spec.provider,
  cwd: (mission: Mission) => mission.view().spec.cwd,
  command: (mission: Mission) => showCommand(mission.view().spec.command),
  colony: (mission: Mission) => mission.view().spec.colony,
  parent: (mission: Mission) => mission.view().spec.parent ?? '',
  exit_class: (mission: Mission) => mission.view().state.exit?.class ?? '',
  /** `name` or `name=value`: one label at a time is looked at. */
  label: ({ view }: Mission) =>
    Object.entries(view().spec.labels).flatMap(([name, value]) => [name, `${name}=${value}`]),
} as const

type Key = keyof typeof KEYS

export const FILTER_KEYS: readonly string[] = Object.keys(KEYS)

/** What a filter must be, in words. */
export const FILTER_RULE: string = `key=value with one of the keys ${FILTER_KEYS.join(', ')}`

export function isFilter(filter: string): boolean {
  return isKey(keyOf(filter))
}

export type MissionFilter = (mission: Mission) => boolean

/**
 * `key=value`, where `*` in the value stands for anything. Different keys must all hold, values of the
 * same key are alternatives. Killed missions are left out unless `all`, or a filter on status, asks.
 *
 * @throws OvermindError `invalid_request`
 */
export function missionFilter(filters: readonly string[], all: boolean): MissionFilter {
  const wanted = new Map<Key, string[]>()
  for (const filter of filters) {
    const key = keyOf(filter)
    if (!isKey(key)) {
      throw new OvermindError(
        'invalid_request',
        `a filter is ${FILTER_RULE}: got ${JSON.stringify(filter)}`,
        {
          field: 'filter',
        },
      )
    }
    wanted.set(key, [...(wanted.get(key) ?? []), filter.slice(key.length + 1)])
  }
  const showKilled = all || wanted.has('status')
  return (mission) =>
    (showKilled || mission.view().status !== 'killed') &&
    [...wanted].every(([key, patterns]) => {
      const found = KEYS[key](mission)
      const texts = typeof found === 'string' ? [found] : found
      return patterns.some((pattern) => texts.some((text) => fits(pattern, text)))
    })
}

/** Empty when there is no equals sign behind it. */
function keyOf(filter: string): string {
  return filter.slice(0, Math.max(0, filter.indexOf('=')))
}

function isKey(text: string): text is Key {
  return Object.hasOwn(KEYS, text)
}

/** Whether a text fits a pattern in which `*` stands for anything; in one pass, whatever the pattern. */
function fits(pattern: string, text: string): boolean {
  const [first = '', ...rest] = pattern.split('*')
  const last = rest.pop()
  if (last === undefined) return text === first
  if (!text.startsWith(first) || text.length < first.length + last.length || !text.endsWith(last))
    return false
  let at = first.length
  for (const part of rest) {
    const found = text.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  return at <= text.length - last.length
}
