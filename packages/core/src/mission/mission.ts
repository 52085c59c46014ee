/**
 * A mission as an actor: one thing happens to it at a time. Each step is decided by the machine, written
 * to the journal together with the new state, and only then carried out.
 */
import type { EventDraft, MissionEvent } from '../model/events.ts'
import { OvermindError } from '../model/errors.ts'
import type { MissionExit } from '../model/exit.ts'
import type { MissionId, Random } from '../model/ids.ts'
import {
  type MissionRecord,
  type MissionState,
  statusOf,
  type Status,
  type TimerName,
} from '../model/state.ts'
import { signalOfCode } from '../model/signals.ts'
import { type Clock, remaining } from '../model/time.ts'
import type { Change } from '../journal/store.ts'
import { DEFAULT_TERMINAL_SIZE } from '../model/spec.ts'
import type { Launch, ProcessHost } from '../process/host.ts'
import type { RunRef } from '../process/run-ref.ts'
import type { Judgement, Provider } from '../provider/provider.ts'
import { keeperCopy } from './keeper-copy.ts'
import { decide } from './machine.ts'
import type { Gate } from './policy/gate.ts'
import type { Effect, Signal } from './signal.ts'

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

export interface MissionActor {
  readonly id: MissionId
  record(): MissionRecord
  status(): Status
  /** Notes that the mission exists and starts it, in one step. @throws OvermindError `store_failed`; then it does not exist. */
  launch(): void
  /** Asks for something. @throws OvermindError `store_failed`; then nothing has begun. */
  request(signal: Signal): void
  /** Tells a fact. It is never lost: when it cannot be written now it is tried again. */
  tell(signal: Signal): void
  /** Starts the process of the run that is on record as about to start, as after a crash. */
  resumeStart(): void
  /** Sets the timers on record, and repeats the signal of a ladder that was under way. */
  resume(): void
  /** Settles when `test` holds for the mission's state. Rejects with `runtime_closed` when that cannot be seen any more. */
  until(test: (state: MissionState) => boolean, signal?: AbortSignal): Promise<MissionState>
  exited(signal?: AbortSignal): Promise<MissionExit>
  /** Stops its timers; its process goes on. */
  close(): void
}

