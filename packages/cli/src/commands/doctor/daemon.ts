import { lstat } from 'node:fs/promises'
import { count } from '@overmind/daemon/text'
import {
  createClient,
  DaemonNotRunning,
  type DaemonStatus,
  type MissionView,
  socketOf,
} from '@overmind/client'
import { readVersion } from '../../version.ts'
import { type CheckOptions, type Finding, reason } from './finding.ts'

/** A daemon that takes longer for its status than this is as good as none. */
const PATIENCE_MS = 5000

export interface Daemon {
  readonly status: DaemonStatus
  readonly missions: readonly MissionView[]
}

/** The daemon's own word, null when none runs, or the finding that says what is wrong with it. */
export async function askDaemon({ home }: CheckOptions): Promise<Daemon | Finding | null> {
  const client = createClient({ home })
  const signal = AbortSignal.timeout(PATIENCE_MS)
  try {
    return {
      status: await client.status({ signal }),
      missions: (await client.list({ all: true, signal })).missions,
    }
  } catch (error) {
    if (error instanceof DaemonNotRunning) return null
    const detail = `the daemon does not answer as it should (${reason(error)}): overmind shutdown --keep, then overmind start`
    return { check: 'daemon', state: 'problem', detail }
  }
}

export async function checkDaemon(daemon: Daemon | null, { home }: CheckOptions): Promise<Finding> {
  const check = 'daemon'
  if (daemon === null) return { check, state: 'ok', detail: await absence(home) }
  const { pid, version, missions } = daemon.status
  const own = readVersion()
  if (version !== own) {
    const detail = `it is version ${version}, this command is ${own}: overmind shutdown --keep, then overmind start`
    return { check, state: 'problem', detail }
  }
  return { check, state: 'ok', detail: `PID ${pid}, version ${version}, ${count(missions.total, 'mission')}` }
}

async function absence(home: string): Promise<string> {
  const left = await lstat(socketOf(home)).catch(() => null)
  return left === null
    ? 'it does not run; start it with: overmind start'
    : 'it does not run and has left its socket behind, as after kill -9; the next start replaces it'
}
