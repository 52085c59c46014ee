import { describe, expect, test } from 'vitest'
import type { Gap, JournalEvent } from '../../src/index.ts'
import { createMemoryStore, seq } from '../../src/index.ts'
import { createJournal, type Journal, type SubscribeOptions } from '../../src/journal/journal.ts'
import { missionId } from '../fakes/records.ts'
import { soon } from '../support/eventually.ts'

const A = missionId('aaaaaaaa')
const B = missionId('bbbbbbbb')

function write(journal: Journal, count: number, mission = A): void {
  for (let index = 0; index < count; index += 1) {
    journal.commit({
      events: [{ type: 'run.output', mission, at: 0, run: 1, stream: 'output', from: 0, to: 1 }],
    })
  }
}

const numberOf = (event: JournalEvent | Gap | undefined): number | string =>
  event === undefined ? 'end' : event.type === 'gap' ? `gap ${event.after}-${event.next}` : event.seq

async function drain(journal: Journal, options: SubscribeOptions = {}): Promise<(number | string)[]> {
  const seen: (number | string)[] = []
  for await (const event of journal.subscribe(options)) seen.push(numberOf(event))
  return seen
}

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index)

describe('a subscription', () => {
  test('from a number gives what is behind it, then the news', async () => {
    const journal = createJournal(createMemoryStore())
    write(journal, 5)
    const reading = drain(journal, { since: seq(3) })
    await Promise.resolve()
    write(journal, 2)
    journal.close()
    expect(await reading).toEqual([4, 5, 6, 7])
  })

  test('without a number gives the news from the moment it was made', async () => {
    const journal = createJournal(createMemoryStore())
    write(journal, 5)
    const subscription = journal.subscribe()
    write(journal, 1)
    const first = subscription.next()
    write(journal, 1)
    expect((await soon(first, 'the news', 1000)).value).toMatchObject({ seq: 6 })
  })

  test('that does not follow gives what was there when it was made, and ends', async () => {
    const journal = createJournal(createMemoryStore())
    write(journal, 1000)
    const subscription = journal.subscribe({ since: seq(990), follow: false })
    expect((await subscription.next()).value).toMatchObject({ seq: 991 })
    write(journal, 10)
    const rest: (number | string)[] = []
    for await (const event of subscription) rest.push(numberOf(event))
    expect(rest).toEqual(range(992, 1000))
    expect(await drain(journal, { follow: false })).toEqual([])
  })

  test('of one mission gives its events alone', async () => {
    const journal = createJournal(createMemoryStore())
    for (let round = 0; round < 500; round += 1) {
      write(journal, 20, A)
      write(journal, 1, B)
    }
    expect(await drain(journal, { since: seq(0), mission: B, follow: false })).toEqual(
      Array.from({ length: 500 }, (_, index) => (index + 1) * 21),
    )
  })

  test('of one mission does not end while only others speak', async () => {
    const journal = createJournal(createMemoryStore())
    const reading = drain(journal, { since: seq(0), mission: B })
    for (let round = 0; round < 50; round += 1) {
      write(journal, 300, A)
      await Promise.resolve()
    }
    write(journal, 1, B)
    journal.close()
    expect(await reading).toEqual([15_001])
  })

  test('that is aborted ends quietly, before, while and after it waits', async () => {
    const journal = createJournal(createMemoryStore())
    write(journal, 3)
    expect(await drain(journal, { since: seq(0), signal: AbortSignal.abort() })).toEqual([])
    const abort = new AbortController()
    const waiting = drain(journal, { signal: abort.signal })
    await Promise.resolve()
    abort.abort()
    expect(await soon(waiting, 'the reading', 1000)).toEqual([])

    const midway = new AbortController()
    const seen: (number | string)[] = []
    for await (const event of journal.subscribe({ since: seq(0), signal: midway.signal })) {
      seen.push(numberOf(event))
      if (seen.length === 2) midway.abort()
    }
    expect(seen).toEqual([1, 2])
  })

  test('may be left by its reader, and the others go on', async () => {
    const journal = createJournal(createMemoryStore())
    write(journal, 3)
    const other = drain(journal, { since: seq(0) })
    for await (const event of journal.subscribe({ since: seq(0) })) if (numberOf(event) === 2) break
    write(journal, 1)
    journal.close()
    expect(await other).toEqual([1, 2, 3, 4])
  })

  test('of a number that has not been reached is told so, and misses nothing that comes', async () => {
    const journal = createJournal(createMemoryStore())
    write(journal, 5)
    const reading = drain(journal, { since: seq(1000) })
    await Promise.resolve()
    write(journal, 3)
    journal.close()
    const seen = await reading
    expect(seen.filter((entry) => typeof entry === 'number')).toEqual([6, 7, 8])
  })
})

