/** The chart of docs/performance.md: a panel for each measure, the same colours and shapes in all of them. */
import { MEASURES, type MeasureName } from '../measures/all.ts'
import type { Results } from '../results.ts'
import { bars, lines, PANEL } from './panels.ts'
import { mark, SERIES, STYLE } from './series.ts'

const COLUMNS = 3
const MARGIN = 14
const LEGEND = 54

export function chartOf(results: Results): string {
  const panels = (Object.keys(MEASURES) as MeasureName[]).filter((measure) =>
    results.figures.some((figure) => figure.measure === measure && figure.value !== null),
  )
  const width = COLUMNS * PANEL.width + 2 * MARGIN
  const height = LEGEND + Math.ceil(panels.length / COLUMNS) * PANEL.height + MARGIN
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="what">`,
    `<title id="what">Overmind beside other managers of processes, by number of jobs</title>`,
    `<style>\n${STYLE}\n</style>`,
    `<rect class="ground" width="${width}" height="${height}" rx="8"/>`,
    legend(results),
    ...panels.map((measure, index) => {
      const x = MARGIN + (index % COLUMNS) * PANEL.width
      const y = LEGEND + Math.floor(index / COLUMNS) * PANEL.height
      const drawn = MEASURES[measure].grows ? lines(results, measure) : bars(results, measure)
      return `<g transform="translate(${x} ${y})">\n${drawn}\n</g>`
    }),
    '</svg>\n',
  ].join('\n')
}

function legend({ managers, date }: Results): string {
  const here = SERIES.filter(({ name }) =>
    managers.some((each) => each.name === name && each.version !== null),
  )
  let x = MARGIN + 14
  return [
    ...here.map((series) => {
      const entry = `${mark(series, x, 22)}<text x="${x + 10}" y="26">${series.name}</text>`
      // About as wide as the name is in most fonts.
      x += 38 + 7 * series.name.length
      return entry
    }),
    `<text class="faint" x="${MARGIN + 8}" y="46">by number of jobs, ${date}; both scales of the lines are logarithmic</text>`,
  ].join('\n')
}
