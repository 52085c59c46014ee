/**
 * A mission as an actor: one thing happens to it at a time. Each step is decided by the machine, written
 * to the journal together with the new state, and only then carried out.
 */
import type { EventDraft, MissionEvent } from '../model/events.ts'
import { OvermindError } from '../model/errors.ts'
import type { SlotScope } from '../model/concurrency.ts'
import type { Spending, Trouble } from '../model/conversation.ts'
import type { MissionExit } from '../model/exit.ts'
import { type MessageId, type MissionId, newMessageId, newUuid, type Random } from '../model/ids.ts'
import {
  type MissionRecord,
  type MissionState,
  statusOf,
  type Status,
  type TimerName,
} from '../model/state.ts'
import type { Streams } from '../model/output.ts'
import { signalOfCode } from '../model/signals.ts'
import { type Clock, type Deadline, deadlineAfter, type Instant, remaining } from '../model/time.ts'
import type { Change } from '../journal/store.ts'
import { limitsOf } from '../process/cgroups/limits.ts'
import { DEFAULT_TERMINAL_SIZE } from '../model/spec.ts'
import type { Launch, ProcessHost } from '../process/host.ts'
import type { RunRef } from '../process/run-ref.ts'
import type { Beginning, Provider } from '../provider/provider.ts'
import type { Talk } from '../provider/talk.ts'
import { converse, type Exchange, type Setting, type Tell, unprovenTells, wishOf } from './conversation.ts'
import { keeperCopy } from './keeper-copy.ts'
import { decide, rungMs } from './machine.ts'
import type { Gate } from './policy/gate.ts'
import { withAskTime } from './policy/ask-time.ts'
import { createTells } from './tells.ts'
import { type Decision, type Effect, type Signal, signalOf, type TalkSignal } from './signal.ts'

/** How long until a fact that could not be written is tried again. Milliseconds. */
const RETRY_MS = 1000

export interface MissionDeps {
  readonly clock: Clock
  readonly random: Random
  readonly host: ProcessHost
  readonly provider: Provider
  /** @throws OvermindError `store_failed`; then nothing was written. */
  commit(change: Change): void
  readonly gates: Gates
  readonly slots: Slots
  /** The text of a message of this mission, from the journal. */
  textOf(message: MessageId): string
  /** It has spent something: those that it belongs to may have set a limit. */
  hasSpent(): void
  /** The mission has exited: those that are bound to it are to end too. */
  releaseChildren(): void
  /** Something went wrong that is nobody's request: told, not thrown. */
  fault(error: unknown): void
}

/** The gates of all accounts. */
export interface Gates {
  of(provider: string, account: string): Gate
  /** A mission has gone from one state to the next, or, without the first, was found on record. */
  note(record: MissionRecord, account: string, before: MissionState | null): void
}

/** Room to work for all missions. */
export interface Slots {
  /** The limits that leave no room for this mission to start now. */
  full(record: MissionRecord): readonly SlotScope[]
  /** A mission has gone from one state to the next, or, without the first, was found on record. */
  note(record: MissionRecord, before: MissionState | null): void
}

/** What a record says of the mission's place among others. */
export interface Family {
  readonly parent: MissionId | null
  readonly forgotten: Spending | undefined
}

/** The record of a mission in another place. */
export function placed(record: MissionRecord, { parent, forgotten }: Family): MissionRecord {
  const spec = record.spec.parent === parent ? record.spec : { ...record.spec, parent }
  const state = forgotten === undefined ? record.state : { ...record.state, forgotten }
  return { ...record, spec, state }
}

