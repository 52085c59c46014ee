import { type JournalMissionEvent, type MissionEvent, type ProcessExit, seq } from '@overmind/core'
import { expect, test } from 'vitest'
import { missionId } from '../../../core/test/fakes/records.ts'
import { runsOf } from '../../src/describe/runs.ts'

const mission = missionId('0123abcd')

/** Events in their order, one a second. */
function journal(...events: readonly MissionEvent[]): readonly JournalMissionEvent[] {
  return events.map((event, index) => ({ ...event, seq: seq(index + 1), at: index * 1000, mission }))
}

const exit = (code: number, at: number, ran: number): ProcessExit => ({ kind: 'code', code, at, ran })
const turn = (cost: number): MissionEvent => ({
  type: 'turn.ended',
  run: 1,
  ok: true,
  interrupted: false,
  from: 0,
  to: 0,
  cost,
  turns: 1,
  usage: [],
})
const again = (run: number, reason: string): MissionEvent => ({
  type: 'mission.restarting',
  run,
  delay: 0,
  reason,
  charged: true,
})

test('each run is told with when, how long, how and why it ended', () => {
  const events = journal(
    { type: 'run.starting', run: 1 },
    { type: 'run.started', run: 1, pid: 1 },
    turn(0.25),
    turn(0.5),
    { type: 'run.exited', run: 1, exit: exit(3, 4000, 2900), left: 0 },
    again(2, 'exited with code 3'),
    { type: 'run.starting', run: 2 },
    { type: 'run.refused', run: 2, reason: 'no memory', retry: true },
    again(3, 'no memory'),
    { type: 'run.starting', run: 3 },
    { type: 'run.started', run: 3, pid: 3 },
    { type: 'run.exited', run: 3, exit: { kind: 'lost', cause: 'reboot', at: 11_000, ran: 0 }, left: 0 },
    {
      type: 'mission.exited',
      run: 3,
      exit: {
        class: 'lost',
        outcome: 'crashed',
        run: 3,
        code: null,
        signal: null,
        at: 11_000,
        evidence: { reason: 'the machine was restarted' },
        receipt: { signals: [], strays: 0, left: [] },
      },
    },
    again(4, 'restarted on request'),
    { type: 'run.starting', run: 4 },
    { type: 'run.started', run: 4, pid: 4 },
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
  const events = journal({ type: 'run.exited', run: 7, exit: exit(0, 0, 1), left: 0 }, again(8, 'finished'), {
    type: 'run.starting',
    run: 8,
  })
  expect(runsOf(events).map(({ run }) => run)).toEqual([8])
})
