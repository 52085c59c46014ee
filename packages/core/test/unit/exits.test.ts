import { describe, expect, test } from 'vitest'
import type {
  Budget,
  Conversation,
  Ending,
  EndReason,
  ExitClass,
  MissionSpec,
  ProcessExit,
  Trouble,
} from '../../src/index.ts'
import { newConversation } from '../../src/mission/conversation.ts'
import { classify as classifyBy, type Grounds } from '../../src/mission/policy/classify.ts'
import { conclude as concludeBy } from '../../src/mission/policy/conclude.ts'
import { outcomeOf } from '../../src/model/exit.ts'
import { circumstances } from '../fakes/circumstances.ts'
import { missionSpec } from '../fakes/records.ts'

const code = (value: number, ran = 5): ProcessExit => ({ kind: 'code', code: value, at: 1000, ran })
const starved = (value: number): ProcessExit => ({
  kind: 'code',
  code: value,
  at: 1000,
  ran: 5,
  cause: 'out-of-memory',
})
const lost = (cause: 'reboot' | 'vanished' | 'unkillable'): ProcessExit => ({
  kind: 'lost',
  cause,
  at: 1000,
  ran: 5,
})
const ending = (reason: EndReason): Ending => ({ reason, rung: 'ask', timeoutMs: 1 })
const receipt = { signals: [], strays: 0, left: [] }

function classify(exit: ProcessExit, grounds: Partial<Grounds> = {}): ReturnType<typeof classifyBy> {
  return classifyBy(exit, {
    ending: null,
    spec: missionSpec(),
    conversation: null,
    judgement: undefined,
    ...grounds,
  })
}

/** What follows for a mission that does not talk. */
function conclude(
  state: Omit<Parameters<typeof concludeBy>[0], 'conversation'>,
  spec: MissionSpec,
  exit: ProcessExit,
): ReturnType<typeof concludeBy> {
  return concludeBy({ ...state, conversation: null }, spec, { exit, receipt, circumstances: circumstances() })
}

describe('the class of an end', () => {
  const table: readonly (readonly [
    string,
    ProcessExit,
    EndReason | null,
    ExitClass,
    number | null,
    string | null,
  ])[] = [
    ['success', code(0), null, 'completed', 0, null],
    ['a failure', code(3), null, 'crashed', 3, null],
    ['a code of 128', code(128), null, 'crashed', 128, null],
    ['a code that is no signal', code(255), null, 'crashed', 255, null],
    ['a signal', code(137), null, 'signalled', 137, 'SIGKILL'],
    ['not found', code(127), null, 'failed-to-start', 127, null],
    ['not executable', code(126), null, 'failed-to-start', 126, null],
    ['lost', lost('vanished'), null, 'lost', null, null],
    ['lost by a reboot', lost('reboot'), null, 'lost', null, null],
    ['unkillable', lost('unkillable'), null, 'lost', null, null],
    ['killed, whatever the code', code(0), 'kill', 'killed', 0, null],
    ['killed and lost', lost('vanished'), 'kill', 'killed', null, null],
    ['stopped, whatever the code', code(143), 'stop', 'stopped', 143, 'SIGTERM'],
    ['over its deadline', code(0), 'deadline', 'deadline', 0, null],
    ['stalled', code(137), 'stall', 'stalled', 137, 'SIGKILL'],
    ['unhealthy', code(143), 'unhealthy', 'stalled', 143, 'SIGTERM'],
    ['out of memory', starved(137), null, 'out-of-memory', 137, 'SIGKILL'],
    ['out of memory, and it left something', starved(137), 'leftovers', 'out-of-memory', 137, 'SIGKILL'],
    ['out of memory, but killed', starved(137), 'kill', 'killed', 137, 'SIGKILL'],
    ['a failure after a child of it ran out of memory', starved(1), null, 'crashed', 1, null],
    ['a success all the same', starved(0), null, 'completed', 0, null],
    ['a success that left something', code(0), 'leftovers', 'completed', 0, null],
    ['a failure that left something', code(9), 'leftovers', 'crashed', 9, null],
    ['ended for a restart', code(143), 'restart', 'signalled', 143, 'SIGTERM'],
  ]
  test.each(table)('%s', (_, exit, reason, expected, expectedCode, signal) => {
    const verdict = classify(exit, {
      ending: reason === null ? null : ending(reason),
      spec: missionSpec({ timeoutMs: 1500, activityTimeoutMs: 2500 }),
    })
    expect(verdict).toMatchObject({ class: expected, code: expectedCode, signal })
    expect(verdict.reason).toMatch(/^\S.*[^.\s]$/)
  })

  test('is what the provider says, but for an end that was asked for or a command that is not there', () => {
    const judgements: readonly Trouble[] = [
      { kind: 'permanent', reason: 'a bad flag' },
      { kind: 'rate-limited', reason: 'no tokens left', until: null, account: 'a' },
    ]
    for (const judgement of judgements) {
      const of = (exit: ProcessExit, reason: EndReason | null = null): ExitClass =>
        classify(exit, { ending: reason === null ? null : ending(reason), judgement }).class
      for (const exit of [code(0), code(3), code(137), lost('vanished')])
        expect(of(exit)).toBe(judgement.kind)
      expect([127, 126].map((value) => of(code(value)))).toEqual(['failed-to-start', 'failed-to-start'])
      expect(
        (['kill', 'stop', 'parent', 'team-end', 'deadline', 'stall'] as const).map((reason) =>
          of(code(1), reason),
        ),
      ).toEqual(['killed', 'stopped', 'stopped', 'stopped', 'deadline', 'stalled'])
      expect(of(code(1), 'leftovers')).toBe(judgement.kind)
    }
    expect(classify(code(3), { judgement: judgements[0] }).reason).toBe('a bad flag (exit code 3)')
  })

  test('counts codes on the success list as success, also where they mean something else', () => {
    const spec = missionSpec({ successCodes: [3, 126, 127, 143] })
    expect([3, 126, 127, 143, 0].map((value) => classify(code(value), { spec }).class)).toEqual([
      'completed',
      'completed',
      'completed',
      'completed',
      'crashed',
    ])
  })
})

