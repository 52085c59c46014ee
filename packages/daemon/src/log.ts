import { dirname, basename } from 'node:path'
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
