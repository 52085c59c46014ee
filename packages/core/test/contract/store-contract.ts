/** The suite that every store passes, whatever it is made of. */
import { afterEach, describe, expect, test } from 'vitest'
import type {
  Change,
  EventDraft,
  JournalEvent,
  MissionEvent,
  MissionRecord,
  Store,
  Stream,
} from '../../src/index.ts'
import { seq } from '../../src/index.ts'
import { missionId, missionRecord } from '../fakes/records.ts'

export interface StoreContractOptions {
  /** Closes the store and opens the same one again; only for stores that outlive their process. */
  readonly reopen?: (store: Store) => Store
}

const A = missionId('aaaaaaaa')
const B = missionId('bbbbbbbb')

export function storeContract(name: string, open: () => Store, { reopen }: StoreContractOptions = {}): void {
  describe(`${name}, as every store,`, () => {
    const opened: Store[] = []
    afterEach(() => {
      for (const store of opened.splice(0)) store.close()
    })
    const fresh = (): Store => {
      const store = open()
      opened.push(store)
      return store
    }

    test('begins empty', () => {
      const store = fresh()
      expect(store.last()).toBe(0)
      expect(store.first()).toBe(1)
      expect(store.missions()).toEqual([])
      expect(store.events({ after: seq(0), limit: 10 })).toEqual([])
    })

    test('numbers events from 1 without a gap, over many commits', () => {
      const store = fresh()
      expect(seqs(store.commit({ events: [output(A, 1), output(B, 2)] }))).toEqual([1, 2])
      expect(seqs(store.commit({ events: [] }))).toEqual([])
      expect(seqs(store.commit({ events: [output(A, 3)] }))).toEqual([3])
      expect(store.last()).toBe(3)
      expect(store.first()).toBe(1)
    })

    test('gives back what was committed, with nothing lost or added', () => {
      const store = fresh()
      const drafts: readonly EventDraft[] = [
        { type: 'runtime.started', at: 1.5, pid: 7, adopted: 1, ended: 2, lost: 3 },
        { type: 'mission.created', mission: A, at: 2, name: 'ünï-"name"\n', spec: missionRecord().spec },
        {
          type: 'run.ended',
          mission: A,
          at: 3,
          run: 1,
          receipt: { signals: [{ signal: 'SIGTERM', processes: 2, at: 3 }], strays: 1, left: [9] },
        },
        {
          type: 'run.exited',
          mission: A,
          at: 4,
          run: 1,
          left: 0,
          exit: { kind: 'lost', at: 4, ran: 0.25, cause: 'vanished', tail: '\0🙂' },
        },
        { type: 'mission.removed', mission: B, at: 5, parent: null },
        { type: 'runtime.stopped', at: 6 },
      ]
      const expected = drafts.map((draft, index) => ({ ...draft, seq: index + 1 }))
      expect(store.commit({ events: drafts })).toEqual(expected)
      expect(store.events({ after: seq(0), limit: 100 })).toEqual(expected)
    })

    test('keeps a mission in the place where it was put last', () => {
      const store = fresh()
      const first = missionRecord({ id: A })
      store.commit({ events: [], put: [first] })
      const moved = { ...first, spec: { ...first.spec, parent: B } }
      store.commit({ events: [], put: [moved] })
      const later = { ...moved, state: { ...moved.state, run: 2 } }
      store.commit({ events: [], put: [later] })
      expect(store.missions()).toEqual([later])
    })

    test('finds the events of the runtime itself', () => {
      const store = fresh()
      store.commit({
        events: [
          { type: 'runtime.stopped', at: 1 },
          output(A, 1),
          { type: 'team.started', at: 2, team: 't' },
        ],
      })
      const found = store.events({ after: seq(0), mission: null, limit: 10 })
      expect(found.map(({ type }) => type)).toEqual(['runtime.stopped', 'team.started'])
      expect(store.events({ after: seq(0), mission: null, types: ['team.started'], limit: 10 })).toHaveLength(
        1,
      )
    })

    test('finds events behind a number, up to a limit, from either end', () => {
      const store = fresh()
      store.commit({ events: Array.from({ length: 10 }, (_, index) => output(A, index)) })
      expect(seqs(store.events({ after: seq(3), limit: 4 }))).toEqual([4, 5, 6, 7])
      expect(seqs(store.events({ after: seq(8), limit: 4 }))).toEqual([9, 10])
      expect(store.events({ after: seq(10), limit: 4 })).toEqual([])
      expect(store.events({ after: seq(99), limit: 4 })).toEqual([])
      expect(store.events({ after: seq(0), limit: 0 })).toEqual([])
      expect(seqs(store.events({ after: seq(3), limit: 3, newestFirst: true }))).toEqual([10, 9, 8])
      expect(seqs(store.events({ after: seq(8), limit: 9, newestFirst: true }))).toEqual([10, 9])
    })

    test('finds events of one mission and of some types', () => {
      const store = fresh()
      store.commit({
        events: [
          output(A, 1),
          output(B, 2),
          trimmed(A),
          { type: 'runtime.stopped', at: 0 },
          output(A, 5),
          trimmed(B),
        ],
      })
      expect(seqs(store.events({ after: seq(0), limit: 9, mission: A }))).toEqual([1, 3, 5])
      expect(
        seqs(store.events({ after: seq(0), limit: 9, types: ['run.trimmed', 'runtime.stopped'] })),
      ).toEqual([3, 4, 6])
      expect(
        seqs(store.events({ after: seq(0), limit: 1, mission: A, types: ['run.output'], newestFirst: true })),
      ).toEqual([5])
      expect(seqs(store.events({ after: seq(1), limit: 1, mission: A, types: ['run.output'] }))).toEqual([5])
      expect(store.events({ after: seq(0), limit: 9, types: [] })).toEqual([])
      expect(store.events({ after: seq(0), limit: 9, mission: missionId('cccccccc') })).toEqual([])
    })

    test('finds events of one run of a mission', () => {
      const store = fresh()
      const of = (run: number): EventDraft => ({ ...output(A, run), run })
      store.commit({ events: [created(A), of(1), of(2), of(12), of(2), { ...output(B, 9), run: 2 }] })
      const found = (run: number): readonly number[] =>
        seqs(store.events({ after: seq(0), limit: 9, mission: A, run }))
      expect([1, 2, 3, 12].map(found)).toEqual([[2], [3, 5], [], [4]])
      expect(seqs(store.events({ after: seq(0), limit: 1, mission: A, run: 2, newestFirst: true }))).toEqual([
        5,
      ])
    })

    test('finds events of one stream of a run', () => {
      const store = fresh()
      const of = (stream: Stream, to: number): EventDraft => ({ ...output(A, to), stream })
      store.commit({
        events: [created(A), of('stderr', 1), of('stdout', 2), trimmed(A), of('stdout', 3), of('stdout', 4)],
      })
      const found = (stream: Stream): readonly number[] =>
        seqs(
          store.events({
            after: seq(0),
            limit: 2,
            mission: A,
            run: 1,
            types: ['run.output'],
            stream,
            newestFirst: true,
          }),
        )
      expect([found('stderr'), found('stdout'), found('output')]).toEqual([[2], [6, 5], []])
    })

    test('keeps missions as they were last put, in the order they came', () => {
      const store = fresh()
      const one = missionRecord({ id: B, name: 'one', env: { QUOTES: `"'\\`, EMPTY: '', ü: '🙂' } })
      const two = missionRecord({ id: A, name: 'two', createdAt: one.createdAt + 1 })
      store.commit({ events: [], put: [one] })
      store.commit({ events: [], put: [two] })
      const changed: MissionRecord = {
        ...one,
        state: {
          ...one.state,
          phase: 'restarting.backoff',
          run: 3,
          process: { pid: 12, start: '99', boot: 'b' },
          startedAt: { wall: 1.5, monotonic: 2.25 },
          ended: { kind: 'code', code: 1, at: 3, ran: 4 },
          budget: { clock: 10.5, charged: [1, 2.5] },
          timers: { backoff: { wall: 1, monotonic: 2, boot: 'b' } },
        },
      }
      store.commit({ events: [], put: [changed] })
      expect(store.missions()).toEqual([changed, two])
    })

    test('forgets a mission with its events, and numbers go on', () => {
      const store = fresh()
      store.commit({
        events: [output(A, 1), output(B, 2), output(A, 3)],
        put: [missionRecord({ id: A }), missionRecord({ id: B })],
      })
      const [removed] = store.commit({
        events: [{ type: 'mission.removed', mission: A, at: 9, parent: null }],
        remove: [A],
      })
      expect(removed?.seq).toBe(4)
      expect(store.missions().map(({ id }) => id)).toEqual([B])
      expect(seqs(store.events({ after: seq(0), limit: 9 }))).toEqual([2, 4])
      expect(store.events({ after: seq(0), limit: 9, mission: A }).map(({ type }) => type)).toEqual([
        'mission.removed',
      ])
      expect(store.first()).toBe(2)
      expect(store.last()).toBe(4)
      expect(seqs(store.commit({ events: [output(B, 1)] }))).toEqual([5])
    })

    test('keeps only the newest notes about the output of a run that is thinned', () => {
      const store = fresh()
      const of = (run: number, to: number): EventDraft => ({ ...output(A, to), run })
      store.commit({ events: [of(1, 1), of(1, 2), of(2, 3), created(A), of(1, 4), output(B, 5), of(1, 6)] })
      store.commit({ events: [of(1, 7)], thin: [{ mission: A, run: 1, keep: 2 }] })
      expect(seqs(store.events({ after: seq(0), limit: 9 }))).toEqual([3, 4, 6, 7, 8])
      expect(store.first()).toBe(3)
      store.commit({ events: [], thin: [{ mission: A, run: 2, keep: 2 }] })
      expect(seqs(store.events({ after: seq(0), limit: 9 }))).toEqual([3, 4, 6, 7, 8])
    })

    test('that has forgotten everything still knows its last number', () => {
      const store = fresh()
      store.commit({ events: [output(A, 1), output(A, 2)], put: [missionRecord({ id: A })] })
      store.commit({ events: [], remove: [A] })
      expect(store.last()).toBe(2)
      expect(store.first()).toBe(3)
      expect(seqs(store.commit({ events: [output(B, 1)] }))).toEqual([3])
      expect(store.first()).toBe(3)
    })

    test('takes a removal of what it does not know', () => {
      const store = fresh()
      store.commit({ events: [output(A, 1)], remove: [B] })
      expect(store.last()).toBe(1)
    })

    test('writes all of a change or nothing', () => {
      const store = fresh()
      store.commit({ events: [output(A, 1)], put: [missionRecord({ id: A })] })
      // What cannot be written by a store that turns events into text; one in memory may take it.
      const odd = { ...output(B, 3), to: 3n as unknown as number }
      const change: Change = { events: [output(B, 2), odd], put: [missionRecord({ id: B })], remove: [A] }
      let failed = false
      try {
        store.commit(change)
      } catch {
        failed = true
      }
      expect(store.missions().map(({ id }) => id)).toEqual(failed ? [A] : [B])
      expect(store.last()).toBe(failed ? 1 : 3)
      expect(seqs(store.events({ after: seq(0), limit: 9 }))).toEqual(failed ? [1] : [2, 3])
      expect(seqs(store.commit({ events: [output(A, 2)] }))).toEqual([failed ? 2 : 4])
    })

    test('takes thousands of events', () => {
      const store = fresh()
      for (let round = 0; round < 50; round += 1) {
        store.commit({
          events: Array.from({ length: 100 }, (_, index) => output(index % 2 === 0 ? A : B, index)),
        })
      }
      expect(store.last()).toBe(5000)
      expect(store.events({ after: seq(0), limit: 9999, mission: A })).toHaveLength(2500)
      expect(seqs(store.events({ after: seq(4998), limit: 9 }))).toEqual([4999, 5000])
    })
  })

  if (reopen !== undefined) reopenContract(name, open, reopen)
}

