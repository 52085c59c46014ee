import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Coverage, program, run, WANTED } from '../model/supervisor-model.ts'

test('a hundred thousand random programs of a supervisor go as the rules of OTP say', async () => {
  const seen: Coverage = new Map()
  await fc.assert(
    fc.asyncProperty(program, (one) => run(one, seen)),
    { numRuns: 100_000 },
  )
  expect(WANTED.filter((what) => !seen.has(what))).toEqual([])
})
