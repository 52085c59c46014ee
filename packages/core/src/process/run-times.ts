/** When runs began and ended, by the kernel's own clock: a supervisor may notice late, or not have lived then. */
import type { ProcessIdentity } from '../model/state.ts'
import type { Clock, Instant } from '../model/time.ts'
import type { ProcessTable } from './process-table.ts'
import type { ExitLine } from './runs-journal.ts'

/** The kernel counts in hundredths of a second: what was seen so shortly afterwards is more exact. */
const JUST_NOW_MS = 50

export interface Timekeeper {
  readonly clock: Clock
  readonly table: ProcessTable
}

/** How the command of a run ended, by the word of its keeper. */
export interface ExitRecord {
  readonly code: number
  /** Milliseconds since 1970. */
  readonly at: number
  /** Milliseconds. */
  readonly ran: number
}

/** When a living process started. */
export function startOf(process: ProcessIdentity, { clock, table }: Timekeeper): Instant {
  const now = clock.now()
  const age = since(table.bornAt(process), table)
  return { wall: now.wall - age, monotonic: now.monotonic - age }
}

/** What a keeper's last line says of a run; `process` is null when it belongs to another boot or is not known. */
export function exitRecord(
  { code, uptime }: ExitLine,
  process: ProcessIdentity | null,
  startedAt: Instant,
  { clock, table }: Timekeeper,
): ExitRecord {
  const now = clock.now()
  const ago = since(uptime, table)
  const born = process === null ? null : table.bornAt(process)
  const ran =
    ago === 0 || uptime === null || born === null ? now.monotonic - startedAt.monotonic : uptime - born
  return { code, at: Math.max(startedAt.wall, now.wall - ago), ran: Math.max(0, ran) }
}

function since(uptime: number | null, table: ProcessTable): number {
  const now = table.uptime()
  const passed = uptime === null || now === null ? 0 : now - uptime
  return passed < JUST_NOW_MS ? 0 : passed
}
