import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Agent, Condition, OnFailure } from '../../src/blueprint.ts'
import { type AgentState, decide, type Step } from '../../src/pipeline/decide.ts'
import { agent, on } from '../support/agents.ts'

const ended = (ok: boolean, more: Partial<Extract<AgentState, { kind: 'ended' }>> = {}): AgentState => ({
  kind: 'ended',
  ok,
  up: true,
  ready: true,
  ...more,
})
const started = ({ start }: Step): readonly string[] =>
  start.flatMap(({ agents }) => agents.map(({ name }) => name))
const live = (up = true, ready = false): AgentState => ({ kind: 'live', up, ready })

describe('an agent that waits for another', () => {
  const CASES: readonly (readonly [Condition, AgentState, 'starts' | 'waits' | 'is skipped'])[] = [
    ['completed', live(), 'waits'],
    ['completed', ended(true), 'starts'],
    ['completed', ended(false), 'is skipped'],
    ['started', live(false), 'waits'],
    ['started', live(), 'starts'],
    ['started', ended(false), 'starts'],
    ['started', ended(false, { up: false, ready: false }), 'is skipped'],
    ['ready', live(), 'waits'],
    ['ready', live(true, true), 'starts'],
    ['ready', ended(true), 'starts'],
    ['ready', ended(true, { ready: false }), 'is skipped'],
    ['failed', live(), 'waits'],
    ['failed', ended(false), 'starts'],
    ['failed', ended(true), 'is skipped'],
    ['ended', live(), 'waits'],
    ['ended', ended(true), 'starts'],
    ['ended', ended(false), 'starts'],
    ['ended', { kind: 'skipped', fine: true }, 'is skipped'],
    ['failed', { kind: 'skipped', fine: false }, 'is skipped'],
  ]
  test.each(CASES)('to be %s, with %j, %s', (when, state, what) => {
    const agents = [agent('a'), agent('b', on('a', when))]
    const step = decide({ agents, maxParallel: null }, new Map([['a', state]]))
    expect({ start: started(step), skip: step.skip.map((one) => one.agent) }).toEqual({
      start: what === 'starts' ? ['b'] : [],
      skip: what === 'is skipped' ? ['b'] : [],
    })
  })

  test('is started all the same, or all is stopped, where its edge says so', () => {
    const failed = new Map([['a', ended(false)]])
    const by = (onFailure: OnFailure): Agent[] => [agent('a'), agent('b', on('a', 'completed', onFailure))]
    expect(started(decide({ agents: by('run'), maxParallel: null }, failed))).toEqual(['b'])
    expect(decide({ agents: by('stop'), maxParallel: null }, failed)).toMatchObject({
      start: [],
      stop: 'a failed',
    })
  })

  test('and is skipped for a failure that did not come, is no failure', () => {
    const agents = [agent('a'), agent('b', on('a', 'failed')), agent('c', on('b'))]
    const states = new Map<string, AgentState>([['a', ended(true)]])
    expect(decide({ agents, maxParallel: null }, states).skip).toMatchObject([{ agent: 'b', fine: true }])
    states.set('b', { kind: 'skipped', fine: true })
    expect(decide({ agents, maxParallel: null }, states).skip).toMatchObject([{ agent: 'c', fine: true }])
    states.set('c', { kind: 'skipped', fine: true })
    expect(decide({ agents, maxParallel: null }, states).over).toEqual({ ok: true })
  })
})

describe('a copy of an earlier description', () => {
  const OLD: AgentState = { kind: 'outdated' }
  const agents = [agent('a', on('db', 'ready')), agent('b', on('db', 'ready')), agent('db'), agent('c')]
  const after = (db: AgentState, turns: readonly string[] = ['a']): Step =>
    decide(
      { agents, maxParallel: 3 },
      new Map([
        ['a', OLD],
        ['b', OLD],
        ['db', db],
      ]),
      turns,
    )

  test('is replaced in its turn and in its place, once what it waits for is there', () => {
    expect(started(after(live(true, false)))).toEqual([])
    expect(started(after(live(true, true)))).toEqual(['a'])
    expect(started(after(live(true, true), []))).toEqual([])
    // It has ended: there is room for another.
    expect(started(after(ended(true)))).toEqual(['a', 'c'])
  })

  test('goes on when that cannot happen any more, and is waited for', () => {
    expect(after(ended(false, { ready: false }))).toMatchObject({ skip: [], over: null })
    expect(
      started(
        decide(
          { agents: [agent('a'), agent('b', on('a', 'started'))], maxParallel: null },
          new Map([['a', OLD]]),
        ),
      ),
    ).toEqual([])
  })
})

