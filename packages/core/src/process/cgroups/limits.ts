/** How limits are said to the kernel. */
import type { MissionSpec } from '../../model/spec.ts'

/** What the tree of a run may use; null is no limit. */
export interface Limits {
  readonly memoryBytes: number | null
  /** Processors' worth of time. */
  readonly cpus: number | null
  /** Processes and threads at a time, the keeper left out. */
  readonly pids: number | null
}

/** What a mission's control group is to limit; null when it has no such group. */
export function limitsOf({
  custody,
  memoryBytes,
  cpus,
  pids,
}: Pick<MissionSpec, 'custody' | keyof Limits>): Limits | null {
  return custody === 'cgroup' ? { memoryBytes, cpus, pids } : null
}

export type Controller = 'memory' | 'cpu' | 'pids'

export const CONTROLLERS: readonly Controller[] = ['memory', 'cpu', 'pids']

/** One file of a group, and what is written to it. */
export interface Setting {
  readonly file: string
  readonly value: string
  /** Not every kernel has this file, and the limit holds without it. */
  readonly optional?: true
}

/** What the kernel shares processors out by. Microseconds. */
const PERIOD = 100_000
/** The least time in a period that the kernel accepts. Microseconds. */
const LEAST_QUOTA = 1000
/** The keeper is in the group as well. */
const KEEPERS = 1

export function controllersFor({ memoryBytes, cpus, pids }: Limits): readonly Controller[] {
  const asked: Readonly<Record<Controller, number | null>> = { memory: memoryBytes, cpu: cpus, pids }
  return CONTROLLERS.filter((controller) => asked[controller] !== null)
}

export function settingsFor({ memoryBytes, cpus, pids }: Limits): readonly Setting[] {
  const settings: Setting[] = []
  if (memoryBytes !== null) {
    settings.push(
      { file: 'memory.max', value: String(memoryBytes) },
      { file: 'memory.swap.max', value: '0', optional: true },
      // Half a tree is of no use to anyone: it dies as one.
      { file: 'memory.oom.group', value: '1' },
    )
  }
  if (cpus !== null) {
    const quota = Math.max(LEAST_QUOTA, Math.round(cpus * PERIOD))
    settings.push({ file: 'cpu.max', value: `${quota} ${PERIOD}` })
  }
  if (pids !== null) settings.push({ file: 'pids.max', value: String(pids + KEEPERS) })
  return settings
}

/** Whether the kernel has ended processes of a group for want of memory, from its `memory.events`. */
export function ranOutOfMemory(events: string): boolean {
  return /^oom(?:_group)?_kill [1-9]/m.test(events)
}
