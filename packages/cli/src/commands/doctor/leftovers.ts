import { setTimeout as sleep } from 'node:timers/promises'
import type { MissionView } from '@overmind/client'
import { count, inert } from '@overmind/daemon/text'
import type { Daemon } from './daemon.ts'
import type { CheckOptions, Finding } from './finding.ts'
import { isSame, type MarkedProcess } from './processes.ts'

/** From asking a leftover to end to SIGKILL. */
const GRACE_MS = 3000
const LOOK_AGAIN_MS = 50
/** A page of process ids helps nobody. */
const MOST_SHOWN = 10

const LIVE: readonly MissionView['status'][] = ['pending', 'running', 'stalled', 'restarting']

/**
 * Processes that carry the mark of this home but belong to no mission that lives. Only the daemon knows which
 * live: without it they may all be waiting to be adopted, and are left alone. `daemon` must have been asked
 * after `processes` were read.
 */
export async function checkLeftovers(
  processes: readonly MarkedProcess[] | null,
  daemon: Daemon | null,
  { home, fix }: CheckOptions,
): Promise<Finding> {
  const check = 'leftovers'
  if (processes === null) {
    return { check, state: 'warning', detail: 'the environment of processes cannot be read on this system' }
  }
  if (daemon === null) {
    const missions = new Set(processes.map(({ mission }) => mission)).size
    const detail =
      missions === 0 ? 'none' : `${count(missions, 'mission')} may run on; overmind start adopts them`
    return { check, state: 'ok', detail }
  }
  const live = new Set(daemon.missions.filter(({ status }) => LIVE.includes(status)).map(({ id }) => id))
  const left = processes.filter((each) => !live.has(each.mission) && isSame(each, home))
  if (left.length === 0) return { check, state: 'ok', detail: 'none' }
  if (!fix) {
    const detail = `${count(left.length, 'process')} of missions that are over: ${list(left)}: run overmind doctor --fix`
    return { check, state: 'problem', detail }
  }
  const stubborn = await end(left, home)
  if (stubborn.length === 0) return { check, state: 'fixed', detail: `ended: ${list(left)}` }
  return { check, state: 'problem', detail: `could not be ended: ${list(stubborn)}` }
}

function list(processes: readonly MarkedProcess[]): string {
  const shown = processes
    .slice(0, MOST_SHOWN)
    .map(({ pid, mission, command }) => `${pid} (${mission}, ${inert(command)})`)
  return `${shown.join(', ')}${processes.length > MOST_SHOWN ? ', …' : ''}`
}

/** Asks, then kills; returns those that are still there. */
async function end(processes: readonly MarkedProcess[], home: string): Promise<readonly MarkedProcess[]> {
  let left = processes
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    for (const each of left) send(each, home, signal)
    for (let waited = 0; left.length > 0 && waited < GRACE_MS; waited += LOOK_AGAIN_MS) {
      await sleep(LOOK_AGAIN_MS)
      left = left.filter((each) => isSame(each, home))
    }
  }
  return left
}

/** A process id may be another's by now: looked at again right before the signal. */
function send(target: MarkedProcess, home: string, signal: NodeJS.Signals): void {
  if (!isSame(target, home)) return
  try {
    process.kill(target.pid, signal)
  } catch {
    // It ended in this instant, or is not ours: `end` looks at what is left.
  }
}
