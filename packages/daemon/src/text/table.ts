import stringWidth, { truncate } from './width.ts'

const GAP = '  '

/** The cells of a row. A row that comes again as the same array is drawn again only when its columns have moved. */
export type Cells = readonly string[]

export type Style = (cell: string, column: number) => string

export interface TableOptions {
  /** Where the right edge is; the last column is cut there. Default: nowhere. */
  readonly columns?: number
  /** Colours a cell that already has its width; the heading is bold, or whatever `heading` does. Default: no colours. */
  readonly style?: { readonly heading: Style; readonly row: Style } | undefined
}

interface Drawn {
  readonly layout: string
  readonly style: Style | undefined
  readonly line: string
}

const measured = new WeakMap<Cells, readonly number[]>()
const drawn = new WeakMap<Cells, Drawn>()

/** Rows under a heading, in columns as wide as their widest cell. Cells must be inert: they are shown as they are. */
export function table(
  heading: Cells,
  rows: readonly Cells[],
  { columns = Infinity, style }: TableOptions = {},
): string[] {
  const last = heading.length - 1
  const widths = [...widthsOf(heading)]
  for (const row of rows) {
    const own = widthsOf(row)
    for (let column = 0; column < last; column += 1) {
      widths[column] = Math.max(widths[column] ?? 0, own[column] ?? 0)
    }
  }
  widths[last] = Math.max(
    1,
    columns - widths.slice(0, last).reduce((sum, width) => sum + width + GAP.length, 0),
  )
  const layout = widths.join()
  const lines = rows.map((row) => {
    const before = drawn.get(row)
    if (before !== undefined && before.layout === layout && before.style === style?.row) return before.line
    const line = draw(row, widths, style?.row)
    drawn.set(row, { layout, style: style?.row, line })
    return line
  })
  return [draw(heading, widths, style?.heading), ...lines]
}

/** Of all columns but the last, which may hold a whole prompt and is as wide as there is room. */
function widthsOf(row: Cells): readonly number[] {
  const known = measured.get(row)
  if (known !== undefined) return known
  const widths = row.slice(0, -1).map(stringWidth)
  measured.set(row, widths)
  return widths
}

function draw(row: Cells, widths: readonly number[], style: Style | undefined): string {
  const own = widthsOf(row)
  const last = row.length - 1
  return row
    .map((cell, column) => {
      const room = widths[column] ?? 0
      const fitted =
        column < last ? cell + ' '.repeat(Math.max(0, room - (own[column] ?? 0))) : truncate(cell, room)
      return style === undefined ? fitted : style(fitted, column)
    })
    .join(GAP)
}
