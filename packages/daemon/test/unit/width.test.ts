import { expect, test, vi } from 'vitest'
import stringWidth, { truncate } from '../../src/text/width.ts'

test.each([
  ['', 0],
  ['plain text', 10],
  ['größe', 5],
  ['gro\u0308ße', 5],
  ['漢字', 4],
  ['한국어', 6],
  ['ｆｕｌｌ', 8],
  ['⌚', 2],
  ['👍🏽', 2],
  ['👨‍👩‍👧', 2],
  ['🇩🇪', 2],
  ['❤️', 2],
  ['❤', 1],
  ['\x1b[31mred\x1b[0m', 3],
  ['\x1b]8;;https://example.com\x1b\\link\x1b]8;;\x07', 4],
  ['…', 1],
  ['\u200b', 0],
])('%j takes %i columns', (text, columns) => {
  expect(stringWidth(text)).toBe(columns)
})

test.each([
  ['short', 10, 'short'],
  ['exactly', 7, 'exactly'],
  ['too long', 5, 'too …'],
  ['漢字漢字', 5, '漢字…'],
  ['漢字漢字', 4, '漢…'],
  ['größer', 6, 'größer'],
  ['abc', 1, '…'],
  ['größer', 5, 'größ…'],
  [`a${'\u200b'.repeat(50)}b`, 2, `a${'\u200b'.repeat(50)}b`],
  ['a\u200bbc', 2, 'a\u200b…'],
  ['ab\u200bc', 2, 'a…'],
  ['e\u0301\u0302\u0303a', 2, 'e\u0301\u0302\u0303a'],
  ['漢', 1, '…'],
])('%j in %i columns is %j', (text, columns, shown) => {
  expect(truncate(text, columns)).toBe(shown)
})

test('of a long text no more is looked at than is shown', () => {
  const looks = vi.spyOn(RegExp.prototype, 'test')
  const shown = [truncate('ü'.repeat(60_000), 80), truncate('ü'.repeat(60_000), Infinity)]
  const { length } = looks.mock.calls
  looks.mockRestore()
  expect(shown).toEqual([`${'ü'.repeat(79)}…`, 'ü'.repeat(60_000)])
  expect(length).toBeLessThan(1000)
})
