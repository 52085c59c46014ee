/**
 * What all supervisors share: children that start, end, are restarted within a budget, and are stopped, one
 * thing at a time. How the kinds of supervisors differ is the `Roster`.
 */
import { OvermindError } from '../model/errors.ts'
import { type ExitReason, Shutdown } from './exit.ts'
import { type Charge, charge, type Intensity } from './intensity.ts'
import { type Attempt, endLife, type Life, startLife, type Ward } from './life.ts'
import { createQueue, type Queue } from './queue.ts'
import { offender, type Report } from './report.ts'
import type { Environment, Scope } from './scope.ts'
import { type ChildSpec, forgetStart } from './spec.ts'
import type { SupervisorPhase } from './kinship.ts'
import { isExpectedEnd, wantsRestart } from './strategy.ts'

export type MemberState =
  | { readonly kind: 'running'; readonly life: Life }
  /** The last attempt to start it again failed; another one is due. */
  | { readonly kind: 'restarting'; readonly last: Life | undefined; readonly cancel: () => void }
  | { readonly kind: 'stopped' }

export interface Member {
  spec: ChildSpec
  state: MemberState
}

export interface Roster {
  /** In start order. */
  members(): readonly Member[]
  /** Those that are restarted with it, in start order. */
  affected(member: Member): readonly Member[]
  /** It has a life, a first or a next one; or a failed one, after which there will be another. */
  changed(member: Member, before: MemberState): void
  /** It has ended for good, and is kept or forgotten. */
  left(member: Member, before: MemberState): void
  /** Whether the supervisor ends with it. */
  endsWith(member: Member): boolean
}

export interface CrewOptions {
  readonly scope: Scope
  readonly environment: Environment
  /** Where it is in the tree, from the root. */
  readonly path: string
  readonly intensity: () => Intensity
  /** Restarts that count from the beginning, oldest first. */
  readonly charges?: readonly Charge[]
  /** Whether children are stopped one by one, the youngest first, or all at once. */
  readonly stops: 'in_turn' | 'together'
  readonly roster: Roster
}

/** How a supervisor ended: it was told to or had no more to do, it gave up, or it is broken. */
export type CrewEnd =
  | { readonly kind: 'done'; readonly output: Shutdown }
  | { readonly kind: 'error'; readonly error: unknown }

export interface Crew extends Pick<Queue, 'call'> {
  phase(): SupervisorPhase
  /** Undefined until it has ended by itself. */
  end(): CrewEnd | undefined
  /** Starts these in order, as the first thing it does; if one fails, it ends. */
  begin(members: readonly Member[]): void
  bring(member: Member): Promise<Attempt>
  /** Ends a member's life, and with it its restarts. */
  dismiss(member: Member): Promise<void>
  /** Ends it in order, after what was asked before. */
  stop(): void
  /** Ends it and all its children now, in this very call. */
  halt(): void
  report(report: Report): void
  readonly path: string
}

export const STOPPED: MemberState = { kind: 'stopped' }

