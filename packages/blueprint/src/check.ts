import type { Blueprint } from './blueprint.ts'
import { type Finding, messageOf, pathText } from './document/finding.ts'
import { examine } from './examine.ts'
import { nameOf } from './name.ts'
import { BlueprintError, type Problem } from './problem.ts'
import { type Settings, withSettings } from './variables.ts'

export interface CheckOptions {
  /** The file that the document was made of: named in problems, and the blueprint's name where it has none. */
  readonly file?: string | undefined
  /** Values of variables that the document has. */
  readonly set?: Settings | undefined
}

/**
 * A blueprint from the document that `documentOf` makes, or that a program made: the same fields as in a file, and paths that are
 * absolute.
 *
 * @throws BlueprintError with everything that is wrong, by paths into the document
 *
 * @example
 * ```ts
 * checkDocument({ name: 'facts', agents: { researcher: { command: 'list 3 facts about Elixir', provider: 'claude' } } })
 * ```
 */
export function checkDocument(document: unknown, { file, set = {} }: CheckOptions = {}): Blueprint {
  const settled = withSettings(document, set)
  const examined = examine(settled.document, nameOf(file))
  const found = examined.blueprint === null ? examined.findings : []
  const problems = [...settled.findings, ...found].map((finding) => problemOf(finding, file ?? null))
  if (examined.blueprint === null || problems.length > 0) throw new BlueprintError(problems)
  return examined.blueprint
}

function problemOf(finding: Finding, file: string | null): Problem {
  const { path, suggestion } = finding
  return {
    file,
    line: null,
    column: null,
    path: pathText(path),
    message: messageOf(finding),
    ...(suggestion === undefined ? {} : { suggestion }),
  }
}
