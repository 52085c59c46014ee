/**
 * The recording of a run in the format asciicast v2, which `asciinema play` reads: one line of JSON for each piece of
 * output and each change of size, appended as it happens. What is typed is not recorded.
 *
 * It is bounded by beginning anew: when half of the limit is full, the file becomes the previous one, in the place of the
 * one before, and a new one begins with the screen as it is. So each plays by itself, and the newest is always there.
 */
import { closeSync, ftruncateSync, futimesSync, openSync, renameSync, writeSync } from 'node:fs'
import { StringDecoder } from 'node:string_decoder'
import type { TerminalSize } from '../../model/spec.ts'

export interface Recording {
  output(bytes: Uint8Array): void
  resized(size: TerminalSize): void
  /** Notes activity that is no output. */
  touch(): void
  close(): void
}

export interface RecordingOptions {
  readonly path: string
  readonly limitBytes: number
  readonly title: string
  readonly term: string
  readonly size: () => TerminalSize
  /** The screen as it is, to begin with. */
  readonly redraw: () => Uint8Array
}

/** How soon it is tried again what could not be written. Milliseconds. */
const TRY_AGAIN_MS = 1000
/** Brings a terminal to its first state. */
const RESET = '\x1bc'

/** Where the part before the newest is. */
export function previousRecording(path: string): string {
  return path.replace(/\.cast$/, '.1.cast')
}

export function openRecording({ path, limitBytes, title, term, size, redraw }: RecordingOptions): Recording {
  let file = -1
  let length = 0
  let startedAt = 0
  let decoder = new StringDecoder('utf8')
  /** Since when something is missing that could not be written, as on a full disk: what follows makes no sense without it. */
  let tornAt: number | undefined
  begin(new Uint8Array(0))

  function begin(screen: Uint8Array): void {
    if (file !== -1) closeSync(file)
    file = openSync(path, 'w', 0o600)
    length = 0
    startedAt = performance.now()
    decoder = new StringDecoder('utf8')
    const { columns, rows } = size()
    const timestamp = Math.floor(Date.now() / 1000)
    append({ version: 2, width: columns, height: rows, timestamp, title, env: { TERM: term } })
    if (screen.length > 0) event('o', decoder.write(screen))
  }

  function event(type: 'o' | 'r', data: string): void {
    const seconds = Number(((performance.now() - startedAt) / 1000).toFixed(6))
    if (data !== '' && tornAt === undefined) append([seconds, type, data])
  }

  function append(value: object): void {
    const line = Buffer.from(`${JSON.stringify(value)}\n`)
    try {
      let written = 0
      while (written < line.length) written += writeSync(file, line, written)
      length += line.length
    } catch {
      // The run is worth more than its recording: it goes on, and the recording when there is room again.
      tornAt = performance.now()
      ftruncateSync(file, length)
    }
  }

  /** Draws the screen again where something is missing, and begins anew where the file is full. */
  function tend(): void {
    if (tornAt !== undefined && performance.now() - tornAt > TRY_AGAIN_MS) {
      tornAt = undefined
      event('o', `${RESET}${Buffer.from(redraw()).toString()}`)
    }
    if (length > limitBytes / 2) {
      renameSync(path, previousRecording(path))
      begin(redraw())
    }
  }

  return {
    output: (bytes) => {
      event('o', decoder.write(Buffer.from(bytes)))
      tend()
    },
    resized: ({ columns, rows }) => {
      event('r', `${columns}x${rows}`)
      tend()
    },
    touch: () => {
      const now = new Date()
      futimesSync(file, now, now)
    },
    close: () => {
      event('o', decoder.end())
      closeSync(file)
    },
  }
}
