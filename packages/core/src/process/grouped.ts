/** What is in the control group of a run. */
import type { RunGroup } from './cgroups/run-group.ts'
import type { ProcessEntry, ProcessTable } from './process-table.ts'
import { type Family, isMarkOf } from './tree.ts'

type Marked = Pick<Family, 'mission' | 'run' | 'home'>

/** The living processes in the group of a run but those that carry another mark: they are on their way out of it. */
export function groupedProcesses(group: RunGroup, run: Marked, table: ProcessTable): readonly ProcessEntry[] {
  return group
    .processes()
    .filter((pid) => !belongsElsewhere(pid, run, table))
    .map((pid) => table.entry(pid))
    .filter((entry) => entry !== null)
}

/** Whether all in the group may be ended with the run. */
export function isRunAlone(group: RunGroup, run: Marked, table: ProcessTable): boolean {
  return group.processes().every((pid) => !belongsElsewhere(pid, run, table))
}

function belongsElsewhere(pid: number, run: Marked, table: ProcessTable): boolean {
  // Whoever put us there: a supervisor ends itself for nobody.
  if (pid === process.pid) return true
  const marker = table.marker(pid)
  return marker !== null && marker.kind !== 'changing' && !isMarkOf(run, marker)
}
