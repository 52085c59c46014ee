import type { MissionView } from '@overmind/client'
import { inert } from './inert.ts'
import { table } from './table.ts'
import { type Colour, type Paint, plain } from './terminal.ts'
import { showDuration } from './units.ts'

const HEADING = ['ID', 'NAME', 'TYPE', 'STATUS', 'RESTARTS', 'PARENT', 'CHILDREN', 'UPTIME', 'COMMAND']
const STATUS = HEADING.indexOf('STATUS')

const COLOURS: Readonly<Record<MissionView['status'], Colour>> = {
  pending: 'yellow',
  running: 'green',
  stalled: 'yellow',
  restarting: 'yellow',
  stopped: 'dim',
  crashed: 'red',
  killed: 'red',
}

/** What the table needs to know of a mission. */
export const ROW_FIELDS = [
  'id',
  'name',
  'type',
  'status',
  'restart_count',
  'parent',
  'children',
  'started_at',
  'command',
] as const

type Row = Pick<MissionView, (typeof ROW_FIELDS)[number]>

export interface MissionTableOptions {
  /** Milliseconds since 1970. */
  readonly now: number
  readonly paint: Paint
  /** The width of the terminal, to which commands are cut. */
  readonly columns?: number
}

/** The table of `ps`, line by line; its columns are a contract. */
export function missionTable(missions: readonly Row[], options: MissionTableOptions): string[] {
  const { now, paint, columns } = options
  const rows = missions.map((mission) => [
    mission.id,
    inert(mission.name),
    mission.type,
    mission.status,
    String(mission.restart_count),
    mission.parent ?? '-',
    String(mission.children.length),
    uptime(mission, now),
    inert(mission.command),
  ])
  const style = (cell: string, row: number, column: number): string => {
    if (row === -1) return paint('bold', cell)
    const mission = missions[row]
    return column === STATUS && mission ? paint(COLOURS[mission.status], cell) : cell
  }
  return table(HEADING, rows, {
    style: paint === plain ? undefined : style,
    ...(columns !== undefined && { columns }),
  })
}

/** How long the current run has been going on; `-` when none is. */
export function uptime({ status, started_at }: Pick<Row, 'status' | 'started_at'>, now: number): string {
  const up = (status === 'running' || status === 'stalled') && started_at !== null
  return up ? showDuration(now - Date.parse(started_at)) : '-'
}
