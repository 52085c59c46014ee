import { writeSync } from 'node:fs'
import type { Clock } from '../model/time.ts'

/** How soon it is tried again what could not be written. Milliseconds. */
const RETRY_MS = 1000

/** What a controller says of a run. On a full disk it waits for room, whole and in order, and no controller is held up by that. */
export interface ControllerLog {
  say(line: string): void
  /** What cannot be written even now is lost. */
  close(): void
}

export interface ControllerLogOptions {
  readonly clock: Clock
  /** Told once for each time that the log cannot be written. */
  readonly onFault: (error: unknown) => void
  /** Default: the system's. */
  readonly write?: (file: number, bytes: Uint8Array) => number
}

/** Writes to a file that is open for append, and is not closed by it. */
export function controllerLog(
  file: number,
  { clock, onFault, write = writeSync }: ControllerLogOptions,
): ControllerLog {
  let unwritten = Buffer.alloc(0)
  let cancelRetry: (() => void) | undefined
  let isStuck = false

  function flush(): void {
    cancelRetry?.()
    cancelRetry = undefined
    try {
      while (unwritten.length > 0) unwritten = unwritten.subarray(write(file, unwritten))
      isStuck = false
    } catch (error) {
      if (!isStuck) onFault(error)
      isStuck = true
      cancelRetry = clock.timer(RETRY_MS, flush)
    }
  }

  return {
    say(line) {
      unwritten = Buffer.concat([unwritten, Buffer.from(`${line}\n`)])
      if (!isStuck) flush()
    },
    close() {
      flush()
      cancelRetry?.()
    },
  }
}
