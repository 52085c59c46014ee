import type { Finding } from './document/finding.ts'
import { fieldsIn, isFields } from './document/plain.ts'
import type { Path } from './document/tree.ts'
import { asWritten, type Piece, piecesOf, withBraces } from './references.ts'
import { brief } from './text/inert.ts'
import { nearest } from '@overmind/core/text'
import { atFirst } from './text/at-first.ts'

export type Settings = Readonly<Record<string, string>>

/** A document whose variables have the values that are set from outside. */
export function withSettings(
  document: unknown,
  set: Settings,
): { readonly document: unknown; readonly findings: readonly Finding[] } {
  const names = Object.keys(set)
  if (names.length === 0 || !isFields(document)) return { document, findings: [] }
  const vars = fieldsIn(document['vars'])
  const findings = names
    .filter((name) => !Object.hasOwn(vars, name))
    .map((name): Finding => {
      const suggestion = nearest(name, Object.keys(vars))
      return { path: ['vars', name], rule: 'there is no such variable to set', outside: true, suggestion }
    })
  const known = Object.entries(set).filter(([name]) => Object.hasOwn(vars, name))
  if (known.length === 0) return { document, findings }
  return { document: { ...document, vars: { ...vars, ...Object.fromEntries(known) } }, findings }
}

/** What may stand in double braces in a document. */
interface Known {
  readonly vars: Readonly<Record<string, unknown>>
  readonly agents: ReadonlySet<string>
  /** What is probably meant by what stands in braces. */
  meant(written: string): string | undefined
}

function knownIn(vars: Readonly<Record<string, unknown>>, agents: readonly string[]): Known {
  const first = atFirst()
  return { vars, agents: new Set(agents), meant: (written) => first(() => meant(written, vars, agents)) }
}

/**
 * The document with its variables filled in. References to results stay, where a result may stand, and braces are then still
 * written as they are in a file: `fillIn` makes texts of them. Everything else in double braces is a finding.
 */
export function withVariables(document: unknown): {
  readonly document: unknown
  readonly findings: readonly Finding[]
} {
  const { vars, agents } = fieldsIn(document)
  const known = knownIn(fieldsIn(vars), Object.keys(fieldsIn(agents)))
  const findings: Finding[] = []
  return { document: walk(document, []), findings }

  function walk(value: unknown, path: Path): unknown {
    if (typeof value === 'string') return fill(value, path)
    if (Array.isArray(value)) return value.map((item, index) => walk(item, [...path, index]))
    if (!isFields(value)) return value
    return Object.fromEntries(
      Object.entries(value).map(([name, field]) => [name, walk(field, [...path, name])]),
    )
  }

  function fill(text: string, path: Path): string {
    if (!text.includes('{{')) return text
    // A value from outside is no text of this file: nothing in it refers to anything.
    if (path[0] === 'vars') {
      if (piecesOf(text).some(({ kind }) => kind === 'reference')) {
        findings.push({ path, rule: 'a variable cannot refer to anything' })
      }
      return text
    }
    const later = mayHoldResults(path)
    return piecesOf(text)
      .map((piece) => {
        const finding = wrongWith(piece, { path, later, known })
        if (finding !== undefined) findings.push(finding)
        return filled(piece, { later, vars: known.vars })
      })
      .join('')
  }
}

/** The text with the variables that there are; what else is in braces stays. */
export function filledWith(text: string, vars: Readonly<Record<string, unknown>>): string {
  return piecesOf(text)
    .map((piece) => filled(piece, { later: true, vars }))
    .join('')
}

interface Filling {
  readonly later: boolean
  readonly vars: Readonly<Record<string, unknown>>
}

function filled(piece: Piece, { later, vars }: Filling): string {
  const value = piece.kind === 'reference' && piece.of === 'vars' ? variable(vars, piece.part) : undefined
  if (value !== undefined) return later ? withBraces(value) : value
  return later && piece.kind === 'braces' ? withBraces(piece.text) : asWritten(piece)
}

function variable(vars: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = Object.hasOwn(vars, name) ? vars[name] : undefined
  return ['string', 'number', 'boolean'].includes(typeof value) ? String(value) : undefined
}

/** Commands, options and environments are filled in once more, when an agent starts. */
function mayHoldResults(path: Path): boolean {
  const [top, ...rest] = path
  const [field, , part] = top === 'agents' ? rest.slice(1) : rest
  if (field === 'env') return part === undefined
  return (top === 'agents' && field === 'command') || field === 'options'
}

function wrongWith(
  piece: Piece,
  { path, later, known }: { readonly path: Path; readonly later: boolean; readonly known: Known },
): Finding | undefined {
  if (piece.kind === 'text' || piece.kind === 'braces') return undefined
  const about = { path, part: piece.written }
  const shown = brief(piece.written)
  if (piece.kind === 'malformed') {
    const rule = piece.closed ? `${shown} is no reference` : 'double braces are not closed'
    const suggestion = piece.closed ? known.meant(piece.written) : undefined
    return { ...about, rule: `${rule}; for braces as they are, write {{ "{{" }}`, suggestion }
  }
  if (piece.of === 'vars') {
    if (Object.hasOwn(known.vars, piece.part)) return undefined
    return { ...about, rule: `${shown}: there is no such variable`, suggestion: known.meant(piece.written) }
  }
  if (!known.agents.has(piece.of)) {
    const rule = `${shown}: there is no agent ${brief(piece.of)}`
    return { ...about, rule, suggestion: known.meant(piece.written) }
  }
  if (piece.part !== 'result' && piece.part !== 'file') {
    const part = nearest(piece.part, ['result', 'file']) ?? 'result'
    const rule = `${shown}: an agent has a result and a file`
    return { ...about, rule, suggestion: `{{ ${piece.of}.${part} }}` }
  }
  if (later) return undefined
  return { ...about, rule: `${shown}: results are known when an agent starts: in command, options and env` }
}

function meant(
  written: string,
  vars: Readonly<Record<string, unknown>>,
  agents: readonly string[],
): string | undefined {
  const inner = written.replaceAll(/[{}\s$]/g, '').replace(/^\.+/, '')
  const names = [
    ...Object.keys(vars).map((name) => `vars.${name}`),
    ...agents.flatMap((name) => [`${name}.result`, `${name}.file`]),
  ]
  const found =
    names.find((name) => name === `vars.${inner}` || name === `${inner}.result`) ??
    nearest(inner, names) ??
    nearest(`vars.${inner}`, names)
  return found === undefined ? undefined : `{{ ${found} }}`
}