export function createMission(initial: MissionRecord, deps: MissionDeps): MissionActor {
  const { clock, host, provider } = deps
  const { id, spec } = initial
  let record = initial
  let closed = false
  /** Facts that are not written yet, oldest first. */
  const untold: Signal[] = []
  let cancelRetry: (() => void) | undefined
  const timers = new Map<TimerName, () => void>()
  const waiting = new Set<{ readonly look: () => void; readonly giveUp: (error: OvermindError) => void }>()

  const ref = (): RunRef => ({ mission: id, run: record.state.run })

  function step(signal: Signal, first: readonly MissionEvent[] = []): void {
    const now = clock.now()
    const judgement = judged(signal)
    const account = judgement?.kind === 'rate-limited' ? judgement.account : accountOf(record.state)
    const decision = decide(record.state, spec, signal, {
      now,
      boot: host.boot,
      random: deps.random(),
      judgement,
      account,
      gate: deps.gates.of(spec.provider, account),
    })
    const before = record.state
    if (decision.state === before) return
    const next = { ...record, state: decision.state }
    const events = [...first, ...decision.events].map((event) => draft(event, now.wall))
    deps.commit({ events, put: [next] })
    record = next
    deps.gates.note(next, accountOf(next.state), before)
    armTimers(before.timers)
    for (const effect of decision.effects) perform(effect)
    for (const { look } of waiting) look()
  }

  /** What runs of it have shown is better than what was expected of them. */
  function accountOf({ account }: MissionState): string {
    return account ?? provider.account?.(spec, record.env) ?? spec.provider
  }

  /** What the provider makes of the end that this is about. */
  function judged(signal: Signal): Judgement | undefined {
    const exit =
      signal.type === 'exited' ? signal.exit : signal.type === 'emptied' ? record.state.ended : null
    if (exit === null || provider.judge === undefined) return undefined
    const code = exit.kind === 'code' ? exit.code : null
    const { tail = '', at } = exit
    try {
      return provider.judge({ code, signal: code === null ? null : signalOfCode(code), tail, at })
    } catch (error) {
      // An end must be noted whatever a provider makes of it.
      deps.fault(error)
      return undefined
    }
  }

  function draft(event: MissionEvent, at: number): EventDraft {
    return { ...event, at, mission: id }
  }

  function tell(signal: Signal): void {
    untold.push(signal)
    if (cancelRetry === undefined) tellAll()
  }

  function mustBeOpen(): void {
    if (closed) throw runtimeClosed()
  }

  /** Writes the facts in their order; the first that cannot be written is tried again later. */
  function tellAll(): void {
    cancelRetry?.()
    cancelRetry = undefined
    for (let signal = untold[0]; signal !== undefined && !closed; signal = untold[0]) {
      try {
        step(signal)
      } catch (error) {
        deps.fault(error)
        cancelRetry = clock.timer(RETRY_MS, tellAll)
        return
      }
      untold.shift()
    }
  }

  function armTimers(before: MissionState['timers']): void {
    const wanted = record.state.timers
    for (const [name, cancel] of timers) {
      if (wanted[name] === before[name]) continue
      cancel()
      timers.delete(name)
    }
    const now = clock.now()
    for (const name of Object.keys(wanted) as TimerName[]) {
      const deadline = wanted[name]
      if (deadline === undefined || timers.has(name)) continue
      const arm = (left: number): void => void timers.set(name, clock.timer(left, fire))
      const fire = (): void => {
        // Timers of Node may be early by a millisecond.
        const early = deadline.boot === host.boot ? remaining(deadline, clock.now(), host.boot) : 0
        if (early > 0) return arm(early)
        timers.delete(name)
        tell({ type: 'timer', name, quietMs: name === 'activity' ? host.quietFor(ref()) : 0 })
      }
      arm(remaining(deadline, now, host.boot))
    }
  }

  function perform(effect: Effect): void {
    switch (effect.type) {
      case 'spawn':
        host.spawn(launchOf(record.state.run))
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

  function launchOf(run: number): Launch {
    const { argv, streams } = provider.invoke(spec)
    return {
      mission: id,
      run,
      name: record.name,
      argv,
      streams,
      size: spec.terminal ?? DEFAULT_TERMINAL_SIZE,
      cwd: spec.cwd,
      env: record.env,
      outputLimitBytes: spec.outputLimitBytes,
      copy: keeperCopy(record),
    }
  }

  function until(test: (state: MissionState) => boolean, signal?: AbortSignal): Promise<MissionState> {
    if (test(record.state)) return Promise.resolve(record.state)
    if (closed) return Promise.reject(runtimeClosed())
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        waiting.delete(waiter)
        signal?.removeEventListener('abort', abort)
      }
      const abort = (): void => {
        leave()
        reject(signal?.reason instanceof Error ? signal.reason : new Error('aborted'))
      }
      const waiter = {
        look: () => {
          if (!test(record.state)) return
          leave()
          resolve(record.state)
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

  return {
    id,
    record: () => record,
    status: () => statusOf(record.state),
    launch: () => step({ type: 'launch' }, [{ type: 'mission.created', name: record.name, spec }]),
    request: (signal) => {
      mustBeOpen()
      if (untold.length > 0) tellAll()
      if (untold.length > 0)
        throw new OvermindError(
          'store_failed',
          `mission ${id} has news that cannot be written yet: try again`,
        )
      step(signal)
    },
    tell,
    resumeStart: () => perform({ type: 'spawn' }),
    resume: () => {
      armTimers({})
      const { phase, ending } = record.state
      const climbing =
        phase === 'running.stopping' || phase === 'restarting.reaping' || phase.startsWith('stalled')
      if (climbing && ending !== null)
        perform({ type: 'signal', signal: ending.rung === 'kill' ? 'SIGKILL' : spec.stopSignal })
    },
    until,
    exited: async (signal) => {
      const { exit } = await until((state) => state.exit !== null, signal)
      if (exit === null) throw new TypeError('until() ends with an exit')
      return exit
    },
    close: () => {
      closed = true
      cancelRetry?.()
      for (const cancel of timers.values()) cancel()
      timers.clear()
      for (const { giveUp } of waiting) giveUp(runtimeClosed())
      waiting.clear()
    },
  }
}

function runtimeClosed(): OvermindError {
  return new OvermindError('runtime_closed', 'the runtime was closed; the mission may still be running')
}
