import { describe, expect, test } from 'vitest'
import { converse, newConversation, replyKey, unprovenTells, wishOf } from '../../src/mission/conversation.ts'
import { initialState } from '../../src/mission/machine.ts'
import { withAskTime } from '../../src/mission/policy/ask-time.ts'
import type { Signal, TalkSignal } from '../../src/mission/signal.ts'
import type { MissionEvent } from '../../src/model/events.ts'
import type { MessageId } from '../../src/model/ids.ts'
import type { MissionState, Phase } from '../../src/model/state.ts'
import { type Conversation, type Fact, type MissionInput, nothingSpent, type Talk } from '../../src/index.ts'
import { missionSpec } from '../fakes/records.ts'

const A = '00000000-0000-4000-8000-00000000000a' as MessageId
const GO_ON = '00000000-0000-4000-8000-00000000000f' as MessageId
const B = '00000000-0000-4000-8000-00000000000b' as MessageId

const TASK = { type: 'task', command: 'do it' } as const

/** A session whose agent has been greeted, and what follows from each thing that happens to it. */
function stage({
  answers = 'line',
  remembers = true,
  interruptAnswers = false,
  ...input
}: Partial<Pick<Talk, 'answers' | 'remembers' | 'interruptAnswers'>> & Partial<MissionInput> = {}) {
  const spec = missionSpec({ type: 'session', ...input })
  const setting = {
    spec,
    talk: { prompt: null, turns: true, remembers, answers, interruptAnswers },
    holds: false,
    now: 1,
    freshMessage: () => GO_ON,
    freshConversation: () => null,
  }
  let state: MissionState = {
    ...initialState,
    phase: 'running.up',
    run: 1,
    conversation: { ...newConversation(null), turn: 'starting' },
  }
  const happen = (signal: Signal | TalkSignal) => {
    const exchange = converse(signal, { before: state, after: state, setting })
    if (exchange === null) throw new Error('it does not talk')
    state = { ...state, conversation: exchange.conversation }
    return exchange
  }
  return {
    happen,
    hear: (from: number, to: number, ...facts: readonly Fact[]) =>
      happen({ type: 'heard', run: state.run, to, lines: [{ from, to, facts }] }),
    /** The run ends, and the next one is up with so much of the conversation. */
    endRun(memory: Conversation['memory']) {
      const events: MissionEvent[] = []
      for (const next of [
        { ...state, phase: 'restarting.backoff' as const },
        { ...state, phase: 'running.starting' as const, run: 2 },
        { ...state, phase: 'running.up' as const, run: 2 },
      ]) {
        const before = state
        state = { ...next, conversation: before.conversation }
        const exchange = converse(
          { type: 'recalled', run: state.run, memory },
          { before, after: state, setting },
        )
        state = { ...state, conversation: exchange?.conversation ?? null }
        events.push(...(exchange?.events ?? []))
      }
      return events
    },
    remember(memory: Conversation['memory']) {
      if (state.conversation !== null) state = { ...state, conversation: { ...state.conversation, memory } }
    },
    state: () => state,
    messages: () => state.conversation?.messages ?? [],
    at: (now: number) => {
      setting.now = now
    },
    wish: () => wishOf(state, { spec, now: 1 }),
  }
}

const answered = (
  message: MessageId,
  more: Partial<Omit<Extract<Fact, { type: 'answered' }>, 'type'>> = {},
): Fact => ({
  type: 'answered',
  messages: [message],
  ok: true,
  interrupted: false,
  spent: nothingSpent,
  runCostUsd: null,
  ...more,
})

const settled = (message: MessageId, ok: boolean): unknown =>
  expect.objectContaining({ type: 'message.answered', message, ok })

