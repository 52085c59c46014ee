/** One measure in the chart: lines where it is known how it grows, bars where it is one figure. */
import type { MeasureName } from '../measures/all.ts'
import type { Results } from '../results.ts'
import { classOf, mark, round, SERIES, type Series } from './series.ts'
import { figureOf, measureOf, shown } from './tables.ts'

export const PANEL = { width: 310, height: 210 } as const
const PLOT = { left: 48, right: 296, top: 36, bottom: 182 } as const

interface Point {
  readonly jobs: number
  readonly value: number
}

interface Line {
  readonly series: Series
  readonly points: readonly Point[]
}

const title = (measure: MeasureName): string => {
  const { title, unit, better } = measureOf(measure)
  return `<text class="title" x="8" y="18">${title}, ${unit === '/s' ? 'a second' : unit}<tspan class="faint" dx="6">${better} is better</tspan></text>`
}

/** Both scales are logarithmic: ten times as much is as far everywhere. */
export function lines(results: Results, measure: MeasureName): string {
  // Nothing at all has no place on such a scale; less than one tick in ten seconds cannot be seen.
  const least = measureOf(measure).unit === '%' ? 0.1 : 0.001
  const drawn = SERIES.flatMap((series): Line[] => {
    const points = results.counts.flatMap((jobs): Point[] => {
      const value = figureOf(results, { manager: series.name, measure, jobs })?.value
      return value === undefined || value === null ? [] : [{ jobs, value: Math.max(value, least) }]
    })
    return points.length === 0 ? [] : [{ series, points }]
  })
  const values = drawn.flatMap(({ points }) => points.map(({ value }) => value))
  const decades = [
    Math.floor(Math.log10(Math.min(...values))),
    Math.ceil(Math.log10(Math.max(...values))),
  ] as const
  const [low, high] = decades[0] === decades[1] ? [decades[0], decades[0] + 1] : decades
  const y = (value: number): number =>
    PLOT.bottom - ((Math.log10(value) - low) / (high - low)) * (PLOT.bottom - PLOT.top)
  const x = across(results.counts)
  return [
    title(measure),
    ...Array.from({ length: high - low + 1 }, (_, step) => 10 ** (low + step)).map((value) =>
      rule(y(value), value),
    ),
    ...results.counts.map(
      (jobs) =>
        `<text class="faint" text-anchor="middle" x="${round(x(jobs))}" y="${PLOT.bottom + 18}">${jobs.toLocaleString('en-US')}</text>`,
    ),
    ...drawn.toReversed().map(({ series, points }) => {
      const path = points.map(({ jobs, value }) => `${round(x(jobs))},${round(y(value))}`).join(' ')
      const marks = points.map(({ jobs, value }) => mark(series, x(jobs), y(value))).join('')
      return `<polyline class="line ${classOf(series.name)}" points="${path}"/>${marks}`
    }),
  ].join('\n')
}

function across(counts: readonly number[]): (jobs: number) => number {
  const [first, last] = [Math.log10(Math.min(...counts)), Math.log10(Math.max(...counts))]
  const width = PLOT.right - PLOT.left - 24
  return (jobs) =>
    PLOT.left + 12 + (first === last ? 0.5 : (Math.log10(jobs) - first) / (last - first)) * width
}

function rule(y: number, value: number): string {
  const text = value >= 1000 ? `${value / 1000}k` : String(Number(value.toPrecision(1)))
  return `<line class="grid" x1="${PLOT.left}" x2="${PLOT.right}" y1="${round(y)}" y2="${round(y)}"/><text class="faint" text-anchor="end" x="${PLOT.left - 6}" y="${round(y + 4)}">${text}</text>`
}

export function bars(results: Results, measure: MeasureName): string {
  const { better, unit } = measureOf(measure)
  const found = SERIES.flatMap((series) => {
    const value = figureOf(results, { manager: series.name, measure, jobs: null })?.value
    return value === undefined || value === null ? [] : [{ series, value }]
  }).toSorted((a, b) => (a.value - b.value) * (better === 'less' ? 1 : -1))
  const [from, to] = [84, 236]
  const most = Math.max(...found.map(({ value }) => value))
  return [
    title(measure),
    ...found.map(({ series, value }, index) => {
      const y = PLOT.top + index * 21
      const width = Math.max(1, (value / most) * (to - from))
      return [
        `<text text-anchor="end" x="${from - 6}" y="${y + 11}">${series.name}</text>`,
        `<rect class="${classOf(series.name)}" x="${from}" y="${y}" width="${round(width)}" height="14"/>`,
        `<text class="faint" x="${round(from + width + 6)}" y="${y + 11}">${shown(value, unit)}</text>`,
      ].join('')
    }),
  ].join('\n')
}
