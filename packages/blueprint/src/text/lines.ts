/** The mark that some editors put at the beginning of a file is not part of what it says. */
export const withoutMark = (source: string): string => source.replace(/^\uFEFF/, '')

/** The lines of a file, without their ends. */
export const linesOf = (source: string): readonly string[] => withoutMark(source).split(/\r?\n/)

/** The line and the character of an offset into `withoutMark(source)`, both from 1. */
export function positionIn(
  source: string,
  offset: number,
): { readonly line: number; readonly column: number } {
  const before = withoutMark(source).slice(0, offset)
  const start = before.lastIndexOf('\n') + 1
  return { line: before.split('\n').length, column: Array.from(before.slice(start)).length + 1 }
}
