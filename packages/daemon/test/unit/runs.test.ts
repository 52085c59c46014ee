import type { JournalMissionEvent } from '@overmind/core'
import { expect, test } from 'vitest'
import { runsOf } from '../../src/describe/runs.ts'

type Draft = { readonly [K in keyof JournalMissionEvent]?: unknown } & Record<string, unknown>

/** Events in their order, one a second. */
function journal(...drafts: readonly Draft[]): readonly JournalMissionEvent[] {
  return drafts.map((draft, index) => ({
    seq: index + 1,
    at: index * 1000,
    mission: '0123abcd',
    ...draft,
  })) as unknown as readonly JournalMissionEvent[]
}

const exit = (code: number, at: number, ran: number): object => ({ kind: 'code', code, at, ran })

test('each run is told with when, how long, how and why it ended', () => {
  const events = journal(
    { type: 'run.starting', run: 1 },
    { type: 'run.started', run: 1 },
    { type: 'turn.ended', run: 1, cost: 0.25 },
    { type: 'turn.ended', run: 1, cost: 0.5 },
    { type: 'run.exited', run: 1, exit: exit(3, 4000, 2900) },
    { type: 'mission.restarting', run: 2, reason: 'exited with code 3' },
    { type: 'run.starting', run: 2 },
    { type: 'run.refused', run: 2, reason: 'no memory' },
    { type: 'mission.restarting', run: 3, reason: 'no memory' },
    { type: 'run.starting', run: 3 },
    { type: 'run.started', run: 3 },
    { type: 'run.exited', run: 3, exit: { kind: 'lost', cause: 'reboot', at: 11_000, ran: 0 } },
    { type: 'mission.exited', run: 3, exit: { evidence: { reason: 'the machine was restarted' } } },
    { type: 'mission.restarting', run: 4, reason: 'restarted on request' },
    { type: 'run.starting', run: 4 },
    { type: 'run.started', run: 4 },
  )
  expect(runsOf(events)).toEqual([
    {
      run: 1,
      startedAt: 1000,
      endedAt: 4000,
      ran: 2900,
      code: 3,
      reason: 'exited with code 3',
      costUsd: 0.75,
    },
    { run: 2, startedAt: null, endedAt: 7000, ran: null, code: null, reason: 'no memory', costUsd: 0 },
    {
      run: 3,
      startedAt: 10_000,
      endedAt: 11_000,
      ran: null,
      code: null,
      reason: 'the machine was restarted',
      costUsd: 0,
    },
    { run: 4, startedAt: 15_000, endedAt: null, ran: null, code: null, reason: null, costUsd: 0 },
  ])
})

test('a run whose beginning is not told of is left out', () => {
  const events = journal(
    { type: 'run.exited', run: 7, exit: exit(0, 0, 1) },
    { type: 'mission.restarting', run: 8, reason: 'finished' },
    { type: 'run.starting', run: 8 },
  )
  expect(runsOf(events).map(({ run }) => run)).toEqual([8])
})
