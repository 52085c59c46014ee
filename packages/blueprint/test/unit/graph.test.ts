import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { edgeFindings, type Node, orderOf } from '../../src/graph.ts'
import { type Blueprint, checkDocument, renderGraph } from '../../src/index.ts'

const node = (name: string, ...to: string[]): Node => ({
  name,
  edges: to.map((other, index) => ({ to: other, path: ['agents', name, 'depends_on', index] })),
})

const blueprint = (agents: Record<string, unknown[]>): Blueprint =>
  checkDocument({
    name: 'team',
    agents: Object.fromEntries(
      Object.entries(agents).map(([name, depends_on]) => [name, { command: 'x', depends_on }]),
    ),
  })

/** Nodes in the order of a file, and a hidden order that every edge follows. */
const dags = fc
  .integer({ min: 1, max: 12 })
  .chain((size) =>
    fc.record({
      hidden: fc.shuffledSubarray(
        Array.from({ length: size }, (_, index) => `n${index}`),
        { minLength: size, maxLength: size },
      ),
      picks: fc.array(fc.tuple(fc.nat(size - 1), fc.nat(size - 1)), { maxLength: size * 3 }),
    }),
  )
  .map(({ hidden, picks }) => {
    const edges = new Map(hidden.map((name) => [name, new Set<string>()]))
    for (const [a, b] of picks) {
      if (a !== b) edges.get(hidden[Math.max(a, b)] ?? '')?.add(hidden[Math.min(a, b)] ?? '')
    }
    const names = hidden.toSorted()
    return { hidden, nodes: names.map((name) => node(name, ...(edges.get(name) ?? []))) }
  })

describe('an order', () => {
  test('is that of the file wherever nobody has to wait', () => {
    expect(orderOf([node('c'), node('a'), node('b')])).toEqual(['c', 'a', 'b'])
    expect(orderOf([node('a', 'c'), node('b'), node('c')])).toEqual(['b', 'c', 'a'])
  })

  test('follows every edge, and takes the first of the file that may come next', () => {
    fc.assert(
      fc.property(dags, ({ nodes }) => {
        const order = orderOf(nodes)
        expect(order.toSorted()).toEqual(nodes.map(({ name }) => name).toSorted())
        order.forEach((name, index) => {
          const before = new Set(order.slice(0, index))
          const free = nodes.find(
            (each) => !before.has(each.name) && each.edges.every(({ to }) => before.has(to)),
          )
          expect(free?.name).toBe(name)
        })
        expect(edgeFindings(nodes)).toEqual([])
      }),
    )
  })
})

describe('a circle', () => {
  test('is named in full from its first agent in the file, at the entry that leads into it', () => {
    const nodes = [node('start', 'b'), node('a', 'x', 'c'), node('b', 'a'), node('c', 'b'), node('x')]
    expect(edgeFindings(nodes)).toEqual([
      { path: ['agents', 'a', 'depends_on', 1], rule: 'they wait for each other: a → c → b → a' },
    ])
  })

  test('is told beside another', () => {
    const nodes = [node('a', 'b'), node('b', 'a'), node('c', 'd'), node('d', 'c', 'd')]
    expect(edgeFindings(nodes).map(({ rule }) => rule)).toEqual([
      'd waits for itself',
      'they wait for each other: a → b → a',
      'they wait for each other: c → d → c',
    ])
  })

  test('that a single edge closes is found, and is one', () => {
    const closed = dags.chain(({ hidden, nodes }) =>
      fc.tuple(fc.nat(hidden.length - 1), fc.nat(hidden.length - 1)).map(([one, other]) => {
        const early = hidden[Math.min(one, other)] ?? ''
        const late = hidden[Math.max(one, other)] ?? ''
        return { nodes, early, late }
      }),
    )
    fc.assert(
      fc.property(closed, ({ nodes, early, late }) => {
        fc.pre(reaches(nodes, late, early) && early !== late)
        const back = nodes.map((each) =>
          each.name === early ? node(early, ...each.edges.map(({ to }) => to), late) : each,
        )
        const found = edgeFindings(back)
        expect(found.length).toBeGreaterThan(0)
        for (const { rule, path } of found) {
          const names = rule.replace('they wait for each other: ', '').split(' → ')
          expect(names.at(-1)).toBe(names[0])
          expect(new Set(names).size).toBe(names.length - 1)
          names.slice(0, -1).forEach((name, index) => {
            const edges = back.find((each) => each.name === name)?.edges ?? []
            expect(edges.map(({ to }) => to)).toContain(names[index + 1])
          })
          expect(path[1]).toBe(names[0])
          const first = back.find(({ name }) => name === names[0])?.edges[Number(path[3])]
          expect(first?.to).toBe(names[1])
        }
      }),
    )
  })
})

function reaches(nodes: readonly Node[], from: string, to: string): boolean {
  if (from === to) return true
  const edges = nodes.find(({ name }) => name === from)?.edges ?? []
  return edges.some((edge) => reaches(nodes, edge.to, to))
}

describe('a drawing', () => {
  const team = blueprint({
    researcher: [],
    server: [],
    writer: ['researcher', { agent: 'server', when: 'ready', on_failure: 'stop' }],
    cleaner: [{ agent: 'writer', when: 'ended' }],
    end: [{ agent: 'writer', on_failure: 'run' }],
  })

  test('as text has a level a number, and names conditions other than completed', () => {
    expect(renderGraph(team, 'text')).toBe(`team: 5 agents, 3 levels
1  researcher
   server
2  writer ← researcher, server (ready, else stop)
3  cleaner ← writer (ended)
   end ← writer (else run)`)
  })

  test('as Mermaid has ids that mean nothing in it', () => {
    expect(renderGraph(team, 'mermaid')).toBe(`flowchart TD
  a0["researcher"]
  a1["server"]
  a2["writer"]
  a3["cleaner"]
  a4["end"]
  a0 --> a2
  a1 -->|"ready, else stop"| a2
  a2 -->|"ended"| a3
  a2 -->|"else run"| a4`)
  })

  test('shows a name that does not come from a file as letters', () => {
    const [first] = team.agents
    const strange: Blueprint = { ...team, agents: [{ ...first!, name: 'a"]; \u001b[31m<b>' }] }
    expect(renderGraph(strange, 'text')).toContain('1  a"]; \\u001b[31m<b>')
    expect(renderGraph(strange, 'mermaid')).toContain('a0["a#34;#93;#59; #92;u001b#91;31m#60;b#62;"]')
  })
})
