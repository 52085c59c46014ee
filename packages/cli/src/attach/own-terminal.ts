/** The terminal of the person who is attached: taken over for a while, and given back as it was. */
import { print } from '../terminal/print.ts'
import { isTerminal, terminalSize } from '../terminal/terminal.ts'

/**
 * Undoes whatever a program may have set: the alternate screen, the reports of mouse, focus and paste, the modes of
 * keyboard, cursor and characters, the scrolling region, the colours.
 */
const FIRST_STATE = [
  ...[
    '1049',
    '1000',
    '1002',
    '1003',
    '1004',
    '1005',
    '1006',
    '1015',
    '1016',
    '2004',
    '2026',
    '2031',
    '1',
    '6',
  ].map((mode) => `\x1b[?${mode}l`),
  '\x1b[?7h\x1b[?25h\x1b[4l\x1b>\x1b[<9u\x1b[>4m\x1b[0 q\x1b(B\x0f\x1b[r\x1b[0m',
].join('')

const CLEAR = '\x1b[H\x1b[2J'

/** Nothing of this fails because its window was closed: whoever has one says so by SIGHUP. */
export interface OwnTerminal extends Disposable {
  /** Shows what comes after all that was shown before. */
  output(bytes: Uint8Array): void
  /** Shows a screen from its beginning, and says something on its last line, which only another redraw takes away. */
  redraw(bytes: Uint8Array, hint?: string): void
}

/** Everything typed comes as it is from now on, until this is disposed of; also when the process ends. */
export function takeTerminal(): OwnTerminal {
  const { stdin } = process
  const typing = stdin.isTTY
  const showing = isTerminal()
  let given = false

  function giveBack(): void {
    if (given) return
    given = true
    process.off('exit', giveBack)
    unlessClosed(() => {
      if (typing) stdin.setRawMode(false)
      if (showing) print(`${FIRST_STATE}\x1b[${terminalSize()?.rows ?? 1};1H\r\n`)
    })
    stdin.pause()
  }

  process.on('exit', giveBack)
  if (typing) stdin.setRawMode(true)
  // What stands there moves up and out of the way.
  if (showing) print('\r\n'.repeat(terminalSize()?.rows ?? 0))

  function redraw(bytes: Uint8Array, hint?: string): void {
    const size = terminalSize()
    if (size !== null) print(`${FIRST_STATE}${CLEAR}`)
    print(bytes)
    if (size === null || hint === undefined) return
    print(`\x1b7\x1b[${size.rows};1H\x1b[0;7m ${hint.slice(0, size.columns - 2)} \x1b[0m\x1b[K\x1b8`)
  }

  return {
    output: (bytes) => unlessClosed(() => print(bytes)),
    redraw: (bytes, hint) => unlessClosed(() => redraw(bytes, hint)),
    [Symbol.dispose]: giveBack,
  }
}

/** A terminal that is gone answers with EIO. */
function unlessClosed(use: () => void): void {
  try {
    use()
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EIO')) throw error
  }
}