interface Graph {
  readonly agents: readonly Agent[]
  readonly fails: ReadonlySet<string>
  readonly choices: readonly number[]
}

const graphs = fc
  .array(
    fc.record({
      edges: fc.array(fc.nat(), { maxLength: 4 }),
      fails: fc.boolean(),
      choice: fc.nat(),
    }),
    { minLength: 1, maxLength: 14 },
  )
  .map((drawn): Graph => {
    const agents = drawn.map(({ edges }, index) => {
      const names = new Set(index === 0 ? [] : edges.map((edge) => `a${edge % index}`))
      return agent(`a${index}`, ...[...names].map((name) => on(name)))
    })
    const fails = new Set(drawn.flatMap((each, index) => (each.fails ? [`a${index}`] : [])))
    return { agents, fails, choices: drawn.map(({ choice }) => choice) }
  })

/** Runs it to its end, in which one of those at work ends each time; what was at work at each moment. */
function run({ agents, fails, choices }: Graph, maxParallel: number | null) {
  const states = new Map<string, AgentState>()
  const order: string[] = []
  const moments: { readonly atWork: readonly string[]; readonly done: ReadonlySet<string> }[] = []
  for (let turn = 0; turn < 1000; turn += 1) {
    const step = decide({ agents, maxParallel }, states)
    for (const { agent: name, fine } of step.skip) states.set(name, { kind: 'skipped', fine })
    for (const name of started(step)) {
      states.set(name, live())
      order.push(name)
    }
    if (step.over !== null) return { order, states, moments, ok: step.over.ok }
    if (step.skip.length > 0) continue
    const atWork = [...states].flatMap(([name, { kind }]) => (kind === 'live' ? [name] : []))
    const done = new Set(
      [...states].flatMap(([name, state]) => (state.kind === 'ended' && state.ok ? [name] : [])),
    )
    moments.push({ atWork, done })
    const next = atWork[(choices[turn % choices.length] ?? 0) % atWork.length]
    if (next === undefined) throw new Error('nothing is at work, and it is not over')
    states.set(next, ended(!fails.has(next)))
  }
  throw new Error('it does not end')
}

test('in any graph each agent runs once, behind what it depends on, as soon as it can', () => {
  fc.assert(
    fc.property(graphs, (graph) => {
      const { order, states, moments, ok } = run(graph, null)
      expect(new Set(order).size).toBe(order.length)
      const place = new Map(order.map((name, index) => [name, index]))
      for (const { name, dependsOn } of graph.agents) {
        for (const { agent: before } of dependsOn)
          if (place.has(name)) expect(place.get(before)).toBeLessThan(place.get(name) ?? -1)
      }
      for (const { atWork, done } of moments) {
        const due = graph.agents.filter(
          ({ name, dependsOn }) =>
            dependsOn.every(({ agent: before }) => done.has(before)) &&
            !done.has(name) &&
            !(graph.fails.has(name) && !atWork.includes(name)),
        )
        expect(atWork).toEqual(expect.arrayContaining(due.map(({ name }) => name)))
      }
      // A failure reaches what depends on it, and nothing else.
      const reached = new Set<string>()
      for (const { name, dependsOn } of graph.agents) {
        const cut = dependsOn.some(({ agent: before }) => graph.fails.has(before) || reached.has(before))
        if (cut) reached.add(name)
      }
      const skipped = [...states].flatMap(([name, { kind }]) => (kind === 'skipped' ? [name] : []))
      expect(new Set(skipped)).toEqual(reached)
      expect(ok).toBe(graph.agents.every(({ name }) => !graph.fails.has(name) && !reached.has(name)))
    }),
    { numRuns: 500 },
  )
})

test('with a limit no more run at a time, and all get their turn', () => {
  fc.assert(
    fc.property(graphs, fc.integer({ min: 1, max: 4 }), (graph, limit) => {
      const { moments, states } = run(graph, limit)
      for (const { atWork } of moments) expect(atWork.length).toBeLessThanOrEqual(limit)
      expect(states.size).toBe(graph.agents.length)
    }),
    { numRuns: 500 },
  )
})
