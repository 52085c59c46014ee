import { readdirSync, readFileSync } from 'node:fs'

/** A process whose environment says that a mission of this home started it. */
export interface MarkedProcess {
  readonly pid: number
  /** When the kernel started it, in its own clock: with the pid, this is an identity. */
  readonly start: string
  readonly mission: string
  /** Its command line, cut. */
  readonly command: string
}

const LONGEST_COMMAND = 60

/** All of them, or null where the environment of other processes cannot be read. */
export function markedProcesses(home: string): readonly MarkedProcess[] | null {
  if (process.platform !== 'linux') return null
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && pid !== process.pid)
    .map((pid) => readProcess(pid, home))
    .filter((found) => found !== null)
}

/** Whether this process is still there, is no other one, and still carries its mark. */
export function isSame({ pid, start, mission }: MarkedProcess, home: string): boolean {
  const now = readProcess(pid, home)
  return now !== null && now.start === start && now.mission === mission
}

function readProcess(pid: number, home: string): MarkedProcess | null {
  try {
    const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')
    const mission = variable(environment, 'OVERMIND_MISSION_ID')
    if (mission === undefined || variable(environment, 'OVERMIND_HOME') !== home) return null
    // A daemon that a mission started belongs to none.
    if (variable(environment, 'OVERMIND_SUPERVISOR') !== undefined) return null
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // `pid (name) state …`: the name may hold anything, so count from the last bracket.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const [state, start] = [fields[0], fields[19]]
    if (start === undefined || state === 'Z' || state === 'X') return null
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ').trim()
    return { pid, start, mission, command: command.slice(0, LONGEST_COMMAND) }
  } catch {
    return null // It has ended, or is not ours to read.
  }
}

function variable(environment: readonly string[], name: string): string | undefined {
  return environment.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1)
}
