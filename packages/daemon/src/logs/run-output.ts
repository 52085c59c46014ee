import type { Mission, OutputFile } from '@overmind/core'
import type { LogPiece } from './piece.ts'

export interface RunOutputOptions {
  readonly run: number
  /** Default: all of its output, or stdout where stderr is kept apart. */
  readonly stream?: 'stdout' | 'stderr'
  /** Offset of the first byte. */
  readonly from: number
  readonly follow: boolean
  readonly signal: AbortSignal
}

/** The bytes of one run untouched, and in place of those that are no longer kept a notice. */
export async function* runOutput(
  mission: Pick<Mission, 'outputFiles' | 'outputPieces'>,
  { run, stream, from, follow, signal }: RunOutputOptions,
): AsyncGenerator<LogPiece> {
  let offset = keptFrom(mission, { run, stream, from })
  if (offset > from) yield dropped(run, offset, offset)
  // The first line behind what was dropped is only half there.
  let skipping = offset > from
  const pieces = mission.outputPieces({
    run,
    from: offset,
    follow,
    signal,
    ...(stream === undefined ? {} : { stream }),
  })
  for await (const { at, bytes } of pieces) {
    // What is read more slowly than it is written may be given back to the disk meanwhile.
    if (at > offset) yield dropped(run, at - offset, at)
    skipping ||= at > offset
    offset = at
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

function dropped(run: number, bytes: number, next: number): LogPiece {
  const text = `--- ${bytes} bytes of older output are no longer kept ---`
  return { kind: 'notice', run, at: null, text, next }
}

type WithFiles = Pick<Mission, 'outputFiles'>

type Place = Pick<RunOutputOptions, 'run' | 'from'> & {
  readonly stream?: RunOutputOptions['stream'] | undefined
}

/** The offset of the first byte from a place on that is still kept. */
export function keptFrom(mission: WithFiles, { run, stream, from }: Place): number {
  return Math.max(from, fileOf(mission, run, stream)?.trimmedTo ?? 0)
}

export function fileOf(
  mission: WithFiles,
  run: number,
  stream?: RunOutputOptions['stream'],
): OutputFile | undefined {
  return mission
    .outputFiles(run)
    .find((file) =>
      stream === undefined ? file.stream === 'output' || file.stream === 'stdout' : file.stream === stream,
    )
}
