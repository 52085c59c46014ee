import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { dueOf, metUntil } from '../../src/ritual/decide.ts'
import { ritualOptions } from '../../src/ritual/options.ts'
import { scheduleOf } from '../../src/ritual/schedule.ts'

const MINUTE = 60_000
const at = (text: string): number => Date.parse(text)
const iso = (times: readonly number[]): readonly string[] => times.map((time) => new Date(time).toISOString())

describe('where the clocks change', () => {
  test('a time that is left out is due at the change', () => {
    const { between } = scheduleOf('30 2 * * *', 'Europe/Berlin')
    expect(iso(between(at('2026-03-28T00:00:00Z'), at('2026-03-30T12:00:00Z'), 9))).toEqual([
      '2026-03-28T01:30:00.000Z',
      '2026-03-29T01:00:00.000Z',
      '2026-03-30T00:30:00.000Z',
    ])
  })

  test('a time that comes twice is due once', () => {
    const { between } = scheduleOf('30 2 * * *', 'Europe/Berlin')
    expect(iso(between(at('2026-10-24T12:00:00Z'), at('2026-10-26T12:00:00Z'), 9))).toEqual([
      '2026-10-25T00:30:00.000Z',
      '2026-10-26T01:30:00.000Z',
    ])
  })

  const ZONES = ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'UTC']

  /** The minute of the day there. */
  function wall(time: number, zone: string): number {
    const parts = new Intl.DateTimeFormat('en-GB', {
      timeZone: zone,
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    }).formatToParts(new Date(time))
    const part = (type: string): number => Number(parts.find((one) => one.type === type)?.value)
    return part('hour') * 60 + part('minute')
  }

  test('a daily time is due once a day, at that time of day unless that day has none', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...ZONES),
        fc.integer({ min: 0, max: 23 }),
        fc.integer({ min: 0, max: 59 }),
        fc.integer({ min: at('2026-01-01T00:00:00Z') / MINUTE, max: at('2027-01-01T00:00:00Z') / MINUTE }),
        (zone, hour, minute, from) => {
          const { between } = scheduleOf(`${minute} ${hour} * * *`, zone)
          const begin = from * MINUTE
          const times = between(begin, begin + 20 * 86_400_000, 100)
          expect(times.length).toBeGreaterThanOrEqual(19)
          expect(times.length).toBeLessThanOrEqual(21)
          const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0))
          for (const gap of gaps) expect(Math.abs(gap - 86_400_000)).toBeLessThanOrEqual(2 * 3_600_000)
          // In twenty days the clocks change at most once.
          const elsewhere = times.filter((time) => wall(time, zone) !== hour * 60 + minute)
          expect(elsewhere.length).toBeLessThanOrEqual(1)
        },
      ),
      { numRuns: 200 },
    )
  })

  test('asked from one time to the next or for all at once, it says the same', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('*/7 * * * *', '15 */3 * * *', '0 2 * * 0', '30 1,2,3 * * *'),
        fc.constantFrom(...ZONES),
        fc.constantFrom(
          '2026-03-07T00:00:00Z',
          '2026-03-28T00:00:00Z',
          '2026-10-24T00:00:00Z',
          '2026-10-31T00:00:00Z',
        ),
        (pattern, zone, from) => {
          const { between, next } = scheduleOf(pattern, zone)
          const until = at(from) + 4 * 86_400_000
          const all = between(at(from), until, 10_000)
          const walked: number[] = []
          for (let time = next(at(from)); time !== null && time <= until; time = next(time)) walked.push(time)
          expect(walked).toEqual(all)
          expect(all.every((time, index) => index === 0 || time > (all[index - 1] ?? 0))).toBe(true)
          // From anywhere in between, the next one is the next one.
          for (const [index, time] of all.entries()) expect(next((all[index - 1] ?? at(from)) + 1)).toBe(time)
        },
      ),
      { numRuns: 60 },
    )
  })
})

test.each([
  ['every day', undefined],
  ['61 * * * *', undefined],
  ['', undefined],
  ['0 3 * * *', 'Europe/Nowhere'],
])('%j in %s is no schedule', (pattern, zone) => {
  expect(() => scheduleOf(pattern, zone)).toThrow(
    expect.objectContaining({ code: 'invalid_spec', field: 'schedule' }),
  )
})

test('of many times only the last are looked at', () => {
  const { between } = scheduleOf('* * * * *', 'UTC')
  expect(iso(between(at('2026-01-01T00:00:00Z'), at('2026-01-02T00:00:00Z'), 2))).toEqual([
    '2026-01-01T23:59:00.000Z',
    '2026-01-02T00:00:00.000Z',
  ])
})

