/**
 * The runs journal: one file to which every keeper appends a line when it begins and one when its command
 * has ended, whoever is alive at the time. Small appends are atomic, so the lines never mix.
 *
 *     start 1a2b3c4d 1 4711 9021103
 *     exit 1a2b3c4d 1 0 90211.53
 *
 * The launcher adds one when it could not start a keeper, and so does a keeper that could not join its control group.
 */
import { closeSync, existsSync, fstatSync, readSync, renameSync, statSync } from 'node:fs'
import { isMissionId } from '../model/ids.ts'
import { type FileNotice, noticeChanges } from './file-notice.ts'
import { openRegular } from './regular-file.ts'
import { keyOf, type RunRef } from './run-ref.ts'

export interface StartLine extends RunRef {
  readonly kind: 'start'
  readonly pid: number
  /** See `ProcessIdentity.start`; null where a keeper cannot tell. */
  readonly start: string | null
}

export interface ExitLine extends RunRef {
  readonly kind: 'exit'
  readonly code: number
  /** When the command ended, in milliseconds since boot with the time it was suspended; null where the system does not say. */
  readonly uptime: number | null
}

/** Nothing was started: by the launcher no keeper, by a keeper not what it was to keep. */
export interface RefusedLine extends RunRef {
  readonly kind: 'refused'
  /** What the shell made of it; 126 when the system would not execute it, 125 when the keeper could not join its control group. */
  readonly code: number
}

export type RunsLine = StartLine | ExitLine | RefusedLine

/** Anchored at the end only: a line begun on a full disk may stand before a whole one. */
const START = /start ([0-9a-f]{8}) (\d{1,9}) (\d{1,10}) (\d{1,20}|-)$/
const REFUSED = /refused ([0-9a-f]{8}) (\d{1,9}) (\d{1,3})$/
const EXIT = /exit ([0-9a-f]{8}) (\d{1,9}) (\d{1,3}) (\d{1,12}(?:\.\d{0,9})?|-)$/
/** What a process can end with. */
const LARGEST_CODE = 255
/** Every process may write to this file; 0 and 1 are nobody's keeper. */
const LEAST_PID = 2

export function parseRunsLine(line: string): RunsLine | null {
  const [, id, run, code, uptime] = EXIT.exec(line) ?? []
  if (id !== undefined && uptime !== undefined && isMissionId(id)) {
    if (Number(code) > LARGEST_CODE) return null
    const seconds = Number(uptime)
    return {
      kind: 'exit',
      mission: id,
      run: Number(run),
      code: Number(code),
      uptime: Number.isFinite(seconds) ? seconds * 1000 : null,
    }
  }
  const [, begun, begunRun, pid, start] = START.exec(line) ?? []
  if (begun !== undefined && start !== undefined && isMissionId(begun)) {
    if (Number(pid) < LEAST_PID) return null
    return {
      kind: 'start',
      mission: begun,
      run: Number(begunRun),
      pid: Number(pid),
      start: start === '-' ? null : start,
    }
  }
  const [, refused, refusedRun, why] = REFUSED.exec(line) ?? []
  if (refused !== undefined && isMissionId(refused)) {
    return { kind: 'refused', mission: refused, run: Number(refusedRun), code: Number(why) }
  }
  return null
}

export interface RunsJournal {
  /** Every whole line up to now, the previous file's first. */
  read(): readonly RunsLine[]
  /**
   * Calls `onLine` for every line that is written from now on. A line of which it throws is told again at the next `check`, and
   * before all that its run has behind it.
   */
  follow(onLine: (line: RunsLine) => void, onFault: (error: unknown) => void): void
  /** Tells the lines that the system gave no notice of. */
  check(): void
  /** Whether waiting for lines keeps the process alive. */
  hold(alive: boolean): void
  close(): void
}

const ROTATE_BYTES = 1024 * 1024
/** Of more than this, older lines are passed over: it would be many thousands of runs, or no lines at all. */
const MOST_BYTES = 64 * 1024 * 1024
const LONGEST_LINE = 256

export function openRunsJournal(path: string): RunsJournal {
  const previous = `${path}.1`
  rotate()
  const file = openRegular(path, 'read-append')
  const present = linesIn(file, fstatSync(file).size)
  let notice: FileNotice | undefined
  /** Lines that could not be taken in, and those behind them of the same runs. */
  let held: readonly RunsLine[] = []
  let tell: () => void = () => {}

  /**
   * Only between two supervisors' lives, and by rename: a keeper that has the old file open still writes
   * to it, and it is read until the next rotation, many thousands of runs later.
   */
  function rotate(): void {
    const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0
    if (size > ROTATE_BYTES) renameSync(path, previous)
  }

  return {
    read: () => [...linesOf(previous), ...linesOf(path)],
    follow: (onLine, onFault) => {
      const take = (line: RunsLine): boolean => {
        if (held.some((before) => keyOf(before) === keyOf(line))) return false
        try {
          onLine(line)
          return true
        } catch (error) {
          onFault(error)
          return false
        }
      }
      tell = () => {
        const lines = [...held]
        held = []
        try {
          lines.push(...present())
        } catch (error) {
          onFault(error)
        }
        for (const line of lines) if (!take(line)) held = [...held, line]
      }
      notice = noticeChanges(path, () => tell())
      notice.hold(false)
    },
    check: () => tell(),
    hold: (alive) => notice?.hold(alive),
    close: () => {
      tell = () => {}
      notice?.close()
      closeSync(file)
    },
  }
}

function linesOf(path: string): readonly RunsLine[] {
  if (!existsSync(path)) return []
  const file = openRegular(path, 'read')
  try {
    return linesIn(file, 0)()
  } finally {
    closeSync(file)
  }
}

/** Gives the whole lines behind `from`, and each time after that those that have come since; what cannot be read is read later. */
function linesIn(file: number, from: number): () => readonly RunsLine[] {
  const buffer = Buffer.allocUnsafe(64 * 1024)
  let offset = from
  let half = ''
  let lines: RunsLine[] = []

  return () => {
    offset = Math.max(offset, fstatSync(file).size - MOST_BYTES)
    for (;;) {
      const length = readSync(file, buffer, 0, buffer.length, offset)
      if (length === 0) {
        const whole = lines
        lines = []
        return whole
      }
      offset += length
      const parts = (half + buffer.toString('latin1', 0, length)).split('\n')
      half = (parts.pop() ?? '').slice(-LONGEST_LINE)
      for (const part of parts) {
        const line = parseRunsLine(part.slice(-LONGEST_LINE))
        if (line !== null) lines.push(line)
      }
    }
  }
}
