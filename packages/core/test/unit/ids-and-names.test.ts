import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isMissionId, isName, seq } from '../../src/index.ts'
import { newMissionId } from '../../src/model/ids.ts'
import { generateName } from '../../src/model/names.ts'

const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })

describe('a mission id', () => {
  test('is eight hexadecimal digits for every random number', () => {
    fc.assert(fc.property(random, (value) => isMissionId(newMissionId(() => value))))
    expect([0, 1 - Number.EPSILON / 2].map((value) => newMissionId(() => value))).toEqual([
      '00000000',
      'ffffffff',
    ])
  })

  test.each([1, -0.1, NaN])('is not made of a random number like %d', (value) => {
    expect(() => newMissionId(() => value)).toThrow(RangeError)
  })

  test.each(['0123abc', '0123abcde', '0123ABCD', '0123abcg', '', '0123abcd\n'])('is not %j', (text) => {
    expect(isMissionId(text)).toBe(false)
  })
})

test('a journal number is a whole number from 0', () => {
  expect(seq(0)).toBe(0)
  for (const bad of [-1, 0.5, NaN, Infinity, 2 ** 53]) expect(() => seq(bad)).toThrow(RangeError)
})

describe('a name', () => {
  test.each(['a', '0', 'Web-1', 'a.b_c-d', 'x'.repeat(63), 'DEADBEEF', '0123abc', 'con'])(
    'may be %s',
    (name) => {
      expect(isName(name)).toBe(true)
    },
  )

  test.each(['', '-a', '.a', '_a', 'a b', 'a/b', 'ä', 'x'.repeat(64), '0123abcd', 'deadbeef', 'a\n', 'a\0'])(
    'may not be %j',
    (name) => {
      expect(isName(name)).toBe(false)
    },
  )

  test('that is generated is a name', () => {
    fc.assert(
      fc.property(fc.infiniteStream(random), (stream) =>
        isName(
          generateName(
            () => false,
            () => stream.next().value as number,
          ),
        ),
      ),
    )
  })

  test('that is generated is not taken, however many are', () => {
    const taken = new Set<string>()
    let state = 1
    const repeatable = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647
    for (let count = 0; count < 20_000; count += 1) {
      const name = generateName((candidate) => taken.has(candidate), repeatable)
      expect(taken.has(name)).toBe(false)
      expect(isName(name)).toBe(true)
      taken.add(name)
    }
  })
})
