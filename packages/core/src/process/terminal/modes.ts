/**
 * What a program has set on its terminal and the serialized screen leaves out. It is learned as the terminal
 * learns it, and said again to a terminal that joins later.
 */
import type { Terminal } from '@xterm/headless'

export interface Modes {
  /** Sets the scrolling region of a screen, when there is one; to be sent before the cursor is brought to its place. */
  region(screen: ScreenType): string
  /** The other sequences that bring a terminal in its first state to the present one. */
  restore(): string
}

/** Private modes: whether the cursor is seen, and how the mouse is reported. All but the first are off at first. */
const PRIVATE: ReadonlyMap<number, boolean> = new Map([
  [25, true],
  [1005, false],
  [1006, false],
  [1015, false],
  [1016, false],
  [2031, false],
])

type ScreenType = Terminal['buffer']['active']['type']

/** A program that pushes keyboard modes for ever does not get memory for ever. */
const DEEPEST = 32

export function followModes(terminal: Terminal): Modes {
  const privates = new Map<number, boolean>()
  /** Each screen has its own; that of the alternate one is forgotten when it is left. */
  const regions: Record<ScreenType, string> = { normal: '', alternate: '' }
  let cursorStyle = ''
  let title = ''
  let otherKeys = ''
  /** Levels of the keyboard protocol that programs push and pop, by screen. */
  const keyboard = { normal: [] as number[], alternate: [] as number[] }
  const { parser } = terminal
  const stack = (): number[] => keyboard[terminal.buffer.active.type]

  function reset(): void {
    privates.clear()
    regions[terminal.buffer.active.type] = ''
    cursorStyle = ''
    otherKeys = ''
    keyboard.normal.length = 0
    keyboard.alternate.length = 0
  }

  for (const final of ['h', 'l']) {
    parser.registerCsiHandler({ prefix: '?', final }, (params) => {
      for (const mode of params) {
        if (typeof mode === 'number' && PRIVATE.has(mode)) privates.set(mode, final === 'h')
      }
      return false
    })
  }
  parser.registerCsiHandler({ final: 'r' }, ([top = 0, bottom = 0]) => {
    regions[terminal.buffer.active.type] = `\x1b[${String(top)};${String(bottom || terminal.rows)}r`
    return false
  })
  parser.registerCsiHandler({ intermediates: ' ', final: 'q' }, ([style = 0]) => {
    cursorStyle = `\x1b[${String(style)} q`
    return false
  })
  parser.registerCsiHandler({ prefix: '>', final: 'm' }, (params) => {
    otherKeys = params[0] === 4 && Number(params[1] ?? 0) > 0 ? `\x1b[>4;${String(params[1])}m` : ''
    return false
  })
  parser.registerCsiHandler({ prefix: '>', final: 'u' }, ([flags = 0]) => {
    const levels = stack()
    levels.push(Number(flags))
    if (levels.length > DEEPEST) levels.shift()
    return false
  })
  parser.registerCsiHandler({ prefix: '<', final: 'u' }, ([count = 1]) => {
    const levels = stack()
    levels.length = Math.max(0, levels.length - Math.max(1, Number(count)))
    return false
  })
  parser.registerCsiHandler({ intermediates: '!', final: 'p' }, () => {
    reset()
    return false
  })
  parser.registerEscHandler({ final: 'c' }, () => {
    reset()
    regions.normal = ''
    title = ''
    return false
  })
  terminal.onTitleChange((given) => {
    title = given
  })
  terminal.onResize(() => {
    regions.normal = ''
    regions.alternate = ''
  })
  terminal.buffer.onBufferChange(({ type }) => {
    if (type === 'normal') regions.alternate = ''
  })

  return {
    region: (screen) => regions[screen],
    restore: () => {
      const parts: string[] = []
      for (const [mode, on] of privates) {
        if (on !== PRIVATE.get(mode)) parts.push(`\x1b[?${mode}${on ? 'h' : 'l'}`)
      }
      parts.push(cursorStyle, otherKeys, ...stack().map((flags) => `\x1b[>${flags}u`))
      if (title !== '') parts.push(`\x1b]2;${title}\x07`)
      return parts.join('')
    },
  }
}
