import { closeSync } from 'node:fs'
import { dirname, basename } from 'node:path'
import { openRegular } from '@overmind/core'
import { pino, type Logger } from 'pino'
import { createStream, type RotatingFileStream } from 'rotating-file-stream'

export type { Logger }

export interface DaemonLog {
  readonly logger: Logger
  /** Settles when everything is on disk. */
  close(): Promise<void>
}

/**
 * The daemon's own log: JSON lines, at most four files of 5 MB, readable by their owner alone. What cannot be written, as on a
 * full disk, is left out: it is no reason to end.
 */
export function openLog(path: string): DaemonLog {
  // The stream notes its older parts in this file, and would make it with the mode of the umask.
  closeSync(openRegular(`${path}.txt`, 'append'))
  let stream: RotatingFileStream | undefined
  let isTorn = false

  function open(): RotatingFileStream {
    const opened = createStream(basename(path), {
      path: dirname(path),
      size: '5M',
      maxFiles: 3,
      mode: 0o600,
    })
    // It writes no more after that: the next line begins anew, behind what was torn off.
    opened.on('error', () => {
      if (stream === opened) stream = undefined
      isTorn = true
    })
    if (isTorn) opened.write('\n')
    isTorn = false
    return opened
  }

  const logger = pino(
    { name: 'overmind', timestamp: pino.stdTimeFunctions.isoTime, base: { pid: process.pid } },
    { write: (line) => void (stream ??= open()).write(line) },
  )
  return {
    logger,
    close: () =>
      new Promise((resolve) => {
        if (stream === undefined) return resolve()
        stream.once('error', () => resolve())
        stream.end(resolve)
      }),
  }
}
