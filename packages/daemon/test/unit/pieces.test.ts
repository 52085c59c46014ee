import { describe, expect, test } from 'vitest'
import { joinPieces, type Shown } from '../../src/logs/pieces.ts'

/** What is shown of lines of ten bytes each. */
function shownOf(...said: readonly (string | readonly string[])[]): readonly Shown[] {
  const pieces = joinPieces()
  const shown = said.map((each, line) =>
    pieces.take(typeof each === 'string' ? { piece: each } : each, { from: line * 10, to: line * 10 + 10 }),
  )
  return [...shown, pieces.rest()].filter((each) => each !== null)
}

describe('what is said bit by bit', () => {
  test('is shown in whole lines, at the place of their first piece', () => {
    expect(shownOf('Hel', 'lo\nwor', 'ld', ['[done]'])).toEqual([
      { text: 'Hello\n', from: 0, to: 20 },
      { text: 'world\n[done]\n', from: 10, to: 40 },
    ])
  })

  test('is not parted by what shows nothing', () => {
    expect(shownOf('Hel', [], 'lo')).toEqual([{ text: 'Hello\n', from: 0, to: 30 }])
  })

  test('keeps empty lines', () => {
    expect(shownOf('a\n\n', 'b')).toEqual([
      { text: 'a\n\n', from: 0, to: 10 },
      { text: 'b\n', from: 10, to: 20 },
    ])
  })

  test('is shown when it has no end but is long', () => {
    const [first] = shownOf('x'.repeat(70_000), 'y')
    expect(first?.text).toHaveLength(70_001)
  })
})
