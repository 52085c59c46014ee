import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Coverage, program, run, WANTED } from '../../model/supervisor-model.ts'

test('two thousand random programs of a supervisor go as the rules of OTP say, and come by every case', async () => {
  const seen: Coverage = new Map()
  await fc.assert(
    fc.asyncProperty(program, (one) => run(one, seen)),
    { numRuns: 2000 },
  )
  expect(WANTED.filter((what) => !seen.has(what))).toEqual([])
}, 60_000)
