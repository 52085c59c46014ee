import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createScreen, type Screen } from '../../../src/process/terminal/screen.ts'

interface Logged {
  readonly screen: Screen
  /** Settles when the screen shows it. */
  write(text: string): Promise<void>
  text(): string
}

function logged(columns = 20, rows = 5): Logged {
  let text = ''
  const screen = createScreen({
    size: { columns, rows },
    onText: (more) => (text += more),
    onAnswer: () => {},
  })
  return {
    screen,
    write: (text) => new Promise((resolve) => screen.write(Buffer.from(text), resolve)),
    text: () => text,
  }
}

/** Lines as they come when they stand still. */
function stand({ screen }: Logged): void {
  screen.settle()
  screen.settle()
}

test('lines that scroll away are written, the rest at the end', async () => {
  const log = logged()
  await log.write('1\r\n2\r\n3\r\n4\r\n5\r\n6\r\n7')
  expect(log.text()).toBe('1\n2\n')
  log.screen.end()
  expect(log.text()).toBe('1\n2\n3\n4\n5\n6\n7\n')
})

test('a line that stands still above the cursor is written once', async () => {
  const log = logged()
  await log.write('one\r\ntwo')
  log.screen.settle()
  expect(log.text()).toBe('')
  log.screen.settle()
  expect(log.text()).toBe('one\n')
  await log.write(' more\r\n')
  stand(log)
  await log.write('3\r\n4\r\n5\r\n6\r\n7\r\n')
  log.screen.end()
  expect(log.text()).toBe('one\ntwo more\n3\n4\n5\n6\n7\n')
})

test('a line that is still being drawn is not written, nor are those below it', async () => {
  const log = logged()
  await log.write('spinner |\r\nbelow\r\n')
  log.screen.settle()
  await log.write('\x1b[2A\rspinner /\r\n\r\n')
  log.screen.settle()
  expect(log.text()).toBe('')
  await log.write('\x1b[2A\rdone     \r\n\r\n')
  stand(log)
  expect(log.text()).toBe('done\nbelow\n')
})

test('a line that changed after it was written is written again', async () => {
  const log = logged()
  await log.write('waiting\r\n')
  stand(log)
  await log.write('\x1b[A\rready  \r\n')
  stand(log)
  log.screen.end()
  expect(log.text()).toBe('waiting\nready\n')
})

test('the same line on a cleared screen is a new one', async () => {
  const log = logged()
  await log.write('$ ls\r\n')
  stand(log)
  await log.write('\x1b[H\x1b[2J\x1b[3J$ ls\r\nfile\r\n')
  stand(log)
  log.screen.end()
  expect(log.text()).toBe('$ ls\n$ ls\nfile\n')
})

test('a long line is one line, however it is wrapped', async () => {
  const log = logged(10, 3)
  await log.write(`${'x'.repeat(35)}\r\nshort\r\n${'y'.repeat(25)}`)
  log.screen.end()
  expect(log.text()).toBe(`${'x'.repeat(35)}\nshort\n${'y'.repeat(25)}\n`)
})

test('lines between others are kept when they are empty, those at the end are not', async () => {
  const log = logged()
  await log.write('a\r\n\r\nb\r\n\r\n')
  log.screen.end()
  expect(log.text()).toBe('a\n\nb\n\n')
})

test('a resize neither loses lines nor writes them twice', async () => {
  const log = logged(20, 4)
  await log.write('one two three four\r\nfive\r\n')
  log.screen.resize({ columns: 8, rows: 4 })
  await log.write('six\r\n')
  log.screen.resize({ columns: 30, rows: 10 })
  await log.write('seven\r\n')
  log.screen.resize({ columns: 5, rows: 2 })
  log.screen.end()
  expect(log.text()).toBe('one two three four\nfive\nsix\nseven\n')
})

test('of the alternate screen the last picture is written', async () => {
  const log = logged()
  await log.write('before\r\n\x1b[?1049h\x1b[H\x1b[2Jfirst')
  stand(log)
  await log.write('\x1b[H\x1b[2J\r\nsecond\r\n')
  await log.write('\x1b[?1049lafter\r\n')
  log.screen.end()
  expect(log.text()).toBe('before\nsecond\nafter\n')
})

test('nor is it lost when the program ends on it', async () => {
  const log = logged()
  await log.write('before\r\n\x1b[?1049h\x1b[Hpicture')
  log.screen.end()
  expect(log.text()).toBe('before\npicture\n')
})

test('a reset of the terminal loses nothing', async () => {
  const log = logged()
  await log.write('one\r\ntwo\x1bcthree\r\n')
  log.screen.end()
  expect(log.text()).toBe('one\ntwo\nthree\n')
})

test('no line of a long output is lost or doubled, wherever it is cut', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.string({ maxLength: 30, unit: fc.constantFrom('a', 'b', '日', ' x') }), { maxLength: 40 }),
      fc.integer({ min: 1, max: 50 }),
      async (lines, piece) => {
        const log = logged(12, 4)
        const bytes = Buffer.from(lines.map((line) => `${line}\r\n`).join(''))
        for (let at = 0; at < bytes.length; at += piece) {
          await new Promise<void>((resolve) => log.screen.write(bytes.subarray(at, at + piece), resolve))
          if (at % 3 === 0) stand(log)
        }
        log.screen.end()
        const trimmed = (text: string): string[] => text.split('\n').map((line) => line.trimEnd())
        expect(trimmed(log.text().trimEnd())).toEqual(
          trimmed(
            lines
              .map((line) => `${line}\n`)
              .join('')
              .trimEnd(),
          ),
        )
      },
    ),
    { numRuns: 60 },
  )
})

test('far more lines than a terminal keeps', async () => {
  const log = logged(20, 5)
  for (let line = 0; line < 20_000; line += 1000) {
    await log.write(Array.from({ length: 1000 }, (_, index) => `${line + index}\r\n`).join(''))
  }
  log.screen.end()
  expect(log.text()).toBe(Array.from({ length: 20_000 }, (_, line) => `${line}\n`).join(''))
})
