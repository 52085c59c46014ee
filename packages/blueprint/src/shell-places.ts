import { asWritten, type Piece } from './references.ts'

/** Behind `>` or `<`: a descriptor, and no word. */
const DUPLICATES = /^&[ \t]*(\d+-?|-)[\s;&|()<>]/

/** Why a value cannot stand where a reference stands in a shell line. */
export type Misplaced = 'quoted' | 'escaped' | 'comment' | 'redirected' | 'unclear'

/**
 * What is around a character: a list of commands, quotes, or the inside of `${…}`. A parenthesis of a command opens a list in the
 * list.
 */
type Around = 'commands' | 'single' | 'double' | 'parameter'

/**
 * For each reference of a shell line, in order, why a word in single quotes would not be one word there; null where it is.
 *
 * It reads as much of `sh` as it takes to know what is quoted. Behind what it does not follow (backquotes, here-documents, `$'…'`,
 * arithmetic, `case` within `$(…)`), everything is `unclear`. So it is behind `>&` before a word (`redirected`), which bash
 * expands twice, the second time without its quotes. Refusing what would have worked costs a rewrite, and the opposite runs
 * what an agent wrote.
 */
export function misplaced(pieces: readonly Piece[]): readonly (Misplaced | null)[] {
  const found: (Misplaced | null)[] = []
  const around: Around[] = ['commands']
  /** Why nothing behind this is known to be one word. */
  let lost: 'unclear' | 'redirected' | null = null
  let escaped = false
  let comment = false
  /** What stands before the next character; a reference is a letter to its neighbours. */
  let before = '\n'

  for (const piece of pieces) {
    if (piece.kind === 'reference') {
      found.push(reason())
      escaped = false
      before = 'x'
    } else {
      const text = asWritten(piece)
      for (let at = 0; at < text.length; at += 1) before = read(text, at)
    }
  }
  return found

  function reason(): Misplaced | null {
    const innermost = around.at(-1)
    if (lost !== null) return lost
    if (innermost === 'parameter') return 'unclear'
    if (innermost === 'single' || innermost === 'double') return 'quoted'
    if (comment) return 'comment'
    // A dollar sign before a quote is a quote of another kind in some shells.
    if (before === '$') return 'unclear'
    return escaped ? 'escaped' : null
  }

  /** What the character is to the one behind it. */
  function read(text: string, at: number): string {
    const character = text.charAt(at)
    if (comment) {
      comment = character !== '\n'
      return character
    }
    const innermost = around.at(-1)
    if (innermost === 'single') {
      if (character === "'") around.pop()
      return character
    }
    if (escaped) {
      escaped = false
      // An escaped end of line is nothing at all.
      return character === '\n' ? before : 'x'
    }
    if (character === '\\') {
      escaped = true
      return before
    }
    if (isUnclear(text, at, innermost)) lost ??= 'unclear'
    else if (isRedirected(text, at, innermost)) lost ??= 'redirected'
    else if (innermost === 'double') readQuoted(character)
    else readPlain(character, innermost)
    // `$$` is a number, and what follows has nothing to do with it.
    return character === '$' && before === '$' ? 'x' : character
  }

  function isUnclear(text: string, at: number, innermost: Around | undefined): boolean {
    const character = text.charAt(at)
    if (character === '`') return true
    if (character === '(' && before === '$' && text.startsWith('((', at)) return true
    if (innermost === 'parameter') return /["'#]/.test(character)
    if (innermost === 'double') return false
    if (before === '$' && (character === "'" || character === '"')) return true
    if (character === '(' && before === '(') return true
    if (around.length > 1 && text.startsWith('case', at)) return true
    return character === '<' && text.startsWith('<<', at)
  }

  function isRedirected(text: string, at: number, innermost: Around | undefined): boolean {
    if (innermost !== 'commands' || text.charAt(at) !== '&') return false
    return (before === '>' || before === '<') && !DUPLICATES.test(text.slice(at))
  }

  function readQuoted(character: string): void {
    if (character === '"') around.pop()
    else readDollar(character)
  }

  function readPlain(character: string, innermost: Around | undefined): void {
    if (character === "'") around.push('single')
    else if (character === '"') around.push('double')
    else if (character === '#' && innermost === 'commands' && /[\s;&|()<>]/.test(before)) comment = true
    else if (character === '}' && innermost === 'parameter') around.pop()
    else if (character === ')' && innermost === 'commands' && around.length > 1) around.pop()
    else if (character === '(' && before !== '$') around.push('commands')
    else readDollar(character)
  }

  function readDollar(character: string): void {
    if (before !== '$') return
    if (character === '(') around.push('commands')
    if (character === '{') around.push('parameter')
  }
}