test('every class has its outcome', () => {
  const classes: Readonly<Record<ExitClass, string>> = {
    killed: 'killed',
    budget: 'crashed',
    stopped: 'stopped',
    completed: 'stopped',
    deadline: 'crashed',
    stalled: 'crashed',
    'failed-to-start': 'crashed',
    'rate-limited': 'crashed',
    permanent: 'crashed',
    'out-of-memory': 'crashed',
    signalled: 'crashed',
    lost: 'crashed',
    crashed: 'crashed',
  }
  for (const [exit, outcome] of Object.entries(classes))
    expect([exit, outcomeOf(exit as ExitClass)]).toEqual([exit, outcome])
})

const fresh = { run: 1, startedAt: null, ending: null, budget: { clock: 0, charged: [] } }

describe('what follows an end', () => {
  test('is an exit with its evidence when the policy does not restart', () => {
    const exit: ProcessExit = { kind: 'code', code: 2, at: 77, ran: 5, tail: 'last words' }
    expect(conclude(fresh, missionSpec(), exit)).toMatchObject({
      kind: 'exit',
      budget: { clock: 5 },
      exit: {
        class: 'crashed',
        outcome: 'crashed',
        run: 1,
        code: 2,
        signal: null,
        at: 77,
        evidence: { tail: 'last words' },
        receipt,
      },
    })
  })

  test('is a charged restart after a failure', () => {
    const spec = missionSpec({ restart: 'on-failure' })
    expect(conclude(fresh, spec, code(2))).toEqual({
      kind: 'restart',
      conversation: null,
      charged: true,
      delayMs: 1000,
      reason: 'failed with exit code 2',
      budget: { clock: 5, charged: [5] },
    })
  })

  test('is an exit that says so when the budget is used up', () => {
    const spec = missionSpec({ restart: 'always', maxRestarts: 2 })
    const spent = { ...fresh, budget: { clock: 10, charged: [5, 10] } }
    expect(conclude(spent, spec, code(2))).toMatchObject({
      kind: 'exit',
      exit: {
        class: 'crashed',
        evidence: {
          reason:
            'failed with exit code 2; not restarted: 2 restarts within 60 s of running time are used up',
        },
      },
    })
  })

  test('is a restart without charge or delay when it was asked for, whatever the policy and the budget', () => {
    const asked = {
      run: 1,
      startedAt: null,
      ending: ending('restart'),
      budget: { clock: 10, charged: [5, 10] },
    }
    expect(conclude(asked, missionSpec({ restart: 'never', maxRestarts: 2 }), code(143))).toMatchObject({
      kind: 'restart',
      charged: false,
      delayMs: 0,
      budget: { clock: 15, charged: [5, 10] },
    })
  })

  test("of a reboot is nobody's failure", () => {
    expect(conclude(fresh, missionSpec({ restart: 'on-failure' }), lost('reboot'))).toMatchObject({
      kind: 'restart',
      charged: false,
      delayMs: 0,
    })
    expect(conclude(fresh, missionSpec({ restart: 'on-failure' }), lost('vanished'))).toMatchObject({
      kind: 'restart',
      charged: true,
      delayMs: 1000,
    })
    expect(conclude(fresh, missionSpec(), lost('reboot'))).toMatchObject({
      kind: 'exit',
      exit: { class: 'lost' },
    })
  })

  test.each(['kill', 'stop'] as const)('is never a restart after a %s', (reason) => {
    const asked = { ...fresh, ending: ending(reason) }
    for (const restart of ['never', 'on-failure', 'always'] as const) {
      for (const exit of [code(0), code(1), code(137), lost('vanished'), lost('reboot')]) {
        expect(conclude(asked, missionSpec({ restart, maxRestarts: 0 }), exit).kind).toBe('exit')
      }
    }
  })
})

