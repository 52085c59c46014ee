import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createBoundary } from '../../../src/process/terminal/boundary.ts'

/** Things that are not complete before their last byte. */
const whole = fc.constantFrom(
  'a',
  ' ',
  '\r',
  '\n',
  'é',
  '日',
  '😀',
  '\x1b[m',
  '\x1b[1;31m',
  '\x1b[?1049h',
  '\x1b[>4;2m',
  '\x1b(B',
  '\x1b#8',
  '\x1bM',
  '\x1b7',
  '\x1b]0;a title\x07',
  '\x1b]8;;http://example.org\x1b\\',
  '\x1bP1$r0m\x1b\\',
  '\x1b_payload\x1b\\',
  '\x1b[3\x18',
)

test('what it keeps are the bytes since the last thing that was complete, wherever the stream is cut', () => {
  fc.assert(
    fc.property(
      fc.array(whole, { minLength: 1, maxLength: 8 }),
      fc.nat(),
      fc.nat(),
      (things, where, piece) => {
        const all = Buffer.from(things.join(''))
        const at = where % (all.length + 1)
        let begin = 0
        for (const thing of things) {
          const end = begin + Buffer.byteLength(thing)
          if (end > at) break
          begin = end
        }
        const boundary = createBoundary()
        const middle = piece % (at + 1)
        boundary.push(all.subarray(0, middle))
        boundary.push(all.subarray(middle, at))
        expect(Buffer.from(boundary.rest()).toString('latin1')).toBe(
          all.subarray(begin, at).toString('latin1'),
        )
      },
    ),
  )
})

test.each([
  ['a byte that begins nothing', [0xff], []],
  ['a character cut short by another', [0xe6, 0x97, 0xc3], [0xc3]],
  ['a character cut short by text', [0xe6, 0x97, 0x61], []],
  ['a sequence cut short by another', [0x1b, 0x5b, 0x33, 0x1b, 0x5b], [0x1b, 0x5b]],
])('%s', (_, bytes, rest) => {
  const boundary = createBoundary()
  boundary.push(Uint8Array.from(bytes))
  expect([...boundary.rest()]).toEqual(rest)
})

test('a sequence that is too long is not kept', () => {
  const boundary = createBoundary()
  boundary.push(Buffer.from('\x1bPq'))
  for (let piece = 0; piece < 100; piece += 1) boundary.push(Buffer.alloc(1000, 0x61))
  expect(boundary.rest()).toHaveLength(0)
  boundary.push(Buffer.from('\x1b\\\x1b[3'))
  expect(Buffer.from(boundary.rest()).toString()).toBe('\x1b[3')
})
