import { type Fields, fieldsIn, isFields } from './document/plain.ts'
import type { Path } from './document/tree.ts'
import { inherit } from './inherit.ts'

/** An agent as a document has it, with what it takes from the defaults; nothing of it is checked. */
export interface AgentFields {
  readonly name: string
  readonly fields: Fields
  /** Of these, what is the agent's own. */
  readonly own: Fields
  /** What it names as its team. */
  readonly team: string | null
  readonly dependsOn: readonly {
    readonly agent: string
    /** Of its own team. */
    readonly inside: boolean
    /** `started` of one in its own team, else `completed`, unless it says otherwise. */
    readonly when: unknown
    /** What it says itself. */
    readonly onFailure: unknown
    /** It has ended well whenever this agent starts. */
    readonly completed: boolean
    readonly waitsForEnd: boolean
    readonly path: Path
  }[]
  /** Where a field, or what is in it, was written: with the agent, or in the defaults. */
  readonly pathOf: (...steps: readonly (string | number)[]) => Path
}

/** In the order of the document. */
export function agentsOf(document: unknown): readonly AgentFields[] {
  const { agents, defaults } = fieldsIn(document)
  const teamOf = (agent: string): string | null => teamIn(fieldsIn(fieldsIn(agents)[agent]))
  return Object.entries(fieldsIn(agents)).flatMap(([name, own]) =>
    isFields(own) ? [agentFields(name, own, { defaults: fieldsIn(defaults), teamOf })] : [],
  )
}

function teamIn({ team }: Fields): string | null {
  return typeof team === 'string' ? team : null
}

/** Whether both are in one team. */
export function isInside(team: string | null, other: string | null): boolean {
  return team !== null && team === other
}

/** What is waited for where nothing is said. */
export function usualCondition(inside: boolean): 'started' | 'completed' {
  return inside ? 'started' : 'completed'
}

interface Others {
  readonly defaults: Fields
  readonly teamOf: (agent: string) => string | null
}

function agentFields(name: string, own: Fields, { defaults, teamOf }: Others): AgentFields {
  const dependsOn: unknown = own['depends_on']
  const team = teamIn(own)
  return {
    name,
    own,
    team,
    fields: inherit(defaults, own),
    dependsOn: (Array.isArray(dependsOn) ? dependsOn : []).flatMap((item: unknown, index) => {
      const { agent, when: given, on_failure: onFailure } = isFields(item) ? item : { agent: item }
      if (typeof agent !== 'string') return []
      const path = ['agents', name, 'depends_on', index]
      const inside = isInside(team, teamOf(agent))
      const when = given ?? usualCondition(inside)
      // Who starts although the other one failed has no result to rely on.
      const completed = when === 'completed' && onFailure !== 'run'
      const waitsForEnd = when !== 'started' && when !== 'ready'
      return [{ agent, inside, when, onFailure, completed, waitsForEnd, path }]
    }),
    pathOf: (field = '', ...rest) => {
      const inside = rest[0] !== undefined && isFields(own[field])
      const isOwn = inside ? Object.hasOwn(own[field] ?? {}, rest[0] ?? '') : field in own
      return isOwn || !(field in defaults) ? ['agents', name, field, ...rest] : ['defaults', field, ...rest]
    },
  }
}
