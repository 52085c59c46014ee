/** Somebody in front of a terminal, and what they have seen. */
import { setTimeout as pause } from 'node:timers/promises'
import type { Terminal } from '@overmind/client/terminal'
import type { Glimpse } from './ledger.ts'

export interface Spectator {
  /** Whether a text was shown, within so many milliseconds; false as soon as the terminal is gone. */
  shows(text: string, withinMs: number): Promise<boolean>
  isOver(): boolean
  /** Settles when the terminal is gone, or after so many milliseconds. */
  over(withinMs: number): Promise<void>
  /** Whole lines, from one redraw to the next. */
  glimpses(): readonly Glimpse[]
}

/** Reads all that a terminal tells from now on. */
export function beside(terminal: Terminal): Spectator {
  let drawn = ''
  const pieces: string[] = []
  let isOver = false
  const reads = async (): Promise<void> => {
    for await (const news of terminal.news()) {
      const text = news.type === 'redraw' || news.type === 'output' ? Buffer.from(news.bytes).toString() : ''
      if (news.type === 'redraw') pieces.push('')
      if (news.type === 'redraw') drawn += text
      else pieces.push((pieces.pop() ?? '') + text)
    }
    isOver = true
  }
  reads().catch(() => (isOver = true))

  async function until(fact: () => boolean, withinMs: number): Promise<boolean> {
    const deadline = Date.now() + withinMs
    while (!fact() && !isOver && Date.now() < deadline) await pause(10)
    return fact()
  }

  return {
    shows: (text, withinMs) =>
      until(() => drawn.includes(text) || pieces.some((piece) => piece.includes(text)), withinMs),
    isOver: () => isOver,
    over: async (withinMs) => void (await until(() => isOver, withinMs)),
    // The first and the last may be cut.
    glimpses: () => pieces.map((piece) => ({ run: terminal.run, lines: piece.split(/\r?\n/).slice(1, -1) })),
  }
}
