import stringWidth, { truncate } from './width.ts'

const GAP = '  '

export interface TableOptions {
  /** Where the right edge is; the last column is cut there. Default: nowhere. */
  readonly columns?: number
  /** Colours a cell that already has its width. The heading is row -1. Default: no colours. */
  readonly style?: ((cell: string, row: number, column: number) => string) | undefined
}

/** Rows under a heading, in columns as wide as their widest cell. Cells must be inert: they are shown as they are. */
export function table(
  heading: readonly string[],
  rows: readonly (readonly string[])[],
  { columns = Infinity, style }: TableOptions = {},
): string[] {
  const all = [heading, ...rows]
  const { widthOf, pad } = isAscii(all.join()) ? ASCII : UNICODE
  const last = heading.length - 1
  const widths = heading.map((_, column) =>
    column === last ? 0 : all.reduce((widest, row) => Math.max(widest, widthOf(row[column] ?? '')), 0),
  )
  const room = Math.max(1, columns - widths.reduce((sum, width) => sum + width + GAP.length, -GAP.length))
  const fit = (cell: string, column: number): string =>
    column < last ? pad(cell, widths[column] ?? 0) : widthOf(cell) > room ? truncate(cell, room) : cell

  if (style === undefined) return all.map((row) => row.map(fit).join(GAP))
  return all.map((row, index) =>
    row.map((cell, column) => style(fit(cell, column), index - 1, column)).join(GAP),
  )
}

/** Asked once for all cells, because it decides between a length and a walk over characters for each. */
function isAscii(text: string): boolean {
  return Buffer.byteLength(text) === text.length
}

const ASCII = {
  widthOf: (cell: string): number => cell.length,
  pad: (cell: string, width: number): string => cell.padEnd(width),
}

const UNICODE = {
  widthOf: stringWidth,
  pad: (cell: string, width: number): string => cell + ' '.repeat(Math.max(0, width - stringWidth(cell))),
}
