import { writeSync } from 'node:fs'
import { inertJson, inertStream } from '@overmind/daemon/text'
import { isTerminal } from './terminal.ts'

/** How long to wait before a full pipe is tried again. */
const FULL_PIPE_MS = 2

/**
 * Writes to stdout, all of it before returning, so that a slow reader slows down what produces the output. When
 * the reader has gone, as in `| head`, the process ends quietly with 0.
 */
export function print(text: string | Uint8Array): void {
  write(1, text)
}

/** Writes to stderr, for what people are told while stdout is data. */
export function printError(text: string): void {
  try {
    write(2, text)
  } catch {
    // There is nobody left to tell.
  }
}

/** Text of an agent: on a terminal it is shown and not obeyed. */
export function printUntrusted(text: string): void {
  if (!isTerminal()) return print(text)
  const stream = inertStream()
  print(stream.push(Buffer.from(text)) + stream.end())
}

/** One JSON document on a line of its own. */
export function printJson(value: unknown): void {
  print(`${inertJson(JSON.stringify(value))}\n`)
}

function write(file: 1 | 2, text: string | Uint8Array): void {
  let rest = typeof text === 'string' ? Buffer.from(text) : text
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(file, rest))
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined
      // Whoever reads only what people are told decides nothing.
      if (code === 'EPIPE' && file === 1) process.exit(0)
      if (code !== 'EAGAIN') throw error
      // A pipe that another process has made non-blocking.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, FULL_PIPE_MS)
    }
  }
}
