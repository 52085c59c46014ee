import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MalformedResponse } from '../../src/http/decode.ts'
import { readLines } from '../../src/ndjson.ts'

async function* stream(chunks: readonly Buffer[]): AsyncGenerator<Buffer> {
  yield* chunks
}

const values = (chunks: readonly Buffer[]): Promise<unknown[]> => Array.fromAsync(readLines(stream(chunks)))

test('values come out as they went in, however the stream is cut, also within a character', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.jsonValue()), fc.integer({ min: 1, max: 7 }), async (given, size) => {
      const bytes = Buffer.from(given.map((value) => `${JSON.stringify(value)}\n`).join(''))
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
        bytes.subarray(index * size, (index + 1) * size),
      )
      expect(await values(chunks)).toEqual(JSON.parse(JSON.stringify(given)))
    }),
  )
})

test('a line that was not finished is dropped', async () => {
  expect(await values([Buffer.from('1\n\n2\n{"a":')])).toEqual([1, 2])
})

test('a line that is not JSON is a fault', async () => {
  await expect(values([Buffer.from('<html>\n')])).rejects.toThrow(MalformedResponse)
})
