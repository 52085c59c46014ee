/** Who belongs to a manager: all processes that carry its mark in their environment, however far they have gone from it. */
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

export const MARK = 'BENCH_PEERS_HOME'

/** What a file of /proc says; empty when its process is gone, or nobody's business. */
function of(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ENOENT' || code === 'ESRCH' || code === 'EACCES') return ''
    throw error
  }
}

export function belongingTo(home: string): readonly number[] {
  const mark = `${MARK}=${home}\0`
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && of(pid, 'environ').includes(mark))
}

export function lives(pid: number): boolean {
  const stat = of(pid, 'stat')
  return stat !== '' && !/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2))
}

/** Memory, with pages that several processes share divided among them. Bytes. */
export function memoryOf(pids: readonly number[]): number {
  return sum(pids.map((pid) => Number(/^Pss:\s+(\d+)/m.exec(of(pid, 'smaps_rollup'))?.[1] ?? 0) * 1024))
}

/** Processor time used so far, by them and by those of their children that have ended. Milliseconds. */
export function processorOf(pids: readonly number[]): number {
  return sum(
    pids.map((pid) => {
      const stat = of(pid, 'stat')
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      return sum(fields.slice(11, 15).map(Number)) * 10
    }),
  )
}

const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0)

export function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}

/** Ends all of them, and who they start meanwhile; settles when nobody is left. */
export async function endAll(home: string): Promise<void> {
  for (;;) {
    const left = belongingTo(home).filter(lives)
    if (left.length === 0) return
    left.forEach(kill)
    await sleep(20)
  }
}
