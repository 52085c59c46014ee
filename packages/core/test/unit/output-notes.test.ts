import { expect, test } from 'vitest'
import { createJournal } from '../../src/journal/journal.ts'
import { createMemoryStore, OUTPUT_NOTES, seq } from '../../src/index.ts'
import { createOutputNotes, type OutputNotes } from '../../src/runtime/output-notes.ts'
import { createWriter } from '../../src/runtime/writer.ts'
import { missionId } from '../fakes/records.ts'
import { steppingClock } from '../fakes/stepping-clock.ts'

const A = missionId('aaaaaaaa')
const B = missionId('bbbbbbbb')

function grow(notes: OutputNotes, mission: typeof A, times: number): void {
  for (let to = 1; to <= times; to += 1)
    notes.note({ type: 'run.output', mission, run: 1, stream: 'output', from: to - 1, to, at: to })
}

test('a run that writes for ever keeps the newest notes about it, and takes none from another', () => {
  const store = createMemoryStore({ capacity: 1_000_000 })
  const faults: unknown[] = []
  const onFault = (error: unknown): void => void faults.push(error)
  const writer = createWriter(createJournal(store), steppingClock(), onFault)
  const notes = createOutputNotes(writer, onFault)
  grow(notes, B, 9000)
  grow(notes, A, OUTPUT_NOTES * 1.5)
  grow(notes, B, 999)
  writer.flush()
  const of = (mission: typeof A): readonly unknown[] => store.events({ after: seq(0), mission, limit: 1e6 })
  expect(of(A)).toHaveLength(OUTPUT_NOTES)
  expect(of(A).at(-1)).toMatchObject({ to: OUTPUT_NOTES * 1.5 })
  expect(of(B)).toHaveLength(9999)
  expect(faults).toEqual([])
})

test('a store that cannot be thinned is a fault, and what is noted goes on', () => {
  const store = createMemoryStore()
  const faults: unknown[] = []
  const onFault = (error: unknown): void => void faults.push(error)
  const full = new Error('the disk is full')
  const journal = createJournal({
    ...store,
    commit(change) {
      if (change.thin !== undefined) throw full
      return store.commit(change)
    },
  })
  const notes = createOutputNotes(createWriter(journal, steppingClock(), onFault), onFault)
  grow(notes, A, 20_000)
  expect(faults).toEqual([full, full])
})
