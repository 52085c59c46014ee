/**
 * What follows for a mission that talks from what it is told and what it says: who is told what next, what
 * counts as answered, what a person is asked. Pure, as the machine is; the caller writes what is known and what the
 * journal says of it before it tells anybody anything.
 */
import { createHash } from 'node:crypto'
import {
  addSpending,
  type Conversation,
  nothingSpent,
  type PendingMessage,
  type Said,
  type Spending,
  type Trouble,
  type Verdict,
} from '../model/conversation.ts'
import type { MissionEvent, TalkReason } from '../model/events.ts'
import type { MessageId, Run } from '../model/ids.ts'
import type { MissionSpec } from '../model/spec.ts'
import type { MissionState } from '../model/state.ts'
import type { Fact, Talk } from '../provider/talk.ts'
import { overBudget } from './policy/budget.ts'
import type { Signal, TalkSignal } from './signal.ts'

/** Something for the agent's input. Each is written at most once a run, however often it is asked for. */
export type Tell =
  | { readonly kind: 'greeting' }
  | { readonly kind: 'message'; readonly message: MessageId }
  | { readonly kind: 'reply'; readonly wish: string }
  | { readonly kind: 'verdict'; readonly ask: string }
  | { readonly kind: 'interrupt'; readonly request: string }
  | { readonly kind: 'farewell' }
  | { readonly kind: 'nudge'; readonly request: string }

/** What a reply is known by to those that hand it over: an agent's words may be of any letters and length. */
export function replyKey(wish: string): string {
  return `reply-${hexOf(wish)}`
}

/** Short, of few letters, and the same each time. */
export function hexOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32)
}

export interface Exchange {
  readonly conversation: Conversation
  readonly events: readonly MissionEvent[]
  readonly tells: readonly Tell[]
}

/** What an exchange depends on besides the conversation and what happened. */
export interface Setting {
  readonly spec: MissionSpec
  readonly talk: Pick<Talk, 'turns' | 'prompt' | 'remembers' | 'answers' | 'interruptAnswers'>
  /** Somebody holds its messages back. */
  readonly holds: boolean
  /** Milliseconds since 1970. */
  readonly now: number
  /** A message that nobody has had yet: the prompt of a task that begins anew. */
  freshMessage(): MessageId
  freshConversation(): string | null
}

/** A conversation before its first word. */
export function newConversation(id: string | null): Conversation {
  return {
    id,
    memory: 'none',
    acknowledges: false,
    model: null,
    turn: 'off',
    terminal: null,
    wantsTerminal: null,
    tellsTurns: false,
    heard: 0,
    background: 0,
    tools: [],
    messages: [],
    awaited: [],
    asks: [],
    last: null,
    answers: 0,
    trouble: null,
    stuck: null,
    interrupting: null,
    rules: [],
    spent: nothingSpent,
    runCostUsd: 0,
  }
}

/** Collects what follows, step by step. */
class Draft {
  readonly events: MissionEvent[] = []
  readonly tells: Tell[] = []
  conversation: Conversation
  readonly run: Run
  readonly setting: Setting

  constructor(conversation: Conversation, run: Run, setting: Setting) {
    this.conversation = conversation
    this.run = run
    this.setting = setting
  }

  know(change: Partial<Conversation>): void {
    this.conversation = { ...this.conversation, ...change }
  }

  mark(id: string, change: Partial<PendingMessage>): void {
    this.know({
      messages: this.conversation.messages.map((message) =>
        message.id === id ? { ...message, ...change } : message,
      ),
    })
  }
}

/**
 * What follows from a signal. `before` and `after` are what the machine made of it: a conversation notices when a
 * run of it begins, is up, or is over.
 */
export function converse(
  signal: Signal | TalkSignal,
  {
    before,
    after,
    setting,
  }: { readonly before: MissionState; readonly after: MissionState; readonly setting: Setting },
): Exchange | null {
  if (after.conversation === null) return null
  const draft = new Draft(after.conversation, after.run, setting)
  if (signal.type === 'launch') queuePrompt(draft)
  noticeRun(draft, before, after)
  if (!('run' in signal) || signal.run === after.run) take(draft, signal)
  proceed(draft, after)
  return { conversation: draft.conversation, events: draft.events, tells: draft.tells }
}

function queuePrompt(draft: Draft): void {
  const { talk, freshMessage } = draft.setting
  if (talk.prompt !== null) say(draft, freshMessage(), talk.prompt)
}

function say(draft: Draft, id: MessageId, text: string): void {
  draft.know({
    messages: [
      ...draft.conversation.messages,
      { id, at: draft.setting.now, state: 'queued', run: 0, heard: 0, goOn: null, cutOff: null },
    ],
  })
  draft.events.push({ type: 'message.queued', message: id, text })
}

