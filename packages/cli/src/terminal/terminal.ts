import { isatty } from 'node:tty'

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

export type Colour = 'red' | 'green' | 'yellow' | 'dim' | 'bold'

const CODES: Readonly<Record<Colour, number>> = { red: 31, green: 32, yellow: 33, dim: 2, bold: 1 }

export type Paint = (colour: Colour, text: string) => string

/** No colours. */
export const plain: Paint = (_, text) => text

/** Colours on a terminal, unless `NO_COLOR` is set. */
export function painter(): Paint {
  if (!isTerminal() || (process.env['NO_COLOR'] ?? '') !== '') return plain
  return (colour, text) => `\x1b[${CODES[colour]}m${text}\x1b[0m`
}
