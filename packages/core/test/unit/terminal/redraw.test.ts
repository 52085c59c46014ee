import { setTimeout as pause } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createScreen } from '../../../src/process/terminal/screen.ts'

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
  ['all at once', '\x1b[?25l\x1b[2;4r\x1b[5 q\x1bc', '\x1b['],
  ['all at once, gently', '\x1b[?25l\x1b[>4;2m\x1b[!p', '\x1b['],
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
