import { usualCondition, isInside } from './agents.ts'
import type {
  Agent,
  Blueprint,
  Dependency,
  EnvValue,
  Liveness,
  Look,
  Probe,
  Team,
  Update,
} from './blueprint.ts'
import { inherit } from './inherit.ts'
import { missionFields } from './mission-fields.ts'
import type { CheckedAgent, CheckedDependency, CheckedDocument, CheckedLook, CheckedTeam } from './schema.ts'

/** A document that is right in every way, as it is run. */
export function build(
  document: CheckedDocument,
  { name, order }: { readonly name: string; readonly order: readonly string[] },
): Blueprint {
  const { agents, defaults = {}, teams = {} } = document
  const around = {
    agents,
    teams: new Map(Object.entries(teams).map(([team, fields]) => [team, teamOf(team, fields)])),
  }
  return {
    name: document.name ?? name,
    maxParallel: document.max_parallel ?? null,
    deadlineMs: document.deadline ?? null,
    maxCostUsd: document.max_cost ?? null,
    maxTurns: document.max_turns ?? null,
    maxTokens: document.max_tokens ?? null,
    agents: order.flatMap((name) => {
      const own = agents[name]
      return own === undefined ? [] : copiesOf(name, inherit(defaults, own), around)
    }),
  }
}

interface Around {
  readonly agents: CheckedDocument['agents']
  readonly teams: ReadonlyMap<string, Team>
}

function teamOf(name: string, { strategy, max_restarts, max_seconds }: CheckedTeam): Team {
  return { name, strategy, maxRestarts: max_restarts ?? 5, maxSeconds: max_seconds ?? 60 }
}

/** An agent, or its copies, which are kept alive unless it says otherwise. */
function copiesOf(name: string, fields: CheckedAgent, around: Around): readonly Agent[] {
  const { replicas } = fields
  // Thousands of copies may wait for thousands: they wait for the same.
  const dependsOn = dependenciesOf(fields, around.agents)
  if (replicas === undefined) return [agentOf(name, fields, { ...around, dependsOn, replica: null })]
  const kept = fields['restart'] === undefined && fields.retries === undefined ? { restart: 'always' } : {}
  return copyNames(name, replicas).map((copy, index) =>
    agentOf(
      copy,
      { ...fields, ...kept },
      { ...around, dependsOn, replica: { of: name, index: index + 1, update: updateOf(fields) } },
    ),
  )
}

function updateOf({ update: { max_unavailable, within, stay_up } = {} }: CheckedAgent): Update {
  return { maxUnavailable: max_unavailable ?? 1, withinMs: within ?? 300_000, stayUpMs: stay_up ?? 5000 }
}

/** What the copies of an agent are called. */
export function copyNames(name: string, replicas: number): readonly string[] {
  return Array.from({ length: replicas }, (_, index) => `${name}-${index + 1}`)
}

function agentOf(
  name: string,
  fields: CheckedAgent,
  { teams, dependsOn, replica }: Around & Pick<Agent, 'dependsOn' | 'replica'>,
): Agent {
  const team = teams.get(fields.team ?? '')
  return {
    name,
    replica,
    team: team === undefined ? null : { of: team, restart: fields.team_restart ?? 'transient' },
    mission: missionOf(fields),
    env: Object.fromEntries(
      Object.entries(fields.env ?? {}).map(([variable, value]) => [variable, envValueOf(value)]),
    ),
    dependsOn,
    ready: fields.ready === undefined ? null : probeOf(fields.ready),
    alive: fields.alive === undefined ? null : livenessOf(fields.alive),
  }
}

function dependenciesOf(fields: CheckedAgent, agents: CheckedDocument['agents']): readonly Dependency[] {
  return (fields.depends_on ?? []).flatMap((given) => {
    const checked = typeof given === 'string' ? { agent: given } : given
    const inside = isInside(fields.team ?? null, agents[checked.agent]?.team ?? null)
    const edge = dependencyOf(checked, inside)
    const copies = agents[edge.agent]?.replicas
    return copies === undefined ? [edge] : copyNames(edge.agent, copies).map((agent) => ({ ...edge, agent }))
  })
}

function missionOf(fields: CheckedAgent): Agent['mission'] {
  const given = ['command', ...Object.keys(missionFields)]
    .filter((field) => fields[field] !== undefined)
    .map((field) => [missionFields[field]?.to ?? field, fields[field]])
  // Each field has passed the mission's own rule for it.
  const mission = Object.fromEntries(given) as Agent['mission']
  if (mission.options === undefined) return mission
  const named = Object.entries(mission.options).map(([option, value]) => [camelCase(option), value] as const)
  return { ...mission, options: Object.fromEntries(named) }
}

/** As the API does it, and for the names of the options alone: what they hold may be files of other programs. */
function camelCase(name: string): string {
  return name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

function envValueOf(value: NonNullable<CheckedAgent['env']>[string]): EnvValue {
  if (typeof value === 'string') return value
  const { from_env, from_file = '' } = value
  return from_env === undefined ? { fromFile: from_file } : { fromEnv: from_env }
}

function dependencyOf({ agent, when, on_failure }: CheckedDependency, inside: boolean): Dependency {
  return { agent, when: when ?? usualCondition(inside), onFailure: on_failure ?? 'skip' }
}

function probeOf({ output, ...look }: NonNullable<CheckedAgent['ready']>): Probe {
  return output === undefined ? lookOf(look, 1000) : { kind: 'output', text: output }
}

function livenessOf({ failures, ...look }: NonNullable<CheckedAgent['alive']>): Liveness {
  return { look: lookOf(look, 10_000), failures: failures ?? 3 }
}

function lookOf({ exec, http, interval, timeout }: CheckedLook, intervalMs: number): Look {
  const every = { intervalMs: interval ?? intervalMs, timeoutMs: timeout ?? 5000 }
  if (http !== undefined) return { kind: 'http', url: http, every }
  const [program = '', ...rest] = exec ?? []
  return { kind: 'exec', argv: [program, ...rest], every }
}
