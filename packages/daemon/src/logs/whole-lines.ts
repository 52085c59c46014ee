import type { LogNotice, LogPiece } from './piece.ts'

const NEWLINE = 10

/** A line without its end, and where in the output it stands. */
export interface Line {
  readonly kind: 'line'
  readonly text: string
  readonly from: number
  /** Behind its end. */
  readonly to: number
}

export interface WholeLinesOptions {
  /** A longer line comes in parts of so many bytes. */
  readonly longest: number
  /** A last line without an end is left out: more of it may come. */
  readonly open?: boolean
}

/** Output line by line, with the notices in it. */
export async function* wholeLines(
  pieces: AsyncIterable<LogPiece>,
  { longest, open = false }: WholeLinesOptions,
): AsyncGenerator<Line | LogNotice> {
  let rest: Buffer[] = []
  let restBytes = 0
  let from = 0

  function line(bytes: Buffer, to: number): Line {
    const whole: Line = { kind: 'line', text: bytes.toString('utf8'), from, to }
    from = to
    return whole
  }

  for await (const piece of pieces) {
    if (piece.kind === 'notice') {
      // The end of that line is no longer kept.
      if (piece.next !== undefined) {
        rest = []
        restBytes = 0
      }
      yield piece
      continue
    }
    const { offset } = piece
    const bytes = asBuffer(piece.bytes)
    if (restBytes === 0) from = offset
    let start = 0
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
      yield line(Buffer.concat([...rest, bytes.subarray(start, end)]), offset + end + 1)
      rest = []
      restBytes = 0
      start = end + 1
    }
    rest.push(bytes.subarray(start))
    restBytes += bytes.length - start
    while (restBytes > longest) {
      const all = Buffer.concat(rest)
      const length = wholeCharacters(all, longest)
      yield line(all.subarray(0, length), from + length)
      rest = [all.subarray(length)]
      restBytes -= length
    }
  }
  if (restBytes > 0 && !open) yield line(Buffer.concat(rest), from + restBytes)
}

/** The same bytes. */
export function asBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength)
}

/** At most so many bytes, and no character cut in two. */
export function wholeCharacters(bytes: Buffer, length: number): number {
  for (let end = length; end > length - 4; end -= 1) {
    // The first byte behind the cut does not continue a character.
    if (((bytes[end] ?? 0) & 0xc0) !== 0x80) return end
  }
  return length
}
