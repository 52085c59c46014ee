import { asWritten, type Piece } from './references.ts'
import { shellWords } from './shell-words.ts'

/** Behind `>` or `<`: a descriptor, and no word. */
const DUPLICATES = /^&[ \t]*(\d+-?|-)[\s;&|()<>]/

/** Why a value cannot stand where a reference stands in a shell line. */
export type Misplaced = 'quoted' | 'escaped' | 'comment' | 'redirected' | 'evaluated' | 'unclear'

/**
 * What is around a character: a list of commands, quotes, or the inside of `${…}`. A parenthesis of a command opens a list in the
 * list.
 */
type Around = 'commands' | 'single' | 'double' | 'parameter'

/**
 * For each reference of a shell line, in order, why a word in single quotes would not be one word there; null where it is.
 *
 * It reads as much of `sh` as it takes to know what is quoted. Behind what it does not follow (backquotes, here-documents, `$'…'`,
 * `case` within `$(…)`), everything is `unclear`. So it is behind `>&` before a word (`redirected`), which bash
 * expands twice, the second time without its quotes, and wherever bash evaluates a word: as arithmetic, in which `a[$(…)]` is a
 * command, or as a line (`evaluated`). Refusing what would have worked costs a rewrite, and the opposite runs
 * what an agent wrote.
 */
export function misplaced(pieces: readonly Piece[]): readonly (Misplaced | null)[] {
  const found: (Misplaced | null)[] = []
  const around: Around[] = ['commands']
  /** Why nothing behind this is known to be one word. */
  let lost: 'unclear' | 'redirected' | 'evaluated' | null = null
  const words = shellWords()
  let escaped = false
  let comment = false
  /** What stands before the next character; a reference is a letter to its neighbours. */
  let before = '\n'

  for (const piece of pieces) {
    if (piece.kind === 'reference') {
      const isEvaluated = words.value()
      found.push(reason(isEvaluated))
      escaped = false
      before = 'x'
    } else {
      const text = asWritten(piece)
      for (let at = 0; at < text.length; at += 1) before = read(text, at)
    }
  }
  return found

  function reason(isEvaluated: boolean): Misplaced | null {
    const innermost = around.at(-1)
    if (lost !== null) return lost
    if (words.isLost()) return 'evaluated'
    if (innermost === 'parameter') return 'unclear'
    if (innermost === 'single' || innermost === 'double') return 'quoted'
    if (comment) return 'comment'
    // A dollar sign before a quote is a quote of another kind in some shells.
    if (before === '$') return 'unclear'
    if (escaped) return 'escaped'
    return isEvaluated ? 'evaluated' : null
  }

  /** What the character is to the one behind it. */
  function read(text: string, at: number): string {
    const character = text.charAt(at)
    // The end of its line ends a command too.
    if (comment && character !== '\n') return character
    comment = false
    const innermost = around.at(-1)
    if (innermost === 'single') {
      if (character === "'") around.pop()
      else words.quoted(character)
      return character
    }
    if (escaped) {
      escaped = false
      if (character !== '\n') words.quoted(character)
      // An escaped end of line is nothing at all.
      return character === '\n' ? before : 'x'
    }
    if (character === '\\') {
      escaped = true
      return before
    }
    if (isUnclear(text, at, innermost)) lost ??= 'unclear'
    else if (isEvaluated(text, at, innermost)) lost ??= 'evaluated'
    else if (isRedirected(text, at, innermost)) lost ??= 'redirected'
    else if (innermost === 'double') readQuoted(character)
    else readPlain(text, at, innermost)
    // `$$` is a number, and what follows has nothing to do with it.
    return character === '$' && before === '$' ? 'x' : character
  }

  function isUnclear(text: string, at: number, innermost: Around | undefined): boolean {
    const character = text.charAt(at)
    if (character === '`') return true
    if (innermost === 'parameter') return /["'#]/.test(character)
    if (innermost === 'double') return false
    if (before === '$' && (character === "'" || character === '"')) return true
    if (around.length > 1 && text.startsWith('case', at)) return true
    return character === '<' && text.startsWith('<<', at)
  }

  function isEvaluated(text: string, at: number, innermost: Around | undefined): boolean {
    const character = text.charAt(at)
    if (before === '$' && (character === '[' || text.startsWith('((', at))) return true
    if (innermost !== 'commands') return false
    // `((…))`, and `a=(…)`, in which there may be subscripts.
    if (character === '(') return before === '(' || before === '='
    // `[[ … ]]`, and the subscript of a variable.
    return character === '[' && /[\w[]/.test(before)
  }

  function isRedirected(text: string, at: number, innermost: Around | undefined): boolean {
    if (innermost !== 'commands' || text.charAt(at) !== '&') return false
    return (before === '>' || before === '<') && !DUPLICATES.test(text.slice(at))
  }

  function readQuoted(character: string): void {
    if (character === '"') around.pop()
    else if (!readDollar(character)) words.quoted(character)
  }

  function readPlain(text: string, at: number, innermost: Around | undefined): void {
    const character = text.charAt(at)
    if (character === "'") around.push('single')
    else if (character === '"') around.push('double')
    else if (character === '#' && innermost === 'commands' && /[\s;&|()<>]/.test(before)) comment = true
    else if (character === '}' && innermost === 'parameter') around.pop()
    else if (character === ')' && innermost === 'commands' && around.length > 1) {
      around.pop()
      words.closes()
    } else if (character === '(' && before !== '$') {
      around.push('commands')
      words.opens(/[<>]/.test(before))
    } else if (!readDollar(character)) words.plain(character, { before, next: text.charAt(at + 1) })
  }

  /** Whether it opens something with the dollar sign before it. */
  function readDollar(character: string): boolean {
    if (before !== '$' || (character !== '(' && character !== '{')) return false
    around.push(character === '(' ? 'commands' : 'parameter')
    if (character === '(') words.opens(true)
    return true
  }
}