describe('what an agent awaits', () => {
  test('is on record before it is told, and until it is proved to be', () => {
    const one = stage()
    const { tells, conversation } = one.hear(0, 10, { type: 'awaits', wish: 'a session' })
    expect(tells).toEqual([{ kind: 'reply', wish: 'a session' }])
    expect(conversation.awaited).toEqual(['a session'])
    expect(unprovenTells(one.state())).toContainEqual({ kind: 'reply', wish: 'a session' })
    one.happen({ type: 'told', run: 1, key: replyKey('another') })
    expect(one.state().conversation?.awaited).toEqual(['a session'])
    one.happen({ type: 'told', run: 1, key: replyKey('a session') })
    expect(unprovenTells(one.state())).toEqual([{ kind: 'greeting' }])
  })

  test('is told by a key that any name fits into', () => {
    const keys = ['', 'x'.repeat(10_000), 'ü\n"'].map(replyKey)
    for (const key of keys) expect(key).toMatch(/^[\w-]{1,80}$/)
    expect(new Set(keys).size).toBe(3)
  })
})

describe('where an answer stands', () => {
  test.each([
    ['line', 500],
    ['turn', 100],
  ] as const)('with answers in a %s it begins at %i', (answers, from) => {
    const one = stage({ answers })
    one.hear(0, 100, { type: 'ready' })
    one.happen({ type: 'say', message: A, text: 'first' })
    one.happen({ type: 'say', message: B, text: 'second' })
    one.happen({ type: 'told', run: 1, key: A })
    const { events, conversation } = one.hear(500, 600, answered(A))
    expect(events).toContainEqual({ type: 'message.answered', run: 1, message: A, ok: true, from, to: 600 })
    expect(conversation.last).toMatchObject({ from, to: 600 })
    expect(conversation.messages).toMatchObject([{ id: B, state: 'handed', heard: 600 }])
  })
})

describe('a task that was killed after it had answered, before it had said so', () => {
  test.each([
    ['closed', true],
    ['none', false],
  ] as const)('is over in the next run, which remembers it as %s', (memory, ok) => {
    const one = stage(TASK)
    one.happen({ type: 'say', message: A, text: 'do it' })
    one.remember(memory)
    one.hear(0, 10, { type: 'ready' })
    one.happen({ type: 'told', run: 1, key: A })
    expect(one.wish()).toBeNull()
    const { events } = one.hear(10, 20, { type: 'settled', message: A }, { type: 'turn', turn: 'idle' })
    expect(events).toContainEqual(expect.objectContaining({ type: 'message.answered', message: A, ok }))
    expect(one.state().conversation?.last).toMatchObject({ ok, run: 1 })
    expect(one.wish()).toBe('finished')
  })
})

describe('a session that was killed after it had answered, before it had said so', () => {
  test('has answered with what it had said in the run before', () => {
    const one = stage()
    one.happen({ type: 'say', message: A, text: 'first' })
    one.hear(0, 100, { type: 'ready' })
    one.hear(100, 200, { type: 'taken', message: A }, { type: 'turn', turn: 'busy' })
    one.hear(200, 500)
    one.endRun('closed')
    one.hear(0, 10, { type: 'ready' })
    const { events, conversation } = one.hear(
      10,
      20,
      { type: 'taken', message: A },
      { type: 'settled', message: A },
      { type: 'turn', turn: 'idle' },
    )
    const place = { ok: true, run: 1, from: 100, to: 500 }
    expect(events).toContainEqual({ type: 'message.answered', message: A, ...place })
    expect(conversation.last).toMatchObject(place)
  })
})

