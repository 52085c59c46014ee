import { table } from '@overmind/daemon/text'
import { print } from './print.ts'
import { terminalSize } from './terminal.ts'

/** Rows under a heading, cut to the width of the terminal. What is not ours must be inert by now. */
export function printTable(heading: readonly string[], rows: readonly (readonly string[])[]): void {
  const size = terminalSize()
  print(`${table(heading, rows, size === null ? {} : { columns: size.columns }).join('\n')}\n`)
}
