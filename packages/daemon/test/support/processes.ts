import { readdirSync, readFileSync } from 'node:fs'

function procFile(pid: number, file: string): string | null {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1')
  } catch {
    return null
  }
}

/** Whether a process runs; one that is dead and waits to be reaped does not. */
export function isAlive(pid: number): boolean {
  const stat = procFile(pid, 'stat')
  if (stat === null) return false
  const state = stat.slice(stat.lastIndexOf(')') + 2).charAt(0)
  return state !== 'Z' && state !== 'X'
}

function environmentOf(pid: number): readonly string[] {
  return procFile(pid, 'environ')?.split('\0') ?? []
}

/** The living processes whose environment has this entry (`NAME=value`). */
export function processesWith(entry: string): readonly number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && isAlive(pid) && environmentOf(pid).includes(entry))
}

/** The living processes of a mission, its keeper included. */
export function missionProcesses(id: string): readonly number[] {
  return processesWith(`OVERMIND_MISSION_ID=${id}`)
}

/** The keeper of a mission's current run, seen from outside. */
export function keeperOf(id: string): number | undefined {
  return missionProcesses(id).find((pid) =>
    environmentOf(pid).some((entry) => entry.startsWith('OVERMIND_KEEPER=')),
  )
}

/** Ends a process by its number, when it is still there. */
export function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It went by itself.
  }
}