describe('a message that is not done with', () => {
  test('keeps a task, though another answer was given', () => {
    const one = stage({ ...TASK, restart: 'on-failure' })
    one.happen({ type: 'say', message: A, text: 'do it' })
    one.hear(0, 10, { type: 'ready' })
    one.hear(10, 20, { type: 'trouble', trouble: { kind: 'passing', reason: 'overloaded' } })
    one.hear(20, 30, answered(A, { ok: false }))
    expect(one.state().conversation?.messages).toMatchObject([{ id: A, state: 'queued' }])
    expect(one.wish()).toBe('trouble')
  })

  test('is taken once', () => {
    const one = stage()
    one.happen({ type: 'say', message: A, text: 'first' })
    one.hear(0, 10, { type: 'ready' })
    expect(one.hear(10, 20, { type: 'taken', message: A }).events).toMatchObject([{ type: 'message.taken' }])
    expect(one.happen({ type: 'told', run: 1, key: A }).events).toEqual([])
    one.hear(20, 30, { type: 'settled', message: A })
    expect(one.hear(30, 40, { type: 'taken', message: A }).events).toEqual([])
    expect(one.messages()).toMatchObject([{ id: A, state: 'settled' }])
  })

  test('stays while the agent has not begun with it, whatever it said of itself before', () => {
    const one = stage()
    one.hear(0, 10, { type: 'ready' })
    one.happen({ type: 'say', message: A, text: 'first' })
    one.hear(10, 20, { type: 'turn', turn: 'idle' })
    one.hear(20, 30, { type: 'taken', message: A }, { type: 'turn', turn: 'idle' })
    expect(one.state().conversation?.messages).toMatchObject([{ id: A, state: 'taken' }])
    const { events } = one.hear(30, 40, { type: 'turn', turn: 'busy' }, { type: 'turn', turn: 'idle' })
    expect(events).toContainEqual(expect.objectContaining({ type: 'message.answered', ok: false }))
  })
})

describe('a task', () => {
  test('is not over while work goes on in the background', () => {
    const one = stage(TASK)
    one.happen({ type: 'say', message: A, text: 'do it' })
    one.hear(0, 10, { type: 'ready' })
    one.hear(10, 20, { type: 'background', running: 1 })
    one.hear(20, 30, answered(A), { type: 'turn', turn: 'idle' })
    expect(one.wish()).toBeNull()
    one.hear(30, 40, { type: 'background', running: 0 })
    expect(one.wish()).toBe('finished')
  })
})

describe('what became of a message when the agent ended', () => {
  const begun = (options: Parameters<typeof stage>[0] = {}) => {
    const one = stage(options)
    one.happen({ type: 'say', message: A, text: 'first' })
    one.hear(0, 10, { type: 'ready' })
    return one
  }

  test('an agent that remembers nothing has not answered what it had', () => {
    const one = begun({ remembers: false })
    one.hear(10, 20, { type: 'taken', message: A })
    expect(one.endRun('none')).toContainEqual(settled(A, false))
    expect(one.messages()).toEqual([])
  })

  test('what it did not have is not cut off', () => {
    const one = begun()
    one.hear(10, 20, { type: 'background', running: 0 })
    one.endRun('none')
    expect(one.messages()).toMatchObject([{ id: A, state: 'queued', cutOff: null }])
  })

  test('one that tells what it has is told again under the same name', () => {
    const one = begun()
    one.hear(10, 20, { type: 'taken', message: A })
    one.endRun('open')
    one.hear(0, 10, { type: 'ready' })
    expect(one.messages()).toMatchObject([{ id: A, state: 'handed', goOn: null }])
  })

  test('one that does not is asked to go on', () => {
    const one = begun()
    one.happen({ type: 'told', run: 1, key: A })
    one.endRun('open')
    one.hear(0, 10, { type: 'ready' })
    expect(one.messages()).toMatchObject([{ id: A, state: 'handed', goOn: GO_ON }])
  })

  test('one that does not go on by itself is asked to, once', () => {
    const one = begun()
    one.hear(10, 20, { type: 'taken', message: A })
    one.endRun('open')
    one.hear(0, 10, { type: 'ready' })
    one.hear(10, 20, { type: 'settled', message: A })
    const first = one.hear(20, 30, { type: 'turn', turn: 'idle' })
    expect(first.events.map(({ type }) => type)).toEqual(['message.returned', 'message.handed'])
    expect(one.messages()).toMatchObject([{ id: A, state: 'handed', goOn: GO_ON }])
    one.hear(30, 40, { type: 'settled', message: GO_ON })
    expect(one.hear(40, 50, { type: 'turn', turn: 'idle' }).events).toContainEqual(settled(A, false))
  })
})

