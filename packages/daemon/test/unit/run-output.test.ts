import type { Mission, OutputPiece } from '@overmind/core'
import { expect, test } from 'vitest'
import { type RunOutputOptions, runOutput } from '../../src/logs/run-output.ts'
import { wholeLines } from '../../src/logs/whole-lines.ts'

const OPTIONS: RunOutputOptions = { run: 1, from: 0, follow: true, signal: new AbortController().signal }

/** A run of which only these parts could be read before they were given back to the disk. */
function runWith(
  pieces: readonly (readonly [number, string])[],
): Pick<Mission, 'outputFiles' | 'outputPieces'> {
  async function* outputPieces(): AsyncGenerator<OutputPiece, undefined> {
    for (const [at, text] of pieces) yield { at, bytes: Buffer.from(text) }
  }
  return { outputFiles: () => [], outputPieces }
}

const TORN = runWith([
  [0, 'first\nsec'],
  [100, 'half of one'],
  [111, '\nnext\nla'],
  [119, 'st\n'],
])
const NOTICE = '--- 91 bytes of older output are no longer kept ---'

test('what is given back to the disk while it is read is told, and what comes behind it is where it was', async () => {
  const pieces = await Array.fromAsync(runOutput(TORN, OPTIONS))
  expect(
    pieces.map((piece) =>
      piece.kind === 'bytes' ? [piece.offset, Buffer.from(piece.bytes).toString()] : [piece.text, piece.next],
    ),
  ).toEqual([
    [0, 'first\nsec'],
    [NOTICE, 100],
    [112, 'next\nla'],
    [119, 'st\n'],
  ])
})

test('no line is made of what stood before it and what came behind', async () => {
  const lines = await Array.fromAsync(wholeLines(runOutput(TORN, OPTIONS), { longest: 1000 }))
  expect(lines.map((line) => (line.kind === 'line' ? [line.text, line.from, line.to] : line.text))).toEqual([
    ['first', 0, 6],
    NOTICE,
    ['next', 112, 117],
    ['last', 117, 122],
  ])
})
