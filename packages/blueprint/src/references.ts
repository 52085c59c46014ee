/** What stands in double braces: `{{ vars.topic }}`, `{{ researcher.result }}`, and `{{ "{{" }}` for braces as they are. */

/** A text in the place of a reference, in words of the agent it is from. */
export interface Reference {
  readonly agent: string
  /** `result`: the text of its answer, or what it wrote. `file`: the path of a file that holds the same. */
  readonly part: 'result' | 'file'
}

export type Piece =
  | { readonly kind: 'text'; readonly text: string }
  /** `{{ of.part }}`; whether there is such a thing is not known yet. */
  | { readonly kind: 'reference'; readonly of: string; readonly part: string; readonly written: string }
  | { readonly kind: 'braces'; readonly text: string }
  | { readonly kind: 'malformed'; readonly written: string; readonly closed: boolean }

/** No reference holds another: without that, reading many open braces would take the square of their number. */
const BRACES = /\{\{\s*"(\{+)"\s*\}\}|\{\{((?:[^{}]|\{(?!\{)|\}(?!\}))*)\}\}|\{\{/g
const NAMES = /^\s*([\w-]+)\.([\w-]+)\s*$/

/** A text, taken apart; the pieces are in its order and leave nothing out. */
export function piecesOf(text: string): readonly Piece[] {
  const pieces: Piece[] = []
  let from = 0
  const plain = (until: number): void => {
    if (until > from) pieces.push({ kind: 'text', text: text.slice(from, until) })
  }
  for (const match of text.matchAll(BRACES)) {
    plain(match.index)
    pieces.push(pieceOf(match))
    from = match.index + match[0].length
  }
  plain(text.length)
  return pieces
}

function pieceOf([written, braces, inner]: RegExpExecArray): Piece {
  if (braces !== undefined) return { kind: 'braces', text: braces }
  const [, of, part] = NAMES.exec(inner ?? '') ?? []
  if (of !== undefined && part !== undefined) return { kind: 'reference', of, part, written }
  return { kind: 'malformed', written, closed: inner !== undefined }
}

/** The references to results in a text, in its order. What else stands in double braces is left out. */
export function references(text: string): readonly Reference[] {
  return piecesOf(text).flatMap((piece) => {
    const reference = referenceIn(piece)
    return reference === undefined ? [] : [reference]
  })
}

export function referenceIn(piece: Piece): Reference | undefined {
  if (piece.kind !== 'reference' || piece.of === 'vars') return undefined
  const { of: agent, part } = piece
  return part === 'result' || part === 'file' ? { agent, part } : undefined
}

/** `shell`: each value becomes one word of `sh`, whatever it holds. `none`: it stands as it is. */
export type Quoting = 'none' | 'shell'

/**
 * The text with each reference replaced by what `lookup` says of it, and braces as they are: to be called once, on each text of
 * an agent that may hold references, also when it holds none. What is filled in is not read again.
 *
 * @example
 * ```ts
 * fillIn('echo {{ a.result }}', () => "it's", 'shell') // echo 'it'\''s'
 * ```
 */
export function fillIn(text: string, lookup: (reference: Reference) => string, quoting: Quoting): string {
  return piecesOf(text)
    .map((piece) => {
      const reference = referenceIn(piece)
      if (reference === undefined) return asWritten(piece)
      const value = lookup(reference)
      return quoting === 'shell' ? shellWord(value) : value
    })
    .join('')
}

/** Of what no value takes the place. */
export function asWritten(piece: Piece): string {
  return piece.kind === 'text' || piece.kind === 'braces' ? piece.text : piece.written
}

const shellWord = (value: string): string => `'${value.replaceAll("'", String.raw`'\''`)}'`

/** A text in which nothing is a reference, whatever is written around it. */
export function withBraces(text: string): string {
  return text.replaceAll(/\{+/g, (braces) => `{{ "${braces}" }}`)
}
