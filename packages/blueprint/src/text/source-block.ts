import { inert } from './inert.ts'

/** Characters of a line that are shown: those around the place. */
const SHOWN = 100
const BEFORE = 60

/** What takes two columns in a terminal, and what takes none. */
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u
const NARROW = /[\p{Mn}\p{Me}\p{Cf}]/u

/** A line of a file, indented, with a caret under the character at `column`, which counts from 1. */
export function sourceBlock(line: string, column: number): string {
  const characters = Array.from(line)
  const at = Math.min(column - 1, characters.length)
  const from = characters.length <= SHOWN ? 0 : Math.max(0, at - BEFORE)
  const until = Math.min(characters.length, from + SHOWN)
  const before = (from > 0 ? '…' : '') + shown(characters.slice(from, at).join(''))
  const behind = shown(characters.slice(at, until).join('')) + (until < characters.length ? '…' : '')
  return `  ${before}${behind}\n  ${' '.repeat(columns(before))}^`
}

const shown = (text: string): string => inert(text.replaceAll('\t', ' '))

function columns(text: string): number {
  return Array.from(text).reduce((sum, character) => sum + width(character), 0)
}

function width(character: string): number {
  if (WIDE.test(character)) return 2
  return NARROW.test(character) ? 0 : 1
}