describe('an answer', () => {
  const two = (options: Parameters<typeof stage>[0] = {}) => {
    const one = stage(options)
    one.happen({ type: 'say', message: A, text: 'first' })
    one.happen({ type: 'say', message: B, text: 'second' })
    one.hear(0, 10, { type: 'ready' })
    one.hear(10, 20, { type: 'taken', message: A })
    return one
  }
  const trouble = { type: 'trouble', trouble: { kind: 'passing', reason: 'overloaded' } } as const

  test('is not about what the agent was not told', () => {
    const one = two()
    one.hear(20, 30, answered(A, { messages: [A, B] }))
    expect(one.messages()).toMatchObject([{ id: B, state: 'handed' }])
  })

  test('costs what the run has cost since the one before', () => {
    const one = two()
    one.hear(20, 30, answered(A, { runCostUsd: 1 }))
    one.hear(30, 40, { type: 'turn', turn: 'idle' })
    one.hear(40, 50, answered(B, { runCostUsd: 3 }))
    expect(one.state().conversation?.spent.costUsd).toBe(3)
    one.hear(50, 60, answered(B, { runCostUsd: 2 }))
    expect(one.state().conversation?.spent.costUsd).toBe(3)
  })

  test.each([
    ['on-failure', false, 'queued'],
    ['on-failure', true, undefined],
    ['never', false, undefined],
  ] as const)('that may pass, with restart %s, interrupted %s', (restart, interrupted, state) => {
    const one = two({ restart })
    one.hear(20, 30, trouble, answered(A, { ok: false, interrupted }))
    expect(one.messages().find(({ id }) => id === A)?.state).toBe(state)
  })
})

describe('a question of an agent', () => {
  const ask = { id: 'q', tool: 'Bash', summary: 'ls', input: '{}', rule: null, context: '' } as const
  const deny = { decision: 'deny', reason: 'no' } as const

  test('is answered once', () => {
    const one = stage()
    one.hear(0, 10, { type: 'ready' }, { type: 'asked', ask })
    const first = one.happen({ type: 'verdict', ask: 'q', verdict: deny })
    expect(first.tells).toEqual([{ kind: 'verdict', ask: 'q' }])
    expect(one.happen({ type: 'verdict', ask: 'q', verdict: deny })).toMatchObject({ events: [], tells: [] })
    expect(one.happen({ type: 'verdict', ask: 'other', verdict: deny })).toMatchObject({ tells: [] })
  })

  test('is denied when its time is over, and not before', () => {
    const one = stage({ askTimeoutMs: 100 })
    one.hear(0, 10, { type: 'ready' }, { type: 'asked', ask })
    one.at(100)
    expect(one.happen({ type: 'timer', name: 'ask', quietMs: 0 }).tells).toEqual([])
    one.at(101)
    expect(one.happen({ type: 'timer', name: 'ask', quietMs: 0 }).tells).toEqual([
      { kind: 'verdict', ask: 'q' },
    ])
  })
})

test('a question that is open when the agent ends its turn is withdrawn, and one that was answered is not', () => {
  const ask = { tool: 'Bash', summary: 'ls', input: '{}', rule: null, context: '' } as const
  const one = stage()
  one.hear(0, 10, { type: 'ready' }, { type: 'asked', ask: { ...ask, id: 'p' } })
  one.hear(10, 20, { type: 'asked', ask: { ...ask, id: 'q' } })
  one.happen({ type: 'verdict', ask: 'p', verdict: { decision: 'deny', reason: 'no' } })
  const { events } = one.hear(20, 30, answered(A))
  expect(events.filter(({ type }) => type === 'ask.withdrawn')).toEqual([
    { type: 'ask.withdrawn', run: 1, ask: 'q' },
  ])
})

