/** Seeing that an agent is ready, and that it is still of use. */
import { setTimeout as pause } from 'node:timers/promises'
import { isShortage, type Mission, runProgram } from '@overmind/core'
import type { Liveness, Look, Probe } from '../blueprint.ts'
import { inTime } from '../passing.ts'
import { comesTo, isOutOfSight } from './members.ts'

interface ProbeOptions {
  readonly signal: AbortSignal
}

/** What a look has found; `unknown` when the machine was too short of something to look. */
type Finding = 'yes' | 'no' | 'unknown'

/** Settles with true once the probe has said yes, with false when the agent has ended before. Rejects when the signal aborts. */
export async function whenReady(mission: Mission, probe: Probe, options: ProbeOptions): Promise<boolean> {
  if (probe.kind === 'output') return comesToSay(mission, probe.text, options.signal)
  const isOver = (): boolean => mission.view().state.exit !== null
  for (;;) {
    options.signal.throwIfAborted()
    if (isOver()) return false
    if ((await look(mission, probe, options)) === 'yes') return true
    await pause(probe.every.intervalMs, undefined, { signal: options.signal })
  }
}

/** Whether the probe says yes now. Rejects when the signal aborts. */
export async function looksReady(mission: Mission, probe: Probe, options: ProbeOptions): Promise<boolean> {
  const yes = await (probe.kind === 'output'
    ? saysLine(mission, { text: probe.text, follow: false }, options.signal)
    : looksWell(mission, probe, options))
  options.signal.throwIfAborted()
  return yes
}

async function looksWell(mission: Mission, probe: Look, options: ProbeOptions): Promise<boolean> {
  for (;;) {
    const found = await look(mission, probe, options)
    if (found !== 'unknown') return found === 'yes'
    await pause(probe.every.intervalMs, undefined, { signal: options.signal })
  }
}

/**
 * Looks at a mission again and again, until it has exited; a run that fails so many looks one after the other is said to be unhealthy.
 * Rejects when the signal aborts.
 */
export async function keepAlive(
  mission: Mission,
  { look: probe, failures }: Liveness,
  { found, ...options }: ProbeOptions & { readonly found: (failures: number) => void },
): Promise<void> {
  let failed = { run: 0, times: 0 }
  for (;;) {
    await pause(probe.every.intervalMs, undefined, { signal: options.signal })
    const { exit, run, phase } = mission.view().state
    if (exit !== null) return
    if (phase !== 'running.up') continue
    const isAlive = await look(mission, probe, options)
    options.signal.throwIfAborted()
    if (isAlive === 'unknown') continue
    const times = failed.run === run ? failed.times + 1 : 1
    failed = { run, times: isAlive === 'yes' ? 0 : times }
    if (failed.times < failures) continue
    const now = mission.view().state
    // Somebody may have asked it to end meanwhile, or another run may have begun.
    if (now.run !== run || now.phase !== 'running.up') continue
    failed = { run, times: 0 }
    found(failures)
    mission.unhealthy()
  }
}

function look(mission: Mission, probe: Look, options: ProbeOptions): Promise<Finding> {
  return probe.kind === 'exec'
    ? succeeds(mission, probe, options.signal)
    : answers(probe.url, probe.every.timeoutMs, options.signal)
}

/** Reads its runs one after the other: one that dies before it is ready may be followed by one that comes to it. */
async function comesToSay(mission: Mission, text: string, signal: AbortSignal): Promise<boolean> {
  const current = (): number => mission.view().state.run
  for (let run = Math.max(1, current()); ; run += 1) {
    if (await saysLine(mission, { text, follow: true, run }, signal)) return true
    await comesTo(mission, (now) => now.exit !== null || now.run > run, signal)
    signal.throwIfAborted()
    if (current() <= run) return false
  }
}

interface Said {
  readonly text: string
  readonly follow: boolean
  /** Default: the newest. */
  readonly run?: number
}

async function saysLine(mission: Mission, { text, ...reading }: Said, signal: AbortSignal): Promise<boolean> {
  const read = async (): Promise<boolean> => {
    const decoder = new TextDecoder()
    let seen = ''
    for await (const part of mission.output({ ...reading, signal })) {
      seen = (seen + decoder.decode(part, { stream: true })).slice(-LONGEST)
      if (seen.includes(text)) return true
    }
    return false
  }
  return inTime(read, signal).catch((error: unknown) => {
    if (isOutOfSight(error)) return false
    throw error
  })
}

/** So much of the output is looked through at once; what is looked for is shorter. Characters. */
const LONGEST = 256 * 1024

async function succeeds(
  mission: Mission,
  { argv, every: { timeoutMs } }: Extract<Look, { readonly kind: 'exec' }>,
  signal: AbortSignal,
): Promise<Finding> {
  const { cwd } = mission.view().spec
  const end = await runProgram(argv, { cwd, env: mission.environment(), timeoutMs, signal })
  if (end.kind === 'not-started') return unlessShort(end.error)
  return end.kind === 'ended' && end.code === 0 ? 'yes' : 'no'
}

async function answers(url: string, timeoutMs: number, signal: AbortSignal): Promise<Finding> {
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
    const { status, body } = await fetch(url, { signal: limit, redirect: 'manual' })
    await body?.cancel()
    return status < 400 ? 'yes' : 'no'
  } catch (error) {
    // Else nobody listens yet.
    return unlessShort(error)
  }
}

function unlessShort(error: unknown): Finding {
  return isShortage(error) ? 'unknown' : 'no'
}
