import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Budget, ExitClass } from '../../src/index.ts'
import {
  afterRun,
  BACKOFF_CAP_MS,
  backoff,
  chargeRestart,
  JITTER,
  wantsRestart,
} from '../../src/mission/policy/restart.ts'

const EMPTY: Budget = { clock: 0, charged: [] }
const fraction = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })

/** Runs of these lengths, each followed by a restart while one is granted: when each was granted. */
function restartsOf(
  runs: readonly number[],
  maxRestarts: number,
  windowMs: number,
): { readonly at: number[]; readonly ended: boolean } {
  let budget = EMPTY
  const at: number[] = []
  for (const ran of runs) {
    budget = afterRun(budget, ran, windowMs)
    const answer = chargeRestart(budget, { maxRestarts, backoffMs: 0 }, () => 0)
    if (answer.kind === 'exhausted') return { at, ended: true }
    budget = answer.budget
    at.push(budget.clock)
  }
  return { at, ended: false }
}

describe('the budget', () => {
  test('never grants more restarts than allowed in any window of running time', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 30_000 }), { maxLength: 200 }),
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 1, max: 60_000 }),
        (runs, max, windowMs) => {
          const { at } = restartsOf(runs, max, windowMs)
          for (const [index, first] of at.entries()) {
            const inWindow = at.slice(index).filter((when) => when - first < windowMs)
            expect(inWindow.length).toBeLessThanOrEqual(max)
          }
        },
      ),
    )
  })

  test('grants whatever the window allows: it never ends a mission too early', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 30_000 }), { minLength: 1, maxLength: 200 }),
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 1, max: 60_000 }),
        (runs, max, windowMs) => {
          const { at, ended } = restartsOf(runs, max, windowMs)
          if (!ended) return
          const now = runs.slice(0, at.length + 1).reduce((sum, ran) => sum + ran, 0)
          expect(at.filter((when) => when > now - windowMs)).toHaveLength(max)
        },
      ),
    )
  })

  test('of 5 in 60 s stops a program that lives 6 s each time, however long it waits between', () => {
    expect(restartsOf(Array(1000).fill(6000), 5, 60_000)).toMatchObject({ at: { length: 5 }, ended: true })
  })

  test('of 10 in 60 s stops a crash loop, and lets one go on that lives 6 s each time', () => {
    expect(restartsOf(Array(1000).fill(10), 10, 60_000)).toMatchObject({ at: { length: 10 }, ended: true })
    expect(restartsOf(Array(1000).fill(6000), 10, 60_000)).toMatchObject({
      at: { length: 1000 },
      ended: false,
    })
  })

  test('is full again after a run as long as the window', () => {
    const spent: Budget = { clock: 100, charged: [0, 50, 100] }
    expect(afterRun(spent, 60_000, 60_000).charged).toEqual([])
    expect(afterRun(spent, 59_999, 60_000).charged).toEqual([100])
  })

  test('of 0 is unlimited', () => {
    expect(restartsOf(Array(5000).fill(0), 0, 60_000)).toMatchObject({ at: { length: 5000 }, ended: false })
  })

  test('does not run backwards', () => {
    expect(afterRun({ clock: 5, charged: [5] }, -10, 60_000)).toEqual({ clock: 5, charged: [5] })
  })

  test('keeps no more than the window holds', () => {
    let budget = EMPTY
    for (let round = 0; round < 1000; round += 1) {
      budget = afterRun(budget, 1000, 10_000)
      const answer = chargeRestart(budget, { maxRestarts: 0, backoffMs: 1 }, () => 0)
      if (answer.kind === 'granted') ({ budget } = answer)
    }
    expect(budget.charged.length).toBeLessThanOrEqual(11)
  })
})

describe('backoff', () => {
  test('doubles with each restart, and jitter only shortens it', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 10 ** 9 }),
        fc.integer({ min: 0, max: 10 ** 6 }),
        fraction,
        (base, restarts, value) => {
          const whole = Math.min(BACKOFF_CAP_MS, base * 2 ** Math.min(restarts, 40))
          const delay = backoff(base, restarts, () => value)
          expect(delay).toBeLessThanOrEqual(whole)
          expect(delay).toBeGreaterThanOrEqual(Math.floor(whole * (1 - JITTER)))
          expect(Number.isInteger(delay)).toBe(true)
        },
      ),
    )
  })

  test('is 1, 2, 4 … seconds up to a minute', () => {
    expect([0, 1, 2, 5, 6, 60].map((restarts) => backoff(1000, restarts, () => 0))).toEqual([
      1000, 2000, 4000, 32_000, 60_000, 60_000,
    ])
  })

  test('of 0 is none', () => {
    expect([0, 10, 10 ** 6].map((restarts) => backoff(0, restarts, () => 0.5))).toEqual([0, 0, 0])
  })

  test('begins small again once the window is empty', () => {
    const budget = afterRun({ clock: 0, charged: [0, 0, 0] }, 60_000, 60_000)
    expect(chargeRestart(budget, { maxRestarts: 5, backoffMs: 1000 }, () => 0)).toMatchObject({
      kind: 'granted',
      delayMs: 1000,
    })
  })
})

describe('whether a mission wants to run again', () => {
  const table: Readonly<Record<ExitClass, readonly [boolean, boolean, boolean]>> = {
    //                 never  on-failure always
    killed: [false, false, false],
    stopped: [false, false, false],
    deadline: [false, true, true],
    stalled: [false, true, true],
    'failed-to-start': [false, false, false],
    // Not by this policy: by whether it waits for its account.
    'rate-limited': [false, false, false],
    budget: [false, false, false],
    permanent: [false, false, false],
    'out-of-memory': [false, true, true],
    signalled: [false, true, true],
    completed: [false, false, true],
    lost: [false, true, true],
    crashed: [false, true, true],
  }
  test.each(Object.entries(table))('after %s: never, on-failure, always = %j', (exit, expected) => {
    const policies = ['never', 'on-failure', 'always'] as const
    expect(policies.map((policy) => wantsRestart(policy, exit as ExitClass))).toEqual(expected)
  })
})
