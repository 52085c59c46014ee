/** Processes, as anybody may see them. */
import { readdirSync, readlinkSync } from 'node:fs'
import { environmentOf, isAlive, procFile } from '../packages/core/test/support/processes.ts'

export interface Seen {
  readonly pid: number
  readonly name: string
  /** The mission that it belongs to; null for a launcher. */
  readonly mission: string | null
  readonly isKeeper: boolean
}

/** What lives of this home: its launchers, keepers and all that missions have started. */
export function processesOf(home: string): readonly Seen[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && isAlive(pid))
    .flatMap((pid) => {
      const env = environmentOf(pid)
      const valueOf = (name: string): string | null =>
        env.find((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1) ?? null
      const isLauncher = valueOf('OVERMIND_LAUNCHER') === home
      if (valueOf('OVERMIND_HOME') !== home && !isLauncher) return []
      const mission = valueOf('OVERMIND_MISSION_ID')
      if (mission === null && !isLauncher) return []
      const name = procFile(pid, 'cmdline')?.replaceAll('\0', ' ').trim() ?? ''
      const isKeeper = valueOf('OVERMIND_KEEPER') !== null
      return [{ pid, name, mission: isLauncher ? null : mission, isKeeper }]
    })
}

/** What a process has open, by name. */
export function openFilesOf(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`))
  } catch {
    return []
  }
}
