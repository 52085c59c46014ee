import { type Mission, OUTPUT_NOTES } from '@overmind/core'

/** When the bytes of one run's output were written, as far as the journal noted it. */
export interface TimeIndex {
  /** When the byte at `offset` had been written at the latest; undefined when that was not noted. */
  at(offset: number): number | undefined
  /** The offset of the first byte written at or after a moment; undefined when there is none yet. */
  since(moment: number): number | undefined
}

export function timeIndex(mission: Mission, run: number): TimeIndex {
  const notes = mission
    .history({ run, types: ['run.output'], limit: OUTPUT_NOTES })
    .filter((event) => event.type === 'run.output')
    .filter(({ stream }) => stream !== 'stderr')
    .toReversed()

  function first(test: (note: (typeof notes)[number]) => boolean): (typeof notes)[number] | undefined {
    let low = 0
    let high = notes.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const note = notes[middle]
      if (note !== undefined && test(note)) high = middle
      else low = middle + 1
    }
    return notes[low]
  }

  return {
    at: (offset) => first((note) => note.to > offset)?.at,
    since: (moment) => first((note) => note.at >= moment)?.from,
  }
}
