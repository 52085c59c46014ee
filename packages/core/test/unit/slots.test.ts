/** Many missions and few slots: what the limits promise, whatever happens. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ConcurrencyLimits, MissionId, MissionRecord, MissionState, Phase } from '../../src/index.ts'
import { initialState } from '../../src/mission/machine.ts'
import { limitsByScope, scopesOf } from '../../src/model/concurrency.ts'
import { createSlots, type SlotTable } from '../../src/runtime/slots.ts'
import { missionId, missionRecord, missionSpec } from '../fakes/records.ts'
import { steppingClock } from '../fakes/stepping-clock.ts'

const idOf = (index: number): MissionId => missionId(index.toString(16).padStart(8, '0'))

interface Stage {
  slots: SlotTable
  readonly records: Map<MissionId, MissionRecord>
  /** Those that were called, in that order. */
  readonly calls: MissionId[]
  add(record: MissionRecord): void
  /** Starts it if there is room, else has it wait. Answers whether it began. */
  arrive(id: MissionId): boolean
  move(id: MissionId, over: Partial<MissionState> & { readonly phase: Phase }): void
  /** Another supervisor takes over what is on record. */
  succeed(): void
  pass(ms: number): void
}

function stage(limits: ConcurrencyLimits): Stage {
  const clock = steppingClock()
  const records = new Map<MissionId, MissionRecord>()
  const calls: MissionId[] = []
  let current = limits
  const open = (): SlotTable => {
    const table = createSlots({
      clock,
      limits: current,
      parentOf: (id) => records.get(id)?.spec.parent ?? null,
      call: (id) => {
        calls.push(id)
        move(id, { phase: 'running.starting' })
      },
    })
    return {
      ...table,
      limit: (next) => {
        current = next
        table.limit(next)
      },
    }
  }
  function move(id: MissionId, over: Partial<MissionState> & { readonly phase: Phase }): void {
    const before = records.get(id)!
    const started = over.phase === 'running.starting' ? { startedAt: clock.now() } : {}
    const after = { ...before, state: { ...before.state, queuedAt: null, ...started, ...over } }
    records.set(id, after)
    self.slots.note(after, before.state)
  }
  const self: Stage = {
    slots: open(),
    records,
    calls,
    add(record) {
      records.set(record.id, record)
      self.slots.note(record, null)
    },
    arrive(id) {
      const record = records.get(id)!
      const begins = self.slots.full(record).length === 0
      const waits = record.state.run === 0 ? 'pending.queued' : 'restarting.queued'
      move(id, begins ? { phase: 'running.starting' } : { phase: waits, queuedAt: clock.now().wall })
      return begins
    },
    move,
    succeed() {
      self.slots = open()
      for (const record of records.values()) self.slots.note(record, null)
      self.slots.open()
    },
    pass: (ms) => clock.advance(ms),
  }
  self.slots.open()
  return self
}

/** Adds missions and has them come one after the other. */
function arrivals(
  on: Stage,
  missions: readonly { priority?: number; colony?: string; parent?: MissionId }[],
): readonly MissionId[] {
  const first = on.records.size
  return missions.map(({ priority = 0, colony = 'default', parent = null }, index) => {
    const id = idOf(first + index)
    on.add(missionRecord({ id, name: id, spec: { ...missionSpec(), priority, colony, parent } }))
    on.pass(1)
    on.arrive(id)
    return id
  })
}

const end = (on: Stage, id: MissionId): void => {
  on.pass(1)
  on.move(id, { phase: 'exited' })
}

