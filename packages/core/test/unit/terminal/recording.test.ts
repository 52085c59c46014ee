import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, expect, test, vi } from 'vitest'
import {
  beginningRecording,
  openRecording,
  previousRecording,
} from '../../../src/process/terminal/recording.ts'

const folder = mkdtempSync(join(tmpdir(), 'overmind-test-'))
afterAll(() => rmSync(folder, { recursive: true }))
afterEach(() => void vi.restoreAllMocks())

const LIMIT = 8000

test('a recording that cannot begin anew loses nothing before, does not grow, and begins anew when it can', () => {
  const path = join(folder, '0123abcd.1.cast')
  let now = 0
  vi.spyOn(performance, 'now').mockImplementation(() => now)
  const recording = openRecording({
    path,
    limitBytes: LIMIT,
    title: 'a program',
    term: 'xterm',
    size: () => ({ columns: 80, rows: 24 }),
    redraw: () => Buffer.from('the screen as it is'),
  })
  const write = (text: string): void => {
    now += 2000
    recording.output(Buffer.from(text))
  }
  // No file can be made there, as where there is no room for one.
  mkdirSync(beginningRecording(path))
  write('x'.repeat(LIMIT / 2))
  for (let times = 0; times < 100; times += 1) write(`still ${times}`)
  expect(existsSync(previousRecording(path))).toBe(false)
  expect(statSync(path).size).toBeLessThan(LIMIT)

  rmdirSync(beginningRecording(path))
  write('at last')
  write('and on')
  expect(readFileSync(previousRecording(path), 'utf8')).toContain('x'.repeat(LIMIT / 2))
  const newest = readFileSync(path, 'utf8')
  expect(newest).toContain('"version":2')
  expect(newest).toContain('the screen as it is')
  expect(newest).toContain('and on')
  recording.close()
})

test('a recording whose file is gone begins anew all the same', () => {
  const path = join(folder, '0123abcd.2.cast')
  const recording = openRecording({
    path,
    limitBytes: LIMIT,
    title: 'a program',
    term: 'xterm',
    size: () => ({ columns: 80, rows: 24 }),
    redraw: () => Buffer.from('the screen as it is'),
  })
  rmSync(path)
  recording.output(Buffer.from('x'.repeat(LIMIT / 2)))
  expect(readFileSync(path, 'utf8')).toContain('the screen as it is')
  recording.close()
})
