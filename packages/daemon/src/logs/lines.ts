import type { Mission } from '@overmind/core'
import { iso } from '../api/views.ts'
import type { LogLine } from '../api/types.ts'
import { composeLog } from './compose.ts'
import type { LogOptions } from './piece.ts'
import { type TimeIndex, timeIndex } from './time-index.ts'
import { wholeCharacters } from './whole-lines.ts'

/** A line longer than this comes in parts, so that no line costs more memory than this. Bytes. */
const LONGEST_LINE = 64 * 1024
const NEWLINE = 10

/** The same log line by line, each with its time. */
export async function* logLines(mission: Mission, options: LogOptions): AsyncGenerator<LogLine, undefined> {
  const times = new Map<number, TimeIndex>()
  const atOf = (run: number, offset: number): string | null => {
    let index = times.get(run)
    if (index === undefined) times.set(run, (index = timeIndex(mission, run)))
    const at = index.at(offset) ?? lateBy(mission, run, options.follow)
    return at === null ? null : iso(at)
  }
  let rest: { readonly run: number; readonly offset: number; readonly bytes: Buffer } | undefined
  const line = (run: number, offset: number, bytes: Uint8Array, partial: boolean): LogLine => ({
    mission: mission.id,
    run,
    at: atOf(run, offset),
    text: Buffer.from(bytes).toString('utf8'),
    ...(partial ? { partial } : {}),
  })

  for await (const piece of composeLog(mission, options)) {
    if (piece.kind === 'notice') {
      if (rest !== undefined) yield line(rest.run, rest.offset, rest.bytes, false)
      rest = undefined
      const { run, at, text } = piece
      yield { mission: mission.id, run, at: at === null ? null : iso(at), text, notice: true }
      continue
    }
    const { run } = piece
    let offset = rest?.offset ?? piece.offset
    let bytes = rest === undefined ? Buffer.from(piece.bytes) : Buffer.concat([rest.bytes, piece.bytes])
    rest = undefined
    for (
      let end = bytes.indexOf(NEWLINE);
      end >= 0 || bytes.length > LONGEST_LINE;
      end = bytes.indexOf(NEWLINE)
    ) {
      const partial = end < 0 || end > LONGEST_LINE
      const length = partial ? wholeCharacters(bytes, LONGEST_LINE) : end
      yield line(run, offset, bytes.subarray(0, length), partial)
      const next = partial ? length : length + 1
      offset += next
      bytes = bytes.subarray(next)
    }
    if (bytes.length > 0) rest = { run, offset, bytes: Buffer.from(bytes) }
  }
  if (rest !== undefined) yield line(rest.run, rest.offset, rest.bytes, false)
}

/** The time of output that the journal has not noted yet: now while it runs, the run's end afterwards. */
function lateBy(mission: Mission, run: number, live: boolean): number | null {
  const { state } = mission.view()
  if (live && state.run === run && state.ended === null && state.exit === null) return Date.now()
  const [exited] = mission.history({ run, types: ['run.exited'], limit: 1 })
  return exited?.at ?? null
}
