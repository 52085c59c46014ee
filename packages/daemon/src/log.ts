import { closeSync } from 'node:fs'
import { dirname, basename } from 'node:path'
import { openRegular } from '@overmind/core'
import { pino, type Logger } from 'pino'
import { createStream } from 'rotating-file-stream'

export type { Logger }

export interface DaemonLog {
  readonly logger: Logger
  /** Settles when everything is on disk. */
  close(): Promise<void>
}

/** The daemon's own log: JSON lines, at most four files of 5 MB, readable by their owner alone. */
export function openLog(path: string): DaemonLog {
  // The stream notes its older parts in this file, and would make it with the mode of the umask.
  closeSync(openRegular(`${path}.txt`, 'append'))
  const stream = createStream(basename(path), { path: dirname(path), size: '5M', maxFiles: 3, mode: 0o600 })
  const logger = pino(
    { name: 'overmind', timestamp: pino.stdTimeFunctions.isoTime, base: { pid: process.pid } },
    stream,
  )
  return {
    logger,
    close: () => new Promise((resolve) => stream.end(resolve)),
  }
}