function noticeRun(draft: Draft, before: MissionState, after: MissionState): void {
  if (after.run !== before.run) beginRun(draft)
  const isUp = after.phase === 'running.up'
  const wasStarting = before.phase === 'running.starting'
  if (isUp && wasStarting && draft.conversation.terminal === null) {
    draft.know({ turn: 'starting' })
    draft.tells.push({ kind: 'greeting' })
    if (!draft.setting.talk.turns) becomeReady(draft)
  }
  // Whoever wanted to sit at the next run does not wait for one that may come much later.
  if (after.exit !== null && draft.conversation.wantsTerminal !== null) draft.know({ wantsTerminal: null })
  const hadRun = before.phase.startsWith('running') || before.phase.startsWith('stalled')
  const hasRun = after.phase.startsWith('running') || after.phase.startsWith('stalled')
  if (hadRun && !hasRun && after.phase !== 'restarting.reaping') endRun(draft)
  if (before.phase === 'restarting.reaping' && after.phase !== before.phase) endRun(draft)
}

function beginRun(draft: Draft): void {
  draft.know({
    terminal: draft.conversation.wantsTerminal,
    wantsTerminal: null,
    heard: 0,
    turn: 'off',
    tellsTurns: false,
    background: 0,
    tools: [],
    trouble: null,
    interrupting: null,
    runCostUsd: 0,
  })
  const { spec, freshConversation } = draft.setting
  // A task that has done what it was asked and runs again is asked again, and remembers nothing of the first time.
  if (spec.type === 'task' && draft.conversation.messages.length === 0) {
    draft.know({ id: freshConversation(), memory: 'none', last: null, answers: 0, stuck: null })
    queuePrompt(draft)
  }
}

/** Nobody waits any more for an answer to what is still open. */
function withdrawAsks(draft: Draft): void {
  for (const { id, verdict } of draft.conversation.asks) {
    if (verdict === null) draft.events.push({ type: 'ask.withdrawn', run: draft.run, ask: id })
  }
}

/** They stay on record until the agent has ended its turn: it is told of them once more after a crash. */
function closeAsks(draft: Draft): void {
  withdrawAsks(draft)
  draft.know({
    asks: draft.conversation.asks.map((ask) =>
      ask.verdict === null ? { ...ask, verdict: { decision: 'withdrawn' } } : ask,
    ),
  })
}

function endRun(draft: Draft): void {
  withdrawAsks(draft)
  draft.know({ turn: 'off', awaited: [], asks: [], background: 0, tools: [], interrupting: null })
  const { run, conversation } = draft
  for (const { id, state, heard: from, cutOff } of conversation.messages) {
    const mayBeToldAgain = state === 'handed' || draft.setting.talk.remembers
    if (state !== 'queued' && mayBeToldAgain) {
      const began = state !== 'handed' && conversation.heard > from
      draft.mark(id, { goOn: null, cutOff: began ? { run, from, to: conversation.heard } : cutOff })
      giveBack(draft, id, 'the agent ended before it had answered')
    } else if (state !== 'queued') {
      const { heard } = conversation
      settle(draft, id, { ok: false, run, from: heard, to: heard })
    }
  }
}

function take(draft: Draft, signal: Signal | TalkSignal): void {
  const { run, conversation } = draft
  switch (signal.type) {
    case 'say':
      return say(draft, signal.message, signal.text)
    case 'heard':
      for (const { from, to, facts } of signal.lines) {
        for (const fact of facts) learn(draft, fact, { from, to })
      }
      return draft.know({ heard: signal.to })
    case 'told': {
      const message = conversation.messages.find((told) => isAbout(told, signal.key))
      if (message !== undefined) beTaken(draft, message.id)
      if (conversation.awaited.some((wish) => replyKey(wish) === signal.key))
        draft.know({ awaited: conversation.awaited.filter((wish) => replyKey(wish) !== signal.key) })
      return
    }
    case 'recalled': {
      // Of a conversation that was cut off in its first moment there may be a file: nobody can go on with that, or begin under its id.
      const fresh = signal.memory === 'none' ? draft.setting.freshConversation() : null
      if (fresh !== null) draft.know({ id: fresh, model: null })
      return draft.know({ memory: signal.memory })
    }
    case 'interrupt':
      if (conversation.turn !== 'busy' || conversation.interrupting !== null) return
      draft.know({ interrupting: signal.request })
      draft.events.push({ type: 'turn.interrupting', run })
      if (draft.setting.talk.interruptAnswers) closeAsks(draft)
      draft.tells.push({ kind: 'interrupt', request: signal.request })
      return
    case 'sit':
      return draft.know({ wantsTerminal: signal.terminal })
    case 'released':
      // What was held back is told.
      return
    case 'verdict':
      return decide(draft, signal.ask, signal.verdict, 'person')
    case 'timer':
      if (signal.name === 'ask') denyLate(draft)
      return
    default:
  }
}

