import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs'
import { isMissionId } from '../model/ids.ts'
import { systemCode } from '../model/errors.ts'
import { HOME_MARK, MISSION_MARK, RUN_MARK, SUPERVISOR_MARK } from './marks.ts'
import type { Load, Marker, ProcessEntry, ProcessTable } from './process-table.ts'

/** The kernel shows times to programs in hundredths of a second, whatever it counts in. */
const MS_PER_TICK = 10

/** The parent of all that is the kernel's own. */
const KERNEL = 2

/** How often lists of children are read that processes leave meanwhile. */
const READINGS = 3

/** Linux gives one environment at most this many bytes in one read; larger ones are read in parts. */
const BUFFER = Buffer.allocUnsafe(256 * 1024)

/** The process table as `/proc` shows it. Reads are small and never touch a disk, so they are synchronous. */
export function createLinuxTable(): ProcessTable {
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()

  function scan(): ProcessEntry[] {
    return entriesOf(readdirSync('/proc').map(Number).filter(Number.isInteger))
  }

  let chain: readonly number[] = []
  /** Our ancestors change only when our parent dies: then another adopts us, and our orphans. */
  function foster(): readonly number[] {
    if (chain[1] !== process.ppid) chain = ancestors()
    return chain
  }

  return {
    boot,
    identify: (pid) => {
      const entry = readEntry(pid)
      return entry === null ? null : { pid, start: entry.start, boot }
    },
    bornAt: ({ start }) => (/^\d+$/.test(start) ? Number(start) * MS_PER_TICK : null),
    uptime: () => Number(readProc('/proc/uptime')?.toString('latin1').split(' ', 1)[0]) * 1000,
    scan,
    entry: readEntry,
    orphans: () => {
      // The kernel may pass over an entry while the one before it leaves the list. Where none has left it by the next
      // reading, a reading is whole; what it has passed over otherwise is in another one.
      const seen = new Set<number>()
      let before: readonly number[] | undefined
      for (let attempt = 0; attempt < READINGS; attempt += 1) {
        const lists = foster().map(childrenOf)
        if (lists.includes(null)) return null
        const now = new Set(lists.flatMap((list) => list ?? []))
        for (const pid of now) seen.add(pid)
        if (before?.every((pid) => now.has(pid))) break
        before = [...now]
      }
      return [...seen]
    },
    load: readLoad,
    marker: readMarker,
    environment: (pid) => {
      const bytes = readProc(`/proc/${pid}/environ`)
      return bytes === null ? null : parseEnvironment(bytes)
    },
    commandLine: (pid) => {
      const bytes = readProc(`/proc/${pid}/cmdline`)
      return bytes === null ? null : bytes.toString('utf8').split('\0').slice(0, -1)
    },
  }
}

function entriesOf(pids: readonly number[]): ProcessEntry[] {
  return pids.map(readEntry).filter((entry) => entry !== null)
}

/** Reads a file of `/proc`; null when the process is gone or is not ours to read. */
function readProc(path: string): Buffer | null {
  let file: number
  try {
    file = openSync(path, 'r')
  } catch (error) {
    return nullIfUnreadable(error)
  }
  try {
    let length = 0
    const parts: Buffer[] = []
    for (;;) {
      const read = readSync(file, BUFFER, length, BUFFER.length - length, null)
      if (read === 0) break
      length += read
      if (length === BUFFER.length) {
        parts.push(Buffer.from(BUFFER))
        length = 0
      }
    }
    const rest = BUFFER.subarray(0, length)
    return parts.length === 0 ? rest : Buffer.concat([...parts, rest])
  } catch (error) {
    return nullIfUnreadable(error)
  } finally {
    closeSync(file)
  }
}

function nullIfUnreadable(error: unknown): null {
  const code = systemCode(error)
  if (code === 'ENOENT' || code === 'ESRCH' || code === 'EACCES' || code === 'EPERM') return null
  throw error
}

interface Stat extends ProcessEntry {
  readonly state: string
}

/** `pid (name) state ppid pgrp session …`: the name may hold anything, so count from the last bracket. */
function readStat(pid: number): Stat | null {
  const bytes = readProc(`/proc/${pid}/stat`)
  if (bytes === null) return null
  const text = bytes.toString('latin1')
  const [state, parent, group, session, ...rest] = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const start = rest[15]
  if (state === undefined || start === undefined) return null
  return { pid, parent: Number(parent), group: Number(group), session: Number(session), start, state }
}

function readLoad(pid: number): Load | null {
  const bytes = readProc(`/proc/${pid}/stat`)
  if (bytes === null) return null
  const text = bytes.toString('latin1')
  // The third field is the first behind the name; these are the fourteenth to the seventeenth: user and system, its own
  // and of children that it waited for.
  const ticks = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 15)
  const status = readProc(`/proc/${pid}/status`)?.toString('latin1') ?? ''
  const [, kibibytes = '0'] = /^VmRSS:\s*(\d+) kB$/m.exec(status) ?? []
  return {
    cpuMs: ticks.reduce((sum, part) => sum + Number(part), 0) * MS_PER_TICK,
    memoryBytes: Number(kibibytes) * 1024,
  }
}

function readEntry(pid: number): ProcessEntry | null {
  const stat = readStat(pid)
  return stat === null || stat.state === 'Z' || stat.state === 'X' ? null : stat
}

/** An orphan is adopted by an ancestor of ours: init, or a process that asked to be a subreaper. */
function ancestors(): number[] {
  // Ourselves too: in a container this may be the first process.
  const chain: number[] = [process.pid]
  for (let pid = process.ppid; pid > 0;) {
    chain.push(pid)
    pid = readStat(pid)?.parent ?? 0
  }
  return chain
}

/** What a process has adopted, which the kernel lists under its first thread; null when this kernel does not list it. */
function childrenOf(pid: number): number[] | null {
  const list = readProc(`/proc/${pid}/task/${pid}/children`)
  if (list === null) return readStat(pid) === null ? [] : null
  return list.toString('latin1').split(' ').filter(Boolean).map(Number)
}

/** Most processes carry no marker: look for this before anything is decoded. */
const PREFIX = Buffer.from('OVERMIND_')

function readMarker(pid: number): Marker | null {
  let bytes = readProc(`/proc/${pid}/environ`)
  if (bytes?.length === 0) {
    if (isChanging(pid)) return { kind: 'changing' }
    // It may have been a moment ago.
    bytes = readProc(`/proc/${pid}/environ`)
  }
  if (bytes === null || !bytes.includes(PREFIX)) return null
  const env = parseEnvironment(bytes)
  if (env[SUPERVISOR_MARK] !== undefined) return { kind: 'supervisor' }
  const mission = env[MISSION_MARK]
  const run = Number(env[RUN_MARK])
  const home = env[HOME_MARK]
  if (mission === undefined || !isMissionId(mission) || !Number.isInteger(run) || home === undefined)
    return null
  return { kind: 'mission', mission, run, home }
}

/** While a program takes the place of another, the process has neither arguments nor environment; as the kernel's own never have. */
function isChanging(pid: number): boolean {
  const stat = readStat(pid)
  if (stat === null || stat.state === 'Z' || stat.state === 'X') return false
  if (pid === KERNEL || stat.parent === KERNEL) return false
  return readProc(`/proc/${pid}/cmdline`)?.length === 0
}

function parseEnvironment(bytes: Buffer): Record<string, string> {
  const pairs = bytes
    .toString('utf8')
    .split('\0')
    .map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)] as const)
  return Object.fromEntries(pairs.filter(([name]) => name !== ''))
}
