/** The control group of one run: a folder that the kernel shows. What the kernel has taken away already is empty. */
import { readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemCode } from '../../model/errors.ts'
import { ranOutOfMemory } from './limits.ts'

export interface RunGroup {
  readonly folder: string
  /** The ids of its processes, those in groups below it included. */
  processes(): readonly number[]
  /** Ends all of its processes at once, also those that are just being forked; false when that could not be asked for. */
  kill(): boolean
  /** Whether the kernel has ended processes of it because they needed more memory than there was for them. */
  ranOutOfMemory(): boolean
  /** Removes it; false while there is something in it. */
  remove(): boolean
}

/** It is gone, or what it was asked is not there: a controller that is not in use has no files. */
const GONE: ReadonlySet<string | undefined> = new Set(['ENOENT', 'ENODEV'])

/** EOPNOTSUPP: a group of threads lists no processes. */
const UNREADABLE: ReadonlySet<string> = new Set([
  'ENOENT',
  'ENODEV',
  'ESRCH',
  'EACCES',
  'EPERM',
  'EOPNOTSUPP',
])
const KEPT: ReadonlySet<string> = new Set(['EBUSY', 'ENOTEMPTY', 'EACCES', 'EPERM', 'EROFS'])

export function runGroup(folder: string): RunGroup {
  return {
    folder,
    processes: () => [...below(folder), folder].flatMap(processesIn),
    kill: () => {
      try {
        writeFileSync(join(folder, 'cgroup.kill'), '1')
        return true
      } catch (error) {
        const code = systemCode(error)
        // EOPNOTSUPP: the run has made it a group of threads. What marks its processes is still there.
        if (GONE.has(code) || code === 'EOPNOTSUPP' || code === 'EACCES') return false
        throw error
      }
    },
    ranOutOfMemory: () => ranOutOfMemory(read(join(folder, 'memory.events'))),
    remove: () => [...below(folder), folder].map(removeGroup).every(Boolean),
  }
}

/** The groups that a run has made in its own, the deepest first. */
function below(folder: string): readonly string[] {
  return childrenOf(folder).flatMap((child) => [...below(child), child])
}

/** The folders of the groups in a group. */
export function childrenOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => join(folder, name))
  } catch (error) {
    if (GONE.has(systemCode(error))) return []
    throw error
  }
}

export function processesIn(folder: string): readonly number[] {
  return read(join(folder, 'cgroup.procs')).split('\n').filter(Boolean).map(Number)
}

/** False while it is in use, or where nothing may be changed. */
export function removeGroup(folder: string): boolean {
  try {
    rmdirSync(folder)
    return true
  } catch (error) {
    const code = systemCode(error)
    if (GONE.has(code)) return true
    if (code !== undefined && KEPT.has(code)) return false
    throw error
  }
}

/** What a small file of the kernel says; nothing when what it is about is gone, or not ours to read. */
export function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const code = systemCode(error)
    if (code !== undefined && UNREADABLE.has(code)) return ''
    throw error
  }
}
