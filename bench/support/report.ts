/** One figure of a benchmark, held against its bar. Figures of one run are compared with each other, never with another run's. */
export interface Figure {
  readonly what: string
  /** As people read it: `0.86`, `7.2 ms`. */
  readonly measured: string
  readonly bar: string
  readonly holds: boolean
  /** What stands behind the figure. */
  readonly detail: string
}

export function atLeast(what: string, measured: number, bar: number, detail: string): Figure {
  return { what, measured: measured.toFixed(2), bar: `≥ ${bar}`, holds: measured >= bar, detail }
}

export function atMost(what: string, measured: number, bar: number, detail: string, unit = ''): Figure {
  const digits = measured >= 100 ? 0 : 2
  const withUnit = (value: number | string): string => `${value}${unit === '' ? '' : ` ${unit}`}`
  return {
    what,
    measured: withUnit(measured.toFixed(digits)),
    bar: `≤ ${withUnit(bar)}`,
    holds: measured <= bar,
    detail,
  }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted[Math.floor(sorted.length / 2)]
  if (middle === undefined) throw new RangeError('a median needs at least one value')
  return middle
}

export function table(figures: readonly Figure[]): string {
  const rows = [
    ['what', 'measured', 'bar', '', 'behind it'],
    ...figures.map(({ what, measured, bar, holds, detail }) => [
      what,
      measured,
      bar,
      holds ? 'ok' : 'MISSED',
      detail,
    ]),
  ]
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
