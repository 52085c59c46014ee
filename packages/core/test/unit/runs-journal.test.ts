import { appendFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { openRunsJournal } from '../../src/process/runs-journal.ts'

const folder = mkdtempSync(join(tmpdir(), 'overmind-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

test('a line that cannot be taken in is told again, before what its run has behind it, and holds up no other', () => {
  const path = join(folder, 'runs')
  const runs = openRunsJournal(path)
  const told: string[] = []
  const faults: unknown[] = []
  const short = new Error('too many open files')
  let isShort = true
  runs.follow(
    ({ kind, mission, run }) => {
      if (isShort && mission === '0123abcd') throw short
      told.push(`${kind} ${mission} ${run}`)
    },
    (error) => faults.push(error),
  )
  const written = [
    'start 0123abcd 1 4711 1',
    'start aaaaaaaa 1 4712 2',
    'exit 0123abcd 1 3 5.00',
    'exit aaaaaaaa 1 0 6.00',
  ]
  appendFileSync(path, `${written.join('\n')}\n`)
  runs.check()
  expect(told).toEqual(['start aaaaaaaa 1', 'exit aaaaaaaa 1'])
  runs.check()
  isShort = false
  appendFileSync(path, 'start 0123abcd 2 4713 7\n')
  runs.check()
  expect(told.slice(2)).toEqual(['start 0123abcd 1', 'exit 0123abcd 1', 'start 0123abcd 2'])
  runs.check()
  expect(told).toHaveLength(5)
  expect(faults).toEqual([short, short])
  runs.close()
})