export interface MissionActor {
  readonly id: MissionId
  /** How its agent talks; null when it does not. */
  readonly talk: Talk | null
  record(): MissionRecord
  status(): Status
  /** How the output of its current run is kept. */
  streams(): Streams
  /** Notes that the mission exists and starts it, in one step. @throws OvermindError `store_failed`; then it does not exist. */
  launch(): void
  /** Asks for something. @throws OvermindError `store_failed`; then nothing has begun. */
  request(signal: Signal | TalkSignal): void
  /** Takes its record with another parent, or more that is forgotten, once that is written. */
  take(family: Family): void
  /** Tells a fact. It is never lost: when it cannot be written now it is tried again. */
  tell(signal: Signal | TalkSignal): void
  /** Starts the process of the run that is on record as about to start, as after a crash. */
  resumeStart(): void
  /** Sets the timers on record, and repeats the signal of a ladder that was under way. */
  resume(): void
  /** Settles when `test` holds for the mission's state. Rejects with `runtime_closed` when that cannot be seen any more. */
  until(test: (state: MissionState) => boolean, signal?: AbortSignal): Promise<MissionState>
  exited(signal?: AbortSignal): Promise<MissionExit>
  /** Keeps its messages from being told, until that is disposed of or this supervisor ends. */
  hold(): Disposable
  /** Stops its timers; its process goes on. Who waits for something is given `reason`. Default: the runtime was closed. */
  close(reason?: OvermindError): void
}

