/**
 * An agent that knows its messages by their ids and remembers what it wrote down, under a mission that is told by a
 * program what happens: messages, turns that take their time, crashes of the agent and of the supervisor.
 */
import fc from 'fast-check'
import {
  createMemoryStore,
  type Memory,
  type MessageId,
  type MissionRecord,
  nothingSpent,
  type Provider,
  type Store,
} from '../../src/index.ts'
import { newConversation } from '../../src/mission/conversation.ts'
import { createMission, type MissionActor } from '../../src/mission/mission.ts'
import { newMessageId } from '../../src/model/ids.ts'
import type { Launch, ProcessHost } from '../../src/process/host.ts'
import type { Fact, Talk } from '../../src/provider/talk.ts'
import { createGates } from '../../src/runtime/gates.ts'
import { messageText } from '../../src/runtime/messages.ts'
import { missionRecord, missionSpec } from '../fakes/records.ts'
import { ROOM_FOR_ALL } from '../fakes/room-for-all.ts'
import { steppingClock } from '../fakes/stepping-clock.ts'

export type Op =
  | { readonly kind: 'send' }
  /** The agent reads what it has been told, takes a step of its turn, or writes down what it knows. */
  | { readonly kind: 'read' | 'step' | 'persist' }
  /** All it takes to be at work again, if there is work. */
  | { readonly kind: 'catch-up' }
  | { readonly kind: 'crash-agent' | 'crash-saying' | 'crash-supervisor' | 'interrupt' | 'stop-failing' }
  | { readonly kind: 'fail'; readonly how: 'passing' | 'rate-limited' | 'permanent' }
  | { readonly kind: 'time'; readonly ms: number }

export const ops: fc.Arbitrary<readonly Op[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.constant<Op>({ kind: 'send' }) },
    { weight: 6, arbitrary: fc.constant<Op>({ kind: 'read' }) },
    { weight: 10, arbitrary: fc.constant<Op>({ kind: 'catch-up' }) },
    { weight: 8, arbitrary: fc.constant<Op>({ kind: 'step' }) },
    { weight: 4, arbitrary: fc.constant<Op>({ kind: 'persist' }) },
    { weight: 3, arbitrary: fc.constant<Op>({ kind: 'crash-agent' }) },
    { weight: 2, arbitrary: fc.constant<Op>({ kind: 'crash-saying' }) },
    { weight: 3, arbitrary: fc.constant<Op>({ kind: 'crash-supervisor' }) },
    { weight: 2, arbitrary: fc.constant<Op>({ kind: 'interrupt' }) },
    {
      weight: 1,
      arbitrary: fc
        .constantFrom('passing' as const, 'rate-limited' as const, 'permanent' as const)
        .map((how): Op => ({ kind: 'fail', how })),
    },
    { weight: 1, arbitrary: fc.constant<Op>({ kind: 'stop-failing' }) },
    { weight: 3, arbitrary: fc.nat(90_000).map((ms): Op => ({ kind: 'time', ms })) },
  ),
  { maxLength: 120, size: 'max' },
)

export interface Outcome {
  readonly sent: readonly MessageId[]
  /** How often the agent has said its answer to each, in the order of the first answers. */
  readonly answers: ReadonlyMap<string, number>
  /** What the journal says: the answers to each message, by whether they were good. */
  readonly journal: ReadonlyMap<string, readonly boolean[]>
  readonly refused: ReadonlySet<string>
  readonly counts: ReadonlyMap<string, number>
  readonly faults: readonly unknown[]
}

interface AgentMemory {
  /** Written down: survives it. */
  readonly onDisk: Set<string>
  readonly answeredOnDisk: Set<string>
  /** It went on with these by itself, and was cut off again: it will not do so once more. */
  readonly wornOut: Set<string>
}

/** One life of the agent. */
class Agent {
  readonly inbox: string[] = []
  readonly told = new Set<string>()
  readonly known: Set<string>
  readonly answered: Set<string>
  /** It was cut off from these in an earlier life. */
  readonly resumed: ReadonlySet<string>
  /** `as`: the id by which it was asked. */
  working: { readonly id: string; readonly as: string; left: number } | null = null
  readonly lines: (readonly Fact[])[] = []

  constructor(memory: AgentMemory) {
    this.known = new Set(memory.onDisk)
    this.answered = new Set(memory.answeredOnDisk)
    this.resumed = new Set(memory.onDisk)
  }
}

