/** The tables of docs/performance.md about other managers. */
import { MEASURES, type MeasureName } from '../measures/all.ts'
import type { Figure, Measure, Recovery, Results } from '../results.ts'

const NAMES = Object.keys(MEASURES) as MeasureName[]

export const measureOf = (name: MeasureName): Measure => MEASURES[name]

/** As people read it: three digits that matter. */
export function shown(value: number, unit: string): string {
  const digits = value >= 99.5 ? 0 : value >= 9.95 ? 1 : 2
  const text = value >= 99.5 ? Math.round(value).toLocaleString('en-US') : value.toFixed(digits)
  return unit === '/s' || unit === '%' ? `${text}${unit === '%' ? ' %' : '/s'}` : `${text} ${unit}`
}

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map((_, column) => (column === 0 ? '---' : '--:')), ...rows].map(row).join('\n')
}

/** Managers that were there. */
const here = ({ managers }: Results): Results['managers'] =>
  managers.filter(({ version }) => version !== null)

export function figureOf(
  { figures }: Results,
  {
    manager,
    measure,
    jobs,
  }: { readonly manager: string; readonly measure: MeasureName; readonly jobs: number | null },
): Figure | undefined {
  return figures.find(
    (figure) => figure.manager === manager && figure.measure === measure && figure.jobs === jobs,
  )
}

/** The best of all but Overmind and the bare loop. */
function bestPeer(results: Results, measure: MeasureName, jobs: number | null): Figure | undefined {
  const { better } = measureOf(measure)
  return results.figures
    .filter((figure) => figure.measure === measure && figure.jobs === jobs && figure.value !== null)
    .filter(({ manager }) => !manager.startsWith('overmind') && manager !== 'bare loop')
    .toSorted((a, b) => ((a.value ?? 0) - (b.value ?? 0)) * (better === 'less' ? 1 : -1))[0]
}

/** How many times worse than the best of the others; below 1 it is better. */
function ratioOf(results: Results, measure: MeasureName, jobs: number | null): number | undefined {
  const ours = figureOf(results, { manager: 'overmind', measure, jobs })?.value
  const theirs = bestPeer(results, measure, jobs)?.value
  if (ours === undefined || ours === null || theirs === undefined || theirs === null) return undefined
  const { unit, better } = measureOf(measure)
  // Processor time is counted in ticks: less than one in ten seconds cannot be seen.
  const least = unit === '%' ? 0.1 : 0
  const [a, b] = [Math.max(ours, least), Math.max(theirs, least)]
  return better === 'less' ? a / b : b / a
}

function cellsOf(results: Results, measure: MeasureName, jobs: number | null): string[] {
  const { unit } = measureOf(measure)
  const cells = here(results).map(({ name, startsOnly }) => {
    const figure = figureOf(results, { manager: name, measure, jobs })
    if (figure?.value !== undefined && figure.value !== null) return shown(figure.value, unit)
    if (figure?.note === 'cannot') return 'cannot'
    return startsOnly === true || figure === undefined ? '' : 'no*'
  })
  const ratio = ratioOf(results, measure, jobs)
  return [...cells, ratio === undefined ? '' : ratio.toFixed(ratio < 10 ? 2 : 0)]
}

function figuresTable(results: Results): string {
  const rows = NAMES.flatMap((name) => {
    const { title, grows, least = 0 } = measureOf(name)
    return (grows ? results.counts.filter((jobs) => jobs >= least) : [null]).map((jobs) => [
      jobs === null ? title : `${title}, ${jobs.toLocaleString('en-US')} jobs`,
      ...cellsOf(results, name, jobs),
    ])
  })
  return table(['', ...here(results).map(({ name }) => name), 'overmind ÷ best'], rows)
}

const seconds = (recovery: Recovery): string =>
  recovery.known === null
    ? 'cannot list'
    : recovery.seconds === null
      ? 'never'
      : `${recovery.seconds.toFixed(1)} s`

/** The largest number of jobs at which most of them came so far. */
function recoveryTable(results: Results): string {
  const last = here(results).flatMap(
    ({ name }) => results.recoveries.findLast(({ manager }) => manager === name) ?? [],
  )
  return table(
    [
      '',
      'jobs',
      'alive',
      'known again',
      'run twice',
      'started again',
      'exit code',
      'lines lost',
      'lines twice',
      'writer',
      'list right after',
    ],
    last.map((each) => [
      each.manager,
      String(each.of),
      String(each.alive),
      each.known === null ? 'cannot' : String(each.known),
      String(each.twice),
      String(each.again),
      each.exitCode,
      `${each.linesLost} of ${each.linesWritten}`,
      String(each.linesTwice),
      each.writerLived ? 'lived' : 'died',
      seconds(each),
    ]),
  )
}

function methodOf({ date, minutes, machine, managers }: Results): string {
  const { processor, cores, memoryGb, kernel, system, node, load } = machine
  return [
    `Measured on ${date} in ${minutes} minutes: ${cores} cores (${processor}), ${memoryGb} GB, Linux ${kernel}, ${system}, Node ${node}, load ${load} at the beginning.`,
    '',
    ...managers.map(({ name, version, ways, note }) => `- **${name}** ${version ?? note}: ${ways}.`),
  ].join('\n')
}

const definitions = (): string =>
  NAMES.map((name) => `- **${measureOf(name).title}**: ${measureOf(name).definition}.`).join('\n')

function notes({ figures }: Results): string {
  const failed = figures.filter(({ value, note }) => value === null && note !== 'cannot')
  if (failed.length === 0) return ''
  const lines = failed.map(
    ({ manager, measure, jobs, note }) =>
      `- ${manager}, ${measureOf(measure as MeasureName).title}${jobs === null ? '' : `, ${jobs} jobs`}: ${note}`,
  )
  return ['Why there is no figure:', '', ...lines].join('\n')
}

const RATIO =
  'The last column is how many times worse Overmind is than the best of the others, the bare loop aside; below 1 it is better.'

const CRASH = `The manager is killed with \`kill -9\` and started again. Meanwhile one job writes numbered lines, and one ends with code 7. *Alive*: jobs that still
ran before that. *Known again*: jobs that the new manager lists as running. *Run twice*: it has started them although they still ran.
*Started again*: they had died. *Lines*: what the writer noted in a file of its own, against what is in the manager's.`

export function sectionOf(results: Results): string {
  const parts = [
    methodOf(results),
    definitions(),
    RATIO,
    figuresTable(results),
    notes(results),
    CRASH,
    recoveryTable(results),
  ]
  return parts.filter((part) => part !== '').join('\n\n')
}
