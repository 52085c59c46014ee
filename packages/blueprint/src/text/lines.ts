/** The mark that some editors put at the beginning of a file is not part of what it says. */
export const withoutMark = (source: string): string => source.replace(/^\uFEFF/, '')

export interface Position {
  /** From 1. */
  readonly line: number
  /** From 1, in characters. */
  readonly column: number
}

/** A file in lines. */
export interface Lines {
  /** Its text, without a mark. */
  readonly text: string
  /** Without their ends. */
  readonly lines: readonly string[]
  /** Of an offset into the text. Asked for in the order of the text, each character is counted once. */
  readonly positionOf: (offset: number) => Position
}

export function createLines(source: string): Lines {
  const text = withoutMark(source)
  const starts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)]
  let counted = { offset: 0, column: 1 }

  function positionOf(offset: number): Position {
    const line = lineOf(offset, starts)
    const start = starts[line] ?? 0
    const known = counted.offset >= start && counted.offset <= offset ? counted : { offset: start, column: 1 }
    let { column } = known
    // Characters, and not halves of them.
    for (const _ of text.slice(known.offset, offset)) column += 1
    counted = { offset, column }
    return { line: line + 1, column }
  }

  return { text, lines: text.split(/\r?\n/), positionOf }
}

/** The last of these lines that begins at or before an offset, from 0. */
function lineOf(offset: number, starts: readonly number[]): number {
  let low = 0
  let high = starts.length - 1
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if ((starts[middle] ?? 0) <= offset) low = middle
    else high = middle - 1
  }
  return low
}
