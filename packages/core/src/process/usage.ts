import type { ProcessIdentity } from '../model/state.ts'
import type { ProcessTable } from './process-table.ts'
import { keyOf, type RunRef } from './run-ref.ts'
import type { Snapshot } from './tree.ts'

/** What the living processes of a run use, their keeper included. */
export interface RunUsage {
  readonly processes: number
  /** Processor time that those that live have used since they began, and the ended ones that they waited for. Milliseconds. */
  readonly cpuMs: number
  /** Memory that is in use and not on a disk, shared memory counted for each. Bytes. */
  readonly memoryBytes: number
}

/** The usage of many runs from one look at all processes. */
export function usageOf(
  runs: readonly { readonly ref: RunRef; readonly process: ProcessIdentity }[],
  {
    snapshot,
    table,
    home,
  }: { readonly snapshot: Snapshot; readonly table: ProcessTable; readonly home: string },
): ReadonlyMap<string, RunUsage> {
  const bySession = new Map(runs.map(({ ref, process }) => [process.pid, keyOf(ref)]))
  const usage = new Map(runs.map(({ ref }) => [keyOf(ref), { processes: 0, cpuMs: 0, memoryBytes: 0 }]))
  for (const { pid, session, group } of snapshot.entries) {
    const marker = snapshot.marker(pid)
    const marked = marker?.kind === 'mission' && marker.home === home ? keyOf(marker) : undefined
    const total = usage.get(marked ?? bySession.get(session ?? group) ?? '')
    const load = total === undefined ? null : table.load(pid)
    if (total === undefined || load === null) continue
    total.processes += 1
    total.cpuMs += load.cpuMs
    total.memoryBytes += load.memoryBytes
  }
  return usage
}