describe('who comes next', () => {
  test('the highest priority, then who has waited longest', () => {
    const on = stage({ missions: 1 })
    const [busy, plain, later, urgent] = arrivals(on, [{}, {}, {}, { priority: 5 }])
    for (const id of [busy!, urgent!, plain!, later!]) end(on, id)
    expect(on.calls).toEqual([urgent, plain, later])
  })

  test('who came first, also of those that came in the same moment', () => {
    const on = stage({ missions: 1 })
    const [busy, ...others] = [0, 3, 1, 2].map(idOf)
    for (const id of [busy!, ...others]) {
      on.add(missionRecord({ id, name: id }))
      on.arrive(id)
    }
    on.succeed()
    expect(on.slots.view().waiting.map(({ id }) => id)).toEqual(others)
    for (const id of [busy!, ...others]) end(on, id)
    expect(on.calls).toEqual(others)
  })

  test('colonies take turns, however many of one came first', () => {
    const on = stage({ missions: 1 })
    const a = arrivals(
      on,
      Array.from({ length: 4 }, () => ({ colony: 'a' })),
    )
    const b = arrivals(
      on,
      Array.from({ length: 2 }, () => ({ colony: 'b' })),
    )
    for (let at = a[0]!, seen = 0; seen < 6; at = on.calls[seen]!, seen += 1) end(on, at)
    expect(on.calls).toEqual([b[0], a[1], b[1], a[2], a[3]])
  })

  test('and still do when another supervisor takes over', () => {
    const on = stage({ missions: 1 })
    const [first, second] = arrivals(on, [{ colony: 'a' }, { colony: 'a' }])
    const [other] = arrivals(on, [{ colony: 'b' }])
    on.slots.close()
    end(on, first!)
    on.succeed()
    expect(on.calls).toEqual([other])
    end(on, other!)
    expect(on.calls).toEqual([other, second])
  })

  test('families of one colony take turns as well, grandchildren with their own', () => {
    const on = stage({ providers: { raw: 1 } })
    const heads = [idOf(90), idOf(91)] as const
    for (const id of heads) {
      on.add(missionRecord({ id, spec: { ...missionSpec(), type: 'blueprint' } }))
    }
    const [first, second] = arrivals(on, [{ parent: heads[0] }, { parent: heads[0] }])
    const [grandchild] = arrivals(on, [{ parent: second! }])
    const [other] = arrivals(on, [{ parent: heads[1] }])
    for (const id of [first!, other!, second!, grandchild!]) end(on, id)
    expect(on.calls).toEqual([other, second, grandchild])
  })

  test('two slots are shared by two colonies, though one of them waits with more', () => {
    const on = stage({ missions: 2 })
    const a = arrivals(
      on,
      Array.from({ length: 5 }, () => ({ colony: 'a' })),
    )
    const b = arrivals(on, [{ colony: 'b' }])
    end(on, a[1]!)
    expect(on.calls).toEqual(b)
  })

  test('one that may not start lets those behind it pass', () => {
    const on = stage({ missions: 2, colonies: { a: 1 } })
    const [a1, a2, b1] = arrivals(on, [{ colony: 'a' }, { colony: 'a', priority: 9 }, { colony: 'b' }])
    expect(on.records.get(b1!)?.state.phase).toBe('running.starting')
    expect(on.slots.view().waiting).toMatchObject([{ id: a2, full: ['missions', 'colony a'] }])
    end(on, b1!)
    expect(on.calls).toEqual([])
    end(on, a1!)
    expect(on.calls).toEqual([a2])
  })
})

test('a queue is shown in the order in which its missions start', () => {
  const on = stage({ missions: 1 })
  const busy = arrivals(on, [{ colony: 'a' }])
  arrivals(on, [{ colony: 'a' }, { colony: 'a' }, { colony: 'b' }, { priority: 1 }, { colony: 'b' }])
  const shown = on.slots.view().waiting.map(({ id }) => id)
  for (let at = busy[0]!, seen = 0; seen < 6; at = on.calls[seen]!, seen += 1) end(on, at)
  expect(on.calls).toEqual(shown)
})

test('more slots let as many start as there are; fewer end nobody', () => {
  const on = stage({ missions: 1 })
  const ids = arrivals(on, [{}, {}, {}, {}])
  on.slots.limit({ missions: 3 })
  expect(on.calls).toEqual([ids[1], ids[2]])
  on.slots.limit({ missions: 1 })
  expect(on.slots.view().limits).toEqual([{ scope: 'missions', most: 1, taken: 3 }])
  end(on, ids[0]!)
  end(on, ids[1]!)
  expect(on.calls).toHaveLength(2)
  on.slots.limit({})
  expect(on.calls).toEqual([ids[1], ids[2], ids[3]])
})

