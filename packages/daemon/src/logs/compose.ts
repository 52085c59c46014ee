/**
 * A mission's log as people read it: the output of its runs, one behind the other, with a line of ours
 * where one ends and the next begins. The bytes of the output itself are handed through untouched.
 */
import type { Mission, OutputFile } from '@overmind/core'
import { iso } from '../api/views.ts'
import type { LogOptions, LogPiece } from './piece.ts'
import { findTail } from './tail.ts'
import { talkLog } from './talk.ts'
import { timeIndex } from './time-index.ts'

interface Start {
  readonly run: number
  readonly offset: number
}

export async function* composeLog(
  mission: Mission,
  options: LogOptions,
): AsyncGenerator<LogPiece, undefined> {
  const shown = mission.talk === null || options.raw === true ? null : new Set<string>()
  const { tail, follow, signal } = options
  if (shown === null || tail === undefined) {
    return yield* runsFrom(mission, await beginning(mission, options), { ...options, shown })
  }
  // How many lines people see of what an agent wrote is only known once it is shown.
  const begin = await beginning(mission, { follow, signal, ...withoutTail(options) })
  const last: LogPiece[] = []
  let next = begin
  for await (const piece of runsFrom(mission, begin, { ...options, shown, follow: false })) {
    for (const line of linesOf(piece)) last.push(line)
    last.splice(0, last.length - tail)
    if (piece.kind === 'bytes') next = { run: piece.run, offset: piece.next ?? piece.offset }
  }
  yield* last
  if (follow) yield* runsFrom(mission, next, { ...options, shown })
}

function withoutTail({ run, since }: LogOptions): Pick<LogOptions, 'run' | 'since'> {
  return { ...(run === undefined ? {} : { run }), ...(since === undefined ? {} : { since }) }
}

/** A piece for each line in it. */
function linesOf(piece: LogPiece): readonly LogPiece[] {
  if (piece.kind === 'notice') return [piece]
  const lines = Buffer.from(piece.bytes)
    .toString('utf8')
    .split(/(?<=\n)/)
  return lines.filter((line) => line !== '').map((line) => ({ ...piece, bytes: Buffer.from(line) }))
}

interface RunsOptions extends LogOptions {
  /** Messages that have been shown, where an agent's words are shown; null for its bytes. */
  readonly shown: Set<string> | null
}

async function* runsFrom(
  mission: Mission,
  begin: Start,
  options: RunsOptions,
): AsyncGenerator<LogPiece, undefined> {
  const { follow, signal, shown } = options
  const { talk } = mission
  for (let run = begin.run; ; run += 1) {
    const { state } = mission.view()
    if (run > state.run) {
      if (!follow || options.run !== undefined || !(await anotherRun(mission, run, signal))) return
    }
    if (run > begin.run) yield restartNotice(mission, run)
    const from = run === begin.run ? begin.offset : 0
    const isTalk = mission.outputFiles(run).some(({ stream }) => stream === 'stdout')
    yield* shown === null || talk === null || !isTalk
      ? runLog(mission, run, from, follow, signal)
      : talkLog(mission, talk, { run, from, follow, signal, shown })
    yield* stallNotice(mission, run)
    if (signal.aborted || options.run !== undefined) return
  }
}

async function* runLog(
  mission: Mission,
  run: number,
  from: number,
  follow: boolean,
  signal: AbortSignal,
): AsyncGenerator<LogPiece> {
  const file = fileOf(mission, run)
  let offset = from
  if (file !== undefined && file.trimmedTo > from) {
    yield {
      kind: 'notice',
      run,
      at: null,
      text: `--- ${file.trimmedTo} bytes of older output are no longer kept ---`,
    }
    offset = file.trimmedTo
  }
  // The first line behind what was dropped is only half there.
  let skipping = offset > from
  for await (const bytes of mission.output({ run, from: offset, follow, signal })) {
    const end = skipping ? bytes.indexOf(10) + 1 : 0
    if (skipping && end === 0) {
      offset += bytes.length
      continue
    }
    skipping = false
    if (end < bytes.length) yield { kind: 'bytes', run, offset: offset + end, bytes: bytes.subarray(end) }
    offset += bytes.length
  }
}

async function beginning(mission: Mission, { run, tail, since }: LogOptions): Promise<Start> {
  const last = run ?? mission.view().state.run
  const first = run ?? 1
  const bySince =
    since === undefined ? { run: first, offset: 0 } : beginningSince(mission, first, last, since)
  return tail === undefined ? bySince : beginningOfTail(mission, bySince, last, tail)
}

function beginningSince(mission: Mission, first: number, last: number, since: number): Start {
  for (let run = first; run <= last; run += 1) {
    const offset = timeIndex(mission, run).since(since)
    if (offset !== undefined) return { run, offset }
  }
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

function fileOf(mission: Mission, run: number): OutputFile | undefined {
  return mission.outputFiles(run).find(({ stream }) => stream === 'output' || stream === 'stdout')
}

function restartNotice(mission: Mission, run: number): LogPiece {
  const [begun] = mission.history({ run, types: ['run.starting'], limit: 1 })
  const at = begun?.at ?? null
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

/** Waits until the mission is at this run; false when it exits instead, or can be seen no more. */
async function anotherRun(mission: Mission, run: number, signal: AbortSignal): Promise<boolean> {
  return mission
    .until((now) => now.run >= run || now.exit !== null, { signal })
    .then(
      (now) => now.run >= run,
      () => false,
    )
}
