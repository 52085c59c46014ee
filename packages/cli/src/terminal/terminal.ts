import { isatty } from 'node:tty'
import { coloured, type Paint, plain } from '@overmind/daemon/text'

/** Whether a person looks at stdout. */
export function isTerminal(): boolean {
  return isatty(1)
}

/** Whether a person can be asked. */
export function isInteractive(): boolean {
  return isatty(0) && isatty(1)
}

/** Columns and rows of the terminal, or null when stdout is none. */
export function terminalSize(): { readonly columns: number; readonly rows: number } | null {
  return isTerminal() ? { columns: process.stdout.columns || 80, rows: process.stdout.rows || 24 } : null
}

/** On a terminal, unless `NO_COLOR` is set. */
export function wantsColours(): boolean {
  return isTerminal() && (process.env['NO_COLOR'] ?? '') === ''
}

export function painter(): Paint {
  return wantsColours() ? coloured : plain
}
