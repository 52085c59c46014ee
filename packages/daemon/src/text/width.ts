/**
 * How many columns a text takes. The npm package of this name builds tables when it is loaded, which takes
 * longer than a whole command; the bundle puts this file in its place, so that its default export is a contract.
 */

/** Printable ASCII, one column each. */
const PLAIN = /^[\x20-\x7e]*$/

/** First and last characters of the ranges that Unicode calls wide or fullwidth, emoji left out. */
const WIDE: readonly (readonly [number, number])[] = [
  [0x1100, 0x115e],
  [0x2329, 0x232a],
  [0x2e80, 0x303e],
  [0x3041, 0x33ff],
  [0x3400, 0x4dbf],
  [0x4e00, 0x9fff],
  [0xa000, 0xa4cf],
  [0xa960, 0xa97c],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe10, 0xfe19],
  [0xfe30, 0xfe6b],
  [0xff01, 0xff60],
  [0xffe0, 0xffe6],
  [0x16fe0, 0x18dff],
  [0x1aff0, 0x1b2ff],
  [0x1d300, 0x1d376],
  [0x1f200, 0x1f265],
  [0x20000, 0x3fffd],
]

/** What is only needed for a text that is not plain, and takes 30 ms to build. */
function buildUnicode() {
  const ESC = '\x1b'
  return {
    segmenter: new Intl.Segmenter(),
    /** Sequences that set a colour, and those that set a title or a link. */
    escapes: new RegExp(`${ESC}\\[[0-?]*[ -/]*[@-~]|${ESC}\\][^\\p{Cc}]*(?:\\x07|${ESC}\\\\)`, 'gu'),
    /** No columns of their own: controls, marks on the character before, formats. */
    zero: /^[\p{Cc}\p{Mn}\p{Me}\p{Cf}\u115f-\u1160\u3164\uffa0]/u,
    emoji: /^(?:\p{RGI_Emoji}$|\p{Emoji_Presentation})/v,
  }
}

let built: ReturnType<typeof buildUnicode> | undefined

/** The characters as people see them, each with its columns; no more are looked for than are taken. */
function* graphemes(text: string): Generator<{ readonly text: string; readonly columns: number }> {
  built ??= buildUnicode()
  const { segmenter, escapes, zero, emoji } = built
  for (const { segment } of segmenter.segment(text.replace(escapes, ''))) {
    if (zero.test(segment)) yield { text: segment, columns: 0 }
    else yield { text: segment, columns: emoji.test(segment) || isWide(segment) ? 2 : 1 }
  }
}

function isWide(grapheme: string): boolean {
  const code = grapheme.codePointAt(0) ?? 0
  return WIDE.some(([first, last]) => code >= first && code <= last)
}

/** The columns of a text on a terminal; escape sequences take none. */
export default function stringWidth(text: string): number {
  if (PLAIN.test(text)) return text.length
  let sum = 0
  for (const { columns } of graphemes(text)) sum += columns
  return sum
}

/** The beginning of a text, in at most so many columns, with `…` where something is left out. */
export function truncate(text: string, columns: number): string {
  // A character of one code unit may be two columns wide, and none is wider.
  if (text.length * 2 <= columns) return text
  if (PLAIN.test(text)) return text.length <= columns ? text : `${text.slice(0, columns - 1)}…`
  let kept = ''
  let width = 0
  for (const each of graphemes(text)) {
    width += each.columns
    if (width > columns) return `${kept}…`
    if (width < columns) kept += each.text
  }
  return text
}
