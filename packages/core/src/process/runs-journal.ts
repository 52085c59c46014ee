/**
 * The runs journal: one file to which every keeper appends a line when it begins and one when its command
 * has ended, whoever is alive at the time. Small appends are atomic, so the lines never mix.
 *
 *     start 1a2b3c4d 1 4711 9021103
 *     exit 1a2b3c4d 1 0 90211.53
 *
 * The launcher adds one when it could not start a keeper.
 */
import { closeSync, existsSync, fstatSync, openSync, readFileSync, readSync, renameSync } from 'node:fs'
import { isMissionId } from '../model/ids.ts'
import { type FileNotice, noticeChanges } from './file-notice.ts'
import type { RunRef } from './run-ref.ts'

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

/** Written by the launcher: there is no keeper. */
export interface RefusedLine extends RunRef {
  readonly kind: 'refused'
  /** What the shell made of it; 126 when the system would not execute it. */
  readonly code: number
}

export type RunsLine = StartLine | ExitLine | RefusedLine

/** Anchored at the end only: a line begun on a full disk may stand before a whole one. */
const START = /start ([0-9a-f]{8}) (\d+) (\d+) (\d+|-)$/
const REFUSED = /refused ([0-9a-f]{8}) (\d+) (\d+)$/
const EXIT = /exit ([0-9a-f]{8}) (\d+) (\d+) (\S+)$/

export function parseRunsLine(line: string): RunsLine | null {
  const [, id, run, code, uptime] = EXIT.exec(line) ?? []
  if (id !== undefined && uptime !== undefined && isMissionId(id)) {
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
  /** Calls `onLine` for every line that is written from now on. */
  follow(onLine: (line: RunsLine) => void): void
  /** Tells the lines that the system gave no notice of. */
  check(): void
  /** Whether waiting for lines keeps the process alive. */
  hold(alive: boolean): void
  close(): void
}

const ROTATE_BYTES = 1024 * 1024

export function openRunsJournal(path: string): RunsJournal {
  const previous = `${path}.1`
  rotate()
  const file = openSync(path, 'a+', 0o600)
  const buffer = Buffer.allocUnsafe(64 * 1024)
  let offset = fstatSync(file).size
  let half = ''
  let notice: FileNotice | undefined
  let tell: () => void = () => {}

  /**
   * Only between two supervisors' lives, and by rename: a keeper that has the old file open still writes
   * to it, and it is read until the next rotation, many thousands of runs later.
   */
  function rotate(): void {
    if (existsSync(path) && readFileSync(path).length > ROTATE_BYTES) renameSync(path, previous)
  }

  function news(): RunsLine[] {
    const lines: RunsLine[] = []
    for (;;) {
      const length = readSync(file, buffer, 0, buffer.length, offset)
      if (length === 0) return lines
      offset += length
      const parts = (half + buffer.toString('latin1', 0, length)).split('\n')
      half = parts.pop() ?? ''
      for (const part of parts) {
        const line = parseRunsLine(part)
        if (line !== null) lines.push(line)
      }
    }
  }

  const linesOf = (file: string): RunsLine[] =>
    existsSync(file)
      ? readFileSync(file, 'latin1')
          .split('\n')
          .map(parseRunsLine)
          .filter((line) => line !== null)
      : []

  return {
    read: () => [...linesOf(previous), ...linesOf(path)],
    follow: (onLine) => {
      tell = () => {
        for (const line of news()) onLine(line)
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
