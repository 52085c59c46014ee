import { openRegularFile } from '@overmind/core'

const BLOCK = 64 * 1024
const NEWLINE = 10

export interface Tail {
  /** Where the wanted lines begin. */
  readonly offset: number
  /** How many lines that is; fewer than wanted when the file has no more. */
  readonly lines: number
}

/** Finds the last `lines` lines of a file by reading it backwards; a last line without an end counts. */
export async function findTail(path: string, floor: number, lines: number): Promise<Tail> {
  await using file = await openRegularFile(path, 'read')
  const { size } = await file.stat()
  const buffer = Buffer.allocUnsafe(BLOCK)
  let found = 0
  for (let end = size; end > floor;) {
    const start = Math.max(floor, end - BLOCK)
    const { bytesRead } = await file.read(buffer, 0, end - start, start)
    for (let index = bytesRead - 1; index >= 0; index -= 1) {
      const position = start + index
      if (buffer[index] !== NEWLINE || position === size - 1) continue
      found += 1
      if (found === lines) return { offset: position + 1, lines }
    }
    end = start
  }
  return { offset: lines === 0 ? size : floor, lines: Math.min(lines, size > floor ? found + 1 : 0) }
}
