import { inert } from './text/inert.ts'
import { sourceBlock } from './text/source-block.ts'

/** One thing that is wrong with a document. */
export interface Problem {
  /** The file that it is in, as it was named; null for a document without a file. */
  readonly file: string | null
  /** From 1; null for what stands in no line: a document that is not text, or a variable set from outside. */
  readonly line: number | null
  /** From 1, in characters. */
  readonly column: number | null
  /** The way to the value, such as `agents.writer.depends_on.0`; empty for the whole. */
  readonly path: string
  /** A sentence that names the field, the rule and, unless it may be a secret, the value. Safe to show in a terminal. */
  readonly message: string
  /** What was probably meant, in its place. */
  readonly suggestion?: string
}

/** The lines of a file by its name, without their ends; undefined when there are none to show. */
export type Lines = (file: string) => readonly string[] | undefined

/** Problems that a message has: nobody reads more. */
const TOLD = 100

/**
 * A blueprint that cannot be run as it is: everything that is wrong, in the order of the files. Its message is made for a terminal,
 * and tells the first hundred.
 *
 * @example
 * ```ts
 * try {
 *   parseBlueprint(source, { file: 'team.toml' })
 * } catch (error) {
 *   if (error instanceof BlueprintError) console.error(error.message)
 * }
 * ```
 */
export class BlueprintError extends Error {
  override readonly name = 'BlueprintError'
  readonly problems: readonly Problem[]

  /** With `lines`, the message shows those that the problems are in. */
  constructor(problems: readonly Problem[], lines: Lines = () => undefined) {
    super(told(problems, lines).join('\n\n'))
    this.problems = problems
  }
}

/**
 * A file that is not what it should be: everything that is wrong, in the order of the file. Its message is made for a terminal,
 * tells the first hundred, and shows no line of the file, which may hold secrets.
 */
export class DocumentError extends Error {
  override readonly name = 'DocumentError'
  readonly problems: readonly Problem[]

  constructor(problems: readonly Problem[]) {
    super(told(problems, () => undefined).join('\n'))
    this.problems = problems
  }
}

function told(problems: readonly Problem[], lines: Lines): readonly string[] {
  const blocks = problems.slice(0, TOLD).map((problem) => block(problem, lines))
  return problems.length > TOLD ? [...blocks, `and ${problems.length - TOLD} more`] : blocks
}

/** Where somebody may have written down what must not get into a log. */
const IN_ENVIRONMENT = /^(?:agents\..+?|defaults)\.env(?:\.|$)/

function block({ file, line, column, path, message, suggestion }: Problem, lines: Lines): string {
  const place = [file === null ? null : inert(file), line, column].filter((part) => part !== null)
  const parts = [place.length === 0 ? message : `${place.join(':')}: ${message}`]
  if (file !== null && line !== null && column !== null && !IN_ENVIRONMENT.test(path)) {
    const text = lines(file)?.[line - 1]
    if (text !== undefined && text.trim() !== '' && !/\benv\b/.test(text))
      parts.push(sourceBlock(text, column))
  }
  if (suggestion !== undefined) parts.push(`did you mean "${inert(suggestion)}"?`)
  return parts.join('\n')
}
