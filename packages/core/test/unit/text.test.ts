import { describe, expect, test } from 'vitest'
import { durationMs, nearest, sizeBytes } from '../../src/text/index.ts'

test.each<[number | string, number | undefined]>([
  [90, 90_000],
  [0.5, 500],
  ['90', 90_000],
  ['500ms', 500],
  ['1.5s', 1500],
  ['10m', 600_000],
  ['1h30m', 5_400_000],
  ['2d', 172_800_000],
  ['1d2h3m4s5ms', 93_784_005],
  ['1m30', undefined],
  ['30m1h', undefined],
  ['1h1h', undefined],
  ['1H', undefined],
  ['-1s', undefined],
  ['1 s', undefined],
  ['1s\n', undefined],
  ['', undefined],
])('a time of %j', (given, ms) => {
  expect(durationMs(given)).toBe(ms)
})

test.each<[number | string, number | undefined]>([
  [512, 512],
  ['512', 512],
  ['512K', 524_288],
  ['64m', 67_108_864],
  ['1.5G', 1_610_612_736],
  ['1T', 2 ** 40],
  ['1P', undefined],
  ['K', undefined],
  ['', undefined],
])('a size of %j', (given, bytes) => {
  expect(sizeBytes(given)).toBe(bytes)
})

describe('what is meant', () => {
  const fields = ['depends_on', 'max_cost', 'max_turns', 'timeout', 'a', 'env']
  test.each([
    ['depend_on', 'depends_on'],
    ['dependsOn', 'depends_on'],
    ['depends', 'depends_on'],
    ['max_cots', 'max_cost'],
    ['timeout_ms', 'timeout'],
    ['Env', 'env'],
    ['b', undefined],
    ['colour', undefined],
    ['x'.repeat(100_000), undefined],
  ])('by %.20s', (word, meant) => {
    expect(nearest(word, fields)).toBe(meant)
  })

  const commands = ['run', 'ps', 'logs', 'status', 'start', 'stop', 'shutdown', 'describe', 'restart', 'rm']
  test.each([
    ['pss', 'ps'],
    ['rnu', 'run'],
    ['statsu', 'status'],
    ['lgos', 'logs'],
    ['desc', 'describe'],
    ['sotp', 'stop'],
    ['shutdwon', 'shutdown'],
  ])('%s is meant to be %s', (word, meant) => {
    expect(nearest(word, commands)).toBe(meant)
  })

  test.each(['', 'x', 'list', 'frobnicate', 's', 'constructor'])('%j is like none', (word) => {
    expect(nearest(word, commands)).toBeUndefined()
  })
})
