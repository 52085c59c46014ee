/** What agents of which there are several may not say. */
import type { AgentFields } from './agents.ts'
import { copyNames } from './build.ts'
import type { Finding } from './document/finding.ts'
import { fieldsIn } from './document/plain.ts'
import { MOST_REPLICAS } from './schema.ts'

/** Of all agents together, and as often as their copies wait for others: what follows is decided anew with each step. */
const MOST_COPIES = 5000
const MOST_WAITS = 1_000_000

export function replicaFindings(agents: readonly AgentFields[]): readonly Finding[] {
  const names = new Set(agents.map(({ name }) => name))
  // Of more the schema has something to say.
  const fleets = new Map(
    agents.flatMap((agent) => {
      const { replicas } = agent.own
      return typeof replicas === 'number' && Number.isInteger(replicas) && replicas >= 0
        ? [[agent.name, { agent, replicas: Math.min(replicas, MOST_REPLICAS) }] as const]
        : []
    }),
  )
  const countOf = (agent: string): number => fleets.get(agent)?.replicas ?? 1
  const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0)
  const copies = sum([...fleets.values()].map(({ replicas }) => replicas))
  const waits = sum(
    agents.map(({ name, dependsOn }) => countOf(name) * sum(dependsOn.map(({ agent }) => countOf(agent)))),
  )
  const tooMany = (rule: string): readonly Finding[] => [{ path: ['agents'], name: true, rule }]
  if (copies > MOST_COPIES)
    return tooMany(`there are ${copies} copies in all: must be at most ${MOST_COPIES}`)
  if (waits > MOST_WAITS)
    return tooMany(`copies wait for others ${waits} times in all: must be at most ${MOST_WAITS}`)
  return [
    ...[...fleets].flatMap(([name, { replicas }]): Finding[] => {
      const taken = copyNames(name, replicas).find((copy) => names.has(copy))
      if (taken === undefined) return []
      const rule = `its copies are called ${name}-1 to ${name}-${replicas}, and ${taken} is an agent of its own`
      return [{ path: ['agents', name, 'replicas'], name: true, rule }]
    }),
    ...agents.flatMap(updateFindings),
    ...agents.flatMap(({ dependsOn, name }) =>
      dependsOn.flatMap(({ agent: on, path, waitsForEnd }): Finding[] => {
        const fleet = fleets.get(on)
        if (fleet === undefined || !waitsForEnd || !isKeptAlive(fleet.agent)) return []
        const rule = `${on} is kept alive and does not end: ${name} can wait for when = "started" or "ready"`
        return [{ path, rule }]
      }),
    ),
  ]
}

function updateFindings({ name, own, fields }: AgentFields): readonly Finding[] {
  if (!('update' in own)) return []
  const path = ['agents', name, 'update']
  if (!('replicas' in own)) {
    return [{ path, name: true, rule: 'it says how copies are replaced, and there are none: add replicas' }]
  }
  if (!('ready' in fields) || !('stay_up' in fieldsIn(own['update']))) return []
  return [
    { path: [...path, 'stay_up'], name: true, rule: 'ready shows that it is of use: leave one of both' },
  ]
}

function isKeptAlive({ fields }: AgentFields): boolean {
  return (
    fields['restart'] === 'always' || (fields['restart'] === undefined && fields['retries'] === undefined)
  )
}