export function createMission(initial: MissionRecord, deps: MissionDeps): MissionActor {
  const { clock, host, provider } = deps
  const { id } = initial
  // But for its parent, which nothing here is decided by, it never changes.
  const { spec } = initial
  // What is stored may be of an earlier release of its provider: one mission that this one cannot make sense of is no reason to have none.
  const talk = guarded(() => provider.talk?.(spec) ?? null, null)
  const tells = talk === null ? null : createTells(talk, deps.textOf)
  let record = initial
  let closed = false
  /** Facts that are not written yet, oldest first. */
  const untold: (Signal | TalkSignal)[] = []
  let telling = false
  let cancelRetry: (() => void) | undefined
  /** How many hold its messages back. */
  let holders = 0
  const timers = new Map<TimerName, () => void>()
  const waiting = new Set<{ readonly look: () => void; readonly giveUp: (error: OvermindError) => void }>()

  const ref = (): RunRef => ({ mission: id, run: record.state.run })

  function guarded<T>(ask: () => T, otherwise: T): T {
    try {
      return ask()
    } catch (error) {
      deps.fault(error)
      return otherwise
    }
  }

  function step(signal: Signal | TalkSignal, first: readonly MissionEvent[] = []): void {
    const now = clock.now()
    const before = record.state
    const decision = decided(signal, now)
    const exchange = exchanged(signal, decision, now)
    const after = exchange === null ? decision.state : withConversation(decision.state, exchange)
    const state = withAskTime(after, spec, now, host.boot)
    if (state === before) return
    const next = { ...record, state }
    const events = [...first, ...decision.events, ...(exchange?.events ?? [])].map((event) =>
      draft(event, now.wall),
    )
    deps.commit({ events, put: [next] })
    if (state.conversation?.turn === 'busy' && before.conversation?.turn !== 'busy') busySince = now.monotonic
    record = next
    for (const event of exchange?.events ?? []) tells?.note(event)
    deps.gates.note(next, accountOf(next.state), before)
    armTimers(before.timers)
    for (const effect of decision.effects) carefully(() => perform(effect))
    deps.slots.note(next, before)
    for (const tell of exchange?.tells ?? []) carefully(() => tellAgent(tell))
    for (const { look } of waiting) look()
    if (events.some(({ type }) => type === 'turn.ended')) carefully(deps.hasSpent)
    heed()
    // What it says shows that it is not stuck.
    if (signal.type === 'heard' && state.phase === 'stalled.suspect')
      tell({ type: 'timer', name: 'activity', quietMs: 0 })
  }

  /** What follows from a fact that is on record: when it fails, the fact must not be told again. */
  function carefully(effect: () => void): void {
    guarded(effect, undefined)
  }

  function decided(signal: Signal | TalkSignal, now: Instant): Decision {
    if (isTalk(signal)) return { state: record.state, events: [], effects: [] }
    const judgement = judged(signal)
    const account = (judgement?.kind === 'rate-limited' ? judgement.account : null) ?? accountOf(record.state)
    return decide(record.state, spec, signal, {
      now,
      boot: host.boot,
      random: deps.random(),
      judgement,
      account,
      gate: deps.gates.of(spec.provider, account),
      full: deps.slots.full(record),
      parts: (talk?.farewell() ?? null) !== null,
      nudges: (talk?.nudge() ?? null) !== null,
    })
  }

  function settingAt(now: Instant): Setting | null {
    if (talk === null) return null
    return {
      spec,
      talk,
      holds: holders > 0,
      now: now.wall,
      freshMessage: () => newMessageId(deps.random),
      freshConversation: () => (talk.remembers ? newUuid(deps.random) : null),
    }
  }

  function exchanged(signal: Signal | TalkSignal, { state: after }: Decision, now: Instant): Exchange | null {
    const setting = settingAt(now)
    return setting === null ? null : converse(signal, { before: record.state, after, setting })
  }

  /** What the agent said may be a reason to end it. */
  function heed(): void {
    const setting = settingAt(clock.now())
    const wish = setting === null ? null : wishOf(record.state, setting)
    if (wish !== null) tell({ type: 'end', because: wish })
  }

  /** What runs of it have shown is better than what was expected of them. */
  function accountOf({ account }: MissionState): string {
    return account ?? guarded(() => provider.account?.(spec, record.env), undefined) ?? spec.provider
  }

  /** What the provider makes of the end that this is about. */
  function judged(signal: Signal): Trouble | undefined {
    if (signal.type !== 'exited' && signal.type !== 'emptied') return undefined
    const exit = record.state.ended ?? (signal.type === 'exited' ? signal.exit : null)
    if (exit === null) return undefined
    const code = exit.kind === 'code' ? exit.code : null
    const endedBy = code === null ? null : signalOfCode(code)
    const { tail = '', at } = exit
    const { ending, conversation } = record.state
    // What it said was wrong does not explain that somebody else ended it.
    const byItself = ending !== null || (code !== null && code !== 0 && endedBy === null)
    const trouble = byItself ? (conversation?.trouble ?? null) : null
    try {
      const judgement = provider.judge?.({
        code,
        signal: endedBy,
        tail,
        at,
        trouble,
      })
      return judgement ?? trouble ?? undefined
    } catch (error) {
      // An end must be noted whatever a provider makes of it.
      deps.fault(error)
      return trouble ?? undefined
    }
  }

  function draft(event: MissionEvent, at: number): EventDraft {
    return { ...event, at, mission: id }
  }

  function tell(signal: Signal | TalkSignal): void {
    untold.push(signal)
    if (cancelRetry === undefined) tellAll()
  }

  /** What follows from it is told behind it, as with a fact. */
  function act(signal: Signal | TalkSignal, first: readonly MissionEvent[] = []): void {
    const within = telling
    telling = true
    try {
      step(signal, first)
    } finally {
      telling = within
      if (untold.length > 0 && cancelRetry === undefined) tellAll()
    }
  }

  function mustBeOpen(): void {
    if (closed) throw runtimeClosed()
  }

  /** Writes the facts in their order; the first that cannot be written is tried again later. */
  function tellAll(): void {
    // What follows from a fact is told behind it.
    if (telling) return
    telling = true
    cancelRetry?.()
    cancelRetry = undefined
    try {
      for (let signal = untold[0]; signal !== undefined && !closed; signal = untold[0]) {
        step(signal)
        untold.shift()
      }
    } catch (error) {
      deps.fault(error)
      cancelRetry = clock.timer(RETRY_MS, tellAll)
    } finally {
      telling = false
    }
  }

  function armTimers(before: MissionState['timers']): void {
    const wanted = record.state.timers
    for (const [name, cancel] of timers) {
      if (wanted[name] === before[name]) continue
      cancel()
      timers.delete(name)
    }
    for (const name of Object.keys(wanted) as TimerName[]) {
      const deadline = wanted[name]
      if (deadline !== undefined && !timers.has(name)) armTimer(name, deadline)
    }
  }

  function armTimer(name: TimerName, deadline: Deadline): void {
    timers.get(name)?.()
    const arm = (left: number): void => void timers.set(name, clock.timer(left, fire))
    const fire = (): void => {
      // Timers of Node may be early by a millisecond.
      const early = deadline.boot === host.boot ? remaining(deadline, clock.now(), host.boot) : 0
      if (early > 0) return arm(early)
      timers.delete(name)
      tell({ type: 'timer', name, quietMs: name === 'activity' ? quietFor() : 0 })
    }
    arm(remaining(deadline, clock.now(), host.boot))
  }

  /** When the agent began to work on what it works on, as far as this supervisor saw it. */
  let busySince = clock.now().monotonic

  /** An agent is silent when it has something to do, and neither a person nor a tool to wait for. */
  function quietFor(): number {
    const { conversation } = record.state
    const quiet = host.quietFor(ref())
    if (conversation === null || talk?.turns !== true) return quiet
    const { turn, asks, tools } = conversation
    const now = clock.now()
    const waits =
      turn !== 'busy' ||
      asks.some(({ verdict }) => verdict === null) ||
      tools.some(({ until }) => until > now.wall)
    return waits ? 0 : Math.min(quiet, now.monotonic - busySince)
  }

  function perform(effect: Effect): void {
    switch (effect.type) {
      case 'spawn':
        if (talk === null || record.state.run === 1) spawn()
        else void resumeConversation(record.state.run)
        return
      case 'part':
        tellAgent({ kind: 'farewell' })
        return
      case 'nudge':
        tellAgent({ kind: 'nudge', request: newMessageId(deps.random) })
        return
      case 'signal':
        host.signal(ref(), effect.signal).catch(deps.fault)
        return
      case 'give-up':
        host.giveUp(ref()).catch(deps.fault)
        return
      case 'release-children':
        deps.releaseChildren()
        return
    }
  }

  function spawn(): void {
    const { run } = record.state
    try {
      host.spawn(launchOf())
    } catch (error) {
      deps.fault(error)
      tell({ type: 'refused', run, reason: `it could not be launched: ${String(error)}`, retry: true })
    }
  }

  /** Sees first that there is something to go on with: a blank conversation in place of one that is lost is a lie. */
  async function resumeConversation(run: number): Promise<void> {
    const refuse = (reason: string, retry: boolean): void => tell({ type: 'refused', run, reason, retry })
    try {
      const memory = (await provider.remembers?.(beginning())) ?? 'closed'
      if (closed || record.state.run !== run) return
      const { conversation } = record.state
      if (memory === 'none' && conversation !== null && conversation.answers > 0) {
        refuse(
          `the agent no longer has the conversation ${conversation.id ?? ''}, so it cannot go on with it`,
          false,
        )
        return
      }
      tell({ type: 'recalled', run, memory })
      host.spawn(launchOf())
    } catch (error) {
      deps.fault(error)
      refuse(`it could not be seen whether its conversation can go on: ${String(error)}`, true)
    }
  }

  function beginning(): Beginning {
    const { conversation, run } = record.state
    return {
      spec,
      env: record.env,
      run,
      conversation:
        conversation === null
          ? null
          : {
              id: conversation.id,
              resumes: conversation.memory !== 'none',
              rules: conversation.rules,
              unfinished:
                conversation.memory === 'open' &&
                conversation.acknowledges &&
                conversation.messages.some((message) => message.run > 0),
              spent: conversation.spent,
              terminal: conversation.terminal,
            },
    }
  }

  function launchOf(): Launch {
    const { argv, streams, env } = provider.invoke(beginning())
    return {
      mission: id,
      run: record.state.run,
      name: record.name,
      argv,
      streams,
      size: record.state.conversation?.terminal ?? spec.terminal ?? DEFAULT_TERMINAL_SIZE,
      cwd: spec.cwd,
      env,
      outputLimitBytes: spec.outputLimitBytes,
      activity: spec.activity,
      limits: limitsOf(spec),
      copy: keeperCopy(record, talk),
    }
  }

  function tellAgent(about: Tell): void {
    const { conversation } = record.state
    if (tells === null || conversation === null) return
    const line = tells.lineFor(about, conversation)
    if (line !== null) host.tell(ref(), line)
  }

  async function until(test: (state: MissionState) => boolean, signal?: AbortSignal): Promise<MissionState> {
    if (test(record.state)) return record.state
    if (closed) throw runtimeClosed()
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        waiting.delete(waiter)
        signal?.removeEventListener('abort', abort)
      }
      const abort = (): void => {
        leave()
        const reason: unknown = signal?.reason
        reject(reason instanceof Error ? reason : new Error('aborted', { cause: reason }))
      }
      const waiter = {
        look: () => {
          try {
            if (!test(record.state)) return
            resolve(record.state)
          } catch (error) {
            // A mistake of those who look is theirs.
            reject(error)
          }
          leave()
        },
        giveUp: (error: OvermindError) => {
          leave()
          reject(error)
        },
      }
      if (signal?.aborted === true) return abort()
      signal?.addEventListener('abort', abort)
      waiting.add(waiter)
    })
  }

  deps.gates.note(record, accountOf(record.state), null)
  deps.slots.note(record, null)

  return {
    id,
    talk,
    record: () => record,
    status: () => statusOf(record.state),
    streams: () =>
      guarded(() => provider.invoke(beginning()).streams, spec.terminal === null ? 'talk' : 'terminal'),
    launch: () => act({ type: 'launch' }, [{ type: 'mission.created', name: record.name, spec }]),
    request: (signal) => {
      mustBeOpen()
      if (untold.length > 0) tellAll()
      if (untold.length > 0)
        throw new OvermindError(
          'store_failed',
          `mission ${id} has news that cannot be written yet: try again`,
        )
      act(signal)
    },
    take: (family) => {
      record = placed(record, family)
    },
    tell,
    resumeStart: () => perform({ type: 'spawn' }),
    resume: () => {
      // Who wanted to sit down waited for an answer of the supervisor that died.
      if ((record.state.conversation?.wantsTerminal ?? null) !== null) tell({ type: 'sit', terminal: null })
      armTimers({})
      const { phase, ending } = record.state
      for (const about of unprovenTells(record.state)) tellAgent(about)
      heed()
      const climbing =
        phase === 'running.stopping' || phase === 'restarting.reaping' || phase.startsWith('stalled')
      if (!climbing || ending === null) return
      if (ending.rung === 'part') perform({ type: 'part' })
      else perform({ type: 'signal', signal: signalOf(ending.rung, spec) })
      // It may be the first that is sent, and has its whole time then.
      armTimer('rung', deadlineAfter(clock.now(), host.boot, rungMs(ending)))
    },
    until,
    exited: async (signal) => {
      const { exit } = await until((state) => state.exit !== null, signal)
      if (exit === null) throw new TypeError('until() ends with an exit')
      return exit
    },
    hold: () => {
      holders += 1
      return {
        [Symbol.dispose]: () => {
          holders -= 1
          if (holders === 0 && !closed && record.state.exit === null) tell({ type: 'released' })
        },
      }
    },
    close: (reason = runtimeClosed()) => {
      closed = true
      cancelRetry?.()
      for (const cancel of timers.values()) cancel()
      timers.clear()
      for (const { giveUp } of waiting) giveUp(reason)
      waiting.clear()
    },
  }
}

function isTalk(signal: Signal | TalkSignal): signal is TalkSignal {
  switch (signal.type) {
    case 'say':
    case 'verdict':
    case 'interrupt':
    case 'sit':
    case 'released':
    case 'heard':
    case 'told':
    case 'recalled':
      return true
    default:
      return false
  }
}

/** The same state when nothing was said. */
function withConversation(state: MissionState, { conversation }: Exchange): MissionState {
  return conversation === state.conversation ? state : { ...state, conversation }
}

function runtimeClosed(): OvermindError {
  return new OvermindError('runtime_closed', 'the runtime was closed; the mission may still be running')
}
