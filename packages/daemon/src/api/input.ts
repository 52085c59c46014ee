import { type MissionInput, OvermindError, type TeamInput } from '@overmind/core'
import { camelCase } from './views.ts'

/**
 * A mission as the runtime is told of it, from its description on the wire. Only names are changed here: the
 * runtime checks what it is given, once, and its errors name the field.
 */
export function missionInput(body: unknown): MissionInput {
  const mission = renamed(body, 'the body must be a JSON object with at least a command')
  const options = mission['options']
  if (!isObject(options)) return mission
  // Only the names of the options: what they hold may be files of other programs. What a ritual starts is a mission.
  const named = renamed(options, '')
  const inner = mission['provider'] === 'ritual' && isObject(named['mission'])
  return {
    ...mission,
    options: inner ? { ...named, mission: missionInput(named['mission']) } : named,
  } as MissionInput
}

/** The same for a team. */
export function teamInput(body: unknown): TeamInput {
  const team = renamed(body, 'the body must be a JSON object with at least a strategy and members')
  const members: unknown = team['members']
  const named = Array.isArray(members) ? { ...team, members: members.map(memberInput) } : team
  return named as unknown as TeamInput
}

function memberInput(member: unknown): unknown {
  if (!isObject(member)) return member
  const fields = renamed(member, '')
  return 'mission' in fields ? { ...fields, mission: missionInput(fields['mission']) } : fields
}

function renamed(body: unknown, expected: string): Record<string, unknown> {
  if (!isObject(body)) throw new OvermindError('invalid_request', expected)
  const unknown = Object.keys(body).find((name) => /[A-Z]/.test(name))
  if (unknown !== undefined) {
    throw new OvermindError('invalid_spec', `${unknown}: no such field`, { field: unknown })
  }
  return Object.fromEntries(Object.entries(body).map(([name, value]) => [camelCase(name), value]))
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