function becomeReady(draft: Draft): void {
  const { conversation, run } = draft
  if (conversation.turn !== 'starting') return
  draft.know({ turn: 'idle' })
  draft.events.push({ type: 'session.ready', run, resumed: conversation.memory !== 'none' })
}

function beTaken(draft: Draft, id: string): void {
  const message = draft.conversation.messages.find((pending) => pending.id === id)
  if (message?.state !== 'handed') return
  draft.mark(id, { state: 'taken' })
  draft.events.push({ type: 'message.taken', run: draft.run, message: message.id })
}

interface Place {
  readonly from: number
  readonly to: number
}

function learn(draft: Draft, fact: Fact, place: Place): void {
  const { conversation, run, setting } = draft
  switch (fact.type) {
    case 'ready':
      return becomeReady(draft)
    case 'named':
      if (fact.conversation === conversation.id && fact.model === conversation.model) return
      draft.know({ id: fact.conversation, model: fact.model })
      draft.events.push({
        type: 'session.named',
        run,
        conversation: fact.conversation,
        model: fact.model,
      })
      return
    case 'turn':
      becomeReady(draft)
      if (draft.conversation.turn === 'off') return
      if (fact.turn === 'idle') concludeTurn(draft, place)
      draft.know({ turn: fact.turn, tellsTurns: true })
      return
    case 'taken':
    case 'settled':
    case 'dropped':
      return acknowledge(draft, fact)
    case 'answered':
      return answered(draft, fact, place)
    case 'awaits':
      if (!conversation.awaited.includes(fact.wish))
        draft.know({ awaited: [...conversation.awaited, fact.wish] })
      draft.tells.push({ kind: 'reply', wish: fact.wish })
      return
    case 'asked':
      if (conversation.asks.some(({ id }) => id === fact.ask.id)) return
      draft.know({ asks: [...conversation.asks, { ...fact.ask, at: setting.now, verdict: null }] })
      draft.events.push({
        type: 'ask.opened',
        run,
        ask: fact.ask.id,
        tool: fact.ask.tool,
        summary: fact.ask.summary,
      })
      return
    case 'withdrawn': {
      const ask = conversation.asks.find(({ id }) => id === fact.ask)
      if (ask === undefined) return
      draft.know({ asks: conversation.asks.filter(({ id }) => id !== fact.ask) })
      if (ask.verdict?.decision !== 'withdrawn')
        draft.events.push({ type: 'ask.withdrawn', run, ask: fact.ask })
      return
    }
    case 'trouble': {
      const trouble = withReset(fact.trouble, conversation.trouble)
      draft.know({ trouble })
      draft.events.push({ type: 'session.trouble', run, trouble })
      return
    }
    case 'tool-began': {
      const until = setting.now + fact.limitMs
      return draft.know({ tools: [...conversation.tools, { call: fact.call, until }] })
    }
    case 'tool-ended':
      if (!conversation.tools.some(({ call }) => call === fact.call)) return
      return draft.know({ tools: conversation.tools.filter(({ call }) => call !== fact.call) })
    case 'background':
      return draft.know({ background: fact.running })
  }
}

function acknowledge(draft: Draft, fact: Extract<Fact, { type: 'taken' | 'settled' | 'dropped' }>): void {
  if (!draft.conversation.acknowledges) draft.know({ acknowledges: true })
  const message = draft.conversation.messages.find((told) => isAbout(told, fact.message))
  if (message === undefined || message.state === 'queued') return
  switch (fact.type) {
    case 'taken':
      return beTaken(draft, message.id)
    case 'settled':
      beTaken(draft, message.id)
      return draft.mark(message.id, { state: 'settled' })
    case 'dropped':
      return giveBack(draft, message.id, 'the agent let go of it')
  }
}

/** Whether the agent knows this message by that id. */
function isAbout({ id, goOn }: PendingMessage, known: string): boolean {
  return known === id || known === goOn
}

/**
 * It waits for a message, so it has nothing to do. What it is done with and has not answered in this run, it had
 * answered in an earlier one, or was cut off from; what it had and is not done with will have no answer.
 */
