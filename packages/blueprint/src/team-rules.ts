/** What agents may not say of the team that they are in. */
import type { AgentFields } from './agents.ts'
import type { Finding } from './document/finding.ts'
import { fieldsIn } from './document/plain.ts'
import { brief } from './text/inert.ts'
import { nearest } from '@overmind/core/text'
import { atFirst } from './text/at-first.ts'

export function teamFindings(document: unknown, agents: readonly AgentFields[]): readonly Finding[] {
  const { teams, max_parallel: places } = fieldsIn(document)
  const names = new Set(Object.keys(fieldsIn(teams)))
  const called = new Set(agents.map(({ name }) => name))
  const sizes = new Map<string, number>()
  for (const { team } of agents) if (team !== null) sizes.set(team, (sizes.get(team) ?? 0) + 1)
  const permanent = new Set(
    agents.flatMap(({ name, own }) => (own['team_restart'] === 'permanent' ? [name] : [])),
  )
  const first = atFirst()
  const meant = (team: string): string | undefined => first(() => nearest(team, names))
  return [
    ...[...names].flatMap((team) => ofTeam(team, { called, size: sizes.get(team) ?? 0, places })),
    ...agents.flatMap((agent) => [
      ...membership(agent, { names, meant }),
      ...inside(agent),
      ...outside(agent, permanent),
    ]),
  ]
}

interface Around {
  /** The agents' names. */
  readonly called: ReadonlySet<string>
  readonly size: number
  /** How many agents may be at work at a time. */
  readonly places: unknown
}

function ofTeam(team: string, { called, size, places }: Around): readonly Finding[] {
  const path = ['teams', team]
  const found: Finding[] = []
  if (called.has(team))
    found.push({ path, name: true, rule: 'an agent is called the same: choose another name' })
  if (size === 0) found.push({ path, name: true, rule: `nobody is in it: its members say team = "${team}"` })
  if (typeof places === 'number' && size > places) {
    const rule = `the ${size} members of the team ${team} run side by side: must be at least ${size}`
    found.push({ path: ['max_parallel'], rule })
  }
  return found
}

interface Teams {
  readonly names: ReadonlySet<string>
  meant(team: string): string | undefined
}

function membership({ name, own, team }: AgentFields, { names, meant }: Teams): readonly Finding[] {
  const path = ['agents', name]
  if (team === null) {
    if (!('team_restart' in own) || 'team' in own) return []
    return [{ path: [...path, 'team_restart'], name: true, rule: 'it is in no team: name that in team' }]
  }
  const found: Finding[] = []
  if (!names.has(team)) {
    const rule = `there is no team ${brief(team)}`
    found.push({ path: [...path, 'team'], rule, suggestion: meant(team) })
  }
  if ('replicas' in own) {
    const rule = 'a team has each member once: leave out one of team and replicas'
    found.push({ path: [...path, 'replicas'], name: true, rule })
  }
  return found
}

/** Members run side by side, in an order: that is all that one can wait for in its own team. */
function inside({ dependsOn, team }: AgentFields): readonly Finding[] {
  return dependsOn
    .filter((edge) => edge.inside)
    .flatMap(({ agent, when, onFailure, path }): readonly Finding[] => {
      const same = `${agent} is in the same team, ${team}`
      const found: Finding[] = []
      if (when !== 'started') {
        const rule = `${same}, whose members run side by side: it can be waited for with when = "started" alone`
        found.push({ path: [...path, 'when'], rule })
      }
      if (onFailure !== undefined) {
        const rule = `${same}, which decides what follows when it fails: leave it out`
        found.push({ path: [...path, 'on_failure'], name: true, rule })
      }
      return found
    })
}

function outside({ name, dependsOn }: AgentFields, permanent: ReadonlySet<string>): readonly Finding[] {
  return dependsOn.flatMap(({ agent: on, inside: isInside, waitsForEnd, path }): readonly Finding[] => {
    if (isInside || !waitsForEnd || !permanent.has(on)) return []
    const rule = `${on} is permanent in its team and does not end: ${name} can wait for when = "started" or "ready"`
    return [{ path, rule }]
  })
}
