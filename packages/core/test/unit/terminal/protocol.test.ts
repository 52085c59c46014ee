import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  type ClientMessage,
  clientMessages,
  encodeMessage,
  MalformedFrame,
  serverMessages,
  type ServerMessage,
} from '../../../src/process/terminal/protocol.ts'

const side = fc.integer({ min: 1, max: 1000 })
const size = fc.record({ columns: side, rows: side })
const bytes = fc.uint8Array({ maxLength: 300 })

const fromClient: fc.Arbitrary<ClientMessage> = fc.oneof(
  fc.record({ type: fc.constant('input' as const), bytes }),
  fc.record({ type: fc.constant('resize' as const), size }),
  fc.record({ type: fc.constantFrom('refresh' as const, 'detach' as const) }),
  fc.record({
    type: fc.constant('hello' as const),
    hello: fc
      .tuple(fc.constantFrom('control' as const, 'watch' as const), fc.option(size, { nil: {} }))
      .map(([mode, given]) => ({ version: 1, mode, ...given })),
  }),
)

const fromServer: fc.Arbitrary<ServerMessage> = fc.oneof(
  fc.record({ type: fc.constantFrom('output' as const, 'redraw' as const), bytes }),
  fc.record({ type: fc.constant('size' as const), size }),
  fc.record({ type: fc.constant('exit' as const), code: fc.integer({ min: 0, max: 255 }) }),
  fc.record({ type: fc.constant('refused' as const), reason: fc.string({ unit: 'grapheme' }) }),
  fc.record({ type: fc.constant('detached' as const) }),
  fc.record({
    type: fc.constant('attached' as const),
    attached: fc.record({ control: fc.nat(9), watch: fc.nat(9) }),
  }),
)

/** The bytes in pieces, cut at these places. */
function cut(all: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...places.map((place) => place % (all.length + 1)), all.length].toSorted((a, b) => a - b)
  return ends.map((end, index) => all.subarray(ends[index - 1] ?? 0, end))
}

test('messages of a client are the same on the other side, wherever their bytes are cut', () => {
  fc.assert(
    fc.property(
      fc.array(fromClient, { maxLength: 8 }),
      fc.array(fc.nat(), { maxLength: 12 }),
      (messages, places) => {
        const decoder = clientMessages()
        const pieces = cut(Buffer.concat(messages.map(encodeMessage)), places)
        expect(pieces.flatMap((piece) => decoder.push(piece))).toEqual(messages)
      },
    ),
  )
})

test('messages of a keeper are the same on the other side, wherever their bytes are cut', () => {
  fc.assert(
    fc.property(
      fc.array(fromServer, { maxLength: 8 }),
      fc.array(fc.nat(), { maxLength: 12 }),
      (messages, places) => {
        const decoder = serverMessages()
        const pieces = cut(Buffer.concat(messages.map(encodeMessage)), places)
        expect(pieces.flatMap((piece) => decoder.push(piece))).toEqual(messages)
      },
    ),
  )
})

test('garbage is refused or waited for, and never anything else', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), (pieces) => {
      const decoder = clientMessages()
      try {
        for (const piece of pieces) decoder.push(piece)
      } catch (error) {
        expect(error).toBeInstanceOf(MalformedFrame)
      }
    }),
  )
})

test.each([
  ['a message that is too long', 'i\x7f\0\0\0'],
  ['an unknown letter', 'Q\0\0\0\0'],
  ['a size of nothing', `r\0\0\0${String.fromCharCode(22)}{"columns":0,"rows":1} `.slice(0, 27)],
  ['a size beyond all screens', `r\0\0\0${String.fromCharCode(25)}{"columns":5,"rows":1001} `],
  ['what is not JSON', 'r\0\0\0\x01{'],
])('%s is refused', (_, text) => {
  expect(() => clientMessages().push(Buffer.from(text, 'latin1'))).toThrow(MalformedFrame)
})
