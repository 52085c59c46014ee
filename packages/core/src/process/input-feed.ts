/**
 * What a run that talks is told. Between the supervisor and the run's stdin stands a loop in its keeper: it reads
 * requests from a pipe of its own, one a line, copies what each says to the run's stdin as a whole, and notes in a
 * file that it has. So a supervisor that dies in the middle leaves no half line behind, and the next one can tell what
 * the run has been told from what it has not:
 *
 *     <key> =<text>.      this text
 *     <key> @<file>       the contents of this file: for what is too long to be written in one piece
 *     ?<word>             nothing
 *
 * One is done with before the next: when a request is noted, so is all that was written before it, even where a full disk kept
 * it from being written down.
 */
import { closeSync, constants, openSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { basename } from 'node:path'
import { systemCode } from '../model/errors.ts'
import type { Clock } from '../model/time.ts'
import { type FileNotice, noticeChanges } from './file-notice.ts'
import type { Home } from './home.ts'
import { isAbsent, readRegular } from './regular-file.ts'
import type { RunRef } from './run-ref.ts'

/** So many bytes the system writes to a pipe as a whole or not at all. */
const ATOMIC_BYTES = process.platform === 'linux' ? 4096 : 512
/** Until a pipe that is full is tried again. Milliseconds. */
const FULL_MS = 20
/** Until a request is tried again that could not be written down, as on a full disk. Milliseconds. */
const FAILED_MS = 1000

/** Keys of more messages than anybody sends. Bytes. */
const MOST_TOLD = 256 * 1024 * 1024

const KEY = /^[\w-]{1,80}$/
/** What a keeper notes: a key, or a word. Behind a full disk there may be lines without any. */
const NOTED = /^\??[\w-]{1,80}$/

export interface InputFeed {
  /** Tells the run, at most once for each key. Keys are of letters, digits, `-` and `_`. */
  tell(key: string, text: string): void
  /** Notes what the run has been told up to now. */
  check(): void
  /** For how long nothing has come through of what is to be told, in milliseconds; 0 when nothing is on its way. */
  stuckFor(): number
  /** What is on its way may have come through without being noted: finds out. */
  ask(): void
  /** The run is over: notes what it has been told, and nothing can be told any more. */
  end(): void
  /** Leaves everything as it is for the next supervisor. */
  close(): void
}

export interface InputFeedOptions {
  readonly home: Home
  readonly clock: Clock
  /** An earlier supervisor may have told it something. */
  readonly adopted: boolean
  readonly onTold: (key: string) => void
  readonly onFault: (error: unknown) => void
}

export function openInputFeed(ref: RunRef, options: InputFeedOptions): InputFeed {
  const { home, clock, onTold, onFault } = options
  const paths = {
    requests: home.inputFile(ref.mission, ref.run, 'requests'),
    told: home.inputFile(ref.mission, ref.run, 'told'),
  }
  /** Wanted, and not written yet. */
  const wanted = new Map<string, string>()
  /** Written, and not noted as told yet. */
  const written = new Set<string>()
  const told = new Set<string>()
  const files = new Map<string, string>()
  /** What an earlier supervisor wrote is known when this word has come through. */
  let word = options.adopted ? freshWord() : null
  let pipe: number | undefined
  let notice: FileNotice | undefined
  let cancelRetry: (() => void) | undefined
  let over = false
  /** What cannot be done at present, and was told to be so. */
  const failing = new Set<'write' | 'read'>()
  /** When something came through last, or was written with nothing else on its way. */
  let movedAt = 0
  /** It is asked again when it has been stuck for so long: less and less often, for the run may just not read. Milliseconds. */
  let askAfter = 0
  /** Since when nobody is there to read what is to be told; null while somebody is. */
  let unreadSince: number | null = null

  function freshWord(): string {
    return `?${process.pid}-${Math.round(clock.now().monotonic)}`
  }

  function write(line: string): boolean {
    try {
      pipe ??= openSync(paths.requests, constants.O_WRONLY | constants.O_NONBLOCK)
      writeSync(pipe, `${line}\n`)
      unreadSince = null
      return true
    } catch (error) {
      const code = systemCode(error)
      if (code === 'EAGAIN') cancelRetry ??= clock.timer(FULL_MS, retry)
      // Its keeper is gone, which its exit will tell, unless the command goes on without.
      else if (code === 'ENXIO' || code === 'ENOENT' || code === 'EPIPE')
        unreadSince ??= clock.now().monotonic
      else onFault(error)
      return false
    }
  }

  function retry(): void {
    cancelRetry = undefined
    writeAll()
    look()
  }

  function request(key: string, text: string): string {
    const line = `${key} =${text}.`
    if (!/[\n\0]/.test(text) && Buffer.byteLength(line) < ATOMIC_BYTES) return line
    const path = home.inputFile(ref.mission, ref.run, key)
    writeFileSync(path, `${text}\n`, { mode: 0o600 })
    files.set(key, path)
    return `${key} @${basename(path)}`
  }

  function writeAll(): void {
    if (over) return
    watchTold()
    if (word !== null) {
      if (!written.has(word) && write(word)) onItsWay(word)
      return
    }
    for (const [key, text] of wanted) {
      if (!told.has(key)) {
        const line = requestOrLater(key, text)
        if (line === null || !write(line)) return
        onItsWay(key)
      }
      wanted.delete(key)
    }
  }

  function requestOrLater(key: string, text: string): string | null {
    try {
      const line = request(key, text)
      failing.delete('write')
      return line
    } catch (error) {
      later('write', error)
      return null
    }
  }

  function onItsWay(key: string): void {
    if (written.size === 0) movedAt = clock.now().monotonic
    written.add(key)
  }

  function watchTold(): void {
    notice ??= noticeChanges(paths.told, look)
  }

  /** Notes what came through; when that cannot be read now, later. */
  function look(): void {
    try {
      check()
      failing.delete('read')
    } catch (error) {
      later('read', error)
    }
  }

  function later(what: 'write' | 'read', error: unknown): void {
    if (!failing.has(what)) onFault(error)
    failing.add(what)
    cancelRetry ??= clock.timer(FAILED_MS, retry)
  }

  function check(): void {
    if (over) return
    for (const key of readTold()) {
      if (told.has(key)) continue
      const sent = [...written]
      for (const through of [...sent.slice(0, sent.indexOf(key) + 1), key]) note(through)
    }
    if (word !== null && told.has(word)) {
      word = null
      writeAll()
    }
    if (written.size > 0) return
    notice?.close()
    notice = undefined
  }

  function note(key: string): void {
    if (told.has(key)) return
    told.add(key)
    written.delete(key)
    movedAt = clock.now().monotonic
    askAfter = 0
    if (!key.startsWith('?')) onTold(key)
    const file = files.get(key)
    files.delete(key)
    if (file !== undefined) rmSync(file, { force: true })
  }

  function readTold(): readonly string[] {
    try {
      const lines = readRegular(paths.told, MOST_TOLD).split('\n').slice(0, -1)
      return lines.filter((line) => NOTED.test(line))
    } catch (error) {
      if (isAbsent(error)) return []
      throw error
    }
  }

  function stuckFor(): number {
    const since = Math.min(unreadSince ?? Infinity, written.size === 0 ? Infinity : movedAt)
    return Math.max(0, clock.now().monotonic - since)
  }

  function close(): void {
    over = true
    cancelRetry?.()
    notice?.close()
    if (pipe !== undefined) closeSync(pipe)
    pipe = undefined
  }

  return {
    tell: (key, text) => {
      if (!KEY.test(key))
        throw new TypeError(`a key is of letters, digits, - and _: got ${JSON.stringify(key)}`)
      if (told.has(key) || written.has(key)) return
      wanted.set(key, text)
      writeAll()
    },
    check,
    stuckFor,
    ask: () => {
      const waited = stuckFor()
      if (over || written.size === 0 || waited < askAfter) return
      askAfter = waited * 2
      const fresh = freshWord()
      if (write(fresh)) onItsWay(fresh)
    },
    end: () => {
      if (over) return
      try {
        check()
      } finally {
        close()
      }
    },
    close,
  }
}
