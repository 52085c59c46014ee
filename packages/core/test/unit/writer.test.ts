import { expect, test } from 'vitest'
import { createMemoryStore, type EventDraft, seq } from '../../src/index.ts'
import { createJournal } from '../../src/journal/journal.ts'
import { createWriter } from '../../src/runtime/writer.ts'
import { steppingClock } from '../fakes/stepping-clock.ts'

const note = (pid: number): EventDraft => ({
  type: 'runtime.started',
  at: 0,
  pid,
  adopted: 0,
  ended: 0,
  lost: 0,
})

test('what is noted while the store cannot be written is written later, in its order, and told once', () => {
  const store = createMemoryStore()
  const clock = steppingClock()
  const faults: unknown[] = []
  const full = new Error('the disk is full')
  let isFull = true
  const journal = createJournal({
    ...store,
    commit(change) {
      if (isFull) throw full
      return store.commit(change)
    },
  })
  const writer = createWriter(journal, clock, (error) => faults.push(error))
  writer.note(note(1))
  clock.advance(50)
  writer.note(note(2))
  writer.flush()
  clock.advance(5000)
  writer.note(note(3))
  expect(faults).toEqual([full])
  isFull = false
  clock.advance(1000)
  const written = store.events({ after: seq(0), limit: 9 })
  expect(written).toMatchObject([{ pid: 1 }, { pid: 2 }, { pid: 3 }])
  expect(clock.armed).toBe(0)
})

test('what cannot be written when it is closed is not tried again', () => {
  const clock = steppingClock()
  const faults: unknown[] = []
  const full = new Error('the disk is full')
  const journal = createJournal({
    ...createMemoryStore(),
    commit() {
      throw full
    },
  })
  const writer = createWriter(journal, clock, (error) => faults.push(error))
  writer.note(note(1))
  writer.close()
  writer.note(note(2))
  expect(faults).toEqual([full])
  expect(clock.armed).toBe(0)
})