export function createCrew(options: CrewOptions): Crew {
  const { scope, environment, path, roster } = options
  const { clock, onReport } = environment
  const queue = createQueue((error) => finish({ kind: 'error', error }))
  const timers = new Set<() => void>()
  const living = new Set<Life>()
  let phase: SupervisorPhase = 'starting'
  let end: CrewEnd | undefined
  let charges = options.charges ?? []

  const ward: Ward = { self: scope.self, stopChild: scope.stopChild, timer, living }

  function timer(delayMs: number, fire: () => void): () => void {
    const cancel = clock.timer(delayMs, () => {
      timers.delete(cancel)
      fire()
    })
    timers.add(cancel)
    return () => {
      timers.delete(cancel)
      cancel()
    }
  }

  function report(one: Report): void {
    try {
      onReport(one)
    } catch (error) {
      // A listener's fault is not a child's: it must not look like one, nor stop the supervision.
      process.emitWarning(error instanceof Error ? error : String(error))
    }
  }

  function enter(next: SupervisorPhase): void {
    phase = next
    scope.self.send({ type: 'supervisor.changed' })
  }

  function change(member: Member, state: MemberState): void {
    const before = member.state
    member.state = state
    roster.changed(member, before)
  }

  function retire(member: Member): void {
    const before = member.state
    member.state = STOPPED
    roster.left(member, before)
  }

  async function bring(member: Member): Promise<Attempt> {
    const attempt = await startLife(member.spec, ward)
    if (phase === 'ended') {
      // The child itself may have caused the end, and was born after it.
      close()
      return never()
    }
    if (attempt.kind === 'failed') return attempt
    if (attempt.kind === 'ignored') {
      retire(member)
      return attempt
    }
    const { life } = attempt
    if (member.spec.restart === 'temporary') member.spec = forgetStart(member.spec)
    change(member, { kind: 'running', life })
    report({ type: 'progress', supervisor: path, child: offender(member.spec, life.ref.sessionId) })
    life.watch = () => {
      const { exit } = life
      if (exit === undefined) return
      life.watch = undefined
      queue.post(() => ended(member, life, exit))
    }
    life.watch()
    return attempt
  }

  async function ended(member: Member, life: Life, exit: ExitReason): Promise<void> {
    // Of a life that somebody has ended or replaced meanwhile.
    if (member.state.kind !== 'running' || member.state.life !== life) return
    const { spec } = member
    const again = wantsRestart(spec.restart, exit)
    if (again || exit.kind === 'error' || exit.kind === 'killed') {
      report({
        type: 'child_terminated',
        supervisor: path,
        child: offender(spec, life.ref.sessionId),
        reason: exit,
      })
    }
    if (again) {
      await restart(member)
      return
    }
    retire(member)
    if (roster.endsWith(member)) await shutDown({ kind: 'done', output: new Shutdown() })
  }

  async function restart(member: Member): Promise<void> {
    const { exceeded, charges: now } = charge(charges, clock.now().monotonic, options.intensity())
    charges = now
    const last = lastLife(member.state)
    if (exceeded) {
      const reason = 'reached_max_restart_intensity'
      report({
        type: 'shutdown',
        supervisor: path,
        child: offender(member.spec, last?.ref.sessionId),
        reason,
      })
      retire(member)
      await shutDown({ kind: 'error', error: new Shutdown(reason) })
      return
    }
    report({ type: 'restarting', supervisor: path, child: offender(member.spec, last?.ref.sessionId) })
    const group = roster.affected(member)
    // Its life is over; whether it gets another one depends on those that are started before it.
    if (group.length > 1) member.state = STOPPED
    for (const other of group.toReversed()) {
      if (other === member) continue
      await dismiss(other)
      if (other.spec.restart === 'temporary') retire(other)
    }
    for (const each of group) {
      if (each !== member && each.spec.restart === 'temporary') continue
      const attempt = await bring(each)
      if (attempt.kind !== 'failed') continue
      const own = each === member ? last : undefined
      const child = offender(each.spec, own?.ref.sessionId)
      report({ type: 'start_error', supervisor: path, child, error: attempt.error })
      retryLater(each, own)
      return
    }
  }

  /** The next attempt waits behind what else is to be done, so that a child that cannot start can be removed. */
  function retryLater(member: Member, last: Life | undefined): void {
    const cancel = timer(0, () => {
      queue.post(async () => {
        if (member.state === state) await restart(member)
      })
    })
    const state: MemberState = { kind: 'restarting', last, cancel }
    change(member, state)
  }

  async function dismiss(member: Member): Promise<void> {
    const surprise = await dismissQuietly(member)
    if (surprise !== undefined) report(surprise)
  }

  type ShutdownError = Extract<Report, { type: 'shutdown_error' }>

  /** The report to make, if it did not end as it should. */
  async function dismissQuietly(member: Member): Promise<ShutdownError | undefined> {
    const { spec, state } = member
    if (state.kind === 'restarting') state.cancel()
    if (state.kind !== 'running') {
      member.state = STOPPED
      return undefined
    }
    const { life } = state
    const exit = await endLife(life, spec, ward)
    if (phase === 'ended') return never()
    life.watch = undefined
    member.state = STOPPED
    if (isExpectedEnd(exit, spec.restart, spec.shutdown === 'brutal_kill')) return undefined
    const child = offender(spec, life.ref.sessionId)
    return { type: 'shutdown_error', supervisor: path, child, reason: exit, count: 1 }
  }

  async function dismissAll(): Promise<void> {
    const members = roster.members()
    if (options.stops === 'in_turn') {
      for (const member of members.toReversed()) await dismiss(member)
      return
    }
    const surprises = await Promise.all(members.map((member) => dismissQuietly(member)))
    const alike = Map.groupBy(
      surprises.filter((each) => each !== undefined),
      ({ reason }) => (reason.kind === 'error' ? String(reason.error) : reason.kind),
    )
    for (const group of alike.values()) {
      const [first] = group
      if (first !== undefined) report({ ...first, count: group.length })
    }
  }

  async function shutDown(how: CrewEnd): Promise<void> {
    enter('stopping')
    await dismissAll()
    finish(how)
  }

  function finish(how: CrewEnd): void {
    if (phase === 'ended') return
    close()
    end = how
    enter('ended')
  }

  /** Nothing is told of what it stops, and what waits for it is told nothing any more. */
  function close(): void {
    queue.close()
    for (const cancel of timers) cancel()
    timers.clear()
    for (const life of [...living].toReversed()) {
      life.watch = undefined
      scope.stopChild(life.ref)
    }
    living.clear()
  }

  return {
    path,
    call: queue.call,
    phase: () => phase,
    end: () => end,
    begin: (members) =>
      queue.post(async () => {
        for (const member of members) {
          const attempt = await bring(member)
          if (attempt.kind !== 'failed') continue
          const { error } = attempt
          report({ type: 'start_error', supervisor: path, child: offender(member.spec, undefined), error })
          await shutDown({ kind: 'error', error: new Shutdown(startFailure(member.spec, error)) })
          return
        }
        enter('running')
      }),
    bring,
    dismiss,
    stop: () => queue.post(() => shutDown({ kind: 'done', output: new Shutdown() })),
    halt() {
      close()
      phase = 'ended'
    },
    report,
  }
}

/** @returns OvermindError `child_start_failed`, with what went wrong as its cause */
export function startFailure({ id }: ChildSpec, cause: unknown): OvermindError {
  const why = cause instanceof Error ? cause.message : String(cause)
  return new OvermindError('child_start_failed', `the child ${id} could not be started: ${why}`, {
    cause,
    value: id,
  })
}

export function lastLife(state: MemberState): Life | undefined {
  switch (state.kind) {
    case 'running':
      return state.life
    case 'restarting':
      return state.last
    case 'stopped':
      return undefined
  }
}

/** For work that is overtaken by the end of everything: it is not told, and collected. */
function never<Answer>(): Promise<Answer> {
  return new Promise(() => undefined)
}