test('one that was called and cannot begin yet keeps its slot, and is not called again', () => {
  const calls: MissionId[] = []
  const slots = createSlots({
    clock: steppingClock(),
    limits: { missions: 2 },
    parentOf: () => null,
    call: (id) => calls.push(id),
  })
  const records = [0, 1, 2].map((index) => {
    const id = idOf(index)
    return missionRecord({ id, state: { ...initialState, queuedAt: index + 1 } })
  })
  for (const record of records) slots.note(record, null)
  slots.open()
  expect(calls).toEqual([idOf(0), idOf(1)])
  slots.limit({ missions: 3 })
  expect(calls).toEqual([idOf(0), idOf(1), idOf(2)])
  expect(slots.view().waiting.map(({ full }) => full)).toEqual([[], [], []])
  const [first] = records
  slots.note({ ...first!, state: { ...first!.state, phase: 'exited', queuedAt: null } }, first!.state)
  expect(calls).toHaveLength(3)
  expect(slots.view().limits).toEqual([{ scope: 'missions', most: 3, taken: 2 }])
})

test('what is no process takes no slot', () => {
  const on = stage({ missions: 1 })
  const id = idOf(1)
  on.add(missionRecord({ id, spec: { ...missionSpec(), type: 'ritual' } }))
  expect(on.arrive(id)).toBe(true)
  expect(arrivals(on, [{}]).map((each) => on.records.get(each)?.state.phase)).toEqual(['running.starting'])
})

test.each([
  [{ missions: 0 }, 'concurrency.missions: must be at least 1'],
  [{ missions: 1.5 }, 'concurrency.missions: must be a whole number of missions'],
  [{ providers: { raw: 'two' } }, 'concurrency.providers.raw: must be a number of missions'],
  [{ colony: { a: 1 } }, 'concurrency'],
])('limits %j are refused, and those before stay', (limits, says) => {
  const on = stage({ missions: 2 })
  expect(() => on.slots.limit(limits as ConcurrencyLimits)).toThrow(says)
  expect(on.slots.view().limits).toEqual([{ scope: 'missions', most: 2, taken: 0 }])
})

const COLONIES = ['a', 'b', 'c']
const SIZE = 10

type Step =
  | { readonly do: 'arrive' | 'end' | 'back-off' | 'meet-limit' | 'insist'; readonly who: number }
  | { readonly do: 'limit'; readonly limits: ConcurrencyLimits }
  | { readonly do: 'supervisor-dies' }

const someLimits: fc.Arbitrary<ConcurrencyLimits> = fc.record({
  missions: fc.constantFrom(undefined, 1, 2, 4),
  providers: fc.constantFrom(undefined, { raw: 3 }),
  colonies: fc.constantFrom(undefined, { a: 1 }, { a: 1, b: 2 }),
})

const someSteps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    {
      weight: 12,
      arbitrary: fc.record({
        do: fc.constantFrom(
          'arrive' as const,
          'arrive' as const,
          'end' as const,
          'back-off' as const,
          'meet-limit' as const,
        ),
        who: fc.nat({ max: SIZE - 1 }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constant('insist' as const), who: fc.nat({ max: SIZE - 1 }) }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('limit' as const), limits: someLimits }) },
    { weight: 3, arbitrary: fc.constant({ do: 'supervisor-dies' as const }) },
  ),
  { maxLength: 80 },
)

const WAITS: readonly Phase[] = ['pending.queued', 'restarting.queued']
const WORKS: readonly Phase[] = ['running.starting', 'restarting.backoff']

