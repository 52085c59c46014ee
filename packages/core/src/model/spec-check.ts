/** Whether a value is a mission's description, when it comes from where anybody may have written it. */
import { z } from 'zod'
import { isMissionId } from './ids.ts'
import type { MissionSpec } from './spec.ts'
import { DEFAULT_COLONY, missionInputShape, parseMission } from './spec.ts'

const text = z.string()

const command = z.union([
  z.object({ kind: z.literal('shell'), line: text }),
  z.object({ kind: z.literal('exec'), argv: z.array(text).min(1) }),
])

const membership = z.object({
  team: text,
  generation: text.optional(),
  strategy: z.enum(['one_for_one', 'one_for_all', 'rest_for_one']),
  maxRestarts: z.number(),
  maxSeconds: z.number(),
  member: text,
  place: z.number().int().min(0),
  restart: z.enum(['permanent', 'transient', 'temporary']),
})

/** What is in a description otherwise than in what people give, or not at all. */
const { command: _, name: __, env: ___, retries: ____, parent: _____, ...shared } = missionInputShape

const NULLABLE: ReadonlySet<string> = new Set([
  'model',
  'maxCostUsd',
  'maxTurns',
  'maxTokens',
  'askTimeoutMs',
  'activityTimeoutMs',
  'timeoutMs',
  'memoryBytes',
  'cpus',
  'pids',
  'terminal',
] satisfies (keyof MissionSpec)[])

/** A description with what it does not say filled in, as by an older version; null when it is none. */
export function specFrom(value: object): MissionSpec | null {
  const spec: object = { ...defaults(), ...value }
  return isSpec(spec) ? spec : null
}

function defaults(): Omit<MissionSpec, 'command'> {
  const { spec } = parseMission({ command: 'true', env: {} }, { cwd: '/', env: {} })
  return { ...spec, parent: null, team: null, priority: 0, colony: DEFAULT_COLONY }
}

function isSpec(value: object): value is MissionSpec {
  const fields = new Map<string, unknown>(Object.entries(value))
  const [parent, team] = [fields.get('parent'), fields.get('team')]
  return (
    command.safeParse(fields.get('command')).success &&
    (parent === null || (typeof parent === 'string' && isMissionId(parent))) &&
    (team === null || membership.safeParse(team).success) &&
    Object.entries(shared).every(([field, rule]) => {
      const given = fields.get(field)
      return given === null ? NULLABLE.has(field) : given !== undefined && rule.safeParse(given).success
    })
  )
}
