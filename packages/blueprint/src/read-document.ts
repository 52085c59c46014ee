import type { z } from 'zod'
import type { Finding } from './document/finding.ts'
import { findingsOf, type Vocabulary } from './document/findings-of.ts'
import { plain } from './document/plain.ts'
import { readToml, type Toml, TomlError } from './document/toml.ts'
import { jsonOf, treeAt } from './document/tree.ts'
import { DocumentError } from './problem.ts'
import { createSources } from './sources.ts'

export interface DocumentRules<T> {
  /** What the text is called: problems repeat it. */
  readonly file: string
  /** May give `params: { suggestion }` with an issue of its own. */
  readonly fields: z.ZodType<T>
  readonly vocabulary: Vocabulary
}

/** What a TOML text says, by the rules of its fields. @throws DocumentError with everything that is wrong, each with its place */
export function readDocument<T>(source: string, { file, fields, vocabulary }: DocumentRules<T>): T {
  const sources = createSources()
  sources.add(file, source)
  const { tree, findings } = read()
  const { document, findings: strange } = plain(jsonOf(tree))
  const parsed = fields.safeParse(document)
  const told = [...findings.map(withoutSecrets), ...strange]
  if (parsed.success && told.length === 0) return parsed.data
  // What is no value of ours stands in the document as null: it is not wrong a second time.
  const seen = new Set(told.map(({ path }) => JSON.stringify(path)))
  const broken = parsed.success ? [] : findingsOf(parsed.error, document, vocabulary)
  const all = [...told, ...broken.filter(({ path }) => !seen.has(JSON.stringify(path)))]
  throw new DocumentError(sources.inOrder(all.map(problemOf)))

  function read(): Toml {
    try {
      return readToml(source, file)
    } catch (error) {
      if (!(error instanceof TomlError)) throw error
      const problem = sources.problemAt(error.place, { path: [], rule: '' })
      throw new DocumentError([{ ...problem, message: error.message }])
    }
  }

  function withoutSecrets(finding: Finding): Finding {
    return vocabulary.isSecret(finding.path) ? { ...finding, rule: 'must be text' } : finding
  }

  function problemOf(finding: Finding): ReturnType<typeof sources.problemAt> {
    const found = treeAt(tree, finding.path)
    return sources.problemAt(finding.name === true ? found.key : found.at, finding)
  }
}
