import { access, constants, readFile, statfs } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { showBytes } from '@overmind/daemon/text'
import { type CheckOptions, type Finding, reason } from './finding.ts'

const LEAST_NODE = 24
/** Below this a mission's output or the store may soon find no room. */
const LITTLE_SPACE = 1e9
const NO_SPACE = 50e6

export function checkNode(): Finding {
  const major = Number(process.versions.node.split('.', 1)[0])
  const detail = `${process.version} at ${process.execPath}`
  if (major >= LEAST_NODE) return { check: 'node', state: 'ok', detail }
  return { check: 'node', state: 'problem', detail: `${detail}: Node ${LEAST_NODE} or newer is needed` }
}

export async function checkDisk({ home }: CheckOptions): Promise<Finding> {
  for (let folder = home; ; folder = dirname(folder)) {
    try {
      const { bavail, bsize } = await statfs(folder)
      const free = bavail * bsize
      const state = free < NO_SPACE ? 'problem' : free < LITTLE_SPACE ? 'warning' : 'ok'
      const advice = state === 'ok' ? '' : ': make room, or forget old missions with overmind prune'
      return { check: 'disk', state, detail: `${showBytes(free)} free where ${home} is${advice}` }
    } catch (error) {
      if (reason(error) !== 'ENOENT' || folder === dirname(folder)) {
        return { check: 'disk', state: 'warning', detail: `the free space cannot be read (${reason(error)})` }
      }
    }
  }
}

/** Without it the output of a mission that writes without end is kept whole. */
export async function checkOutputLimit(): Promise<Finding> {
  const check = 'output limit'
  if (process.platform !== 'linux') {
    return { check, state: 'warning', detail: 'old output can only be given back to the disk on Linux' }
  }
  const found = await onPath('fallocate')
  if (found !== null) return { check, state: 'ok', detail: `old output is given back by ${found}` }
  return {
    check,
    state: 'warning',
    detail: 'there is no fallocate (of util-linux) on PATH: the output of missions is not limited',
  }
}

/** By what a mission's processes are known, and ended. */
const CUSTODY = 'a mission is its session and whatever carries its marker'

/** Without lists of children the daemon has to look at every process of the machine to find what escaped a mission. */
export async function checkProcesses(): Promise<Finding> {
  const check = 'processes'
  if (process.platform !== 'linux') {
    return {
      check,
      state: 'warning',
      detail: 'a mission is its process group: what leaves it can only be found on Linux',
    }
  }
  try {
    await readFile(`/proc/${process.pid}/task/${process.pid}/children`)
    return { check, state: 'ok', detail: CUSTODY }
  } catch {
    return {
      check,
      state: 'warning',
      detail: `${CUSTODY}; /proc does not list children, so ending missions takes a little longer`,
    }
  }
}

/** The file that a shell would run for this name, or null. */
export async function onPath(name: string): Promise<string | null> {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter).filter(Boolean)) {
    const file = join(folder, name)
    const found = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (found) return file
  }
  return null
}
