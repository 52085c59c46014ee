import type { Blueprint } from './blueprint.ts'
import { examine } from './examine.ts'
import { type BlueprintDocument, load, type SourceOptions } from './load.ts'
import { nameOf } from './name.ts'
import type { Problem } from './problem.ts'

/**
 * A blueprint from the text of its file. Nothing is started, and nothing is read but the files that it includes, by `read`.
 *
 * @throws BlueprintError with everything that is wrong, each with its file, line and column
 *
 * @example
 * ```ts
 * const source = '[agents.hello]\ncommand = "echo hello"'
 * parseBlueprint(source, { file: 'hello.toml' }).agents[0]?.mission.command // echo hello
 * ```
 */
export function parseBlueprint(source: string, options: SourceOptions): Blueprint {
  const { document, problems, locate, failure } = load(source, options)
  const examined = examine(document, nameOf(options.file))
  if (examined.blueprint !== null && problems.length === 0) return examined.blueprint
  const found = examined.blueprint === null ? examined.findings.map(locate) : []
  throw failure(distinct(problems, found))
}

/**
 * The document that a file and its includes come to, for `checkDocument` in another process: with `set` among its variables, and
 * paths that are absolute.
 *
 * @throws BlueprintError for what keeps the files from being put together
 */
export function documentOf(source: string, options: SourceOptions): BlueprintDocument {
  const { document, problems, failure } = load(source, options)
  if (problems.length > 0) throw failure(problems)
  return document
}

/** What is not there because it could not be read is not wrong a second time; nor is a default, for each who has it. */
function distinct(unread: readonly Problem[], found: readonly Problem[]): readonly Problem[] {
  const place = ({ file, line, column }: Problem): string => JSON.stringify([file, line, column])
  const told = new Set(unread.filter(({ line }) => line !== null).map(place))
  const rest = found.filter((problem) => !told.has(place(problem)))
  const byText = new Map(rest.map((problem) => [`${place(problem)}${problem.message}`, problem]))
  return [...unread, ...byText.values()]
}
