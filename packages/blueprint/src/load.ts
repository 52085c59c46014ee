import { dirname, isAbsolute, join, normalize, resolve } from 'node:path'
import type { Json } from '@overmind/core'
import type { Finding } from './document/finding.ts'
import { fieldsIn } from './document/plain.ts'
import { readToml, TomlError } from './document/toml.ts'
import { LARGEST } from './document/size.ts'
import { jsonOf, type Place, type Table, type Tree, treeAt } from './document/tree.ts'
import { merge, SHARED } from './merge.ts'
import { nameOf } from './name.ts'
import { withPaths } from './paths.ts'
import type { BlueprintError, Problem } from './problem.ts'
import { createSources } from './sources.ts'
import { nearest } from '@overmind/core/text'
import { type Settings, withSettings } from './variables.ts'

export interface SourceOptions {
  /** What the text is called: as people named it, since problems repeat it. Includes are found from its folder. */
  readonly file: string
  /** Values of variables, by name: in place of those of the file. */
  readonly set?: Settings | undefined
  /** Reads a file that is included; throws when it cannot. Default: there is none. */
  readonly read?: ((path: string) => string) | undefined
  /** The absolute folder that a relative `file` is seen from. Default: that of this process. */
  readonly folder?: string | undefined
}

/** A folder that leads to itself has a file under names without end. */
const MOST_FILES = 256

/** What a blueprint may be sent as: the same fields as in a file, without includes. */
export type BlueprintDocument = Readonly<Record<string, Json>>

export interface Loaded {
  readonly document: BlueprintDocument
  readonly problems: readonly Problem[]
  /** Where a finding about the document was written. */
  readonly locate: (finding: Finding) => Problem
  /** All of these at once, in the order of the files. */
  readonly failure: (problems: readonly Problem[]) => BlueprintError
}

/**
 * A file and all that it includes as one document: with a name, absolute paths, and variables as they are set.
 *
 * @throws BlueprintError for files that cannot be read or are no TOML
 */
export function load(
  source: string,
  { file, set = {}, read, folder = process.cwd() }: SourceOptions,
): Loaded {
  const sources = createSources()
  const problems: Problem[] = []
  const done = new Set<string>()
  let size = 0
  let complete = true
  const tree = loadFile(file, source, [])
  if (!complete || tree === undefined) throw sources.failure(problems)

  const settled = withSettings(jsonOf(tree), set)
  problems.push(...settled.findings.map(locate))
  const fields = { name: nameOf(file), ...fieldsIn(settled.document) }
  const document = withPaths(fields, { tree, vars: fieldsIn(fieldsIn(fields)['vars']), folder })
  // Made of TOML, text by text.
  return { document: document as BlueprintDocument, problems, locate, failure: sources.failure }

  function tell(place: Place, finding: Finding): void {
    problems.push(sources.problemAt(place, finding))
  }

  function loadFile(name: string, text: string, chain: readonly string[]): Table | undefined {
    size += text.length
    const isTooMuch = size > LARGEST
    sources.add(name, isTooMuch ? '' : text)
    done.add(resolve(folder, name))
    try {
      if (isTooMuch)
        throw new TomlError('a blueprint has 1 MiB of text at most', { file: name, offset: 0 }, undefined)
      const { tree, findings } = readToml(text, name)
      for (const finding of findings) tell(treeAt(tree, finding.path).at, finding)
      if (chain.length > 0) onlyShared(tree)
      return withIncludes(tree, [...chain, name])
    } catch (error) {
      if (!(error instanceof TomlError)) throw error
      complete = false
      problems.push({ ...sources.problemAt(error.place, { path: [], rule: '' }), message: error.message })
      return undefined
    }
  }

  /** Takes from an included file what it cannot bring along. */
  function onlyShared({ entries }: Table): void {
    for (const [field, value] of entries) {
      if (field === 'include' || (SHARED.includes(field) && value.kind === 'table')) continue
      if (SHARED.includes(field)) tell(value.at, { path: [field], rule: 'must be a table' })
      else {
        const rule = 'a file that is included has vars, defaults, teams and agents alone'
        tell(value.key, { path: [field], rule, suggestion: nearest(field, SHARED) })
      }
      entries.delete(field)
    }
  }

  /** `chain` leads from the blueprint to the file that `own` is of. */
  function withIncludes(own: Table, chain: readonly string[]): Table {
    const include = own.entries.get('include')
    own.entries.delete('include')
    if (include === undefined) return own
    if (include.kind !== 'list') {
      tell(include.at, { path: ['include'], rule: 'must be a list of files' })
      return own
    }
    const below = include.items.flatMap((item, index) => {
      const path = ['include', index]
      const outcome = included(item, chain)
      if (typeof outcome !== 'string') return outcome ?? []
      complete = false
      tell(item.at, { path, rule: outcome })
      return []
    })
    const { tree, twice } = merge(below, own)
    for (const { path, first, second } of twice) {
      const rule = `defined twice: ${sources.shown(first.key)} and ${sources.shown(second.key)}`
      tell(second.key, { path, rule })
    }
    return tree
  }

  /** The file that is included, undefined when it need not be, or in words why it cannot be. */
  function included(item: Tree, chain: readonly string[]): Table | string | undefined {
    const given = item.kind === 'leaf' ? item.value : null
    if (typeof given !== 'string' || given === '') return 'must be the path of a file'
    const path = isAbsolute(given) ? normalize(given) : join(dirname(chain.at(-1) ?? file), given)
    const id = resolve(folder, path)
    const begun = chain.findIndex((above) => resolve(folder, above) === id)
    if (begun !== -1) return `files include each other: ${[...chain.slice(begun), path].join(' → ')}`
    if (done.has(id)) return undefined
    if (read === undefined) return 'files cannot be included here'
    // It has been told of another file that there is too much.
    if (size > LARGEST) return undefined
    if (done.size >= MOST_FILES) return `a blueprint is of ${MOST_FILES} files at most`
    let text: string
    try {
      text = read(path)
    } catch (error) {
      return `cannot be read: ${error instanceof Error ? error.message : String(error)}`
    }
    return loadFile(path, text, chain)
  }

  function locate(finding: Finding): Problem {
    const start = { file, offset: 0 }
    if (finding.outside === true) return { ...sources.problemAt(start, finding), line: null, column: null }
    const found = tree === undefined ? undefined : treeAt(tree, finding.path)
    const place = finding.name === true ? found?.key : partOf(found, finding.part)
    return sources.problemAt(place ?? start, finding)
  }

  /** Where a part of a text begins, unless it is written with escapes. */
  function partOf(found: Tree | undefined, part = ''): Place | undefined {
    if (found?.kind !== 'leaf') return found?.at
    const at = sources.slice(found.at, found.end).indexOf(part)
    return { ...found.at, offset: found.at.offset + Math.max(0, at) }
  }
}