function concludeTurn(draft: Draft, { from, to }: Place): void {
  const { run } = draft
  const { messages, turn, memory } = draft.conversation
  const unanswered = { ok: false, run, from: to, to } as const
  for (const { id, state, goOn, cutOff } of messages) {
    if (state === 'taken' && turn === 'busy') settleSilently(draft, id, unanswered)
    if (state !== 'settled') continue
    if (memory === 'closed') settleSilently(draft, id, { ok: true, ...(cutOff ?? { run, from, to }) })
    else if (memory === 'open' && goOn === null) askToGoOn(draft, id)
    else settleSilently(draft, id, unanswered)
  }
}

/** Settles a message of which this run says nothing more: with that a task is over too. */
function settleSilently(draft: Draft, id: MessageId, answer: { readonly ok: boolean } & Said): void {
  const { run, setting, conversation } = draft
  if (conversation.last?.run !== run) draft.know({ last: { ...answer, at: setting.now } })
  settle(draft, id, answer)
}

/** It was cut off from it in an earlier run, and has not gone on with it by itself. */
function askToGoOn(draft: Draft, id: MessageId): void {
  draft.mark(id, { goOn: draft.setting.freshMessage() })
  giveBack(draft, id, 'the agent had begun it and does not go on by itself')
}

function settle(draft: Draft, id: MessageId, answer: { readonly ok: boolean } & Said): void {
  const { conversation } = draft
  draft.know({ messages: conversation.messages.filter((message) => message.id !== id) })
  draft.events.push({ type: 'message.answered', message: id, ...answer })
}

function giveBack(draft: Draft, id: MessageId, reason: string): void {
  draft.mark(id, { state: 'queued' })
  draft.events.push({ type: 'message.returned', run: draft.run, message: id, reason })
}

function answered(draft: Draft, fact: Extract<Fact, { type: 'answered' }>, line: Place): void {
  const { run, setting, conversation } = draft
  const { ok, interrupted } = fact
  const { to } = line
  const about = messagesOf(conversation, fact)
  const from =
    setting.talk.answers === 'line' ? line.from : Math.min(line.from, ...about.map(({ heard }) => heard))
  const spent = bill(conversation, fact)
  const at = setting.now
  withdrawAsks(draft)
  draft.events.push({
    type: 'turn.ended',
    run,
    ok,
    interrupted,
    from,
    to,
    cost: spent.costUsd,
    turns: spent.turns,
    usage: Object.entries(spent.models).map(([model, used]) => ({ model, ...used })),
  })
  draft.know({
    spent: addSpending(conversation.spent, spent),
    runCostUsd: fact.runCostUsd ?? conversation.runCostUsd,
    last: { ok, run, from, to, at },
    interrupting: null,
    tools: [],
    // A verdict that was on its way has arrived, or nobody waits for one.
    asks: [],
    ...(setting.talk.turns && !conversation.tellsTurns ? { turn: 'idle' } : {}),
    ...(ok ? { trouble: null, stuck: null, answers: conversation.answers + 1 } : {}),
  })
  const { trouble } = draft.conversation
  const again = !ok && !interrupted && trouble !== null && mayPass(trouble, setting.spec)
  for (const { id } of about) {
    if (again) giveBack(draft, id, trouble.reason)
    else settle(draft, id, { ok, run, from, to })
  }
}

/** An agent may tell when a limit ends, and then once more that it was met, without that. */
function withReset(trouble: Trouble, before: Trouble | null): Trouble {
  const isUnknown = trouble.kind === 'rate-limited' && trouble.until === null
  return isUnknown && before?.kind === 'rate-limited' ? { ...trouble, until: before.until } : trouble
}

/** Some agents tell only what their process has cost in all. */
function bill({ runCostUsd }: Conversation, fact: Extract<Fact, { type: 'answered' }>): Spending {
  if (fact.runCostUsd === null) return fact.spent
  return { ...fact.spent, costUsd: Math.max(0, fact.runCostUsd - runCostUsd) }
}

/** The messages that an answer is about. */
function messagesOf(
  { messages }: Conversation,
  fact: Extract<Fact, { type: 'answered' }>,
): readonly PendingMessage[] {
  // It may go on with one that it had in an earlier run before it is told again.
  const named = fact.messages
  if (named !== null) {
    return messages.filter((told) => told.run > 0 && named.some((known) => isAbout(told, known)))
  }
  return messages.filter(({ state }) => state !== 'queued').slice(0, 1)
}

/** Whether what is wrong is to be tried again, in another run. */
function mayPass(trouble: Trouble, { restart, onLimit }: MissionSpec): boolean {
  switch (trouble.kind) {
    case 'rate-limited':
      return onLimit === 'wait'
    case 'passing':
      return restart !== 'never'
    case 'permanent':
    case 'budget':
      return false
  }
}

