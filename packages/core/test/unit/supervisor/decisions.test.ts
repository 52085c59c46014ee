import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { charge, type Charge } from '../../../src/supervisor/intensity.ts'
import { affected, wantsRestart, wantsShutdown } from '../../../src/supervisor/strategy.ts'

describe('charge', () => {
  test('agrees with keeping every restart and counting those in the window', () => {
    const gaps = fc.array(fc.oneof(fc.constantFrom(0, 1, 999, 1000, 1001), fc.integer({ min: 0, max: 4000 })))
    fc.assert(
      fc.property(
        gaps,
        fc.integer({ min: 0, max: 5 }),
        fc.constantFrom(1, 2, 5),
        (steps, maxRestarts, maxSeconds) => {
          let charges: readonly Charge[] = []
          let now = 1000
          const all: number[] = []
          for (const step of steps) {
            now += step
            all.push(now)
            const inWindow = all.filter((at) => at >= now - maxSeconds * 1000).length
            const answer = charge(charges, now, { maxRestarts, maxSeconds })
            charges = answer.charges
            expect(answer.exceeded).toBe(inWindow > maxRestarts)
          }
        },
      ),
    )
  })

  test('keeps one entry for each millisecond, and none that has left the window', () => {
    let charges: readonly Charge[] = []
    for (let each = 0; each < 10_000; each += 1) {
      charges = charge(charges, each / 100, { maxRestarts: 1, maxSeconds: 0.05 }).charges
    }
    expect(charges.length).toBeLessThanOrEqual(51)
    expect(charge(charges, 1e6, { maxRestarts: 1, maxSeconds: 5 }).charges).toEqual([{ at: 1e6, count: 1 }])
  })
})

test('affected: alone, all, or it and the later ones', () => {
  expect(affected('one_for_one', ['a', 'b', 'c'], 'b')).toEqual(['b'])
  expect(affected('one_for_all', ['a', 'b', 'c'], 'b')).toEqual(['a', 'b', 'c'])
  expect(affected('rest_for_one', ['a', 'b', 'c'], 'b')).toEqual(['b', 'c'])
})

test('wantsRestart: what is killed did not end cleanly', () => {
  expect(wantsRestart('transient', { kind: 'killed' })).toBe(true)
  expect(wantsRestart('transient', { kind: 'shutdown', reason: 'done' })).toBe(false)
  expect(wantsRestart('temporary', { kind: 'killed' })).toBe(false)
})

test('wantsShutdown: nobody ends anything unless the mode and the child both say so', () => {
  const other = { significant: true, alive: true }
  const table = [
    ['never', true, [], false],
    ['any_significant', false, [], false],
    ['any_significant', true, [other], true],
    ['all_significant', true, [other], false],
    ['all_significant', true, [{ ...other, alive: false }], true],
    ['all_significant', true, [{ significant: false, alive: true }], true],
    ['all_significant', false, [], false],
  ] as const
  for (const [mode, significant, others, wanted] of table) {
    expect(wantsShutdown(mode, { significant }, others)).toBe(wanted)
  }
})
