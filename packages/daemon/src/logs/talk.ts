/** The log of a run that talks: what was said to it and what it said, each where it belongs, as its provider shows it. */
import { readFile } from 'node:fs/promises'
import type { Mission, Talk } from '@overmind/core'
import type { LogPiece } from './piece.ts'
import { joinPieces, type Shown } from './pieces.ts'

/** So many messages of a run are told apart. */
const MESSAGES = 100_000
/** So many of the newest are looked at while a log is followed. */
const NEWEST = 16
const NEWLINE = 10

export interface TalkRun {
  readonly run: number
  /** Offset in stdout of the first line. */
  readonly from: number
  readonly follow: boolean
  readonly signal: AbortSignal
  /** Messages that have been shown; each is shown once, however often it had to be told. */
  readonly shown: Set<string>
}

interface Said {
  readonly message: string
  readonly heard: number
  readonly at: number
}

export async function* talkLog(
  mission: Mission,
  talk: Talk,
  { run, from, follow, signal, shown }: TalkRun,
): AsyncGenerator<LogPiece> {
  let said = saidIn(mission, run, MESSAGES)

  function* saidBefore(offset: number): Generator<LogPiece> {
    for (const { message, heard, at } of said) {
      if (heard > offset) break
      if (shown.has(message)) continue
      shown.add(message)
      if (heard >= from) yield { kind: 'notice', run, at, text: `[human] ${textOf(mission, message)}` }
    }
  }

  function* piecesOf(shown: Shown | null): Generator<LogPiece> {
    if (shown === null) return
    yield { kind: 'bytes', run, offset: shown.from, bytes: Buffer.from(shown.text), next: shown.to }
  }

  const pieces = joinPieces()
  let offset = from
  for await (const line of wholeLines(mission.output({ run, from, follow, signal, stream: 'stdout' }))) {
    if (follow) said = withNewest(mission, run, said)
    yield* saidBefore(offset)
    const next = offset + line.bytes
    yield* piecesOf(pieces.take(talk.show(line.text), { from: offset, to: next }))
    offset = next
  }
  yield* piecesOf(pieces.rest())
  said = withNewest(mission, run, said)
  yield* saidBefore(Infinity)
  yield* complaints(mission, run)
}

/** Everything on stderr: agents put there what keeps them from beginning at all. */
async function* complaints(mission: Mission, run: number): AsyncGenerator<LogPiece> {
  const file = mission.outputFiles(run).find(({ stream }) => stream === 'stderr')
  if (file === undefined || file.bytes <= file.trimmedTo) return
  const text = (await readFile(file.path)).subarray(file.trimmedTo).toString('utf8')
  for (const line of text.split('\n')) {
    if (line !== '') yield { kind: 'notice', run, at: null, text: `[stderr] ${line}` }
  }
}

function saidIn(mission: Mission, run: number, limit: number): readonly Said[] {
  return mission
    .history({ run, types: ['message.handed'], limit })
    .filter((event) => event.type === 'message.handed')
    .toReversed()
}

function withNewest(mission: Mission, run: number, said: readonly Said[]): readonly Said[] {
  const newest = saidIn(mission, run, NEWEST)
  const known = new Set(said.map(({ message }) => message))
  const fresh = newest.filter(({ message }) => !known.has(message))
  return fresh.length === NEWEST ? saidIn(mission, run, MESSAGES) : [...said, ...fresh]
}

function textOf(mission: Mission, message: string): string {
  for (let limit = NEWEST; ; limit *= 8) {
    const events = mission.history({ types: ['message.queued'], limit })
    const found = events.find((event) => event.type === 'message.queued' && event.message === message)
    if (found?.type === 'message.queued') return found.text
    if (events.length < limit) return '(its text is no longer kept)'
  }
}

interface Line {
  readonly text: string
  /** Its end included. */
  readonly bytes: number
}

/** Whole lines; what has no end yet is not said yet, unless nothing more comes. */
async function* wholeLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Line> {
  let rest: Buffer[] = []
  for await (const chunk of chunks) {
    const piece = Buffer.from(chunk)
    let start = 0
    for (let end = piece.indexOf(NEWLINE); end >= 0; end = piece.indexOf(NEWLINE, start)) {
      const bytes = Buffer.concat([...rest, piece.subarray(start, end)])
      yield { text: bytes.toString('utf8'), bytes: bytes.length + 1 }
      rest = []
      start = end + 1
    }
    if (start < piece.length) rest.push(piece.subarray(start))
  }
  const last = Buffer.concat(rest)
  if (last.length > 0) yield { text: last.toString('utf8'), bytes: last.length }
}
