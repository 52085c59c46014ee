/** The screen of a run as a person would see it, kept by a terminal without a window. */
// Node loads what these packages have for `require`, whose names it cannot tell in advance.
/* oxlint-disable import/default */
import serialize from '@xterm/addon-serialize'
import unicode from '@xterm/addon-unicode11'
import headless, { type Terminal } from '@xterm/headless'
import type { TerminalSize } from '../../model/spec.ts'
import { createBoundary } from './boundary.ts'
import { guardErasure } from './erase-guard.ts'
import { createLineLog, type LineLog, SCROLLBACK } from './line-log.ts'
import { followModes } from './modes.ts'
import { paintCursor, paintRows } from './paint.ts'

/** Of a screen without rows the serializer says what a program has set: modes, and the colours of what comes next. */
const NO_ROWS = { range: { start: 2 ** 31, end: 2 ** 31 }, excludeAltBuffer: true }

export interface Screen {
  readonly size: TerminalSize
  /** Takes what the program wrote; `seen` is called when the screen shows it, in the order of the calls. */
  write(bytes: Uint8Array, seen: () => void): void
  resize(size: TerminalSize): void
  /** What brings a cleared terminal of this size, in its first state, to the state of this one. */
  redraw(): Uint8Array
  /** The beginning of a character or sequence that is still to come whole: it goes behind a redraw. */
  unfinished(): Uint8Array
  /** Writes the lines that have settled. */
  settle(): void
  /** Writes all that is left. */
  end(): void
}

export interface ScreenOptions {
  readonly size: TerminalSize
  /** Lines as a person saw them, to be appended to the log. */
  readonly onText: (text: string) => void
  /** What a terminal answers by itself when a program asks it something. */
  readonly onAnswer: (answer: string) => void
}

export function createScreen({ size, onText, onAnswer }: ScreenOptions): Screen {
  const terminal: Terminal = new headless.Terminal({
    cols: size.columns,
    rows: size.rows,
    scrollback: SCROLLBACK,
    allowProposedApi: true,
    logLevel: 'off',
  })
  guardErasure(terminal)
  const serializer = new serialize.SerializeAddon()
  terminal.loadAddon(serializer)
  terminal.loadAddon(new unicode.Unicode11Addon())
  // The widths of characters that today's terminals have.
  terminal.unicode.activeVersion = '11'
  const modes = followModes(terminal)
  const boundary = createBoundary()
  const log: LineLog = createLineLog(terminal, onText)
  terminal.onData(onAnswer)

  function redraw(): string {
    const { normal, alternate, active } = terminal.buffer
    const below =
      active.type === 'alternate'
        ? `${paintRows(terminal, normal)}${modes.region('normal')}${paintCursor(terminal, normal)}\x1b[?1049h`
        : ''
    const shown = active.type === 'alternate' ? alternate : normal
    // Setting the scrolling region moves the cursor.
    const drawn = below + paintRows(terminal, shown) + modes.region(shown.type) + paintCursor(terminal, shown)
    return drawn + serializer.serialize(NO_ROWS) + modes.restore()
  }

  return {
    get size() {
      return { columns: terminal.cols, rows: terminal.rows }
    },
    write: (bytes, seen) => {
      terminal.write(bytes, () => {
        boundary.push(bytes)
        log.advance()
        seen()
      })
    },
    resize: ({ columns, rows }) => log.around(() => terminal.resize(columns, rows)),
    redraw: () => Buffer.from(redraw()),
    unfinished: boundary.rest,
    settle: log.settle,
    end: log.end,
  }
}
