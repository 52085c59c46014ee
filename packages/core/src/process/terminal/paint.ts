/** A screen as the sequences that draw it: each row from its own beginning, so that no character depends on another's width. */
import type { IBuffer, IBufferCell, Terminal } from '@xterm/headless'

/** Draws what a buffer shows onto a cleared screen. */
export function paintRows(terminal: Terminal, buffer: IBuffer): string {
  return Array.from({ length: terminal.rows }, (_, y) => row(buffer, y)).join('')
}

function row(buffer: IBuffer, y: number): string {
  const line = buffer.getLine(buffer.baseY + y)
  let text = ''
  /** Empty cells of the present style; those without a colour are passed over. */
  let blank = 0
  let style = PLAIN
  const endBlank = (): void => {
    if (blank > 0) text += `${style === PLAIN ? '' : `\x1b[${blank}X`}\x1b[${blank}C`
    blank = 0
  }
  for (let x = 0; x < (line?.length ?? 0); x += 1) {
    const cell = line?.getCell(x)
    // The second half of a wide character.
    if (cell === undefined || cell.getWidth() === 0) continue
    const wanted = styleOf(cell)
    const chars = cell.getChars()
    if (wanted !== style || chars !== '') endBlank()
    if (wanted !== style) text += wanted
    style = wanted
    if (chars === '') blank += 1
    else text += chars
  }
  if (style !== PLAIN) endBlank()
  if (text === '') return ''
  return `\x1b[${y + 1};1H${text}${style === PLAIN ? '' : PLAIN}`
}

/**
 * Brings the cursor where it is in a buffer. One that waits behind the last column for the next line is brought there
 * by the last character once more.
 */
export function paintCursor(terminal: Terminal, buffer: IBuffer): string {
  const { cursorX, cursorY } = buffer
  if (cursorX < terminal.cols) return at(cursorY, cursorX)
  const line = buffer.getLine(buffer.baseY + cursorY)
  const half = line?.getCell(terminal.cols - 1)?.getWidth() === 0
  const last = terminal.cols - (half ? 2 : 1)
  const cell = line?.getCell(last)
  return `${at(cursorY, last)}${cell === undefined ? '' : styleOf(cell)}${cell?.getChars() || ' '}${PLAIN}`
}

function at(y: number, x: number): string {
  return `\x1b[${y + 1};${x + 1}H`
}

const PLAIN = '\x1b[0m'

/** What sets a cell's style, whatever was set before. */
function styleOf(cell: IBufferCell): string {
  if (cell.isAttributeDefault()) return PLAIN
  const flags = [
    cell.isBold() && '1',
    cell.isDim() && '2',
    cell.isItalic() && '3',
    cell.isUnderline() && '4',
    cell.isBlink() && '5',
    cell.isInverse() && '7',
    cell.isInvisible() && '8',
    cell.isStrikethrough() && '9',
    cell.isOverline() && '53',
    colour(cell, 'Fg'),
    colour(cell, 'Bg'),
  ]
  return `\x1b[${['0', ...flags.filter((flag) => typeof flag === 'string')].join(';')}m`
}

function colour(cell: IBufferCell, of: 'Fg' | 'Bg'): string | false {
  const value = of === 'Fg' ? cell.getFgColor() : cell.getBgColor()
  const base = of === 'Fg' ? 30 : 40
  if (of === 'Fg' ? cell.isFgRGB() : cell.isBgRGB()) {
    return `${base + 8};2;${(value >> 16) & 255};${(value >> 8) & 255};${value & 255}`
  }
  if (!(of === 'Fg' ? cell.isFgPalette() : cell.isBgPalette())) return false
  if (value < 8) return String(base + value)
  return value < 16 ? String(base + 60 + value - 8) : `${base + 8};5;${value}`
}
