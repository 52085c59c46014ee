import { expect, test } from 'vitest'
import type { Agent } from '../../src/blueprint.ts'
import type { AgentState } from '../../src/pipeline/decide.ts'
import { changeInWords, outlookOf } from '../../src/pipeline/outlook.ts'
import { agent, on } from '../support/agents.ts'

const LIVE: AgentState = { kind: 'live', up: true, ready: false }
const DONE: AgentState = { kind: 'ended', ok: true, up: true, ready: true }

const outlook = (
  agents: readonly Agent[],
  states: Readonly<Record<string, AgentState>>,
  maxParallel: number | null = null,
): readonly string[] => outlookOf({ agents, maxParallel }, new Map(Object.entries(states)))

test('it says who is at work, and of each that waits what has not come yet', () => {
  const agents = [
    agent('a'),
    agent('b'),
    agent('c'),
    agent('x', on('a', 'completed'), on('b', 'ready'), on('c', 'ended')),
    agent('y', on('b', 'failed')),
    agent('z', on('x', 'started')),
  ]
  expect(outlook(agents, { a: LIVE, b: LIVE, c: DONE })).toEqual([
    'At work: a and b.',
    'x waits for a to complete and b to be ready.',
    'y waits for b to fail.',
    'z waits for x to start.',
  ])
})

test('one that waits for nobody waits for a place', () => {
  expect(outlook([agent('a'), agent('b')], { a: LIVE }, 1)).toEqual([
    'At work: a.',
    'b waits for a place: no more than 1 run at a time.',
  ])
})

test('when nothing is left it says nothing', () => {
  expect(outlook([agent('a')], { a: DONE })).toEqual([])
})

test('of many it names some, and says how many more there are', () => {
  const names = Array.from({ length: 15 }, (_, n) => `a${n}`)
  const live = Object.fromEntries(names.map((name) => [name, LIVE]))
  const after = names.map((name) => on(name, 'completed'))
  const waiting = Array.from({ length: 12 }, (_, n) => agent(`b${n}`, ...after))
  const sentences = outlook([...names.map((name) => agent(name)), ...waiting], live)
  expect(sentences).toHaveLength(12)
  expect(sentences[0]).toBe('At work: a0, a1, a2, a3, a4, a5, a6, a7, a8, a9 and 5 more.')
  expect(sentences[1]).toMatch(/^b0 waits for a0 to complete, .* a9 to complete and 5 more\.$/)
  expect(sentences.at(-1)).toBe('2 more agents wait.')
})

test('of a change it says how far it is, or why it does not go on', () => {
  const change = { of: 'web', done: 1, all: 3, replace: [], paused: null }
  expect(changeInWords(change)).toEqual(['web is being changed: 1 of 3 are new.'])
  expect(changeInWords({ ...change, paused: 'web-1 failed' })).toEqual([
    'The change of web is paused: web-1 failed. Apply a mended file to go on.',
  ])
  expect(changeInWords({ ...change, done: 3 })).toEqual([])
})
