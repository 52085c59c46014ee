import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { inert, inertStream } from '../../src/text/inert.ts'

describe('a text on one line', () => {
  test.each([
    ['plain ✓', 'plain ✓'],
    ['two\nlines\tand\r', 'two\\nlines\\tand\\r'],
    ['\x1b[2J\x07\x7f', '^[[2J^G^?'],
    ['\x9b31m', '\\x9b31m'],
    ['abc\u202edef', 'abc\\u202edef'],
    ['\u061ca\u200bb\u2060c\ufeff', '\\u61ca\\u200bb\\u2060c\\ufeff'],
    ['a\u{e0041}b', 'a\\ue0041b'],
    ['👩‍💻', '👩‍💻'],
  ])('%j is shown as %s', (text, shown) => {
    expect(inert(text)).toBe(shown)
  })
})

const ESC = '\x1b'
const COLOUR = new RegExp(`${ESC}\\[[0-9;:]*m`, 'g')

/** What the stream shows of these bytes, given in pieces of this size. */
function show(text: string, size = Infinity): string {
  const bytes = Buffer.from(text)
  const stream = inertStream()
  let shown = ''
  for (let from = 0; from < bytes.length; from += size)
    shown += stream.push(bytes.subarray(from, from + size))
  return shown + stream.end()
}

describe('a stream', () => {
  test.each([
    ['lines\n\tand tabs\n', 'lines\n\tand tabs\n'],
    ['windows\r\nlines\r\n', 'windows\nlines\n'],
    ['progress 10%\rprogress 20%\r', 'progress 10%^Mprogress 20%^M'],
    ['\x1b[31mred\x1b[0m', '\x1b[31mred\x1b[0m\x1b[0m'],
    ['\x1b[38;5;1;48:2::1:2:3mx', '\x1b[38;5;1;48:2::1:2:3mx\x1b[0m'],
    ['\x1b[2J\x1b[1;1H', '^[[2J^[[1;1H'],
    ['\x1b]0;title\x07', '^[]0;title^G'],
    ['\x1b[31', '^[[31'],
    ['\x1b', '^['],
    ['a\u202eb\u2066c', 'a\\u202eb\\u2066c'],
    ['\u061ca\u{e0041}b', '\\u61ca\\ue0041b'],
    ['\x9b2J', '\\x9b2J'],
  ])('%j is shown as %j', (text, shown) => {
    expect(show(text)).toBe(shown)
  })

  const hostile = fc
    .array(
      fc.constantFrom(
        '\x1b',
        '[',
        '31',
        ';',
        'm',
        '\r',
        '\n',
        '\t',
        'ü',
        '漢',
        '👍',
        'x',
        '\x9b',
        '\u202e',
        ']',
        '\x07',
      ),
    )
    .map((parts) => parts.join(''))

  test('is the same however it is cut, also within a character', () => {
    fc.assert(
      fc.property(hostile, fc.integer({ min: 1, max: 5 }), (text, size) => {
        expect(show(text, size)).toBe(show(text))
      }),
    )
  })

  test('lets nothing through but lines, tabs and colours', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const rest = show(text).replaceAll(COLOUR, '')
        expect(rest).not.toMatch(/[^\P{Cc}\n\t]|[\u202a-\u202e\u2066-\u2069]/u)
      }),
    )
  })
})
