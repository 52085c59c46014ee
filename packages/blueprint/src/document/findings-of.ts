import type { z } from 'zod'
import { brief } from '../text/inert.ts'
import type { Finding } from './finding.ts'
import { fieldsIn } from './plain.ts'
import type { Path } from './tree.ts'

/** What a kind of document knows of its own fields. */
export interface Vocabulary {
  /** What is wrong with a field that there is not, and which one is probably meant. */
  readonly unknownField: (path: Path, field: string) => Pick<Finding, 'rule' | 'suggestion'>
  /** Where a value may be a secret, or hold one: it is not repeated. */
  readonly isSecret: (path: Path) => boolean
}

/** What is wrong with a document by the rules of its fields. */
export function findingsOf(
  error: z.ZodError,
  document: unknown,
  { unknownField, isSecret }: Vocabulary,
): readonly Finding[] {
  return error.issues.flatMap((issue) => findings(issue, []))

  function findings(issue: z.core.$ZodIssue, above: Path): readonly Finding[] {
    const path = [...above, ...issue.path.map(step)]
    switch (issue.code) {
      case 'unrecognized_keys':
        return issue.keys.map((key) => ({ path: [...path, key], name: true, ...unknownField(path, key) }))
      case 'invalid_key':
        return [{ path, name: true, rule: issue.issues[0]?.message ?? 'must be another name' }]
      case 'invalid_union': {
        const meant = issue.errors.find((branch) => !branch.some(isOfAnotherType))
        if (meant !== undefined) return meant.flatMap((inner) => findings(inner, path))
        return [{ path, rule: `${issue.message}${got(path)}` }]
      }
      default:
        return [{ path, rule: `${issue.message}${got(path)}`, suggestion: suggestionOf(issue) }]
    }
  }

  function got(path: Path): string {
    if (isSecret(path)) return ''
    const value = path.reduce<unknown>(
      (value, name) => (Array.isArray(value) ? value[Number(name)] : fieldsIn(value)[name]),
      document,
    )
    return value === undefined ? '' : `: got ${brief(JSON.stringify(value) ?? typeof value)}`
  }
}

const step = (key: PropertyKey): string | number => (typeof key === 'number' ? key : String(key))

/** An alternative that expects text says nothing of a table. */
const isOfAnotherType = ({ code, path }: z.core.$ZodIssue): boolean =>
  code === 'invalid_type' && path.length === 0

/** A rule of our own may know what was meant. */
function suggestionOf(issue: z.core.$ZodIssue): string | undefined {
  const meant: unknown = issue.code === 'custom' ? issue.params?.['suggestion'] : undefined
  return typeof meant === 'string' ? meant : undefined
}