describe('an agent that people sat at', () => {
  const spec = missionSpec({ restart: 'never' })
  const sat: Conversation = { ...newConversation('c'), terminal: { columns: 80, rows: 24 } }

  test.each([
    [null, 'restart'],
    ['leftovers', 'restart'],
    ['stop', 'exit'],
    ['deadline', 'exit'],
  ] as const)('ended for %s: %s', (reason, kind) => {
    const state = { ...fresh, ending: reason === null ? null : ending(reason), conversation: sat }
    expect(concludeBy(state, spec, { exit: code(1), receipt, circumstances: circumstances() }).kind).toBe(
      kind,
    )
  })
})

describe('a conversation that fails in the same way each time that it is resumed', () => {
  const spec = missionSpec({ restart: 'always', maxRestarts: 0 })
  const resumed = { ...newConversation('c'), memory: 'closed' } as const

  /** What follows the last of these ends, each without an answer since the one before. */
  function after(exits: readonly ProcessExit[], from: Conversation = resumed, judgement?: Trouble) {
    let budget: Budget = { clock: 0, charged: [] }
    let conversation: Conversation | null = from
    const conclusions = exits.map((exit, index) => {
      const state = { run: index + 1, startedAt: null, ending: null, budget, conversation }
      const about = { ...circumstances(), judgement }
      const conclusion = concludeBy(state, spec, { exit, receipt, circumstances: about })
      ;({ budget, conversation } = conclusion)
      return conclusion
    })
    return conclusions.at(-1)
  }

  test('is given up at the third time', () => {
    expect(after([code(3), code(3)])).toMatchObject({ kind: 'restart' })
    expect(after([code(3), code(3), code(3)])).toMatchObject({
      kind: 'exit',
      exit: {
        class: 'permanent',
        evidence: {
          reason:
            'the conversation fails in the same way each time that it is resumed: failed with exit code 3',
        },
      },
    })
  })

  test('is tried again when it fails in another way, or is killed', () => {
    expect(after([code(3), code(3), code(4), code(3), code(3)])).toMatchObject({ kind: 'restart' })
    expect(after([code(137), code(137), code(137), code(137)])).toMatchObject({ kind: 'restart' })
  })

  test('is tried again when the agent says that it may pass', () => {
    const passing = { kind: 'passing', reason: 'overloaded' } as const
    expect(after([code(3), code(3), code(3), code(3)], resumed, passing)).toMatchObject({ kind: 'restart' })
  })

  test('is not meant where there is nothing to resume', () => {
    const blank = newConversation('c')
    expect(after([code(3), code(3), code(3), code(3)], blank)).toMatchObject({ kind: 'restart' })
  })
})
