import { type Fields, fieldsIn, isFields } from './document/plain.ts'
import type { Path } from './document/tree.ts'
import { inherit } from './inherit.ts'

/** An agent as a document has it, with what it takes from the defaults; nothing of it is checked. */
export interface AgentFields {
  readonly name: string
  readonly fields: Fields
  /** Of these, what is the agent's own. */
  readonly own: Fields
  readonly dependsOn: readonly {
    readonly agent: string
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
  return Object.entries(fieldsIn(agents)).flatMap(([name, own]) =>
    isFields(own) ? [agentFields(name, own, fieldsIn(defaults))] : [],
  )
}

function agentFields(name: string, own: Fields, defaults: Fields): AgentFields {
  const dependsOn: unknown = own['depends_on']
  return {
    name,
    own,
    fields: inherit(defaults, own),
    dependsOn: (Array.isArray(dependsOn) ? dependsOn : []).flatMap((item: unknown, index) => {
      const { agent, when = 'completed', on_failure = 'skip' } = isFields(item) ? item : { agent: item }
      const path = ['agents', name, 'depends_on', index]
      // Who starts although the other one failed has no result to rely on.
      const completed = when === 'completed' && on_failure !== 'run'
      const waitsForEnd = when !== 'started' && when !== 'ready'
      return typeof agent === 'string' ? [{ agent, completed, waitsForEnd, path }] : []
    }),
    pathOf: (field = '', ...rest) => {
      const inside = rest[0] !== undefined && isFields(own[field])
      const isOwn = inside ? Object.hasOwn(own[field] ?? {}, rest[0] ?? '') : field in own
      return isOwn || !(field in defaults) ? ['agents', name, field, ...rest] : ['defaults', field, ...rest]
    },
  }
}