describe('a question that is open when the agent is interrupted', () => {
  const ask = { id: 'q', tool: 'Bash', summary: 'ls', input: '{}', rule: null, context: '' } as const
  const interrupted = (interruptAnswers: boolean) => {
    const one = stage({ interruptAnswers })
    one.hear(0, 10, { type: 'ready' })
    one.happen({ type: 'say', message: A, text: 'do it' })
    one.hear(10, 20, { type: 'asked', ask })
    return { one, exchange: one.happen({ type: 'interrupt', request: GO_ON }) }
  }
  const withdrawals = (events: readonly MissionEvent[]): number =>
    events.filter(({ type }) => type === 'ask.withdrawn').length

  test('is answered with that where the agent is told so, and decided by nobody after it', () => {
    const { one, exchange } = interrupted(true)
    expect(withdrawals(exchange.events)).toBe(1)
    expect(exchange.conversation.asks).toMatchObject([{ id: 'q', verdict: { decision: 'withdrawn' } }])
    expect(exchange.tells).toEqual([{ kind: 'interrupt', request: GO_ON }])
    const late = one.happen({ type: 'verdict', ask: 'q', verdict: { decision: 'allow', rule: null } })
    expect(late).toMatchObject({ events: [], tells: [] })
    expect(unprovenTells({ ...initialState, run: 1, conversation: late.conversation })).toEqual([
      { kind: 'message', message: A },
      { kind: 'interrupt', request: GO_ON },
    ])
    const gone = one.hear(20, 30, { type: 'withdrawn', ask: 'q' })
    expect(gone.conversation.asks).toEqual([])
    expect(withdrawals(gone.events)).toBe(0)
  })

  test('stays open where the agent itself withdraws it', () => {
    const { one, exchange } = interrupted(false)
    expect(exchange.conversation.asks).toMatchObject([{ id: 'q', verdict: null }])
    expect(withdrawals(one.hear(20, 30, { type: 'withdrawn', ask: 'q' }).events)).toBe(1)
  })
})

describe('the time that a person has to answer', () => {
  const ask = {
    id: 'q',
    tool: 'Bash',
    summary: 'ls',
    input: '{}',
    rule: null,
    context: '',
    at: 0,
    verdict: null,
  }
  const now = { wall: 500, monotonic: 7 }
  const waiting = (phase: Phase, timers: MissionState['timers'] = {}): MissionState => ({
    ...initialState,
    phase,
    timers,
    conversation: { ...newConversation(null), asks: [ask] },
  })

  test('runs from when it was asked, once', () => {
    const first = withAskTime(waiting('running.up'), { askTimeoutMs: 1000 }, now, 'boot')
    expect(first.timers.ask).toMatchObject({ wall: 1000 })
    expect(withAskTime(first, { askTimeoutMs: 1000 }, now, 'boot')).toBe(first)
  })

  test('is over when the run is being ended, and is not set again', () => {
    const late = { ...waiting('running.stopping'), timers: { ask: { wall: 1, monotonic: 1, boot: 'boot' } } }
    expect(withAskTime(late, { askTimeoutMs: 1 }, now, 'boot').timers).toEqual({})
    const due = waiting('running.stopping')
    expect(withAskTime(due, { askTimeoutMs: 1 }, now, 'boot')).toBe(due)
  })
})

describe('a tool that an agent uses', () => {
  test('is on record with its limit until it ends', () => {
    const one = stage()
    one.hear(0, 10, { type: 'turn', turn: 'busy' })
    one.hear(10, 20, { type: 'tool-began', call: 'a', limitMs: 100 })
    one.hear(20, 30, { type: 'tool-began', call: 'b', limitMs: 200 })
    one.hear(30, 40, { type: 'tool-ended', call: 'a' })
    expect(one.state().conversation?.tools).toEqual([{ call: 'b', until: 201 }])
  })

  test('has ended with the turn', () => {
    const one = stage()
    one.hear(0, 10, { type: 'turn', turn: 'busy' }, { type: 'tool-began', call: 'a', limitMs: 100 })
    one.hear(10, 20, answered(A))
    expect(one.state().conversation?.tools).toEqual([])
  })
})

describe('an agent that says what is wrong before it listens', () => {
  test.each([
    ['permanent', 'trouble'],
    ['passing', null],
  ] as const)('%s: it is ended, or it may still come', (kind, wish) => {
    const one = stage()
    one.hear(0, 10, { type: 'trouble', trouble: { kind, reason: 'no login' } })
    expect(one.wish()).toBe(wish)
  })

  test('is not ended for that once it listens', () => {
    const one = stage()
    one.hear(0, 10, { type: 'ready' })
    one.hear(10, 20, { type: 'trouble', trouble: { kind: 'permanent', reason: 'no such model' } })
    expect(one.wish()).toBeNull()
  })
})
