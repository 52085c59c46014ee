import type { Finding } from './document/finding.ts'
import type { Vocabulary } from './document/findings-of.ts'
import type { Path } from './document/tree.ts'
import { fieldsOf, type TableKind } from './schema.ts'
import { nearest } from '@overmind/core/text'

/** What a blueprint knows of its fields. */
export const vocabulary: Vocabulary = { unknownField, isSecret }

function unknownField(path: Path, field: string): Pick<Finding, 'rule' | 'suggestion'> {
  const kind = kindOf(path)
  if (kind === 'document' && field === 'include') {
    return { rule: 'a document that stands alone includes no files' }
  }
  if (kind === 'defaults' && fieldsOf.agent.includes(field)) {
    return { rule: 'has no place in defaults: each agent has its own' }
  }
  return {
    rule: 'no such field',
    suggestion: kind === undefined ? undefined : nearest(field, fieldsOf[kind]),
  }
}

function kindOf(path: Path): TableKind | undefined {
  const [top, ...rest] = path
  if (top === 'teams') return 'team'
  const [field, ...below] = top === 'agents' ? rest.slice(1) : rest
  if (top === undefined) return 'document'
  if (field === undefined) return top === 'defaults' ? 'defaults' : 'agent'
  if (field === 'depends_on' && below.length === 1) return 'dependency'
  if (field === 'env' && below.length === 1) return 'env'
  const isTable = field === 'ready' || field === 'alive' || field === 'terminal' || field === 'update'
  return isTable && below.length === 0 ? field : undefined
}

/** Values of an environment may be secrets that somebody wrote down all the same. */
function isSecret([top, ...rest]: Path): boolean {
  return (top === 'agents' ? rest[1] : rest[0]) === 'env'
}
