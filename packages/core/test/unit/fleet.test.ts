/** Many missions of one account on a stepping clock: what their gate promises, whatever happens. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createMemoryStore, type MissionId, type MissionRecord, type Provider } from '../../src/index.ts'
import { createMission, type MissionActor } from '../../src/mission/mission.ts'
import { LEAST_SPACING_MS, SPACING_MS } from '../../src/mission/policy/gate.ts'
import { rawProvider } from '../../src/provider/raw.ts'
import { createGates } from '../../src/runtime/gates.ts'
import { type FakeHost, fakeHost } from '../fakes/fake-host.ts'
import { missionId, missionRecord, missionSpec } from '../fakes/records.ts'
import { ROOM_FOR_ALL } from '../fakes/room-for-all.ts'
import { steppingClock } from '../fakes/stepping-clock.ts'

const SIZE = 6
const MILD = { stubborn: false, unkillable: false }
const LIMITED = 75

type Step =
  | { readonly do: 'launch' | 'begin' | 'stop' | 'restart'; readonly who: number }
  | { readonly do: 'end'; readonly who: number; readonly code: number; readonly resetMs: number | null }
  | { readonly do: 'advance' | 'supervisor-dies'; readonly ms: number }

const who = fc.nat({ max: SIZE - 1 })
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('launch' as const), who }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('begin' as const), who }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('stop' as const, 'restart' as const), who }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('end' as const),
      who,
      code: fc.constantFrom(0, 1, LIMITED, LIMITED),
      resetMs: fc.constantFrom(null, 1, 1500, 30_000, 18_000_000),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('advance' as const),
      ms: fc.constantFrom(0, 1, SPACING_MS - 1, SPACING_MS, 10_000, 61_000, 18_000_000),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('supervisor-dies' as const),
      ms: fc.constantFrom(0, 100, 5000, 18_000_000),
    }),
  },
)

const isWaiting = ({ state }: MissionRecord): boolean => state.phase.endsWith('.limited')

function live(steps: readonly Step[], seen: Map<string, number>): void {
  const note = (what: string): void => void seen.set(what, (seen.get(what) ?? 0) + 1)
  const clock = steppingClock()
  const store = createMemoryStore()
  let resetMs: number | null = null
  const provider: Provider = {
    ...rawProvider,
    judge: ({ code, at }) =>
      code === LIMITED
        ? {
            kind: 'rate-limited',
            reason: 'out of tokens',
            until: resetMs === null ? null : at + resetMs,
            account: 'a',
          }
        : undefined,
    account: () => 'a',
  }
  /** As a person would reckon it: nothing starts before. */
  let reset = 0
  let lastPassed = Number.NEGATIVE_INFINITY
  let byPerson = false
  const before = new Map<MissionId, MissionRecord>()

  function onStart(id: MissionId): void {
    const now = clock.now().wall
    const previous = before.get(id)
    if (byPerson) return note('start by a person')
    if (now < reset) throw new Error(`a start ${reset - now} ms before the reset`)
    const waited = previous !== undefined && isWaiting(previous)
    if (!waited) {
      if (actors.some((actor) => isWaiting(actor.record()))) throw new Error('a newcomer overtakes')
      return note('start at once')
    }
    note('start after waiting')
    if (now - lastPassed < LEAST_SPACING_MS) throw new Error(`two starts within ${now - lastPassed} ms`)
    lastPassed = now
  }

  const ids = Array.from({ length: SIZE }, (_, index) => missionId(`0000000${index}`))
  const hosts: readonly FakeHost[] = ids.map((id) =>
    fakeHost(clock, ({ type }) => {
      if (type === 'spawn') onStart(id)
    }),
  )
  let actors: readonly MissionActor[] = []

  function supervise(records: readonly MissionRecord[]): void {
    const gates = createGates({ clock, boot: 'boot' })
    actors = records.map((record, index) =>
      createMission(record, {
        clock,
        host: hosts[index]!,
        provider,
        gates,
        slots: ROOM_FOR_ALL,
        random: () => 0.5,
        fault: (error) => {
          throw error
        },
        textOf: () => '',
        hasSpent: () => {},
        releaseChildren: () => {},
        commit: (change) => {
          for (const { id } of change.put ?? []) {
            const known = actors.find((actor) => actor.id === id)
            if (known !== undefined) before.set(id, known.record())
          }
          store.commit(change)
        },
      }),
    )
  }
  const spec = missionSpec({ restart: 'always', backoffMs: 0, maxRestarts: 0 })
  supervise(ids.map((id) => missionRecord({ id, name: id, spec })))

  function hear(index: number): void {
    const [host, actor] = [hosts[index]!, actors[index]!]
    for (let news = host.takeNews(); news !== undefined; news = host.takeNews()) {
      if (news.type === 'fault') throw news.error
      const { run } = news.ref
      if (news.type === 'started') actor.tell({ type: 'spawned', run, process: news.process, at: news.at })
      else if (news.type === 'refused' || news.type === 'exited' || news.type === 'emptied')
        actor.tell({ ...news, run })
    }
  }

  function perform(action: Step): void {
    switch (action.do) {
      case 'launch':
        if (actors[action.who]!.record().state.phase === 'pending.queued') actors[action.who]!.launch()
        return
      case 'begin':
        hosts[action.who]!.begin(MILD)
        return hear(action.who)
      case 'stop':
      case 'restart': {
        const actor = actors[action.who]!
        const waited = isWaiting(actor.record())
        byPerson = true
        actor.request(action.do === 'stop' ? { type: 'stop', timeoutMs: 0 } : { type: 'restart' })
        hear(action.who)
        // The restart of a running one comes with its backoff of nothing.
        clock.advance(0)
        byPerson = false
        const { phase } = actor.record().state
        if (waited && phase !== (action.do === 'stop' ? 'exited' : 'running.starting'))
          throw new Error(`${action.do} while waiting leads to ${phase}`)
        if (waited) note(`${action.do} while waiting`)
        if (waited && action.do === 'restart') lastPassed = clock.now().wall
        return
      }
      case 'end': {
        const run = actors[action.who]!.record().state
        ;({ resetMs } = action)
        if (run.phase === 'running.up' && action.code === LIMITED) {
          const wait = resetMs ?? 60_000
          reset = Math.max(reset, clock.now().wall + wait)
          note('limit met')
        }
        hosts[action.who]!.leaderEnds(action.code, 0)
        hear(action.who)
        return
      }
      case 'advance':
        clock.advance(action.ms)
        return
      case 'supervisor-dies': {
        const waiting = actors.filter((actor) => isWaiting(actor.record())).length
        if (waiting > 1) note('death with several waiting')
        for (const actor of actors) actor.close()
        clock.advance(action.ms)
        const kept = new Map(store.missions().map((record) => [record.id, record]))
        supervise(ids.map((id) => kept.get(id) ?? missionRecord({ id, name: id, spec })))
        for (const actor of actors) if (actor.record().state.exit === null) actor.resume()
      }
    }
  }

  for (const action of steps) perform(action)
  // Once nothing is limited any more, all get their turn within the longest limit and a spacing for each.
  clock.advance(18_000_000 + 60_000 + 2 * SIZE * SPACING_MS)
  const left = actors.filter((actor) => isWaiting(actor.record()))
  if (left.length > 0) throw new Error(`${left.length} wait for ever`)
  for (const actor of actors) actor.close()
}

test('four hundred fleets of one account keep the promises of its gate, and come by every case', () => {
  const seen = new Map<string, number>()
  fc.assert(
    fc.property(fc.array(step, { minLength: 30, maxLength: 120, size: 'max' }), (steps) => live(steps, seen)),
    { numRuns: 400 },
  )
  for (const wanted of [
    'start at once',
    'start after waiting',
    'start by a person',
    'limit met',
    'stop while waiting',
    'restart while waiting',
    'death with several waiting',
  ])
    expect([wanted, (seen.get(wanted) ?? 0) > 20]).toEqual([wanted, true])
}, 60_000)
