import { expect, test } from 'vitest'
import {
  createMemoryStore,
  type MissionId,
  type MissionInput,
  nothingSpent,
  OvermindError,
  type Spending,
} from '../../src/index.ts'
import { newConversation } from '../../src/mission/conversation.ts'
import { initialState } from '../../src/mission/machine.ts'
import { createMission } from '../../src/mission/mission.ts'
import type { Change } from '../../src/journal/store.ts'
import { rawProvider } from '../../src/provider/raw.ts'
import { spentBy } from '../../src/runtime/family-budget.ts'
import { createGates } from '../../src/runtime/gates.ts'
import type { Mission } from '../../src/runtime/mission-handle.ts'
import { createPlaces, type Places } from '../../src/runtime/places.ts'
import { createRegistry, type Entry, type Registry } from '../../src/runtime/registry.ts'
import { fakeHost } from '../fakes/fake-host.ts'
import { missionId, missionRecord, missionSpec } from '../fakes/records.ts'
import { ROOM_FOR_ALL } from '../fakes/room-for-all.ts'
import { steppingClock } from '../fakes/stepping-clock.ts'

const dollars = (costUsd: number): Spending =>
  costUsd === 0 ? nothingSpent : { costUsd, turns: 1, models: {} }

interface Stage {
  readonly registry: Registry
  readonly places: Places
  /** What was written, newest last. */
  readonly changes: readonly Change[]
  add(id: string, parent: MissionId | null, costUsd: number): Entry
  fail(): void
}

function stage(): Stage {
  const clock = steppingClock()
  const registry = createRegistry()
  const store = createMemoryStore()
  const host = fakeHost(clock, () => {})
  const changes: Change[] = []
  let isFull = false
  const commit = (change: Change): void => {
    if (isFull) throw new OvermindError('store_failed', 'the disk is full')
    store.commit(change)
    changes.push(change)
  }
  return {
    registry,
    places: createPlaces({ registry, writer: { commit }, clock }),
    changes,
    add(id, parent, costUsd) {
      const input: Partial<MissionInput> = { type: 'session' }
      const conversation = { ...newConversation(null), spent: dollars(costUsd) }
      const record = missionRecord({
        id: missionId(id),
        name: id,
        spec: { ...missionSpec(input), parent },
        state: { ...initialState, conversation },
      })
      const actor = createMission(record, {
        clock,
        host,
        provider: rawProvider,
        gates: createGates({ clock, boot: host.boot }),
        slots: ROOM_FOR_ALL,
        random: () => 0,
        fault: () => {},
        textOf: () => '',
        hasSpent: () => {},
        releaseChildren: () => {},
        commit,
      })
      // Nothing here asks a handle for anything.
      return registry.add(actor, {} as Mission)
    },
    fail: () => {
      isFull = true
    },
  }
}

test('what is forgotten has been spent all the same: by its parent, and so on upwards', () => {
  const { add, places, registry, changes } = stage()
  const head = add('aaaaaaaa', null, 1)
  const lead = add('bbbbbbbb', head.id, 2)
  const worker = add('cccccccc', lead.id, 4)
  const free = add('dddddddd', lead.id, 0)
  places.forget(worker)
  expect(spentBy(lead)).toEqual({ ...dollars(6), turns: 2 })
  const before = lead.actor.record().state
  places.forget(free)
  expect(lead.actor.record().state.forgotten?.costUsd).toBe(before.forgotten?.costUsd)
  places.forget(lead)
  expect(spentBy(head)).toEqual({ ...dollars(7), turns: 3 })
  expect(registry.all()).toEqual([head])
  // In the step that forgets it, lest it counts twice or not at all.
  expect(changes.at(-1)).toMatchObject({
    remove: [lead.id],
    put: [{ id: head.id, state: { forgotten: { costUsd: 6, turns: 2 } } }],
  })
})

test('nothing has moved when it cannot be written', () => {
  const { add, places, registry, fail } = stage()
  const head = add('aaaaaaaa', null, 1)
  const lead = add('bbbbbbbb', head.id, 2)
  const worker = add('cccccccc', lead.id, 4)
  const other = add('dddddddd', null, 0)
  const before = [head, lead, worker, other].map(({ actor }) => actor.record())
  fail()
  expect(() => places.forget(lead)).toThrow(OvermindError)
  expect(() => places.move(worker.id, other.id)).toThrow(OvermindError)
  expect([head, lead, worker, other].map(({ actor }) => actor.record())).toEqual(before)
  expect(registry.childrenOf(head.id)).toEqual([lead.id])
  expect(registry.childrenOf(lead.id)).toEqual([worker.id])
})
