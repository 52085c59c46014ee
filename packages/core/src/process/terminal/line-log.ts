/**
 * A terminal's output as lines of text, as a person saw them. A line is written when it has scrolled off the top,
 * when it has stood unchanged above the cursor from one look to the next, and at the end. One that changed after it
 * was written is written again. Of the alternate screen, which programs fill the window with, the last picture is
 * written when they leave it.
 */
import type { IBuffer, Terminal } from '@xterm/headless'

export interface LineLog {
  /** Something has been written to the terminal: at most so much as scrolls `LARGEST_STEP` lines away. */
  advance(): void
  /** Writes what has stood still since the last call. */
  settle(): void
  /** Carries out a resize, after which lines are no longer where they were. */
  around(resize: () => void): void
  /** Writes what is left. */
  end(): void
}

/** So many lines are let go of at once, and so many stay. */
const KEPT = 500
const LARGEST_STEP = 5000
/** Lines above the screen that the terminal must keep for this to miss none. */
export const SCROLLBACK: number = 2 * KEPT + LARGEST_STEP

export function createLineLog(terminal: Terminal, onText: (text: string) => void): LineLog {
  /** Told together: a flood has many lines. */
  let untold = ''
  /** Lines that the terminal has let go of: a line's number never changes, its place in the buffer does. */
  let gone = 0
  /** The number of the first line that may not have been written for good. */
  let first = 0
  /** What was written of lines that are still on the screen, by their number. */
  const written = new Map<number, string>()
  let before = new Map<number, string>()
  let inLine = false
  const { buffer: buffers } = terminal
  const buffer = (): IBuffer => buffers.normal
  const top = (): number => gone + buffer().baseY
  const cursor = (): number => top() + buffer().cursorY

  function write(text: string): void {
    untold += text
  }

  function tell(): void {
    if (untold !== '') onText(untold)
    untold = ''
  }

  /** One row and, unless it goes on in the next, the end of the line. */
  function rowAt(number: number): { readonly text: string; readonly goesOn: boolean } {
    const place = number - gone
    const goesOn = buffer().getLine(place + 1)?.isWrapped === true
    // A wide character that did not fit leaves an empty cell: that is no space.
    const text = buffer().getLine(place)?.translateToString(true) ?? ''
    return { text: goesOn ? text : text.trimEnd(), goesOn }
  }

  function put(number: number): void {
    const { text, goesOn } = rowAt(number)
    const known = written.get(number)
    written.set(number, text)
    if (known === text || (known !== undefined && text === '')) return
    const cutShort = inLine && buffer().getLine(number - gone)?.isWrapped !== true
    write(`${cutShort ? '\n' : ''}${text}${goesOn ? '' : '\n'}`)
    inLine = goesOn
  }

  function putUntil(end: number): void {
    for (let number = first; number < end; number += 1) put(number)
  }

  /** What has scrolled off the top cannot change any more. */
  function scrolled(): void {
    putUntil(top())
    for (; first < top(); first += 1) written.delete(first)
  }

  /** Lets go of old lines, so that the terminal never has to. */
  function trim(): void {
    const { baseY } = buffer()
    if (baseY < 2 * KEPT) return
    terminal.options.scrollback = KEPT
    terminal.options.scrollback = SCROLLBACK
    gone += baseY - buffer().baseY
  }

  function advance(): void {
    scrolled()
    trim()
  }

  /** The last row that shows anything, or that the cursor is on. */
  function lastRow(): number {
    for (let number = gone + buffer().length - 1; number > cursor(); number -= 1) {
      if (rowAt(number).text !== '') return number
    }
    return buffer().cursorX === 0 && rowAt(cursor()).text === '' ? cursor() - 1 : cursor()
  }

  /** The alternate screen, without empty lines at its ends. */
  function picture(): void {
    if (terminal.buffer.active.type !== 'alternate') return
    const rows = Array.from(
      { length: terminal.rows },
      (_, y) => terminal.buffer.alternate.getLine(y)?.translateToString(true).trimEnd() ?? '',
    )
    const text = rows.join('\n').replaceAll(/^\n+|\n+$/g, '')
    if (text === '') return
    write(`${inLine ? '\n' : ''}${text}\n`)
    inLine = false
  }

  const { parser } = terminal
  parser.registerCsiHandler({ prefix: '?', final: 'l' }, (params) => {
    if (params.some((mode) => mode === 47 || mode === 1047 || mode === 1049)) picture()
    return false
  })
  parser.registerCsiHandler({ final: 'J' }, ([what]) => {
    if (terminal.buffer.active.type !== 'normal') return false
    // What is written there from now on is new, even if it is the same.
    if (what === 2) for (const number of written.keys()) written.set(number, '')
    if (what === 3) {
      // The lines above the screen are about to be let go of.
      scrolled()
      gone += buffer().baseY
    }
    return false
  })
  parser.registerEscHandler({ final: 'c' }, () => {
    picture()
    putUntil(lastRow() + 1)
    gone = 0
    first = 0
    written.clear()
    before.clear()
    return false
  })

  return {
    advance: () => {
      advance()
      tell()
    },
    settle: () => {
      advance()
      const now = new Map<number, string>()
      for (let number = first; number < cursor(); number += 1) now.set(number, rowAt(number).text)
      for (const [number, text] of now) {
        if (before.get(number) !== text) break
        put(number)
      }
      before = now
      tell()
    },
    around: (resize) => {
      advance()
      putUntil(cursor())
      resize()
      first = top()
      written.clear()
      before.clear()
      for (let number = first; number < cursor(); number += 1) written.set(number, rowAt(number).text)
      tell()
    },
    end: () => {
      advance()
      putUntil(lastRow() + 1)
      picture()
      if (inLine) write('\n')
      inLine = false
      tell()
    },
  }
}