/** Runs a program to its end, then lets everything come to rest. */
export async function runConversation(program: readonly Op[]): Promise<Outcome> {
  const clock = steppingClock()
  const store: Store = createMemoryStore()
  let seed = 1
  const random = (): number => (seed = (seed * 16807) % 2147483647) / 2147483647
  const memory: AgentMemory = { onDisk: new Set(), answeredOnDisk: new Set(), wornOut: new Set() }
  const answers = new Map<string, number>()
  const refused = new Set<string>()
  const counts = new Map<string, number>()
  const faults: unknown[] = []
  const sent: MessageId[] = []
  let failing: Extract<Op, { kind: 'fail' }>['how'] | null = null
  let agent: Agent | null = null
  let launched: Launch | null = null
  let offset = 0
  let dumb = false
  const count = (what: string): void => void counts.set(what, (counts.get(what) ?? 0) + 1)

  const talk: Talk = {
    prompt: null,
    turns: true,
    remembers: true,
    interruptAnswers: false,
    hasTerminal: false,
    answers: 'line',
    greet: () => 'greeting',
    message: ({ id, text }) => `${id} ${text}`,
    reply: (wish) => wish,
    verdict: () => '',
    interrupt: () => 'interrupt',
    farewell: () => 'farewell',
    goOn: () => 'go on',
    nudge: () => null,
    hear: () => [],
    show: () => [],
    answer: () => ({ text: '', durationMs: null, spent: nothingSpent, details: {} }),
  }
  const provider: Provider = {
    name: 'agent',
    invoke: ({ env }) => ({ argv: ['agent'], streams: 'talk', env }),
    talk: () => talk,
    remembers: () => Promise.resolve(remembered()),
  }
  const host: ProcessHost = {
    boot: 'boot',
    listen: () => {},
    spawn: (launch) => void (launched = launch),
    recover: () => [],
    unknownKeepers: () => [],
    signal: () => {
      crashAgent()
      return Promise.resolve()
    },
    tell: (_, { key, text }) => {
      if (agent === null || agent.told.has(key)) return
      agent.told.add(key)
      agent.inbox.push(text)
    },
    giveUp: () => Promise.resolve(),
    quietFor: () => 0,
    cgroups: () => {
      throw new Error('not part of this fake')
    },
    mustSupport: () => {},
    usage: () => Promise.resolve(new Map()),
    close: () => Promise.resolve(),
  }

  const spec = missionSpec({
    type: 'session',
    command: '',
    provider: 'agent',
    restart: 'on-failure',
    maxRestarts: 0,
    backoffMs: 1000,
  })
  const record: MissionRecord = missionRecord({ spec })
  function supervise(of: MissionRecord): MissionActor {
    return createMission(of, {
      clock,
      host,
      provider,
      gates: createGates({ clock, boot: 'boot' }),
      slots: ROOM_FOR_ALL,
      random,
      textOf: (message) => messageText(store, record.id, message),
      hasSpent: () => {},
      releaseChildren: () => {},
      fault: (error) => faults.push(error),
      commit: (change) => void store.commit(change),
    })
  }
  let actor = supervise({
    ...record,
    state: { ...record.state, conversation: newConversation('conversation') },
  })

  function say(...facts: readonly Fact[]): void {
    agent?.lines.push(facts)
    hearAll()
  }

  /** What the supervisor has not heard yet. */
  function hearAll(): void {
    const { run } = actor.record().state
    const heard = agent?.lines.slice(offset) ?? []
    if (heard.length === 0) return
    offset += heard.length
    const lines = heard.map((facts, index) => ({ from: index, to: index + 1, facts }))
    actor.tell({ type: 'heard', run, to: offset, lines })
  }

  /** What a look at the disk shows. */
  function remembered(): Memory {
    if (memory.onDisk.size === 0) return 'none'
    return [...memory.onDisk].some((id) => !memory.answeredOnDisk.has(id) && !refused.has(id))
      ? 'open'
      : 'closed'
  }

  function begin(): void {
    if (launched === null) return
    const { run } = launched
    launched = null
    agent = new Agent(memory)
    offset = 0
    const process = { pid: 1000 + run, start: '1', boot: 'boot' }
    actor.tell({ type: 'spawned', run, process, at: clock.now() })
  }

  function crashAgent(): void {
    if (agent === null) return
    const { run } = actor.record().state
    const { working, resumed } = agent
    if (working !== null && resumed.has(working.id)) memory.wornOut.add(working.id)
    agent = null
    const { wall } = clock.now()
    const exit = { kind: 'code', code: 137, at: wall, ran: 10 } as const
    actor.tell({ type: 'exited', run, exit, left: 0, receipt: { signals: [], strays: 0, left: [] } })
  }

  function read(): void {
    const text = agent?.inbox.shift()
    if (agent === null || text === undefined) return
    switch (text) {
      case 'greeting':
        return say({ type: 'awaits', wish: 'session' })
      case 'session': {
        count('told what it awaited')
        say({ type: 'ready' })
        // Now and then it goes on with what it was cut off from, before it is told again.
        const id = openOnDisk()
        if (id === undefined || memory.wornOut.has(id) || random() < 0.5) return
        count('goes on by itself')
        agent.working = { id, as: id, left: 2 }
        return say({ type: 'turn', turn: 'busy' })
      }
      case 'farewell':
        return crashAgent()
      case 'interrupt':
        if (agent.working === null) return
        count('interrupted')
        return finish(agent, { ok: false, interrupted: true })
      default:
        readMessage(agent, text)
    }
  }

  function readMessage(of: Agent, line: string): void {
    const [as = '', ...words] = line.split(' ')
    const goesOn = words.join(' ') === 'go on'
    const id = goesOn ? openOnDisk() : as
    if (goesOn) count('asked to go on')
    if (id === undefined || of.answered.has(id) || (!goesOn && memory.wornOut.has(id))) {
      count(
        id !== undefined && of.answered.has(id)
          ? 'told again, and known to be answered'
          : 'told again in vain',
      )
      return say({ type: 'settled', message: as }, { type: 'turn', turn: 'idle' })
    }
    of.known.add(id)
    of.working = { id, as, left: 2 }
    say({ type: 'turn', turn: 'busy' }, { type: 'taken', message: as })
  }

  /** The one that it was cut off from. */
  function openOnDisk(): string | undefined {
    return [...memory.onDisk].find((id) => !memory.answeredOnDisk.has(id) && !refused.has(id))
  }

  function finish(of: Agent, how: { readonly ok: boolean; readonly interrupted: boolean }): void {
    if (of.working === null) return
    const { id, as } = of.working
    of.working = null
    if (how.ok) {
      answers.set(id, (answers.get(id) ?? 0) + 1)
      of.answered.add(id)
      // Before it says so, it writes it down.
      persist(of)
    } else refused.add(id)
    if (dumb) return
    say(
      { type: 'answered', messages: [as], ...how, spent: { ...nothingSpent, turns: 1 }, runCostUsd: null },
      { type: 'turn', turn: 'idle' },
    )
  }

  function isAtWork(): boolean {
    return agent !== null && agent.working !== null
  }

  function step(): void {
    if (agent === null || agent.working === null) return
    agent.working.left -= 1
    if (agent.working.left > 0) return
    if (failing === null || dumb) return finish(agent, { ok: true, interrupted: false })
    count(`failed: ${failing}`)
    const { id, as } = agent.working
    agent.working = null
    if (failing === 'permanent') refused.add(id)
    const trouble =
      failing === 'rate-limited'
        ? ({ kind: failing, reason: 'limit', until: clock.now().wall + 5000, account: null } as const)
        : ({ kind: failing, reason: 'fault' } as const)
    say(
      { type: 'trouble', trouble },
      {
        type: 'answered',
        messages: [as],
        ok: false,
        interrupted: false,
        spent: nothingSpent,
        runCostUsd: null,
      },
      { type: 'turn', turn: 'idle' },
    )
  }

  function persist(of: Agent): void {
    for (const id of of.known) memory.onDisk.add(id)
    for (const id of of.answered) memory.answeredOnDisk.add(id)
  }

  async function settleEffects(): Promise<void> {
    for (let round = 0; round < 4; round += 1) {
      await Promise.resolve()
      begin()
      hearAll()
    }
  }

  async function apply(op: Op): Promise<void> {
    switch (op.kind) {
      case 'send': {
        const message = newMessageId(random)
        sent.push(message)
        actor.request({ type: 'say', message, text: 'hello' })
        break
      }
      case 'read':
        read()
        break
      case 'step':
        step()
        break
      case 'catch-up':
        for (let round = 0; round < 4 && !isAtWork(); round += 1) {
          clock.advance(agent === null ? 61_000 : 0)
          await settleEffects()
          read()
          await settleEffects()
        }
        break
      case 'persist':
        if (agent !== null) persist(agent)
        break
      case 'crash-agent':
        if (agent !== null) count('agent crashed')
        crashAgent()
        break
      case 'crash-saying':
        // It has answered and written that down, and dies before it says so.
        dumb = true
        step()
        step()
        dumb = false
        crashAgent()
        break
      case 'crash-supervisor': {
        count('supervisor crashed')
        actor.close()
        const [last] = store.missions()
        actor = supervise(last ?? actor.record())
        offset = actor.record().state.conversation?.heard ?? 0
        const { phase } = actor.record().state
        if (phase === 'running.starting' && launched === null) actor.resumeStart()
        actor.resume()
        break
      }
      case 'interrupt':
        actor.request({ type: 'interrupt', request: newMessageId(random) })
        break
      case 'fail':
        failing = op.how
        break
      case 'stop-failing':
        failing = null
        break
      case 'time':
        clock.advance(op.ms)
    }
    await settleEffects()
  }

  actor.launch()
  await settleEffects()
  for (const op of program) await apply(op)
  await apply({ kind: 'stop-failing' })
  for (let round = 0; round < sent.length * 8 + 40; round += 1) {
    for (const kind of ['read', 'step', 'step'] as const) await apply({ kind })
    await apply({ kind: 'time', ms: 61_000 })
  }
  const journal = new Map<string, readonly boolean[]>()
  for (const event of store.events({ after: 0 as never, types: ['message.answered'], limit: 1e6 })) {
    if (event.type !== 'message.answered') continue
    journal.set(event.message, [...(journal.get(event.message) ?? []), event.ok])
  }
  actor.close()
  return { sent, answers, journal, refused, counts, faults }
}
