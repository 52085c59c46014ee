/**
 * One run of a ritual: starts a mission whenever its time has come. It keeps nothing of its own: which times it has met shows in
 * the missions that it started, by their labels, and which it has passed over in its log.
 */
import { type Control, isName, type Mission, type Work } from '@overmind/core'
import { after } from '../after.ts'
import { endMission } from '../end-mission.ts'
import { forgetMission } from '../forget-mission.ts'
import { messageOf } from '../message-of.ts'
import { isPassing, RETRY_MS } from '../passing.ts'
import { dueOf, metUntil } from './decide.ts'
import { DUE_LABEL, RITUAL_LABEL } from './labels.ts'
import { lastSettled } from './log.ts'
import { ritualOptions } from './options.ts'
import { scheduleOf } from './schedule.ts'

/** The clock is looked at so often at least: it may be set, and machines sleep. */
const LOOK_MS = 30_000
/** So many missed times are named; of more only the last are looked at. */
const MOST_MISSED = 1000

export interface RitualClock {
  /** Milliseconds since 1970. */
  now(): number
  timer(delayMs: number, fire: () => void): () => void
  /** From 0 up to 1. */
  random(): number
}

export function runRitual(work: Work, clock: RitualClock): Control {
  const { runtime, mission: self } = work
  const {
    schedule: pattern,
    timezone,
    overlap,
    missed,
    jitterMs,
    keep,
    mission,
  } = ritualOptions(self.view().spec.options)
  const schedule = scheduleOf(pattern, timezone)
  const over = Promise.withResolvers<number>()
  const left = new AbortController()
  /** Settles when it is left. */
  const gone = Promise.withResolvers<void>()
  let cancel: (() => void) | undefined
  const starting = new Map<number, () => void>()
  /** A time that waits for the mission before to end. */
  let waiting: number | null = null
  /** Settles when all that has come has been seen to. */
  let turn: Promise<void> = Promise.resolve()
  /** All times up to this one have been met, or passed over. */
  let handled = lastHandled()

  function own(): readonly Mission[] {
    return runtime.list().filter(({ view }) => view().spec.labels[RITUAL_LABEL] === self.id)
  }

  function live(): readonly Mission[] {
    return own().filter(({ view }) => view().state.exit === null)
  }

  function lastHandled(): number {
    const due = own().map(({ view }) => Date.parse(view().spec.labels[DUE_LABEL] ?? ''))
    const begun = work.resumed ? (self.view().state.startedAt?.wall ?? clock.now()) : clock.now()
    return Math.max(begun, ...due.filter(Number.isFinite))
  }

  function look(): void {
    if (left.signal.aborted) return
    const now = clock.now()
    handled = metUntil(handled, now, schedule)
    const times = schedule.between(handled, now, MOST_MISSED)
    for (const due of dueOf(times, now, missed)) {
      handled = due.at
      if (due.kind === 'start') putOff(due.at)
      else say(due.at, `skipped: ${due.because}`)
    }
    const next = schedule.next(Math.max(handled, now))
    if (next === null && starting.size === 0) {
      work.log('done: its schedule has no time left')
      inTurn(() => finish(0))
      return
    }
    cancel = clock.timer(Math.min(LOOK_MS, next === null ? LOOK_MS : Math.max(0, next - now)), look)
  }

  function putOff(at: number): void {
    const start = (): void => {
      starting.delete(at)
      inTurn(() => meet(at))
    }
    if (jitterMs === 0) start()
    else starting.set(at, clock.timer(clock.random() * jitterMs, start))
  }

  /** One after the other: whether the one before is alive is not known until it has been started. */
  function inTurn(next: () => void | Promise<void>): void {
    turn = turn.then(next).catch(over.reject)
  }

  async function meet(at: number): Promise<void> {
    const before = live()
    if (before.length > 0 && overlap === 'skip') {
      say(at, `skipped: ${before[0]?.name} is still alive`)
      return
    }
    if (before.length > 0 && overlap === 'wait') {
      if (waiting !== null) say(waiting, 'skipped: the next one waits instead')
      waiting = at
      return
    }
    while (!left.signal.aborted) {
      try {
        if (overlap === 'replace') await Promise.race([endLive('stop'), gone.promise])
        if (!left.signal.aborted) await start(at)
        return
      } catch (error) {
        const isLast = handled <= at
        if (!isPassing(error) || !isLast) {
          // It is tried again when its next time comes.
          say(at, `failed: ${messageOf(error)}`)
          return
        }
      }
      await after(RETRY_MS, left.signal, clock).catch(ignoreLeft)
    }
  }

  async function start(at: number): Promise<void> {
    const due = iso(at)
    const started = await runtime.start({
      ...mission,
      name: nameFor(at),
      cwd: self.view().spec.cwd,
      env: work.env,
      parent: self.id,
      labels: { ...mission.labels, [RITUAL_LABEL]: self.id, [DUE_LABEL]: due },
    })
    say(at, `started as ${started.name} (${started.id})`)
    watch(started, at)
    forgetOld()
  }

  /** `nightly.20261123-0300`, in the time of the world; undefined when that is too long, or taken. */
  function nameFor(at: number): string | undefined {
    const [day = '', time = ''] = iso(at).replaceAll(/[-:]/g, '').split('T')
    const name = `${self.name}.${day}-${time.slice(0, 6)}`
    const isTaken = runtime.list().some((other) => other.name === name && other.view().state.exit === null)
    return isName(name) && !isTaken ? name : undefined
  }

  function watch(started: Mission, at: number): void {
    started.exited({ signal: left.signal }).then((exit) => {
      say(at, exit.class === 'completed' ? 'completed' : `${exit.outcome}: ${exit.evidence.reason}`)
      if (waiting === null || live().length > 0) return
      const next = waiting
      waiting = null
      inTurn(() => meet(next))
    }, ignoreLeft)
  }

  function forgetOld(): void {
    const ended = own().filter(({ view }) => view().state.exit !== null)
    for (const mission of ended.slice(0, Math.max(0, ended.length - keep)))
      // That is tried again when the next one has been started.
      forgetMission(runtime, mission).catch((error: unknown) => {
        if (!left.signal.aborted) work.log(`${mission.name} cannot be forgotten: ${messageOf(error)}`)
      })
  }

  function say(at: number, what: string): void {
    if (!left.signal.aborted) work.log(`[${iso(at)}] ${what}`)
  }

  function ignoreLeft(error: unknown): void {
    if (!left.signal.aborted) over.reject(error)
  }

  function leave(): void {
    left.abort()
    // What is being replaced ends by itself.
    gone.resolve()
    cancel?.()
    for (const each of starting.values()) each()
    starting.clear()
  }

  async function endLive(how: 'stop' | 'kill'): Promise<void> {
    await Promise.all(live().map((each) => endMission(each, how)))
  }

  function finish(code: number): void {
    leave()
    over.resolve(code)
  }

  async function begin(): Promise<void> {
    if (work.resumed) {
      const settled = await lastSettled(self, work.run).catch((error: unknown) => {
        work.log(`its log cannot be read: ${messageOf(error)}`)
        return null
      })
      handled = Math.max(handled, settled ?? handled)
    }
    look()
  }

  for (const started of live()) watch(started, Date.parse(started.view().spec.labels[DUE_LABEL] ?? ''))
  const first = schedule.next(clock.now())
  if (first !== null && !work.resumed) work.log(`begun: due at ${iso(first)} for the first time`)
  begin().catch(over.reject)

  return {
    over: over.promise,
    doing() {
      const next = schedule.next(Math.max(handled, clock.now()))
      const soon = [...starting.keys()].map((at) => `That of ${iso(at)} starts within ${jitterMs / 1000} s.`)
      return [
        ...(waiting === null ? [] : [`That of ${iso(waiting)} waits for the one before to end.`]),
        ...soon,
        ...(next === null ? [] : [`Its next time is ${iso(next)}.`]),
      ]
    },
    end(how) {
      leave()
      // What it has started is its own mission, and goes on when the ritual is only stopped.
      const ended = how === 'ask' ? Promise.resolve() : endLive('kill')
      // One that is about to be started is there when its turn is over.
      ended
        .then(() => turn)
        .then(() => (how === 'ask' ? undefined : endLive('kill')))
        .then(() => over.resolve(0), over.reject)
    },
    leave,
  }
}

const iso = (at: number): string => new Date(at).toISOString()
