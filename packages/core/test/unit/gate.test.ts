import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Deadline, Limit, MissionState } from '../../src/index.ts'
import { initialState } from '../../src/mission/machine.ts'
import {
  type Gate,
  JITTER_CAP_MS,
  LEAST_SPACING_MS,
  limitOf,
  type MetLimit,
  noteAtGate,
  OPEN_GATE,
  placeAt,
  SPACING_MS,
  UNKNOWN_CAP_MS,
  UNKNOWN_MS,
} from '../../src/mission/policy/gate.ts'
import { remaining } from '../../src/model/time.ts'

const BOOT = 'boot'
const at = (ms: number): { readonly now: { wall: number; monotonic: number }; readonly boot: string } => ({
  now: { wall: 1_000_000 + ms, monotonic: ms },
  boot: BOOT,
})
const due = (ms: number): Deadline => ({ ...at(ms).now, boot: BOOT })
const limit = (ms: number, strikes = 0): Limit => ({ until: due(ms), strikes })
const waiting = (ms: number): MissionState => ({
  ...initialState,
  phase: 'restarting.limited',
  timers: { gate: due(ms) },
})

describe('a place at the gate', () => {
  test('is not needed where nothing was ever limited', () => {
    expect(placeAt(OPEN_GATE, 'new', at(0))).toBeNull()
  })

  test('is the end of the limit, to the millisecond', () => {
    const gate: Gate = { ...OPEN_GATE, limit: limit(5000) }
    expect(placeAt(gate, 'new', at(0))).toEqual(due(5000))
    expect(placeAt(gate, 'new', at(4999))).toEqual(due(5000))
    expect(placeAt(gate, 'new', at(5000))).toBeNull()
    expect(placeAt(gate, 'waiting', at(4999))).toEqual(due(5000))
    expect(placeAt(gate, 'waiting', at(5000))).toBeNull()
  })

  test('comes a spacing after the last one that was given out, for who is new', () => {
    const gate: Gate = { ...OPEN_GATE, place: due(5000) }
    expect(placeAt(gate, 'new', at(0))).toEqual(due(5000 + SPACING_MS))
    expect(placeAt(gate, 'new', at(5000 + SPACING_MS - 1))).toEqual(due(5000 + SPACING_MS))
    expect(placeAt(gate, 'new', at(5000 + SPACING_MS))).toBeNull()
    expect(placeAt(gate, 'waiting', at(5000))).toBeNull()
  })

  test('holds for who waited unless another passed just before', () => {
    const gate: Gate = { ...OPEN_GATE, place: due(100), passed: due(5000) }
    expect(placeAt(gate, 'waiting', at(5001))).toEqual(due(5000 + LEAST_SPACING_MS))
    expect(placeAt(gate, 'waiting', at(5000 + LEAST_SPACING_MS - 1))).not.toBeNull()
    expect(placeAt(gate, 'waiting', at(5000 + LEAST_SPACING_MS))).toBeNull()
    expect(placeAt({ ...gate, place: due(9000) }, 'waiting', at(5001))).toEqual(due(9000 + SPACING_MS))
  })

  test('is kept through a jump of the wall clock, and after a reboot by the wall clock', () => {
    const gate: Gate = { ...OPEN_GATE, limit: limit(5000) }
    const jumped = { now: { wall: 0, monotonic: 4000 }, boot: BOOT }
    expect(placeAt(gate, 'new', jumped)).toMatchObject({ monotonic: 5000 })
    const rebooted = { now: { wall: 1_004_000, monotonic: 7 }, boot: 'next boot' }
    expect(placeAt(gate, 'new', rebooted)).toEqual({ wall: 1_005_000, monotonic: 1007, boot: 'next boot' })
  })
})

