import fc from 'fast-check'
import { expect, test } from 'vitest'
import { beginningOf, inert, inertText, lastLines } from '../../src/inert.ts'

const OBEYED = /[\p{Cc}--[\t\n]]|[\u200e\u200f\u2028-\u202e\u2066-\u2069]|[\u{e0000}-\u{e007f}]/v

test('lines and tabs stay, colours and titles go, other controls are shown', () => {
  expect(inertText('one\n\ttwo\r\nthree')).toBe('one\n\ttwo\nthree')
  expect(inertText('\x1b[1;31mred\x1b[0m \x1b[2K\x1b]0;title\x07end')).toBe('red end')
  expect(inertText('\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\')).toBe('link')
  expect(inertText('10%\r20%\x07\x00\x7f\x9b')).toBe(String.raw`10%\x0d20%\x07\x00\x7f\x9b`)
  expect(inertText('\x1b]never ends\nnext')).toBe('\\x1b]never ends\nnext')
})

test('what is hidden or turned around is shown', () => {
  expect(inertText('a\u202eb\u2028c\u{e0041}d\u200be')).toBe(
    String.raw`a\u{202e}b\u{2028}c\u{e0041}d\u{200b}e`,
  )
  expect(inertText('\ud800')).toBe('\ufffd')
  expect(inertText('naïve 日本 👩‍🚀')).toBe('naïve 日本 👩‍🚀')
})

test('no text is obeyed, wherever in a value it is', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const [clean] = [inert({ list: [text], [text]: text })].map((value) => JSON.stringify(value))
      for (const part of [inertText(text), ...Object.keys(JSON.parse(clean ?? '{}') as object)]) {
        expect(part).not.toMatch(OBEYED)
        expect(part.isWellFormed()).toBe(true)
      }
    }),
  )
})

test('cleaning twice changes nothing', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(inertText(inertText(text))).toBe(inertText(text))
    }),
  )
})

test('the last lines of an output are as many as asked for, and say whether there is more', () => {
  const output = Buffer.from('one\ntwo\nthree\n')
  expect(lastLines(output, { lines: 2, bytes: 100 })).toEqual({ text: 'two\nthree\n', truncated: true })
  expect(lastLines(output, { lines: 3, bytes: 100 })).toEqual({
    text: 'one\ntwo\nthree\n',
    truncated: false,
  })
  expect(lastLines(Buffer.from('no end'), { lines: 1, bytes: 100 })).toEqual({
    text: 'no end',
    truncated: false,
  })
  expect(lastLines(Buffer.from(''), { lines: 1, bytes: 100 })).toEqual({ text: '', truncated: false })
})

test('no output is longer than its limit, whatever its bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 1, max: 50 }), (bytes, most) => {
      const { text } = lastLines(bytes, { lines: 1000, bytes: most })
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(most)
      expect(
        Buffer.byteLength(beginningOf(Buffer.from(bytes).toString('latin1'), most).text),
      ).toBeLessThanOrEqual(most)
      expect(text).not.toMatch(OBEYED)
    }),
  )
})

test('a character is not cut in two', () => {
  expect(beginningOf('aé日', 3)).toEqual({ text: 'aé', truncated: true })
  expect(beginningOf('aé日', 5)).toEqual({ text: 'aé', truncated: true })
  expect(beginningOf('aé日', 6)).toEqual({ text: 'aé日', truncated: false })
  expect(lastLines(Buffer.from('aé日'), { lines: 1, bytes: 4 })).toEqual({ text: '日', truncated: true })
})
