import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** What `/proc` says of one process; null when it is gone. */
export function procFile(pid: number, file: string): string | null {
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

/** What a process has open: paths, and the names of what has none. */
export function openIn(pid: number): readonly string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`)
    } catch {
      // Closed meanwhile.
      return []
    }
  })
}

export function environmentOf(pid: number): readonly string[] {
  return procFile(pid, 'environ')?.split('\0').filter(Boolean) ?? []
}

/** The living processes whose environment has this entry (`NAME=value`), but keepers that have nothing left to keep. */
export function processesWith(entry: string): number[] {
  return (
    readdirSync('/proc')
      .map(Number)
      .filter((pid) => Number.isInteger(pid) && isAlive(pid) && environmentOf(pid).includes(entry))
      // One that went meanwhile is gone.
      .filter((pid) => !isLeaving(pid) && isAlive(pid))
  )
}

/** A keeper has told how its command ended a moment before it is gone itself. */
function isLeaving(pid: number): boolean {
  return isKeeper(pid) && leads(pid) && procFile(pid, `task/${pid}/children`)?.trim() === ''
}

/** What a keeper forks looks like it, and is in its group. */
function leads(pid: number): boolean {
  const stat = procFile(pid, 'stat') ?? ''
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]) === pid
}

function isKeeper(pid: number): boolean {
  return environmentOf(pid).some((entry) => entry.startsWith('OVERMIND_KEEPER='))
}

/** The living processes of a mission, its keeper included. */
export function missionProcesses(mission: string): number[] {
  return processesWith(`OVERMIND_MISSION_ID=${mission}`)
}

/** The keeper of a mission's current run, seen from outside. */
export function keeperOf(mission: string): number | undefined {
  return missionProcesses(mission).find((pid) => isKeeper(pid) && leads(pid))
}

/** Ends a process by its number, when it is still there. */
export function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It went by itself.
  }
}

/** Ends a run by the number of its keeper, when it is still there. */
export function endGroup(leader: number | null | undefined): void {
  // No number is none: 0 would be our own group.
  if (leader === null || leader === undefined) throw new Error('there is no process to end')
  end(-leader)
}

/** The shell that starts keepers for a process. */
export function launcherOf(parent: number): number | undefined {
  return (procFile(parent, `task/${parent}/children`) ?? '')
    .split(' ')
    .map(Number)
    .find((pid) => procFile(pid, 'cmdline') === '/bin/sh\0')
}
