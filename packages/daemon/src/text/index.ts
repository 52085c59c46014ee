/** What people see: tables, sizes and times in words, and text that cannot harm a terminal. For the daemon and for the command. */
export { inert, inertJson, inertStream, type InertStream } from './inert.ts'
export { missionTable } from './mission-table.ts'
export { type Colour, coloured, type Paint, plain } from './paint.ts'
export { table } from './table.ts'
export { count, showBytes, showDuration } from './units.ts'
export { truncate } from './width.ts'
