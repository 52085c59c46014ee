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
  mission: Mission,
  { run, stream, from, follow, signal }: RunOutputOptions,
): AsyncGenerator<LogPiece> {
  let offset = keptFrom(mission, { run, stream, from })
  if (offset > from) {
    const text = `--- ${offset} bytes of older output are no longer kept ---`
    yield { kind: 'notice', run, at: null, text, next: offset }
  }
  // The first line behind what was dropped is only half there.
  let skipping = offset > from
  const chunks = mission.output({
    run,
    from: offset,
    follow,
    signal,
    ...(stream === undefined ? {} : { stream }),
  })
  for await (const bytes of chunks) {
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

type Place = Pick<RunOutputOptions, 'run' | 'from'> & {
  readonly stream?: RunOutputOptions['stream'] | undefined
}

/** The offset of the first byte from a place on that is still kept. */
export function keptFrom(mission: Mission, { run, stream, from }: Place): number {
  return Math.max(from, fileOf(mission, run, stream)?.trimmedTo ?? 0)
}

export function fileOf(
  mission: Mission,
  run: number,
  stream?: RunOutputOptions['stream'],
): OutputFile | undefined {
  return mission
    .outputFiles(run)
    .find((file) =>
      stream === undefined ? file.stream === 'output' || file.stream === 'stdout' : file.stream === stream,
    )
}
