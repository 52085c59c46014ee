import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Coverage, life, live, WANTED } from '../model/mission-model.ts'

test('two thousand random lives of a mission keep every promise, and come by every state', () => {
  const seen: Coverage = new Map()
  fc.assert(
    fc.property(life, (one) => live(one, seen)),
    { numRuns: 2000 },
  )
  expect(WANTED.filter((what) => !seen.has(what))).toEqual([])
}, 60_000)