describe('what a gate knows', () => {
  test('is the limit that ends last, whatever the order in which they were met', () => {
    for (const [first, second] of [
      [9000, 5000],
      [5000, 9000],
    ] as const) {
      const once = noteAtGate(OPEN_GATE, initialState, { ...initialState, limit: limit(first) }, at(0))
      const twice = noteAtGate(once, initialState, { ...initialState, limit: limit(second) }, at(0))
      expect(twice.limit).toEqual(limit(9000))
    }
  })

  test('does not change with what has nothing to do with limits', () => {
    const running: MissionState = { ...initialState, phase: 'running.starting', run: 1 }
    expect(noteAtGate(OPEN_GATE, initialState, running, at(0))).toBe(OPEN_GATE)
    expect(noteAtGate(OPEN_GATE, null, running, at(0))).toBe(OPEN_GATE)
  })

  test('is the last place, and who was let through last', () => {
    const given = noteAtGate(OPEN_GATE, initialState, waiting(5000), at(0))
    expect(given).toEqual({ limit: null, place: due(5000), passed: null })
    const through = noteAtGate(given, waiting(5000), { ...initialState, phase: 'running.starting' }, at(5000))
    expect(through).toEqual({ limit: null, place: due(5000), passed: due(5000) })
    expect(noteAtGate(given, waiting(5000), { ...initialState, phase: 'exited' }, at(5000)).passed).toBeNull()
  })

  test('is learned from the records alone, and then nobody comes right after the crash', () => {
    const records = [waiting(100), { ...waiting(7000), limit: limit(4000) }, waiting(2100)]
    const found = records.reduce((gate, record) => noteAtGate(gate, null, record, at(9000)), OPEN_GATE)
    expect(found).toEqual({ limit: limit(4000), place: due(7000), passed: due(9000) })
  })
})

describe('a limit', () => {
  const met = (over: Partial<MetLimit> = {}): MetLimit => ({
    until: null,
    at: at(0).now.wall,
    startedAt: at(-10).now,
    ...over,
  })
  const waitOf = (one: MetLimit, gate: Gate = OPEN_GATE, random = 0): number =>
    remaining(limitOf(one, gate, { ...at(0), random }).until, at(0).now, BOOT)

  test('whose end is known is waited for, and never less', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1000, max: 30 * 24 * 3_600_000 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (ms, random) => {
          const wait = waitOf(met({ until: at(ms).now.wall }), OPEN_GATE, random)
          expect(wait).toBeGreaterThanOrEqual(ms)
          expect(wait).toBeLessThanOrEqual(ms + Math.min(ms / 4, JITTER_CAP_MS) + 1)
        },
      ),
    )
  })

  test('that ends in a moment is waited for a second, so that it makes no loop', () => {
    expect(waitOf(met({ until: at(1).now.wall }))).toBe(1000)
  })

  test.each([
    ['is not known', null],
    ['is past', at(-1).now.wall],
    ['is now', at(0).now.wall],
    ['is no number', Number.NaN],
    ['is beyond belief', Number.POSITIVE_INFINITY],
    ['is in two months', at(60 * 24 * 3_600_000).now.wall],
  ])('whose end %s is waited for a minute', (_, until) => {
    expect(waitOf(met({ until }))).toBe(UNKNOWN_MS)
  })

  test('whose end is not known takes twice as long each time that one who waited meets it again', () => {
    const after = (strikes: number): Gate => ({ ...OPEN_GATE, limit: limit(-100, strikes) })
    const waits = [0, 1, 4, 5, 6, 50].map((strikes) => waitOf(met(), after(strikes)))
    expect(waits).toEqual([2, 4, 32, 60, 60, 60].map((minutes) => minutes * 60_000))
  })

  test('counts once for all the runs that were under way when it was met', () => {
    const gate: Gate = { ...OPEN_GATE, limit: limit(60_000, 2) }
    expect(limitOf(met(), gate, { ...at(0), random: 0 }).strikes).toBe(2)
    expect(limitOf(met({ startedAt: null }), gate, { ...at(0), random: 0 }).strikes).toBe(2)
  })

  test('is the first again an hour after the last was over', () => {
    const gate = (ms: number): Gate => ({ ...OPEN_GATE, limit: limit(ms, 5) })
    expect(limitOf(met(), gate(-UNKNOWN_CAP_MS), { ...at(0), random: 0 }).strikes).toBe(0)
    expect(limitOf(met(), gate(-UNKNOWN_CAP_MS + 1), { ...at(0), random: 0 }).strikes).toBe(6)
  })

  test('that is learned of late, from a record, is over when it was said to be', () => {
    const late = met({ until: at(-5000).now.wall, at: at(-60_000).now.wall })
    expect(waitOf(late)).toBe(1000)
  })
})
