import type { EventDraft } from '../model/events.ts'
import { keyOf, type RunRef } from '../process/run-ref.ts'
import type { Writer } from './writer.ts'

/**
 * How many `run.output` of one run are kept, the newest: with one a second, as of a run that always writes, more than a day.
 * Only when lines were written is told by them.
 */
export const OUTPUT_NOTES = 100_000

/** So many more may gather before they are thinned. */
const GATHERED = 10_000

export interface OutputNotes {
  /** Notes that the output of a run has grown. */
  note(event: EventDraft & { readonly type: 'run.output' }): void
  /** It will grow no more. */
  over(ref: RunRef): void
}

export function createOutputNotes(writer: Writer, onFault: (error: unknown) => void): OutputNotes {
  /** Since they were thinned last. */
  const gathered = new Map<string, number>()
  return {
    note(event) {
      const { mission, run } = event
      const count = (gathered.get(keyOf(event)) ?? 0) + 1
      writer.note(event)
      if (count < GATHERED) return void gathered.set(keyOf(event), count)
      gathered.delete(keyOf(event))
      try {
        writer.commit({ events: [], thin: [{ mission, run, keep: OUTPUT_NOTES }] })
      } catch (error) {
        onFault(error)
      }
    },
    over: (ref) => void gathered.delete(keyOf(ref)),
  }
}
