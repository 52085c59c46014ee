import { print } from '../terminal/print.ts'
import { terminalSize } from '../terminal/terminal.ts'
import { paced } from './paced.ts'

/** A person sees a change at once, and times on the screen go on without one. */
const ON_TERMINAL = { pauseMs: 100, repeatMs: 1000 }
/** A file that collects the pages does not fill up. */
const ELSEWHERE = { pauseMs: 1000 }

const ENTER = '\x1b[?1049h\x1b[?25l'
const LEAVE = '\x1b[?25h\x1b[?1049l'

/**
 * Shows the newest of `states` until they end or the person presses Ctrl-C: in place on a terminal, one page
 * after the other elsewhere. `page` gets the width of the terminal.
 */
export async function showLive<T>(
  states: AsyncIterable<T>,
  page: (state: T, size: { readonly columns?: number }) => readonly string[],
): Promise<void> {
  const terminal = terminalSize() !== null
  using _screen = terminal ? alternateScreen() : undefined
  await Promise.race([interrupted(), draw()])

  async function draw(): Promise<void> {
    for await (const state of paced(states, terminal ? ON_TERMINAL : ELSEWHERE)) {
      const size = terminalSize()
      const lines = page(state, { ...size })
      print(size === null ? `${lines.join('\n')}\n\n` : inPlace(cut(lines, size.rows)))
    }
  }
}

/** As many lines as fit, the last one saying how many do not. */
function cut(lines: readonly string[], rows: number): readonly string[] {
  if (lines.length <= rows) return lines
  return [...lines.slice(0, rows - 1), `… ${lines.length - rows + 1} more`]
}

/** Each line clears what was behind it, the last one what was below, so that nothing flickers. */
function inPlace(lines: readonly string[]): string {
  return `\x1b[H${lines.map((line) => `${line}\x1b[K`).join('\r\n')}\x1b[J`
}

function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve())
  })
}

/** Keeps what was on the terminal before, and gives it back. */
function alternateScreen(): Disposable {
  print(ENTER)
  return { [Symbol.dispose]: () => print(LEAVE) }
}
