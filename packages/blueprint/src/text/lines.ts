/** The mark that some editors put at the beginning of a file is not part of what it says. */
export const withoutMark = (source: string): string => source.replace(/^\uFEFF/, '')

/** The lines of a file, without their ends. */
export const linesOf = (source: string): readonly string[] => withoutMark(source).split(/\r?\n/)

/** The line and the character of an offset into `withoutMark(source)`, both from 1. */
export function positionIn(
  source: string,
  offset: number,
): { readonly line: number; readonly column: number } {
  const text = withoutMark(source)
  let line = 1
  let start = 0
  for (let end = text.indexOf('\n'); end >= 0 && end < offset; end = text.indexOf('\n', start)) {
    line += 1
    start = end + 1
  }
  let column = 1
  // Characters, and not halves of them.
  for (const _ of text.slice(start, offset)) column += 1
  return { line, column }
}