describe('a slow reader', () => {
  test('costs nothing and misses nothing that is kept', async () => {
    const journal = createJournal(createMemoryStore())
    const slow = journal.subscribe({ since: seq(0) })
    write(journal, 1)
    const seen = [numberOf((await slow.next()).value)]
    write(journal, 20_000)
    for (let count = 0; count < 20_000; count += 1) seen.push(numberOf((await slow.next()).value))
    expect(seen).toEqual(range(1, 20_001))
  })

  test('is told by one gap what is no longer kept, and goes on behind it', async () => {
    const journal = createJournal(createMemoryStore({ capacity: 100 }))
    const slow = journal.subscribe({ since: seq(0) })
    write(journal, 1)
    expect(numberOf((await slow.next()).value)).toBe(1)
    write(journal, 10_000)
    journal.commit({ events: [] })
    const gap = (await slow.next()).value as Gap
    expect(gap).toMatchObject({ type: 'gap', after: 1 })
    expect(gap.next).toBeGreaterThan(9800)
    expect(numberOf((await slow.next()).value)).toBe(gap.next)
  })

  test('is given the rest, or told what it misses, when the journal is closed', async () => {
    const journal = createJournal(createMemoryStore())
    const slow = journal.subscribe({ since: seq(0) })
    write(journal, 1)
    expect(numberOf((await slow.next()).value)).toBe(1)
    write(journal, 20_000)
    journal.close()
    let cursor = 1
    for await (const event of slow) {
      if (event.type === 'gap') {
        expect(event.after).toBe(cursor)
        cursor = event.next - 1
      } else {
        expect(event.seq).toBe(cursor + 1)
        cursor = event.seq
      }
    }
    expect(cursor).toBe(20_001)
  })

  test('that begins at the beginning begins at the oldest that is kept, without a gap', async () => {
    const journal = createJournal(createMemoryStore({ capacity: 100 }))
    write(journal, 1000)
    const seen = await drain(journal, { since: seq(0), follow: false })
    expect(seen.every((entry) => typeof entry === 'number')).toBe(true)
    expect(seen.at(-1)).toBe(1000)
    expect(seen.length).toBeGreaterThanOrEqual(100)
  })
})

test('many readers of thousands of events each see each of them once, in order', async () => {
  const journal = createJournal(createMemoryStore())
  const readers = Array.from({ length: 50 }, (_, index) =>
    drain(journal, { since: seq(0), ...(index % 2 === 0 ? {} : { mission: A }) }),
  )
  for (let round = 0; round < 100; round += 1) {
    write(journal, 50)
    if (round % 7 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  await new Promise((resolve) => setImmediate(resolve))
  journal.close()
  for (const seen of await Promise.all(readers)) expect(seen).toEqual(range(1, 5000))
})

test('a journal over a store with a past numbers on and reads the past', async () => {
  const store = createMemoryStore()
  write(createJournal(store), 3000)
  const journal = createJournal(store)
  expect(journal.last()).toBe(3000)
  write(journal, 10)
  expect(await drain(journal, { since: seq(2500), follow: false })).toEqual(range(2501, 3010))
})

test('events of a removed mission are gone for every reader', async () => {
  const journal = createJournal(createMemoryStore())
  write(journal, 3, B)
  write(journal, 3, A)
  journal.commit({ events: [{ type: 'mission.removed', mission: A, at: 0, parent: null }], remove: [A] })
  expect(await drain(journal, { since: seq(0), follow: false })).toEqual([1, 2, 3, 7])
  expect(await drain(journal, { since: seq(0), mission: A, follow: false })).toEqual([7])
})

test('a commit that fails wakes nobody and numbers nothing', () => {
  const store = createMemoryStore()
  const journal = createJournal({
    ...store,
    commit: () => {
      throw new Error('full')
    },
  })
  expect(() => write(journal, 1)).toThrow('full')
  expect(journal.last()).toBe(0)
})

test('closing ends subscriptions that wait', async () => {
  const journal = createJournal(createMemoryStore())
  const readers = [drain(journal), drain(journal, { since: seq(0) }), drain(journal, { mission: A })]
  await Promise.resolve()
  journal.close()
  expect(await soon(Promise.all(readers), 'the readers', 1000)).toEqual([[], [], []])
})
