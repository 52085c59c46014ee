import { describe, expect, test } from 'vitest'
import { BadValue } from '../../src/command-line/flags.ts'
import { amount, bytes, duration, moment, seconds, signal, whole } from '../../src/command-line/values.ts'

describe('a duration is milliseconds', () => {
  test.each([
    ['500', 'ms', 500],
    ['30', 's', 30_000],
    ['1.5', 's', 1500],
    ['0', 's', 0],
    ['250ms', 's', 250],
    ['90s', 'ms', 90_000],
    ['5m', 's', 300_000],
    ['2h', 's', 7_200_000],
    ['1d', 'ms', 86_400_000],
    ['1h30m', 'ms', 5_400_000],
  ] as const)('%s, counted in %s', (text, unit, expected) => {
    expect(duration(unit)(text)).toBe(expected)
  })

  test.each(['', 'x', '-1', '1w', '5 m', '1e3', '0x10', 'Infinity', 'NaN', '3s5m', '366d'])(
    'not %j',
    (text) => {
      expect(() => duration('s')(text)).toThrow(BadValue)
    },
  )
})

test('seconds may have a fraction but are more than nothing', () => {
  expect(seconds('2.5')).toBe(2.5)
  expect(seconds('2m')).toBe(120)
  expect(() => seconds('0')).toThrow('must be more than 0')
})

describe('a size is bytes', () => {
  test.each([
    ['1048576', 2 ** 20],
    ['4k', 4096],
    ['512M', 2 ** 29],
    ['1.5G', 1.5 * 2 ** 30],
    ['2T', 2 ** 41],
    ['0', 0],
  ] as const)('%s', (text, expected) => expect(bytes(text)).toBe(expected))

  test.each(['', 'M', '1P', '1 M', '-1', '1e3', '512MB', '99999T'])('not %j', (text) => {
    expect(() => bytes(text)).toThrow(BadValue)
  })
})

test('an amount may have a fraction', () => {
  expect([amount('2'), amount('0.5')]).toEqual([2, 0.5])
  for (const text of ['', '.5', '-1', '1e3', 'x']) expect(() => amount(text)).toThrow(BadValue)
})

describe('a moment is ISO 8601 in UTC', () => {
  const now = (): number => Date.parse('2026-11-22T21:00:00.000Z')
  test.each([
    ['10m', '2026-11-22T20:50:00.000Z'],
    ['90s', '2026-11-22T20:58:30.000Z'],
    ['2h', '2026-11-22T19:00:00.000Z'],
    ['1h30m', '2026-11-22T19:30:00.000Z'],
    ['1d', '2026-11-21T21:00:00.000Z'],
    ['2026-11-22T20:00:00Z', '2026-11-22T20:00:00.000Z'],
    ['2026-11-22T20:00:00.5+01:00', '2026-11-22T19:00:00.500Z'],
    ['2026-11-22', '2026-11-22T00:00:00.000Z'],
    ['1795381200', '2026-11-22T21:00:00.000Z'],
    ['1795381200.25', '2026-11-22T21:00:00.250Z'],
  ])('%s', (text, expected) => {
    expect(moment(now)(text)).toBe(expected)
  })

  test.each(['', 'yesterday', '10', '-5m', '2026-13-45', '99999999999999999', '10 m', 'm'])(
    'not %j',
    (text) => {
      expect(() => moment(now)(text)).toThrow(BadValue)
    },
  )
})

test('a whole number has no sign, fraction or exponent', () => {
  expect(whole(0)('0')).toBe(0)
  expect(whole(1)('007')).toBe(7)
  for (const text of ['0', '-1', '1.5', '1e3', 'x', '', '99999999999999999999']) {
    expect(() => whole(1)(text)).toThrow('must be a whole number, at least 1')
  }
})

test('a signal is known by its name, with or without SIG', () => {
  expect(signal('SIGTERM')).toBe('SIGTERM')
  expect(signal('int')).toBe('SIGINT')
  for (const text of ['SIGFOO', '9', '', 'SIG']) expect(() => signal(text)).toThrow(BadValue)
})
