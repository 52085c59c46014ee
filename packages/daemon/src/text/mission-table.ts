import type { MissionView } from '../api/types.ts'
import { inert } from './inert.ts'
import type { MissionRow } from './mission-row.ts'
import { type Colour, type Paint, plain } from './paint.ts'
import { type Cells, type Style, table, type TableOptions } from './table.ts'
import { withTeams } from './team-rows.ts'
import { inTree } from './tree.ts'
import { showDuration } from './units.ts'

const HEADING = ['ID', 'NAME', 'TYPE', 'STATUS', 'RESTARTS', 'PARENT', 'CHILDREN', 'UPTIME', 'COMMAND']
const STATUS = HEADING.indexOf('STATUS')

/** Behind the status of a mission that waits for a person. */
const ASKS = '(asks)'

const COLOURS: Readonly<Record<MissionView['status'], Colour>> = {
  pending: 'yellow',
  running: 'green',
  stalled: 'yellow',
  restarting: 'yellow',
  stopped: 'dim',
  crashed: 'red',
  killed: 'red',
}

export interface MissionTableOptions {
  /** Milliseconds since 1970. */
  readonly now: number
  readonly paint: Paint
  /** The width of the terminal, to which commands are cut. */
  readonly columns?: number | undefined
  /** Children under their parents. Default: in the order given. */
  readonly tree?: boolean | undefined
}

/**
 * The table of `ps`, line by line; its columns are a contract. A list hardly changes from one look to the
 * next: for a mission that comes again as the same object only the time is looked at.
 */
export function missionTable(
  missions: readonly MissionRow[],
  { now, paint, columns, tree = false }: MissionTableOptions,
): string[] {
  return table(
    HEADING,
    tree
      ? inTree(withTeams(missions)).map(({ item, branch }) => cellsOf(item, now, branch))
      : missions.map((mission) => cellsOf(mission, now, '')),
    { style: styleOf(paint), ...(columns !== undefined && { columns }) },
  )
}

const known = new WeakMap<
  MissionRow,
  { readonly uptime: string; readonly branch: string; readonly cells: Cells }
>()

function cellsOf(mission: MissionRow, now: number, branch: string): Cells {
  const up = uptime(mission, now)
  const before = known.get(mission)
  if (before?.uptime === up && before.branch === branch) return before.cells
  const cells = [
    mission.type === 'team' ? '-' : mission.id,
    branch + inert(mission.name),
    mission.type,
    mission.asks > 0 ? `${mission.status} ${ASKS}` : mission.status,
    String(mission.restart_count),
    mission.parent ?? '-',
    String(mission.children.length),
    up,
    inert(mission.command),
  ]
  known.set(mission, { uptime: up, branch, cells })
  return cells
}

const styles = new WeakMap<Paint, NonNullable<TableOptions['style']>>()

function styleOf(paint: Paint): TableOptions['style'] {
  if (paint === plain) return undefined
  const made = styles.get(paint) ?? {
    heading: (cell: string) => paint('bold', cell),
    row: ((cell, column) => (column === STATUS ? paint(colourOf(cell), cell) : cell)) satisfies Style,
  }
  styles.set(paint, made)
  return made
}

function colourOf(cell: string): Colour {
  const status = cell.trimEnd()
  if (status.endsWith(ASKS)) return 'yellow'
  return isStatus(status) ? COLOURS[status] : 'dim'
}

function isStatus(text: string): text is MissionView['status'] {
  return Object.hasOwn(COLOURS, text)
}

/** How long the current run has been going on; `-` when none is. */
export function uptime(
  { status, started_at }: Pick<MissionRow, 'status' | 'started_at'>,
  now: number,
): string {
  const up = (status === 'running' || status === 'stalled') && started_at !== null
  return up ? showDuration(now - Date.parse(started_at)) : '-'
}
