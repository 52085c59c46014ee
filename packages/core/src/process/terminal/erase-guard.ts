import type { Terminal } from '@xterm/headless'

const ABOVE = 1

/**
 * Keeps a program from ending its own terminal. To erase all above the last cell of a screen with nothing behind it makes the
 * library throw, outside of any call, and wait for ever. That one erasure is left out: what should be gone stays on the
 * screen until it is drawn over. To be called before others listen for the same sequence.
 */
export function guardErasure(terminal: Terminal): void {
  const isFatal = ([what]: readonly (number | number[])[]): boolean => {
    const { cursorX, cursorY, length } = terminal.buffer.active
    return what === ABOVE && cursorX + 1 >= terminal.cols && cursorY + 1 >= length
  }
  // A sequence that is taken care of goes no further.
  terminal.parser.registerCsiHandler({ final: 'J' }, isFatal)
  terminal.parser.registerCsiHandler({ prefix: '?', final: 'J' }, isFatal)
}
