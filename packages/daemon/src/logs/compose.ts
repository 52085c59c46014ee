/**
 * A mission's log as people read it: the output of its runs, one behind the other, with a line of ours
 * where one ends and the next begins. The bytes of the output itself are handed through untouched.
 */
import { setImmediate as breathe } from 'node:timers/promises'
import type { Mission } from '@overmind/core'
import { iso } from '../api/views.ts'
import type { LogOptions, LogPiece } from './piece.ts'
import { fileOf, runOutput } from './run-output.ts'
import { type Said, saidTo } from './said.ts'
import { findTail } from './tail.ts'
import { talkLog } from './talk.ts'
import { timeIndex } from './time-index.ts'
import { asBuffer } from './whole-lines.ts'

const NEWLINE = 10
/** After so many runs it lets others have a turn. */
const AT_A_TIME = 64

interface Start {
  readonly run: number
  readonly offset: number
}

export async function* composeLog(
  mission: Mission,
  options: LogOptions,
): AsyncGenerator<LogPiece, undefined> {
  const said = mission.talk === null || options.raw === true ? null : saidTo(mission)
  const { tail, follow, signal } = options
  if (said === null || tail === undefined) {
    return yield* runsFrom(mission, await beginning(mission, options), { ...options, said })
  }
  // How many lines people see of what an agent wrote is only known once it is shown.
  const begin = await beginning(mission, { follow, signal, ...withoutTail(options) })
  const { run, exit } = mission.view().state
  const open = follow && exit === null && (options.run ?? run) >= run
  const last: LogPiece[] = []
  let next = begin
  for await (const piece of runsFrom(mission, begin, { ...options, said, follow: false, open })) {
    for (const line of linesOf(piece)) last.push(line)
    last.splice(0, last.length - tail)
    next = behind(piece, next)
  }
  yield* last
  if (open) yield* runsFrom(mission, next, { ...options, said })
}

function withoutTail({ run, since }: LogOptions): Pick<LogOptions, 'run' | 'since'> {
  return { ...(run === undefined ? {} : { run }), ...(since === undefined ? {} : { since }) }
}

/** Where to go on behind a piece; `before`: behind the one before. */
function behind(piece: LogPiece, before: Start): Start {
  const { run } = piece
  const end = piece.kind === 'bytes' ? piece.offset + piece.bytes.length : undefined
  return { run, offset: piece.next ?? end ?? (run === before.run ? before.offset : 0) }
}

/** A piece for each line in it. */
function* linesOf(piece: LogPiece): Generator<LogPiece> {
  if (piece.kind === 'notice') {
    yield piece
    return
  }
  const bytes = asBuffer(piece.bytes)
  for (let start = 0; start < bytes.length;) {
    const newline = bytes.indexOf(NEWLINE, start)
    const end = newline < 0 ? bytes.length : newline + 1
    yield { ...piece, bytes: bytes.subarray(start, end) }
    start = end
  }
}

interface RunsOptions extends LogOptions {
  /** What was said to an agent, where its words are shown; null for its bytes. */
  readonly said: Said | null
  /** Somebody goes on with the last of these runs. Default: false. */
  readonly open?: boolean
}

async function* runsFrom(
  mission: Mission,
  begin: Start,
  options: RunsOptions,
): AsyncGenerator<LogPiece, undefined> {
  const { follow, signal, said } = options
  const { talk } = mission
  const last = options.run ?? (follow ? Infinity : mission.view().state.run)
  for (let run = begin.run; run <= last; run += 1) {
    if (follow && options.run === undefined && !(await hasBegun(mission, run, signal))) return
    const open = options.open === true && run === last
    if (run > begin.run) yield restartNotice(mission, run)
    const from = run === begin.run ? begin.offset : 0
    const isTalk = mission.outputFiles(run).some(({ stream }) => stream === 'stdout')
    yield* said === null || talk === null || !isTalk
      ? runOutput(mission, { run, from, follow, signal })
      : talkLog(mission, talk, { run, from, follow, signal, said, open })
    if (!open) yield* stallNotice(mission, run)
    if (signal.aborted) return
  }
}

async function beginning(mission: Mission, { run, tail, since }: LogOptions): Promise<Start> {
  const last = run ?? mission.view().state.run
  const first = run ?? 1
  const bySince =
    since === undefined ? { run: first, offset: 0 } : await beginningSince(mission, first, last, since)
  return tail === undefined ? bySince : beginningOfTail(mission, bySince, last, tail)
}

/** From the newest run back to the one that was under way at that moment: how many there were before it does not matter. */
async function beginningSince(mission: Mission, first: number, last: number, since: number): Promise<Start> {
  let run = last
  for (; run > first && (beganAt(mission, run) ?? -Infinity) >= since; run -= 1) {
    if (run % AT_A_TIME === 0) await breathe()
  }
  const offset = timeIndex(mission, run).since(since)
  if (offset !== undefined) return { run, offset }
  if (run < last) return { run: run + 1, offset: 0 }
  return { run: Math.max(1, last), offset: fileOf(mission, last)?.bytes ?? 0 }
}

async function beginningOfTail(mission: Mission, floor: Start, last: number, lines: number): Promise<Start> {
  let wanted = lines
  for (let run = last; run >= floor.run; run -= 1) {
    const file = fileOf(mission, run)
    if (file === undefined) continue
    const lowest = Math.max(file.trimmedTo, run === floor.run ? floor.offset : 0)
    const found = await findTail(file.path, lowest, wanted)
    if (found.lines >= wanted) return { run, offset: found.offset }
    wanted -= found.lines
  }
  return floor
}

function beganAt(mission: Mission, run: number): number | null {
  const [begun] = mission.history({ run, types: ['run.starting'], limit: 1 })
  return begun?.at ?? null
}

function restartNotice(mission: Mission, run: number): LogPiece {
  const at = beganAt(mission, run)
  return {
    kind: 'notice',
    run,
    at,
    text: `--- restart #${run - 1} at ${at === null ? 'an unknown time' : iso(at)} ---`,
  }
}

/** More rungs than a ladder has, asked for twice. */
const ENDINGS = 16

function* stallNotice(mission: Mission, run: number): Generator<LogPiece> {
  // Not `run.stalled`: that is only the suspicion, from which an agent may recover.
  const endings = mission.history({ run, types: ['run.ending'], limit: ENDINGS })
  const ended = endings.find((event) => event.type === 'run.ending' && event.reason === 'stall')
  if (ended === undefined) return
  const limit = mission.view().spec.activityTimeoutMs ?? 0
  yield {
    kind: 'notice',
    run,
    at: ended.at,
    text: `--- killed: no activity for ${Math.round(limit / 1000)}s ---`,
  }
}

/**
 * Waits until this run has its files; false when the mission exits instead, or nobody reads any more.
 *
 * @throws OvermindError `runtime_closed`: the mission goes on, and this is not its end
 */
async function hasBegun(mission: Mission, run: number, signal: AbortSignal): Promise<boolean> {
  try {
    const now = await mission.until(
      ({ run: current, phase, exit }) =>
        exit !== null || current > run || (current === run && phase !== 'running.starting'),
      { signal },
    )
    return now.run >= run
  } catch (error) {
    if (signal.aborted) return false
    throw error
  }
}
