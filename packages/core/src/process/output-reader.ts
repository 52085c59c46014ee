import { noticeChanges } from './file-notice.ts'
import { isAbsent, openRegularFile } from './regular-file.ts'

const CHUNK = 64 * 1024

export interface ReadOutputOptions {
  /** Offset of the first byte. Default: 0. */
  readonly from?: number
  /** Bytes before this offset are no longer kept; asked again for each piece. Default: 0. */
  readonly floor?: () => number
  /** Offset behind the last byte. Default: whatever is there. */
  readonly to?: number
  /** Wait for more until this settles, then read what is left and end as it did: with its error, if it has one. Default: end at the end of file. */
  readonly until?: Promise<unknown>
  /** Ends it quietly. */
  readonly signal?: AbortSignal
}

/** A part of an output file, and where in it that begins. */
export interface Piece {
  readonly at: number
  readonly bytes: Buffer
}

/**
 * An output file in pieces of at most 64 KB; the next piece is read when the one before was taken, so a
 * slow reader costs one buffer. A piece begins where the one before ended, unless what was in between is
 * no longer kept. A file that is not there has no bytes.
 */
export async function* readOutput(
  path: string,
  options: ReadOutputOptions = {},
): AsyncGenerator<Piece, undefined> {
  const { to = Infinity, floor = () => 0, until, signal } = options
  const over = (): boolean => signal?.aborted === true
  let offset = options.from ?? 0
  let ended = until === undefined
  let knock = Promise.withResolvers<void>()
  const news = (): void => knock.resolve()
  const settle = (): void => {
    ended = true
    news()
  }
  until?.then(settle, settle)
  // `until` may reject while it is opened.
  const file = await openRegularFile(path, 'read').catch((error: unknown) => {
    if (isAbsent(error)) return undefined
    throw error
  })
  if (file === undefined) return
  const notice = until === undefined ? undefined : noticeChanges(path, news)
  signal?.addEventListener('abort', news, { once: true })
  try {
    while (!over() && offset < to) {
      const wasEnded = ended
      offset = Math.max(offset, floor())
      knock = Promise.withResolvers<void>()
      const { bytesRead, buffer } = await file.read({
        buffer: Buffer.allocUnsafe(CHUNK),
        length: Math.min(CHUNK, to - offset),
        position: offset,
      })
      if (bytesRead > 0) {
        const begin = offset
        offset += bytesRead
        // What was given back while it was read is not what was written.
        const kept = Math.max(begin, floor())
        if (kept < offset) yield { at: kept, bytes: buffer.subarray(kept - begin, bytesRead) }
        continue
      }
      if (wasEnded) {
        await until
        return
      }
      if (!ended) await knock.promise
    }
  } finally {
    signal?.removeEventListener('abort', news)
    notice?.close()
    await file.close()
  }
}