test('limits hold, no slot stays empty while somebody waits for it, and all get their turn', () => {
  const seen = new Map<string, number>()
  const note = (what: string): void => void seen.set(what, (seen.get(what) ?? 0) + 1)
  fc.assert(
    fc.property(
      someLimits,
      fc.array(fc.record({ priority: fc.constantFrom(0, 0, 1), colony: fc.constantFrom(...COLONIES) }), {
        minLength: SIZE,
        maxLength: SIZE,
      }),
      someSteps,
      (limits, missions, steps) => {
        const on = stage(limits)
        let current = limits
        /** Those that a person started all the same, and those that were there before a limit came. */
        const beyond = new Set<MissionId>()
        for (const [index, { priority, colony }] of missions.entries())
          on.add(missionRecord({ id: idOf(index), spec: { ...missionSpec(), priority, colony } }))

        const inPhase = (phases: readonly Phase[]): readonly MissionRecord[] =>
          [...on.records.values()].filter(
            ({ state }) =>
              phases.includes(state.phase) && (state.phase !== 'pending.queued' || state.queuedAt !== null),
          )

        function check(): void {
          const most = limitsByScope(current)
          const atWork = inPhase(WORKS)
          const taken = (scope: string, of = atWork): number =>
            of.filter(({ spec }) => scopesOf(spec).some((each) => each === scope)).length
          for (const [scope, limit] of most) {
            const invited = atWork.filter(({ id }) => !beyond.has(id))
            if (taken(scope, invited) > limit) throw new Error(`${taken(scope)} of ${limit} ${scope}`)
          }
          for (const { id, spec } of inPhase(WAITS)) {
            if (scopesOf(spec).every((scope) => taken(scope) < (most.get(scope) ?? Infinity)))
              throw new Error(`${id} waits though there is a slot`)
          }
        }

        for (const step of steps) {
          on.pass(1)
          if (step.do === 'supervisor-dies') {
            if (inPhase(WAITS).length > 1) note('death with several waiting')
            on.succeed()
          } else if (step.do === 'limit') {
            for (const { id } of inPhase(WORKS)) beyond.add(id)
            current = step.limits
            on.slots.limit(step.limits)
          } else {
            // So few wait that one met by chance hardly ever does.
            const chosen = step.do === 'insist' ? inPhase(WAITS) : []
            const id = chosen[step.who % chosen.length]?.id ?? idOf(step.who)
            const { phase, queuedAt } = on.records.get(id)!.state
            const waits = WAITS.includes(phase) && queuedAt !== null
            const works = WORKS.includes(phase)
            if (step.do === 'arrive' && !waits && phase !== 'running.starting') {
              if (works) on.move(id, { phase: 'running.starting' })
              else if (!on.arrive(id)) note('waits')
            }
            if (step.do === 'insist' && waits) {
              beyond.add(id)
              on.move(id, { phase: 'running.starting' })
              note('will not wait')
            }
            if (step.do === 'back-off' && works) on.move(id, { phase: 'restarting.backoff' })
            if (step.do === 'end' && (works || waits)) {
              beyond.delete(id)
              on.move(id, { phase: 'exited' })
            }
            if (step.do === 'meet-limit' && works) {
              beyond.delete(id)
              on.move(id, { phase: 'restarting.limited' })
              note('gives its slot back')
            }
          }
          check()
        }
        for (let ends = 0; inPhase(WAITS).length > 0; ends += 1) {
          if (ends > SIZE) throw new Error('somebody waits for ever')
          for (const { id } of inPhase(WORKS)) end(on, id)
          check()
        }
        const left = [...on.slots.view().limits].filter(
          ({ taken }) => taken !== inPhase(WORKS).length && taken > inPhase(WORKS).length,
        )
        expect(left).toEqual([])
      },
    ),
    { numRuns: 400 },
  )
  for (const what of ['waits', 'will not wait', 'gives its slot back', 'death with several waiting'])
    expect([what, seen.get(what) ?? 0]).not.toEqual([what, 0])
})

test('nothing is left of those that have ended', () => {
  expect(initialState.queuedAt).toBeNull()
  const on = stage({ missions: 2, providers: { raw: 2 }, colonies: { default: 2 } })
  const ids = arrivals(
    on,
    Array.from({ length: 20 }, () => ({})),
  )
  while (on.slots.view().waiting.length > 0) {
    for (const id of ids) if (WORKS.includes(on.records.get(id)!.state.phase)) end(on, id)
  }
  for (const id of ids) if (WORKS.includes(on.records.get(id)!.state.phase)) end(on, id)
  expect(on.slots.view().limits.map(({ taken }) => taken)).toEqual([0, 0, 0])
})
