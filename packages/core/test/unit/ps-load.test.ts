import { expect, test } from 'vitest'
import { parseLoad } from '../../src/process/ps-table.ts'

test.each([
  ['    0:00.03   1234\n', 30, 1234],
  [' 12:34.56    99\n', 754_560, 99],
  ['01:02:03 2048\n', 3_723_000, 2048],
  ['1-00:00:01   1\n', 86_401_000, 1],
])('%j of ps is what a process uses', (line, cpuMs, kibibytes) => {
  expect(parseLoad(line)).toEqual({ cpuMs, memoryBytes: kibibytes * 1024 })
})

test.each(['', 'TIME RSS', '?? 12'])('%j is nothing', (line) => {
  expect(parseLoad(line)).toBeNull()
})
