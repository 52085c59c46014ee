import type { z } from 'zod'
import { fieldsOf, type TableKind } from '../schema.ts'
import { brief } from '../text/inert.ts'
import { nearest } from '../text/nearest.ts'
import type { Finding } from './finding.ts'
import { fieldsIn } from './plain.ts'
import type { Path } from './tree.ts'

/** What is wrong with a document by the rules of its fields. */
export function findingsOf(error: z.ZodError, document: unknown): readonly Finding[] {
  return error.issues.flatMap((issue) => findings(issue, [], document))
}

function findings(issue: z.core.$ZodIssue, above: Path, document: unknown): readonly Finding[] {
  const path = [...above, ...issue.path.map(step)]
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownField(path, key))
    case 'invalid_key':
      return [{ path, name: true, rule: issue.issues[0]?.message ?? 'must be another name' }]
    case 'invalid_union': {
      const meant = issue.errors.find((branch) => !branch.some(isOfAnotherType))
      if (meant !== undefined) return meant.flatMap((inner) => findings(inner, path, document))
      return [{ path, rule: `${issue.message}${got(path, document)}` }]
    }
    default:
      return [{ path, rule: `${issue.message}${got(path, document)}` }]
  }
}

const step = (key: PropertyKey): string | number => (typeof key === 'number' ? key : String(key))

/** An alternative that expects text says nothing of a table. */
const isOfAnotherType = ({ code, path }: z.core.$ZodIssue): boolean =>
  code === 'invalid_type' && path.length === 0

function unknownField(path: Path, field: string): Finding {
  const kind = kindOf(path)
  const finding = { path: [...path, field], name: true }
  if (kind === 'document' && field === 'include') {
    return { ...finding, rule: 'a document that stands alone includes no files' }
  }
  if (kind === 'defaults' && fieldsOf.agent.includes(field)) {
    return { ...finding, rule: 'has no place in defaults: each agent has its own' }
  }
  const suggestion = kind === undefined ? undefined : nearest(field, fieldsOf[kind])
  return { ...finding, rule: 'no such field', suggestion }
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

/** The value, unless it is part of an environment. */
function got(path: Path, document: unknown): string {
  if (isSecret(path)) return ''
  const value = path.reduce<unknown>(
    (value, name) => (Array.isArray(value) ? value[Number(name)] : fieldsIn(value)[name]),
    document,
  )
  return value === undefined ? '' : `: got ${brief(JSON.stringify(value) ?? typeof value)}`
}

/** Values of an environment may be secrets that somebody wrote down all the same. */
function isSecret([top, ...rest]: Path): boolean {
  return (top === 'agents' ? rest[1] : rest[0]) === 'env'
}
