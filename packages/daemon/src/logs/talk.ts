/** The log of a run that talks: what was said to it and what it said, each where it belongs, as its provider shows it. */
import type { Mission, Talk } from '@overmind/core'
import type { LogNotice, LogPiece } from './piece.ts'
import { joinPieces, type Shown } from './pieces.ts'
import { keptFrom, runOutput, type RunOutputOptions } from './run-output.ts'
import type { Said } from './said.ts'
import { wholeLines } from './whole-lines.ts'

/** What an agent says in a longer line is not heard either. Bytes. */
const LONGEST_LINE = 64 * 1024 * 1024
/** A complaint is not looked into: a long one may come in parts. Bytes. */
const LONGEST_COMPLAINT = 64 * 1024

export interface TalkRun extends Omit<RunOutputOptions, 'stream'> {
  readonly said: Said
  /** Somebody goes on with this run behind what is there: what belongs to its end is left for then. */
  readonly open: boolean
}

export async function* talkLog(
  mission: Mission,
  talk: Talk,
  { said, open, ...options }: TalkRun,
): AsyncGenerator<LogPiece> {
  const { run, from } = options
  const stdout = { ...options, stream: 'stdout' } as const

  async function sayings(heard: number): Promise<readonly LogNotice[]> {
    const taken = await said.take(run, heard)
    return taken.map(({ at, text }) => ({ kind: 'notice', run, at, text: `[human] ${text}` }))
  }

  function* piecesOf(shown: Shown | null): Generator<LogPiece> {
    if (shown === null) return
    yield { kind: 'bytes', run, offset: shown.from, bytes: Buffer.from(shown.text), next: shown.to }
  }

  await said.begin(run, keptFrom(mission, { run, from, stream: 'stdout' }))
  const pieces = joinPieces()
  for await (const line of wholeLines(runOutput(mission, stdout), { longest: LONGEST_LINE, open })) {
    if (line.kind === 'notice') {
      yield line
      continue
    }
    yield* await sayings(line.from)
    yield* piecesOf(pieces.take(talk.show(line.text), line))
  }
  yield* piecesOf(pieces.rest())
  yield* await sayings(Infinity)
  if (!open) yield* complaints(mission, { ...options, from: 0, follow: false })
}

/** Everything on stderr: agents put there what keeps them from beginning at all. */
async function* complaints(
  mission: Mission,
  options: Omit<RunOutputOptions, 'stream'>,
): AsyncGenerator<LogPiece> {
  const stderr = runOutput(mission, { ...options, stream: 'stderr' })
  for await (const line of wholeLines(stderr, { longest: LONGEST_COMPLAINT })) {
    if (line.text === '') continue
    yield { kind: 'notice', run: options.run, at: null, text: `[stderr] ${line.text}` }
  }
}
