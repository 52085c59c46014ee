import { constants } from 'node:os'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { isSignal, signalOfCode, systemClock } from '../../src/index.ts'
import { deadlineAfter, remaining } from '../../src/model/time.ts'

const amount = fc.integer({ min: 0, max: 10 ** 12 })

describe('a deadline', () => {
  test('goes by the monotonic clock in the boot in which it was set, whatever the wall clock does', () => {
    fc.assert(
      fc.property(amount, amount, fc.integer(), (delay, later, jump) => {
        const deadline = deadlineAfter({ wall: 1000, monotonic: 50 }, 'boot', delay)
        expect(remaining(deadline, { wall: 1000 + jump, monotonic: 50 + later }, 'boot')).toBe(
          Math.max(0, delay - later),
        )
      }),
    )
  })

  test('goes by the wall clock after a reboot, and is never negative', () => {
    fc.assert(
      fc.property(amount, amount, (delay, later) => {
        const deadline = deadlineAfter({ wall: 1000, monotonic: 50 }, 'boot', delay)
        expect(remaining(deadline, { wall: 1000 + later, monotonic: 3 }, 'next boot')).toBe(
          Math.max(0, delay - later),
        )
      }),
    )
  })
})

describe('the system clock', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  test.each([1, 2, 2 ** 31 - 1, 2 ** 31, 2 ** 32 + 5, 365 * 24 * 3600 * 1000])(
    'fires a timer of %d ms once, when it is due',
    (delay) => {
      const fire = vi.fn<() => void>()
      systemClock.timer(delay, fire)
      vi.advanceTimersByTime(delay - 1)
      expect(fire).toHaveBeenCalledTimes(0)
      vi.advanceTimersByTime(1)
      expect(fire).toHaveBeenCalledTimes(1)
      vi.advanceTimersByTime(2 ** 33)
      expect(fire).toHaveBeenCalledTimes(1)
    },
  )

  test('makes no wait of no delay, and can still cancel it', () => {
    const [fire, never] = [vi.fn<() => void>(), vi.fn<() => void>()]
    systemClock.timer(0, fire)
    systemClock.timer(0, never)()
    expect(fire).toHaveBeenCalledTimes(0)
    vi.advanceTimersByTime(0)
    expect([fire.mock.calls.length, never.mock.calls.length]).toEqual([1, 0])
  })

  test('cancels a long timer at any moment', () => {
    for (const after of [0, 5, 2 ** 31 + 5]) {
      const fire = vi.fn<() => void>()
      const cancel = systemClock.timer(2 ** 32, fire)
      vi.advanceTimersByTime(after)
      cancel()
      vi.advanceTimersByTime(2 ** 33)
      expect(fire).not.toHaveBeenCalled()
      cancel()
    }
  })
})

test('the system clock has one monotonic time for all processes of the machine', () => {
  const before = Number(process.hrtime.bigint()) / 1e6
  const { wall, monotonic } = systemClock.now()
  const after = Number(process.hrtime.bigint()) / 1e6
  expect(monotonic).toBeGreaterThanOrEqual(before - 0.01)
  expect(monotonic).toBeLessThanOrEqual(after)
  expect(Math.abs(wall - Date.now())).toBeLessThan(1000)
})

describe('signals', () => {
  test.each(['SIGTERM', 'SIGKILL', 'SIGUSR1', 'SIGIOT'])('%s is one', (name) => {
    expect(isSignal(name)).toBe(true)
  })

  test.each(['TERM', 'sigterm', '', 'SIGNOPE', 'constructor', '__proto__', '9'])('%j is none', (name) => {
    expect(isSignal(name)).toBe(false)
  })

  test('are told by codes above 128, by their first name', () => {
    expect([137, 143, 130, 134].map(signalOfCode)).toEqual(['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGABRT'])
    expect([0, 1, 127, 128, 255].map(signalOfCode)).toEqual([null, null, null, null, null])
    for (const [name, number] of Object.entries(constants.signals)) {
      const told = signalOfCode(128 + number)
      expect([name, told === null ? null : constants.signals[told]]).toEqual([name, number])
    }
  })
})
