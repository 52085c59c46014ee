import { type AST, ParseError, parseTOML } from 'toml-eslint-parser'
import type { Finding } from './finding.ts'
import { inert } from '../text/inert.ts'
import { withoutMark } from '../text/lines.ts'
import { DEEPEST } from './plain.ts'
import type { List, Path, Place, Table, Tree } from './tree.ts'

export interface Toml {
  readonly tree: Table
  /** Values that TOML has and a blueprint has not. */
  readonly findings: readonly Finding[]
}

/** A text that is no TOML, and where it stops being that. */
export class TomlError extends Error {
  override readonly name = 'TomlError'
  readonly place: Place

  constructor(message: string, place: Place, cause: unknown) {
    super(message, { cause })
    this.place = place
  }
}

/** What a TOML text says, and where it says it. @throws TomlError */
export function readToml(source: string, file: string): Toml {
  const text = withoutMark(source)
  const placeOf = (offset: number): Place => ({ file, offset })
  const program = parsed(text, placeOf)
  const findings: Finding[] = []
  const [top] = program.body
  const start = placeOf(0)
  const root: Table = { kind: 'table', key: start, at: start, entries: new Map() }
  for (const node of top.body) {
    if (node.type === 'TOMLKeyValue') {
      put(root, node, [])
      continue
    }
    const table = tableOf(root, node)
    for (const pair of node.body) put(table, pair, node.resolvedKey)
  }
  return { tree: root, findings }

  /** The table of a header, made with all tables on the way to it. */
  function tableOf(top: Table, { resolvedKey, key: { keys }, range }: AST.TOMLTable): Table {
    mustBeShallow(resolvedKey, range[0])
    let here: Table | List = top
    let named = 0
    for (const [index, step] of resolvedKey.entries()) {
      const key = keys[typeof step === 'string' ? named : named - 1]
      if (typeof step === 'string') named += 1
      const written = { key: placeOf(key?.range[0] ?? range[0]), at: placeOf(range[0]) }
      here = containerIn(here, step, { written, list: typeof resolvedKey[index + 1] === 'number' })
    }
    if (here.kind !== 'table') throw new TypeError('a header names a table')
    here.at = placeOf(range[0])
    here.key = placeOf(keys.at(-1)?.range[0] ?? range[0])
    return here
  }

  function put(table: Table, { key: { keys }, value }: AST.TOMLKeyValue, above: Path): void {
    let here = table
    const names = keys.map((key) => (key.type === 'TOMLBare' ? key.name : key.value))
    mustBeShallow([...above, ...names], value.range[0])
    for (const [index, key] of keys.slice(0, -1).entries()) {
      const place = placeOf(key.range[0])
      const next = containerIn(here, names[index] ?? '', { written: { key: place, at: place }, list: false })
      if (next.kind !== 'table') throw new TypeError('a dotted key leads through tables')
      here = next
    }
    const last = names.at(-1) ?? ''
    const place = placeOf(keys.at(-1)?.range[0] ?? value.range[0])
    here.entries.set(last, treeOf(value, place, [...above, ...names]))
  }

  function treeOf(node: AST.TOMLContentNode, key: Place, path: Path): Tree {
    mustBeShallow(path, node.range[0])
    const at = placeOf(node.range[0])
    switch (node.type) {
      case 'TOMLArray': {
        const items = node.elements.map((item, index) =>
          treeOf(item, placeOf(item.range[0]), [...path, index]),
        )
        return { kind: 'list', key, at, items }
      }
      case 'TOMLInlineTable': {
        const table: Table = { kind: 'table', key, at, entries: new Map() }
        for (const pair of node.body) put(table, pair, path)
        return table
      }
      case 'TOMLValue':
        return { kind: 'leaf', key, at, end: node.range[1], value: scalar(node, path) }
    }
  }

  function mustBeShallow(path: Path, offset: number): void {
    if (path.length > DEEPEST)
      throw new TomlError('the file is nested too deeply', placeOf(offset), undefined)
  }

  function scalar(node: AST.TOMLValue, path: Path): string | number | boolean | null {
    switch (node.kind) {
      case 'string':
      case 'boolean':
        return node.value
      case 'integer':
      case 'float': {
        const precise = node.kind === 'float' ? Number.isFinite(node.value) : Number.isSafeInteger(node.value)
        if (precise) return node.value
        findings.push({ path, rule: `must be a number that can be counted to: got ${node.number}` })
        return null
      }
      case 'offset-date-time':
      case 'local-date-time':
      case 'local-date':
      case 'local-time':
        findings.push({ path, rule: `must stand in quotes: "${node.datetime}"` })
        return null
    }
  }
}

/** What a list or a table has under this name, or a new container there. */
function containerIn(
  parent: Table | List,
  step: string | number,
  { written, list }: { readonly written: Pick<Table, 'key' | 'at'>; readonly list: boolean },
): Table | List {
  const known = parent.kind === 'table' ? parent.entries.get(String(step)) : parent.items[Number(step)]
  if (known !== undefined && known.kind !== 'leaf') return known
  const made: Table | List = list
    ? { kind: 'list', ...written, items: [] }
    : { kind: 'table', ...written, entries: new Map() }
  if (parent.kind === 'table') parent.entries.set(String(step), made)
  else parent.items[Number(step)] = made
  return made
}

function parsed(text: string, placeOf: (offset: number) => Place): AST.TOMLProgram {
  try {
    return parseTOML(text, { tomlVersion: '1.1' })
  } catch (error) {
    if (error instanceof ParseError) {
      throw new TomlError(sentence(error.message), placeOf(lastWritten(text, error.index)), error)
    }
    // It reads lists within lists by calling itself.
    const rule = error instanceof RangeError ? 'is nested too deeply' : 'cannot be read as TOML'
    throw new TomlError(`the file ${rule}`, placeOf(0), error)
  }
}

const WORDS: Readonly<Record<string, string>> = {
  'Defining a key multiple times is invalid': 'this key is defined already',
  'Unspecified values are invalid': 'a value is missing here',
  'Expected equal (=) token': 'an equals sign is missing here',
  'Expected comma (,) token': 'a comma is missing here',
  'Must be a newline': 'a new line must begin here',
  'Unterminated string constant': 'a text does not end',
  'Unterminated table-key': 'a closing bracket is missing here',
  'Unterminated array': 'a list does not end',
  'Unterminated inline table': 'a table in braces does not end',
}

/** The parser's own words may have a character of the file in them. */
const sentence = (message: string): string => inert(WORDS[message] ?? message.toLowerCase())

/** What is missing at the end of a line is missed by the parser where the next thing begins. */
function lastWritten(text: string, offset: number): number {
  const rest = text.slice(offset, offset + 1)
  if (rest !== '' && !/\s/.test(rest)) return offset
  return text.slice(0, offset).trimEnd().length
}
