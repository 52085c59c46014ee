import type { MissionView, Phase } from '@overmind/core'
import { expect, test } from 'vitest'
import { why } from '../../src/describe/why.ts'

const spec: MissionView['spec'] = {
  command: { kind: 'shell', line: 'agent' },
  cwd: '/',
  type: 'task',
  provider: 'claude',
  model: null,
  options: {},
  maxCostUsd: null,
  maxTurns: null,
  maxTokens: null,
  onLimit: 'wait',
  askTimeoutMs: null,
  onAskTimeout: 'deny',
  restart: 'on-failure',
  maxRestarts: 5,
  maxSeconds: 60,
  backoffMs: 1000,
  activityTimeoutMs: null,
  activity: 'output',
  timeoutMs: null,
  stopSignal: 'SIGTERM',
  stopTimeoutMs: 10_000,
  successCodes: [0],
  outputLimitBytes: 2 ** 20,
  custody: 'marks',
  memoryBytes: null,
  cpus: null,
  pids: null,
  parent: null,
  onParentExit: 'keep',
  onExit: 'nothing',
  priority: 0,
  colony: 'default',
  labels: {},
  terminal: null,
  team: null,
}

function viewOf(state: Partial<MissionView['state']>): MissionView {
  return {
    id: '0123abcd' as MissionView['id'],
    name: 'one',
    status: 'pending',
    createdAt: 0,
    children: [],
    spec,
    state: {
      phase: 'running.up',
      run: 1,
      process: null,
      startedAt: null,
      ending: null,
      ended: null,
      restarts: 0,
      queuedAt: null,
      budget: { clock: 0, charged: [] },
      account: 'acme',
      conversation: null,
      timers: { gate: { wall: 142_000, monotonic: 0, boot: 'boot' } },
      exit: null,
      ...state,
    },
  }
}

test.each([
  ['pending.limited', 0, 'Account acme of claude is rate-limited; its turn to start comes in 42.0 s.'],
  [
    'restarting.limited',
    3,
    'Run 3 ended; account acme of claude is rate-limited, and the turn of run 4 comes in 42.0 s.',
  ],
] as const satisfies readonly (readonly [Phase, number, string])[])(
  '%s says which account is waited for, and for how long',
  (phase, run, sentence) => {
    const view = viewOf({ phase, run })
    expect(why(view, { now: 100_000 })[0]).toBe(sentence)
  },
)

test('of one that is no process it says what its controller does', () => {
  const process = { pid: 1, start: 'inside', boot: 'boot' }
  const view = viewOf({ process })
  expect(why(view, { now: 0, doing: ['b waits for a to complete.'] }).slice(0, 2)).toEqual([
    'Run 1 is at work, inside the daemon.',
    'b waits for a to complete.',
  ])
})

test('it says who is attached, when somebody is', () => {
  const at = (control: number, watch: number): readonly string[] =>
    why(viewOf({}), { now: 0, attached: { control, watch } })
  expect(at(1, 2)).toContain('Attached to its terminal: 1 who may type, 2 who watch.')
  expect(at(0, 0).join()).not.toContain('Attached')
})

test.each([
  [{ phase: 'pending.queued', run: 0 }, 0, []],
  [{ phase: 'restarting.queued', run: 3 }, 1, ['It is to run again, as run 4.']],
] as const)('%j says which limits are full, and how many come first', (state, before, first) => {
  const place = {
    before,
    full: [
      { scope: 'missions' as const, most: 8, taken: 8 },
      { scope: 'provider claude' as const, most: 2, taken: 3 },
    ],
  }
  const missions = before === 1 ? '1 mission is' : '0 missions are'
  expect(why(viewOf(state), { now: 0, place }).slice(0, first.length + 1)).toEqual([
    ...first,
    `It waits for a slot: 8 of 8 missions and 3 of 2 missions of the provider claude are at work, and ${missions} before it. See overmind queue.`,
  ])
})

test.each([
  ['blueprint', 'what it has started is asked to end first, each by its own ladder.'],
  ['ritual', 'it ends when what it is about to start has been started.'],
  ['task', 'SIGTERM was sent; SIGKILL follows in 5.0 s unless its process tree is empty before.'],
] as const)('of a %s that is stopped it says what is waited for', (type, sentence) => {
  const timers = { rung: { wall: 5000, monotonic: 0, boot: 'boot' } }
  const ending = { reason: 'stop', rung: 'ask', timeoutMs: 5000 } as const
  const view = viewOf({ phase: 'running.stopping', ending, timers })
  const told = why({ ...view, spec: { ...spec, type } }, { now: 0 })
  expect(told[0]).toContain(sentence)
})
