import { closeSync, writeSync } from 'node:fs'
import type { Clock } from '../model/time.ts'

/** How soon it is tried again what could not be written. Milliseconds. */
const RETRY_MS = 1000

/** What a controller says of a run. On a full disk it waits for room, whole and in order, and no controller is held up by that. */
export interface ControllerLog {
  /** Opens its file, which is else done when there is something to say. @throws the system's error */
  open(): void
  say(line: string): void
  /** What cannot be written even now is lost. */
  close(): void
}

export interface ControllerLogOptions {
  readonly clock: Clock
  /** Opens its file for append. */
  open(): number
  /** Told once for each time that the log cannot be written. */
  readonly onFault: (error: unknown) => void
  /** Default: the system's. */
  readonly write?: (file: number, bytes: Uint8Array) => number
  /** Default: the system's. */
  readonly close?: (file: number) => void
}

export function controllerLog({
  clock,
  open,
  onFault,
  write = writeSync,
  close = closeSync,
}: ControllerLogOptions): ControllerLog {
  let file: number | undefined
  let unwritten = Buffer.alloc(0)
  let cancelRetry: (() => void) | undefined
  let isStuck = false

  function flush(): void {
    cancelRetry?.()
    cancelRetry = undefined
    if (unwritten.length === 0) return
    try {
      file ??= open()
      while (unwritten.length > 0) unwritten = unwritten.subarray(write(file, unwritten))
      isStuck = false
    } catch (error) {
      if (!isStuck) onFault(error)
      isStuck = true
      cancelRetry = clock.timer(RETRY_MS, flush)
    }
  }

  return {
    open() {
      file ??= open()
    },
    say(line) {
      unwritten = Buffer.concat([unwritten, Buffer.from(`${line}\n`)])
      if (!isStuck) flush()
    },
    close() {
      flush()
      cancelRetry?.()
      if (file !== undefined) close(file)
      file = undefined
    },
  }
}
