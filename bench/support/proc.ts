import { readdirSync, readFileSync } from 'node:fs'

function field(file: string, name: string): number {
  const line = readFileSync(file, 'utf8')
    .split('\n')
    .find((candidate) => candidate.startsWith(`${name}:`))
  return Number(/(\d+)/.exec(line ?? '')?.[1] ?? Number.NaN) * 1024
}

/** Resident memory of a process, shared pages included. Bytes. */
export function residentOf(pid: number): number {
  return field(`/proc/${pid}/status`, 'VmRSS')
}

/** Memory that a process has for itself alone. Bytes. */
export function privateOf(pid: number): number {
  const file = `/proc/${pid}/smaps_rollup`
  return field(file, 'Private_Clean') + field(file, 'Private_Dirty')
}

/** Processor time that a process has used so far. Milliseconds. */
export function cpuOf(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

/** The processes whose parent this one is. */
export function childrenOf(pid: number): readonly number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((candidate) => Number.isInteger(candidate) && parentOf(candidate) === pid)
}

function parentOf(pid: number): number | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[1])
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH'))
      return undefined
    throw error
  }
}