function decide(draft: Draft, id: string, verdict: Verdict, by: 'person' | 'timeout'): void {
  const { conversation, run } = draft
  const ask = conversation.asks.find((open) => open.id === id)
  if (ask === undefined || ask.verdict !== null) return
  const rule = verdict.decision === 'allow' ? verdict.rule : null
  draft.know({
    asks: conversation.asks.map((open) => (open.id === id ? { ...open, verdict } : open)),
    ...(rule === null || conversation.rules.includes(rule) ? {} : { rules: [...conversation.rules, rule] }),
  })
  draft.events.push({ type: 'ask.answered', run, ask: id, verdict, by })
  draft.tells.push({ kind: 'verdict', ask: id })
}

function denyLate(draft: Draft): void {
  const { askTimeoutMs, onAskTimeout } = draft.setting.spec
  if (askTimeoutMs === null || onAskTimeout !== 'deny') return
  for (const { id, at } of draft.conversation.asks) {
    if (at + askTimeoutMs > draft.setting.now) continue
    const reason = `nobody answered within ${askTimeoutMs / 1000} s`
    decide(draft, id, { decision: 'deny', reason }, 'timeout')
  }
}

/** Tells the agent what it is due to be told. */
function proceed(draft: Draft, after: MissionState): void {
  const { setting, run } = draft
  if (after.phase !== 'running.up') return
  for (;;) {
    const { conversation } = draft
    if (wishOf({ ...after, conversation }, setting) !== null || !listens(conversation, setting)) return
    const next = conversation.messages.find(({ state }) => state === 'queued')
    if (next === undefined) return
    draft.mark(next.id, { state: 'handed', run, heard: conversation.heard, goOn: goOnFor(next, draft) })
    if (setting.talk.turns) draft.know({ turn: 'busy' })
    draft.events.push({ type: 'message.handed', run, message: next.id, heard: conversation.heard })
    draft.tells.push({ kind: 'message', message: next.id })
  }
}

/** An agent that does not tell which messages it has would drop one that it had begun without a word. */
function goOnFor({ run, goOn }: PendingMessage, { conversation, setting }: Draft): MessageId | null {
  const cutOff = conversation.memory === 'open' && !conversation.acknowledges && run > 0
  return goOn ?? (cutOff ? setting.freshMessage() : null)
}

function listens({ turn, messages }: Conversation, { talk, holds }: Setting): boolean {
  if (turn !== 'idle' || holds) return false
  return !talk.turns || messages.every(({ state }) => state === 'queued')
}

/** Why its own words are a reason to end the run, if they are. It follows from the state, so that a crash forgets nothing. */
export function wishOf(
  { conversation, phase }: MissionState,
  { spec, now }: Pick<Setting, 'spec' | 'now'>,
): TalkReason | null {
  if (conversation === null || phase !== 'running.up') return null
  const { turn, messages, trouble, last, background, asks } = conversation
  const { askTimeoutMs } = spec
  const late = asks.some(({ at, verdict }) => verdict === null && at + (askTimeoutMs ?? Infinity) <= now)
  if (late && spec.onAskTimeout === 'stop') return 'unanswered'
  const done = turn === 'idle' && messages.length === 0 && last !== null && background === 0
  if (spec.type === 'task' && done) return 'finished'
  if (overBudget(conversation.spent, spec) !== null || trouble?.kind === 'budget') return 'budget'
  // It would never listen.
  if (turn === 'starting' && trouble?.kind === 'permanent') return 'trouble'
  const waits = messages.some(({ state }) => state === 'queued')
  if (turn === 'idle' && waits && trouble !== null && mayPass(trouble, spec)) return 'trouble'
  return null
}

/** What may not have reached the agent's input when a supervisor died. */
export function unprovenTells({ conversation, run }: MissionState): readonly Tell[] {
  if (conversation === null || conversation.turn === 'off') return []
  const { turn, messages, awaited, asks, interrupting } = conversation
  return [
    ...(turn === 'starting' ? [{ kind: 'greeting' } as const] : []),
    ...awaited.map((wish) => ({ kind: 'reply', wish }) as const),
    ...messages
      .filter((message) => message.state === 'handed' && message.run === run)
      .map(({ id }) => ({ kind: 'message', message: id }) as const),
    ...asks
      .filter(({ verdict }) => verdict !== null && verdict.decision !== 'withdrawn')
      .map(({ id }) => ({ kind: 'verdict', ask: id }) as const),
    ...(interrupting === null ? [] : [{ kind: 'interrupt', request: interrupting } as const]),
  ]
}
