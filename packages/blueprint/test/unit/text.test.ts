import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createLines } from '../../src/text/lines.ts'
import { nearest } from '../../src/text/nearest.ts'
import { durationMs, sizeBytes } from '../../src/text/quantities.ts'

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
})

test('an offset is in the line that it is in, behind so many characters, in whatever order they are asked for', () => {
  const texts = fc
    .array(fc.constantFrom('a', '日', '🎉', '\n', '\r\n', '\uFEFF'), { maxLength: 30 })
    .map((parts) => parts.join(''))
  fc.assert(
    fc.property(texts, fc.array(fc.nat(40), { maxLength: 10 }), (source, offsets) => {
      const { text, lines, positionOf } = createLines(source)
      expect(lines.join('\n')).toBe(text.replaceAll('\r', ''))
      const characters = Array.from(text)
      for (const count of offsets) {
        const above = characters.slice(0, count).join('').split('\n')
        const column = Array.from(above.at(-1) ?? '').length + 1
        expect(positionOf(above.join('\n').length)).toEqual({ line: above.length, column })
      }
    }),
  )
})