test('counted from the end, they are those that one comes by from the beginning', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(
        '*/7 * * * *',
        '15 */3 * * *',
        '0 2 * * 0',
        '30 1,2,3 * * *',
        '*/20 * * * * *',
        '0 12 L * *',
      ),
      fc.constantFrom('Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'UTC'),
      fc.constantFrom('2026-03-08', '2026-03-29', '2026-04-05', '2026-10-04', '2026-10-25', '2026-11-01'),
      fc.integer({ min: -12 * 3_600_000, max: 24 * 3_600_000 }),
      fc.integer({ min: 0, max: 6 * 3_600_000 }),
      fc.integer({ min: 1, max: 30 }),
      (pattern, zone, day, offset, length, most) => {
        const { between, next } = scheduleOf(pattern, zone)
        const from = at(day) + offset
        const walked: number[] = []
        for (let time = next(from); time !== null && time <= from + length; time = next(time))
          walked.push(time)
        expect(between(from, from + length, most)).toEqual(walked.slice(-most))
      },
    ),
    { numRuns: 100 },
  )
})

test('the last of millions are there at once', () => {
  const { between } = scheduleOf('* * * * * *', 'UTC')
  // One after the other from the beginning, that takes an hour.
  expect(iso(between(at('2006-01-01'), at('2026-01-01'), 2))).toEqual([
    '2025-12-31T23:59:59.000Z',
    '2026-01-01T00:00:00.000Z',
  ])
})

describe('what is due', () => {
  const now = 1_000_000_000
  const late = now - MINUTE - 1

  test.each([
    ['met in time', [now], 'skip', ['start']],
    ['a minute late', [now - MINUTE], 'skip', ['start']],
    ['missed', [late], 'skip', ['skip']],
    ['missed, and made up for', [late], 'once', ['start']],
    [
      'missed several times, and made up for once',
      [late - 2, late - 1, late],
      'once',
      ['skip', 'skip', 'start'],
    ],
    ['missed, and due now', [late, now], 'once', ['skip', 'start']],
    ['nothing', [], 'once', []],
  ] as const)('%s', (_, times, missed, kinds) => {
    expect(dueOf(times, now, missed).map(({ kind }) => kind)).toEqual(kinds)
  })
})

describe('options of a ritual', () => {
  test('have defaults', () => {
    expect(ritualOptions({ schedule: '@daily', mission: { command: 'true' } })).toEqual({
      schedule: '@daily',
      overlap: 'skip',
      missed: 'once',
      jitterMs: 0,
      keep: 10,
      mission: { command: 'true' },
    })
  })

  test.each([
    [{}, /^schedule: must be text$/],
    [{ schedule: '' }, /^schedule: must not be empty$/],
    [{ schedule: '@daily', mission: 'true' }, /^mission: must be the description of a mission$/],
    [
      { schedule: '@daily', mission: {}, overlap: 'both' },
      /^overlap: must be one of skip, wait, replace, allow$/,
    ],
    [{ schedule: '@daily', mission: {}, missed: 'all' }, /^missed: must be one of skip, once$/],
    [{ schedule: '@daily', mission: {}, keep: 0 }, /^keep: must be at least 1$/],
    [{ schedule: '@daily', mission: {}, jitterMs: -1 }, /^jitterMs: must be at least 0$/],
    [{ schedule: '@daily', mission: {}, zone: 'UTC' }, /^zone: no such option of a ritual$/],
  ])('%j are refused', (given, message) => {
    expect(() => ritualOptions(given)).toThrow(
      expect.objectContaining({ code: 'invalid_spec', message: expect.stringMatching(message) }),
    )
  })
})

describe('a clock that is set back', () => {
  const at = (time: string): number => Date.parse(`2026-11-23T${time}Z`)

  test.each([
    ['0 3 * * *', '03:10:00', '02:10:00', false],
    ['0 * * * *', '03:10:00', '02:10:00', false],
    ['* * * * *', '03:10:00', '02:10:00', true],
    ['*/30 * * * *', '03:10:00', '02:10:00', true],
    ['0 3 * * *', '03:10:00', '03:09:59', false],
    ['* * * * *', '03:10:00', '03:10:00', false],
    ['* * * * *', '03:10:00', '03:11:00', false],
  ])('%s, met until %s, at %s: counts from now on: %s', (pattern, handled, now, counts) => {
    const until = metUntil(at(handled), at(now), scheduleOf(pattern, 'UTC'))
    expect(until).toBe(counts ? at(now) : at(handled))
  })

  test('a month ahead by mistake does not silence a daily one', () => {
    const now = at('03:10:00')
    expect(metUntil(now + 30 * 86_400_000, now, scheduleOf('0 3 * * *', 'UTC'))).toBe(now)
  })
})
