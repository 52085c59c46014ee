import { setTimeout as pause } from 'node:timers/promises'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createScreen, type Screen } from '../../../src/process/terminal/screen.ts'
import { screenModel } from '../../support/attached.ts'

/** What a terminal that joins is sent after these bytes. */
async function redrawOf(text: string): Promise<string> {
  const screen = createScreen({ size: { columns: 20, rows: 5 }, onText: () => {}, onAnswer: () => {} })
  await new Promise<void>((resolve) => screen.write(Buffer.from(text), resolve))
  return Buffer.from(screen.redraw()).toString()
}

test.each([
  ['a hidden cursor', '\x1b[?25l', '\x1b[?25l'],
  ['the mouse and how it is told', '\x1b[?1002;1006h', '\x1b[?1006h'],
  ['a scrolling region', '\x1b[2;4r', '\x1b[2;4r'],
  ['the shape of the cursor', '\x1b[5 q', '\x1b[5 q'],
  ['keys told apart as xterm does it', '\x1b[>4;2m', '\x1b[>4;2m'],
  ['keys told apart as kitty does it', '\x1b[>1u\x1b[>5u', '\x1b[>1u\x1b[>5u'],
  ['a title', '\x1b]2;hello\x07', '\x1b]2;hello\x07'],
  ['pastes in brackets', '\x1b[?2004h', '\x1b[?2004h'],
])('%s is said again', async (_, set, said) => {
  expect(await redrawOf(set)).toContain(said)
})

test.each([
  ['the cursor', '\x1b[?25l\x1b[?25h', '\x1b[?25'],
  ['the mouse', '\x1b[?1006h\x1b[?1006l', '\x1b[?1006'],
  ['the keyboard', '\x1b[>1u\x1b[<u', '\x1b[>1u'],
  ['all at once', '\x1b[?25l\x1b[2;4r\x1b[5 q\x1bc', '\x1b[?'],
  ['all at once, gently', '\x1b[?25l\x1b[>4;2m\x1b[!p', '\x1b[>'],
])('%s is not, when it was set back', async (_, set, said) => {
  expect(await redrawOf(set)).not.toContain(said)
})

test('a terminal answers what it is asked', async () => {
  let answers = ''
  const screen = createScreen({
    size: { columns: 20, rows: 5 },
    onText: () => {},
    onAnswer: (answer) => (answers += answer),
  })
  await new Promise<void>((resolve) => screen.write(Buffer.from('ab\x1b[6n\x1b[c'), resolve))
  await pause(0)
  expect(answers.replaceAll('\x1b', 'ESC')).toMatch(/^ESC\[1;3RESC\[\?[\d;]+c$/)
})

test.each(['\x1b[1J', '\x1b[?1J', '\x1b[?1049h\x1b[5;20H\x1b[1J'])(
  'a program that erases all above the last cell with %j goes on',
  async (erase) => {
    expect(await redrawOf(`\x1b[5;20H${erase}\x1b[2;3Hafter`)).toContain('after')
  },
)

const number = fc.integer({ min: 1, max: 12 })
const drawn = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.string({
      minLength: 1,
      maxLength: 12,
      unit: fc.constantFrom('a', 'b', ' ', '日', 'é', '😀'),
    }),
  },
  { weight: 3, arbitrary: fc.constantFrom('\r\n', '\n', '\r', '\b', '\t') },
  fc.tuple(number, number).map(([row, column]) => `\x1b[${row};${column}H`),
  fc
    .tuple(number, fc.constantFrom('A', 'B', 'C', 'D', 'L', 'M', 'P', '@', 'X'))
    .map(([n, to]) => `\x1b[${n}${to}`),
  fc.constantFrom('\x1b[J', '\x1b[1J', '\x1b[2J', '\x1b[K', '\x1b[1K', '\x1b[2K', '\x1bM', '\x1bD'),
  fc.constantFrom('\x1b[0m', '\x1b[1;31m', '\x1b[44m', '\x1b[7m', '\x1b[38;5;200m', '\x1b[4m', '\x1b[39;49m'),
  fc.constantFrom('\x1b[?1049h', '\x1b[?1049l', '\x1b[?25l', '\x1b[?25h'),
  fc.constantFrom('\x1b[2;5r', '\x1b[r', '\x1b]0;title\x07', '\x1b[?2004h'),
)

function shown(screen: Screen, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => screen.write(bytes, resolve))
}

test('who joins at any byte sees what all others see from there on', async () => {
  const size = { columns: 20, rows: 8 }
  await fc.assert(
    fc.asyncProperty(fc.array(drawn, { maxLength: 25 }), fc.nat(), async (things, where) => {
      const bytes = Buffer.from(things.join(''))
      const at = where % (bytes.length + 1)
      const screen = createScreen({ size, onText: () => {}, onAnswer: () => {} })
      await shown(screen, bytes.subarray(0, at))
      const late = screenModel(size.columns, size.rows)
      late.feed(screen.redraw())
      late.feed(screen.unfinished())
      late.feed(bytes.subarray(at))
      const early = screenModel(size.columns, size.rows)
      early.feed(bytes)
      await shown(screen, bytes.subarray(at))
      await pause(2)
      expect(late.text()).toBe(early.text())
    }),
    { numRuns: 300, examples: [[['\x1b[2;5r', '\x1b[?1049h', 'a', '\x1bM'], 2125463522]] },
  )
})
