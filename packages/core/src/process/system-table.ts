import { createLinuxTable } from './linux-table.ts'
import type { ProcessTable } from './process-table.ts'
import { createPsTable } from './ps-table.ts'

/** The process table of the system this runs on. */
export function createProcessTable(): ProcessTable {
  return process.platform === 'linux' ? createLinuxTable() : createPsTable()
}
