import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { watchOutput } from '../../src/process/output-watch.ts'
import { steppingClock } from '../fakes/stepping-clock.ts'

const folder = mkdtempSync(join(tmpdir(), 'overmind-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

test('what could not be taken in of an output is taken in later', () => {
  const path = join(folder, 'output')
  writeFileSync(path, 'some')
  const clock = steppingClock()
  const grown: (readonly [number, number])[] = []
  const faults: unknown[] = []
  const short = new Error('too many open files')
  let isShort = true
  const watch = watchOutput({
    path,
    clock,
    from: 0,
    trimmedTo: 0,
    limitBytes: 2 ** 20,
    onGrowth: (from, to) => {
      if (isShort) throw short
      grown.push([from, to])
    },
    onTrim: () => {},
    onFault: (error) => faults.push(error),
    onUntrimmable: () => {},
  })
  clock.advance(100)
  expect(faults).toEqual([short])
  appendFileSync(path, ' more')
  isShort = false
  clock.advance(1000)
  expect(grown).toEqual([[0, 9]])
  watch.close()
})