function reopenContract(name: string, open: () => Store, reopen: (store: Store) => Store): void {
  describe(`${name}, opened again,`, () => {
    test('knows a mission in the place where it was put last', () => {
      const store = open()
      const first = missionRecord({ id: A })
      const moved = { ...first, spec: { ...first.spec, parent: B } }
      store.commit({ events: [], put: [first] })
      store.commit({ events: [], put: [moved] })
      const again = reopen(store)
      expect(again.missions()).toEqual([moved])
      const [known] = again.missions()
      again.commit({ events: [], put: [{ ...moved, spec: first.spec }] })
      again.commit({ events: [], put: [known ?? moved] })
      expect(again.missions()).toEqual([moved])
      again.close()
    })

    test('knows everything, and numbers go on', () => {
      const store = open()
      const put = [missionRecord({ id: A }), missionRecord({ id: B })]
      const written = store.commit({ events: [output(A, 1), output(B, 2)], put })
      const again = reopen(store)
      expect(again.missions()).toEqual(put)
      expect(again.events({ after: seq(0), limit: 9 })).toEqual(written)
      expect(seqs(again.commit({ events: [output(A, 3)] }))).toEqual([3])
      again.close()
    })

    test('does not give a number twice, whatever was removed', () => {
      const store = open()
      store.commit({ events: [output(A, 1), output(A, 2)], put: [missionRecord({ id: A })] })
      store.commit({ events: [], remove: [A] })
      const again = reopen(store)
      expect(again.last()).toBe(2)
      expect(seqs(again.commit({ events: [output(B, 1)] }))).toEqual([3])
      again.close()
    })
  })
}

const seqs = (events: readonly JournalEvent[]): readonly number[] => events.map((event) => event.seq)

type Of<T extends MissionEvent['type']> = EventDraft & { readonly type: T }

function output(mission: typeof A, to: number): Of<'run.output'> {
  return { type: 'run.output', mission, at: to, run: 1, stream: 'output', from: 0, to }
}

function trimmed(mission: typeof A): Of<'run.trimmed'> {
  return { type: 'run.trimmed', mission, at: 0, run: 1, stream: 'output', to: 1 }
}

function created(mission: typeof A): Of<'mission.created'> {
  return { type: 'mission.created', mission, at: 0, name: 'mission', spec: missionRecord().spec }
}
