/**
 * The recording of a run in the format asciicast v2, which `asciinema play` reads: one line of JSON for each piece of
 * output and each change of size, appended as it happens. What is typed is not recorded.
 *
 * It is bounded by beginning anew: when half of the limit is full, the file becomes the previous one, in the place of the
 * one before, and a new one begins with the screen as it is. So each plays by itself, and the newest is always there.
 */
import { closeSync, existsSync, ftruncateSync, futimesSync, openSync, renameSync, writeSync } from 'node:fs'
import { StringDecoder } from 'node:string_decoder'
import { systemCode } from '../../model/errors.ts'
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

/** Where a new part is for a moment. */
export function beginningRecording(path: string): string {
  return path.replace(/\.cast$/, '.0.cast')
}

/** @throws the system's error when the file cannot be made; what cannot be written later is left out. */
export function openRecording({ path, limitBytes, title, term, size, redraw }: RecordingOptions): Recording {
  let file = openSync(path, 'w', 0o600)
  let length = 0
  let startedAt = performance.now()
  let decoder = new StringDecoder('utf8')
  /** Since when something is missing that could not be written, as on a full disk: what follows makes no sense without it. */
  let tornAt: number | undefined
  writeHeader()

  function writeHeader(): void {
    const { columns, rows } = size()
    const timestamp = Math.floor(Date.now() / 1000)
    append({ version: 2, width: columns, height: rows, timestamp, title, env: { TERM: term } })
  }

  function event(type: 'o' | 'r', data: string): void {
    const seconds = Number(((performance.now() - startedAt) / 1000).toFixed(6))
    if (data !== '' && tornAt === undefined) append([seconds, type, data])
  }

  function append(value: object): void {
    const line = Buffer.from(`${JSON.stringify(value)}\n`)
    attempt(() => {
      let written = 0
      while (written < line.length)
        written += writeSync(file, line, written, line.length - written, length + written)
      length += line.length
    })
  }

  /** The run is worth more than its recording: it goes on, and the recording when there is room again. */
  function attempt(write: () => void): void {
    try {
      write()
    } catch (error) {
      if (systemCode(error) === undefined) throw error
      tornAt = performance.now()
      ftruncateSync(file, length)
    }
  }

  function beginAnew(): void {
    // There must be room for the new one before the old one gives up its place.
    const newest = openSync(beginningRecording(path), 'w', 0o600)
    try {
      if (existsSync(path)) renameSync(path, previousRecording(path))
      renameSync(beginningRecording(path), path)
    } catch (error) {
      closeSync(newest)
      throw error
    }
    closeSync(file)
    file = newest
    length = 0
    startedAt = performance.now()
    writeHeader()
    draw('')
  }

  /** The screen as it is. A terminal is brought to its first state by `before`. */
  function draw(before: string): void {
    decoder = new StringDecoder('utf8')
    event('o', before + decoder.write(Buffer.from(redraw())))
  }

  /** Draws the screen again where something is missing, and begins anew where the file is full. */
  function tend(): void {
    const isTorn = tornAt !== undefined
    if (tornAt !== undefined && performance.now() - tornAt < TRY_AGAIN_MS) return
    tornAt = undefined
    if (length > limitBytes / 2) attempt(beginAnew)
    else if (isTorn) draw(RESET)
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
      attempt(() => futimesSync(file, now, now))
    },
    close: () => {
      event('o', decoder.end())
      closeSync(file)
    },
  }
}
