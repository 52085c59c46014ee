import { isName } from '@overmind/core'
import { agentFindings, tableFindings } from './agent-rules.ts'
import { type AgentFields, agentsOf } from './agents.ts'
import type { Blueprint } from './blueprint.ts'
import { build } from './build.ts'
import type { Finding } from './document/finding.ts'
import { findingsOf } from './document/findings-of.ts'
import { fieldsIn, isFields, plain } from './document/plain.ts'
import { LARGEST } from './document/size.ts'
import { edgeFindings, groupCycleFindings, type Node, orderInGroups } from './graph.ts'
import { replicaFindings } from './replica-rules.ts'
import { resultFindings } from './result-rules.ts'
import { documentRules } from './schema.ts'
import { teamFindings } from './team-rules.ts'
import { withVariables } from './variables.ts'
import { vocabulary } from './vocabulary.ts'

export type Examined =
  | { readonly blueprint: Blueprint }
  /** At least one. */
  | { readonly blueprint: null; readonly findings: readonly Finding[] }

/** A document as it is run, or everything that is wrong with it; `name` is what it is called where it does not say. */
export function examine(given: unknown, name: string): Examined {
  const { document: copied, findings: strange } = plain(given)
  if (strange.length === 0 && isTooLarge(copied)) {
    return { blueprint: null, findings: [{ path: [], rule: 'must have 1 MiB of text at most, as JSON' }] }
  }
  const { document, findings: unfilled } = withVariables(copied)
  const agents = agentsOf(document)
  const nodes = agents.map(nodeOf)
  const teams = new Map(agents.map(({ name: agent, team }) => [agent, team]))
  const teamOf = (agent: string): string | null => teams.get(agent) ?? null
  const parsed = documentRules.safeParse(document)
  const findings = [
    ...strange,
    ...(parsed.success ? [] : findingsOf(parsed.error, document, vocabulary)),
    ...unfilled,
    ...betweenFields(document, agents),
    ...edgeFindings(nodes),
    ...groupCycleFindings(nodes, teamOf),
    ...resultFindings(agents),
    ...replicaFindings(agents),
    ...teamFindings(document, agents),
    ...missionNames(document, name),
  ]
  if (parsed.success && findings.length === 0) {
    return { blueprint: build(parsed.data, { name, order: orderInGroups(nodes, teamOf) }) }
  }
  return { blueprint: null, findings }
}

function isTooLarge(document: unknown): boolean {
  return (JSON.stringify(document) ?? '').length > LARGEST
}

function nodeOf({ name, dependsOn }: AgentFields): Node {
  return { name, edges: dependsOn.map(({ agent, path }) => ({ to: agent, path })) }
}

function betweenFields(document: unknown, agents: readonly AgentFields[]): readonly Finding[] {
  const { defaults, agents: table } = fieldsIn(document)
  const none: Finding = { path: ['agents'], rule: 'must have at least one agent' }
  return [
    ...tableFindings(defaults, ['defaults']),
    ...agents.flatMap(({ name, own }) => tableFindings(own, ['agents', name])),
    ...agents.flatMap(agentFindings),
    ...(isFields(table) && Object.keys(table).length === 0 ? [none] : []),
  ]
}

/** The mission of an agent is called after both, as is a team. */
function missionNames(document: unknown, byDefault: string): readonly Finding[] {
  const { name = byDefault, agents, teams } = fieldsIn(document)
  if (typeof name !== 'string' || !isName(name)) return []
  const tooLong = (path: readonly [table: string, of: string], whole: string): readonly Finding[] => {
    if (!isName(path[1]) || isName(whole)) return []
    const what = path[0] === 'agents' ? 'its mission' : 'it'
    const rule = `${what} would be called ${whole}, and a name has at most 63 characters`
    return [{ path, name: true, rule }]
  }
  return [
    ...Object.entries(fieldsIn(agents)).flatMap(([agent, fields]) => {
      const { replicas } = fieldsIn(fields)
      const longest = `${name}.${agent}${typeof replicas === 'number' ? `-${replicas}` : ''}`
      return tooLong(['agents', agent], longest)
    }),
    ...Object.keys(fieldsIn(teams)).flatMap((team) => tooLong(['teams', team], `${name}.${team}`)),
  ]
}
