import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createLines } from '../../src/text/lines.ts'

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
