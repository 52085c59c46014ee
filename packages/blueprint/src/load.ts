import { dirname, isAbsolute, join, normalize, resolve } from 'node:path'
import type { Json } from '@overmind/core'
import { type Finding, messageOf, pathText } from './document/finding.ts'
import { fieldsIn } from './document/plain.ts'
import { readToml, TomlError } from './document/toml.ts'
import { jsonOf, type Place, type Table, type Tree, treeAt } from './document/tree.ts'
import { nameOf } from './name.ts'
import { withPaths } from './paths.ts'
import { BlueprintError, type Problem } from './problem.ts'
import { linesOf, positionIn, withoutMark } from './text/lines.ts'
import { nearest } from './text/nearest.ts'
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
  const sources = new Map<string, string>()
  const problems: Problem[] = []
  const done = new Set<string>()
  let complete = true
  const tree = loadFile(normalize(file), source, [])
  if (!complete || tree === undefined) throw failure(problems)

  const settled = withSettings(jsonOf(tree), set)
  problems.push(...settled.findings.map(locate))
  const fields = { name: nameOf(file), ...fieldsIn(settled.document) }
  const document = withPaths(fields, { tree, vars: fieldsIn(fieldsIn(fields)['vars']), folder })
  // Made of TOML, text by text.
  return { document: document as BlueprintDocument, problems, locate, failure }

  function loadFile(name: string, text: string, chain: readonly string[]): Table | undefined {
    sources.set(name, text)
    const id = resolve(folder, name)
    done.add(id)
    try {
      const { tree, findings } = readToml(text, name)
      problems.push(...findings.map((finding) => problemAt(treeAt(tree, finding.path).at, finding)))
      if (chain.length > 0) checkIncluded(tree)
      return withIncludes(tree, name, [...chain, name])
    } catch (error) {
      if (!(error instanceof TomlError)) throw error
      complete = false
      problems.push({ ...problemAt(error.place, { path: [], rule: '' }), message: error.message })
      return undefined
    }
  }

  function withIncludes(own: Table, name: string, chain: readonly string[]): Table {
    const include = own.entries.get('include')
    own.entries.delete('include')
    if (include === undefined) return own
    if (include.kind !== 'list') {
      problems.push(problemAt(include.at, { path: ['include'], rule: 'must be a list of files' }))
      return own
    }
    const below = include.items.flatMap((item, index) => included(item, { index, name, chain }) ?? [])
    return below.length === 0 ? own : merged([...below, own])
  }

  function included(
    item: Tree,
    {
      index,
      name,
      chain,
    }: { readonly index: number; readonly name: string; readonly chain: readonly string[] },
  ): Table | undefined {
    const wrong = (rule: string): undefined => {
      complete = false
      problems.push(problemAt(item.at, { path: ['include', index], rule }))
    }
    if (item.kind !== 'leaf' || typeof item.value !== 'string' || item.value === '')
      return wrong('must be the path of a file')
    const path = isAbsolute(item.value) ? normalize(item.value) : join(dirname(name), item.value)
    const id = resolve(folder, path)
    const begun = chain.findIndex((above) => resolve(folder, above) === id)
    if (begun !== -1) return wrong(`files include each other: ${[...chain.slice(begun), path].join(' → ')}`)
    if (done.has(id)) return undefined
    if (read === undefined) return wrong('files cannot be included here')
    let text: string
    try {
      text = read(path)
    } catch (error) {
      return wrong(`cannot be read: ${error instanceof Error ? error.message : String(error)}`)
    }
    return loadFile(path, text, chain)
  }

  function checkIncluded({ entries }: Table): void {
    for (const [field, value] of entries) {
      if (field === 'include') continue
      if (!SHARED.includes(field)) {
        const suggestion = nearest(field, SHARED)
        const rule = 'a file that is included has vars, defaults and agents alone'
        problems.push(problemAt(value.key, { path: [field], rule, suggestion }))
      } else if (value.kind !== 'table') {
        problems.push(problemAt(value.at, { path: [field], rule: 'must be a table' }))
      }
      if (!SHARED.includes(field) || value.kind !== 'table') entries.delete(field)
    }
  }

  /** Of all but the last, which may have any field, only tables are left. */
  function merged(tables: readonly Table[]): Table {
    const last = tables.at(-1)
    if (last === undefined) throw new RangeError('there is a file')
    const entries = new Map(last.entries)
    for (const field of SHARED) {
      const parts = tables.flatMap(({ entries }) => entries.get(field) ?? [])
      const [first, ...rest] = parts
      if (first === undefined) continue
      entries.set(
        field,
        rest.reduce((below, above) => overlaid(below, above, [field]), first),
      )
    }
    return { ...last, entries }
  }

  function overlaid(below: Tree, above: Tree, path: readonly string[]): Tree {
    if (below.kind !== 'table' || above.kind !== 'table') return above
    const entries = new Map(below.entries)
    if (path[0] === 'defaults' && path.length === 1) {
      for (const field of pushedOutBy(above.entries)) entries.delete(field)
    }
    for (const [name, value] of above.entries) {
      const before = entries.get(name)
      if (before !== undefined && path[0] === 'agents') {
        const rule = `defined twice: ${shownPlace(before.key)} and ${shownPlace(value.key)}`
        problems.push(problemAt(value.key, { path: ['agents', name], rule }))
      }
      const mergeable = path[0] === 'defaults' && path.length === 1 && ['env', 'options'].includes(name)
      entries.set(name, before !== undefined && mergeable ? overlaid(before, value, [...path, name]) : value)
    }
    return { ...above, entries }
  }

  function locate(finding: Finding): Problem {
    if (finding.outside === true)
      return { ...problemAt({ file: normalize(file), offset: 0 }, finding), line: null, column: null }
    const found = tree === undefined ? undefined : treeAt(tree, finding.path)
    const place = finding.name === true ? found?.key : partOf(found, finding.part)
    return problemAt(place ?? { file: normalize(file), offset: 0 }, finding)
  }

  /** Where a part of a text begins, unless it is written with escapes. */
  function partOf(tree: Tree | undefined, part = ''): Place | undefined {
    if (tree?.kind !== 'leaf') return tree?.at
    const { file, offset } = tree.at
    const at = withoutMark(sources.get(file) ?? '')
      .slice(offset, tree.end)
      .indexOf(part)
    return { file, offset: offset + Math.max(0, at) }
  }

  function shownPlace(place: Place): string {
    const { line, column } = positionIn(sources.get(place.file) ?? '', place.offset)
    return `${place.file}:${line}:${column}`
  }

  function problemAt(place: Place, finding: Finding): Problem {
    const { suggestion, path } = finding
    return {
      file: place.file,
      ...positionIn(sources.get(place.file) ?? '', place.offset),
      path: pathText(path),
      message: messageOf(finding),
      ...(suggestion === undefined ? {} : { suggestion }),
    }
  }

  function failure(problems: readonly Problem[]): BlueprintError {
    const files = [...sources.keys()]
    const rank = ({ file, line, column }: Problem): readonly number[] => [
      files.indexOf(file ?? ''),
      line ?? 0,
      column ?? 0,
    ]
    const sorted = problems.toSorted((a, b) => {
      const [left, right] = [rank(a), rank(b)]
      return (
        left.map((value, index) => value - (right[index] ?? 0)).find((difference) => difference !== 0) ?? 0
      )
    })
    const lines = new Map<string, readonly string[]>()
    return new BlueprintError(sorted, (name) => {
      const known = lines.get(name)
      if (known !== undefined) return known
      const source = sources.get(name)
      if (source === undefined) return undefined
      const made = linesOf(source)
      lines.set(name, made)
      return made
    })
  }
}

/** What a file that is included may have. */
const SHARED = ['vars', 'defaults', 'agents']

/** Two ways to say the same. */
function pushedOutBy(above: ReadonlyMap<string, Tree>): readonly string[] {
  if (above.has('retries')) return ['restart', 'max_restarts']
  return above.has('restart') || above.has('max_restarts') ? ['retries'] : []
}
