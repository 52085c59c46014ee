import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import type { ProcessIdentity } from '../model/state.ts'
import type { Load, ProcessEntry, ProcessTable } from './process-table.ts'

/** `lstart` is five words: `Sun Nov 22 21:17:42 2026`. */
const LINE = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(\S.*\S)\s*$/

/**
 * The process table as `ps` prints it, for systems without `/proc` (macOS). There a process cannot read
 * the environment of another, so children that left the process group can only be found while their
 * parents live.
 */
export function createPsTable(boot: string = bootOf()): ProcessTable {
  function list(...selection: string[]): ProcessEntry[] {
    return ps([...selection, '-o', 'pid=,ppid=,pgid=,stat=,lstart='])
      .split('\n')
      .map(parseLine)
      .filter((entry) => entry !== null)
  }
  const entry = (pid: number): ProcessEntry | null => list('-p', String(pid))[0] ?? null

  function identify(pid: number): ProcessIdentity | null {
    const found = entry(pid)
    return found === null ? null : { pid, start: found.start, boot }
  }
  return {
    boot,
    identify,
    bornAt: () => null,
    uptime: () => null,
    scan: () => list('-A'),
    orphans: () => null,
    entry,
    load: (pid) => parseLoad(ps(['-p', String(pid), '-o', 'time=,rss='])),
    marker: () => null,
    environment: () => null,
    commandLine: () => null,
  }
}

function parseLine(line: string): ProcessEntry | null {
  const [, pid, parent, group, state, start] = LINE.exec(line) ?? []
  if (start === undefined || state === undefined || state.startsWith('Z')) return null
  return { pid: Number(pid), parent: Number(parent), group: Number(group), session: null, start }
}

/** `1-02:03:04`, `02:03:04` or `3:04.56` of processor time, and kibibytes. */
export function parseLoad(line: string): Load | null {
  const [, days = '0', hours = '0', minutes, seconds, kibibytes] =
    /^\s*(?:(\d+)-)?(?:(\d+):)?(\d+):(\d+(?:\.\d+)?)\s+(\d+)\s*$/.exec(line) ?? []
  if (minutes === undefined || seconds === undefined) return null
  const total = ((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds)
  return { cpuMs: Math.round(total * 1000), memoryBytes: Number(kibibytes) * 1024 }
}

/** `ps` ends with 1 and prints nothing when no process matches. */
function ps(args: readonly string[]): string {
  try {
    return execFileSync('ps', args, {
      encoding: 'utf8',
      env: { PATH: '/bin:/usr/bin', LC_ALL: 'C' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  } catch (error) {
    if (error instanceof Error && 'status' in error && error.status === 1) return ''
    throw error
  }
}

function bootOf(): string {
  const booted = execFileSync('sysctl', ['-n', 'kern.boottime'], { encoding: 'utf8' })
  return createHash('sha256').update(booted).digest('hex').slice(0, 32)
}
