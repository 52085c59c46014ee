import type { Talk } from '@overmind/core'

/** What is said in one line comes at most so long. Characters. */
const LONGEST_LINE = 64 * 1024

/** Whole lines for people, and where in stdout they stand. */
export interface Shown {
  readonly text: string
  readonly from: number
  readonly to: number
}

/** Puts together what an agent says bit by bit, so that each line is shown once it is whole. */
export function joinPieces(): {
  /** What can be shown now that this has been said too. */
  take(said: ReturnType<Talk['show']>, place: { readonly from: number; readonly to: number }): Shown | null
  /** What is left when nothing more comes for now. */
  rest(): Shown | null
} {
  let held: Shown | null = null

  function rest(): Shown | null {
    const last = held
    held = null
    return last === null ? null : { ...last, text: `${last.text}\n` }
  }

  return {
    take: (said, { from, to }) => {
      if ('piece' in said) {
        const text = (held?.text ?? '') + said.piece
        const end = text.length > LONGEST_LINE ? text.length : text.lastIndexOf('\n')
        const whole = end < 0 ? null : { text: `${text.slice(0, end)}\n`, from: held?.from ?? from, to }
        const left = text.slice(end + 1)
        held = left === '' ? null : { text: left, from: end < 0 ? (held?.from ?? from) : from, to }
        return whole
      }
      if (said.length === 0) return null
      const before = rest()
      return { text: `${before?.text ?? ''}${said.join('\n')}\n`, from: before?.from ?? from, to }
    },
    rest,
  }
}
