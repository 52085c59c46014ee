import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { agentsOf } from '../../src/agents.ts'
import { completedBefore } from '../../src/completed-before.ts'
import { BlueprintError, checkDocument } from '../../src/index.ts'

/** As many agents as fit into a document, by their numbers. */
const MANY = 10_000

const many = (fields: (place: number) => object): object => ({
  agents: Object.fromEntries(Array.from({ length: MANY }, (_, place) => [`a${place}`, fields(place)])),
})

const messagesOf = (document: object): readonly string[] => {
  try {
    checkDocument(document)
    return []
  } catch (error) {
    if (!(error instanceof BlueprintError)) throw error
    return error.problems.map(({ message }) => message)
  }
}

describe('a document with ten thousand agents is checked in a moment', () => {
  test('that wait for eight others each', () => {
    const others = (place: number): readonly string[] =>
      [1, 4, 7, 10, 13, 16, 19, 22].flatMap((step) => (place < step ? [] : [`a${place - step}`]))
    expect(messagesOf(many((place) => ({ command: 'x', depends_on: others(place) })))).toEqual([])
  })

  test('in a row, each with the result of one far before it', () => {
    const document = many((place) =>
      place === 0
        ? { command: 'x' }
        : { command: `echo {{ a${place >> 1}.result }}`, depends_on: [`a${place - 1}`] },
    )
    expect(messagesOf(document)).toEqual([])
  })

  test('in one circle', () => {
    const found = messagesOf(many((place) => ({ command: 'x', depends_on: [`a${(place + 1) % MANY}`] })))
    expect(found).toHaveLength(1)
    expect(found[0]).toContain('a0 → a1 → a2')
  })
})

/** Fleets of which each waits for all before it. */
const fleets = (many: number, replicas: number): object => ({
  agents: Object.fromEntries(
    Array.from({ length: many }, (_, place) => [
      `f${place}`,
      {
        command: 'x',
        replicas,
        depends_on: Array.from({ length: place }, (_, other) => ({ agent: `f${other}`, when: 'started' })),
      },
    ]),
  ),
})

test.each([
  [fleets(10, 1000), 'agents: there are 10000 copies in all: must be at most 5000'],
  [fleets(5, 1000), 'agents: copies wait for others 10000000 times in all: must be at most 1000000'],
  [
    { agents: { a: { command: 'x'.repeat(1024 * 1024) } } },
    'the document must have 1 MiB of text at most, as JSON',
  ],
])('what is too much is refused, case %#', (document, message) => {
  expect(messagesOf(document)).toEqual([message])
})

test('the most that there may be is a blueprint', () => {
  expect(checkDocument(fleets(2, 1000)).agents).toHaveLength(2000)
})

test('who has ended well before is who is found by walking back', () => {
  const places = fc.nat({ max: 39 })
  fc.assert(
    fc.property(fc.array(fc.tuple(places, places, fc.boolean()), { maxLength: 120 }), (edges) => {
      const dependsOn = (place: number): readonly object[] =>
        edges.flatMap(([from, to, completed]) =>
          Math.max(from, to) === place && from !== to
            ? [{ agent: `a${Math.min(from, to)}`, when: completed ? 'completed' : 'started' }]
            : [],
        )
      const names = Array.from({ length: 40 }, (_, place) => `a${place}`)
      const agents = agentsOf({
        agents: Object.fromEntries(names.map((name, place) => [name, { depends_on: dependsOn(place) }])),
      })
      const isCompleted = completedBefore(agents, new Set(names))
      const walk = (name: string, found = new Set<string>()): ReadonlySet<string> => {
        for (const { agent, completed } of agents.find((one) => one.name === name)?.dependsOn ?? []) {
          if (!completed || found.has(agent)) continue
          found.add(agent)
          walk(agent, found)
        }
        return found
      }
      for (const name of names)
        expect(names.filter((other) => isCompleted(name, other)).toSorted()).toEqual(
          [...walk(name)].toSorted(),
        )
    }),
    { numRuns: 50 },
  )
})
