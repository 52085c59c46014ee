/** Processes, as anybody may see them. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

function read(pid: number, file: string): string | null {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1')
  } catch {
    // It is gone, or somebody else's.
    return null
  }
}

export function isAlive(pid: number): boolean {
  const stat = read(pid, 'stat')
  if (stat === null) return false
  const state = stat.slice(stat.lastIndexOf(')') + 2).charAt(0)
  return state !== 'Z' && state !== 'X'
}

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
      const env = read(pid, 'environ')?.split('\0') ?? []
      const valueOf = (name: string): string | null =>
        env.find((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1) ?? null
      const isLauncher = valueOf('OVERMIND_LAUNCHER') === home
      if (valueOf('OVERMIND_HOME') !== home && !isLauncher) return []
      const mission = valueOf('OVERMIND_MISSION_ID')
      if (mission === null && !isLauncher) return []
      const name = read(pid, 'cmdline')?.replaceAll('\0', ' ').trim() ?? ''
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
