/**
 * One life of a child: from the actor's start to its final snapshot. What is seen here is the actor itself,
 * never what it tells its parent, so nothing that a child does or fails to do can hide its end.
 */
import { type ActorScope, type AnyActorRef, createActor, isMachineSnapshot, type Snapshot } from 'xstate'
import { OvermindError } from '../model/errors.ts'
import type { Clock } from '../model/time.ts'
import { type ExitReason, exitOf } from './exit.ts'
import { type ChildRef, type ChildSpec, isIgnore } from './spec.ts'
import { asksToStop, startsLate } from './kinship.ts'

export interface Life {
  readonly ref: ChildRef
  readonly info: unknown
  /** Undefined while it lives. */
  exit: ExitReason | undefined
  /** Told of every change of the actor; there is one who waits at a time. */
  watch: (() => void) | undefined
}

export type Attempt =
  | { readonly kind: 'started'; readonly life: Life }
  | { readonly kind: 'ignored' }
  | { readonly kind: 'failed'; readonly error: unknown }

/** What a supervisor lends to its children's lives. */
export interface Ward {
  readonly self: AnyActorRef
  readonly stopChild: ActorScope<Snapshot<unknown>, never>['stopChild']
  readonly timer: Clock['timer']
  /** Everything that lives, the eldest first, those that are still starting included. */
  readonly living: Set<Life>
}

/** Starts an actor, and waits until it counts as started. Never throws: what fails is the answer. */
export async function startLife(spec: ChildSpec, ward: Ward): Promise<Attempt> {
  let life: Life | undefined
  try {
    const made = typeof spec.start === 'function' ? spec.start(spec.input) : spec.start
    if (isIgnore(made)) return { kind: 'ignored' }
    if (made === undefined) throw new TypeError('the description of a temporary child is not kept')
    const [logic, info] = 'logic' in made ? [made.logic, made.info] : [made, undefined]
    const ref: ChildRef = createActor(logic, {
      parent: ward.self,
      src: logic,
      input: spec.input,
      id: spec.id,
      ...(spec.systemId === undefined ? {} : { systemId: spec.systemId }),
    })
    life = bear(ref, info, ward)
    const ready = spec.ready ?? startsLate(logic)
    if (ready !== undefined) {
      const seen = await until(life, { holds: ready, ms: spec.startTimeout, timer: ward.timer })
      if (seen === 'late') throw new OvermindError('timeout', `not ready within ${spec.startTimeout} ms`)
      if (seen === 'over') throw startError(life.exit)
    }
    const { exit } = life
    if (exit?.kind === 'normal' && isIgnore(exit.output)) return { kind: 'ignored' }
    // Without `ready`, an actor that is done at once has started, and ended normally next.
    if (exit !== undefined && exit.kind !== 'normal') throw startError(exit)
    return { kind: 'started', life }
  } catch (error) {
    if (life !== undefined) await stop(life, ward)
    return { kind: 'failed', error }
  }
}

function startError(exit: ExitReason | undefined): unknown {
  switch (exit?.kind) {
    case 'error':
      return exit.error
    case 'shutdown':
      return exit.reason ?? new OvermindError('child_start_failed', 'it was shut down before it was ready')
    case 'normal':
    case 'killed':
    case undefined:
      return new OvermindError('child_start_failed', 'it ended before it was ready')
  }
}

function bear(ref: ChildRef, info: unknown, { living }: Ward): Life {
  const life: Life = { ref, info, exit: undefined, watch: undefined }
  const over = (): void => {
    const snapshot = ref.getSnapshot()
    life.exit = exitOf(snapshot)
    living.delete(life)
    if (life.exit.kind === 'error') stopOrphans(snapshot)
    life.watch?.()
  }
  living.add(life)
  // An error that is observed is not thrown at the process.
  ref.subscribe({ next: () => life.watch?.(), error: over, complete: over })
  ref.start()
  return life
}

/** What a machine has invoked goes on when the machine itself throws; a new life must not find it there. */
function stopOrphans(snapshot: Snapshot<unknown>): void {
  if (!isMachineSnapshot(snapshot)) return
  const children = snapshot.children as Readonly<Record<string, ChildRef | undefined>>
  for (const orphan of Object.values(children)) {
    if (orphan?.getSnapshot().status === 'active') orphan.send({ type: 'xstate.stop' })
  }
}

/**
 * Ends a life as its description says, and tells how it ended. One that has ended by itself keeps its own
 * reason. Being done, when asked to stop, is a shutdown.
 */
export async function endLife(life: Life, spec: ChildSpec, ward: Ward): Promise<ExitReason> {
  if (life.exit !== undefined) return life.exit
  if (spec.shutdown === 'brutal_kill') return killed(await stop(life, ward))
  const event = spec.stopEvent ?? asksToStop(life.ref)
  if (event === undefined) return stop(life, ward)
  life.ref.send(event)
  const ms = spec.shutdown === 'infinity' ? undefined : spec.shutdown
  if ((await until(life, { ms, timer: ward.timer })) === 'late') return killed(await stop(life, ward))
  const exit = exitNow(life)
  return exit.kind === 'normal' ? { kind: 'shutdown', reason: undefined } : exit
}

async function stop(life: Life, ward: Ward): Promise<ExitReason> {
  if (life.exit === undefined) {
    ward.stopChild(life.ref)
    // At once, unless the child is at work below us in the stack.
    await until(life, { timer: ward.timer })
  }
  return exitNow(life)
}

/** An actor that was stopped by force says no more than that it was stopped. */
function killed(exit: ExitReason): ExitReason {
  return exit.kind === 'shutdown' ? { kind: 'killed' } : exit
}

function exitNow({ exit, ref }: Life): ExitReason {
  return exit ?? exitOf(ref.getSnapshot())
}

interface Until {
  readonly holds?: (snapshot: Snapshot<unknown>) => boolean
  readonly ms?: number | undefined
  readonly timer: Clock['timer']
}

/** Rejects with what `holds` throws. */
function until(life: Life, { holds, ms, timer }: Until): Promise<'holds' | 'over' | 'late'> {
  return new Promise((resolve, reject) => {
    let cancel: (() => void) | undefined
    const settle = (what: 'holds' | 'over' | 'late'): void => {
      life.watch = undefined
      cancel?.()
      resolve(what)
    }
    const look = (): void => {
      try {
        const { exit } = life
        const failed = exit !== undefined && exit.kind !== 'normal'
        if (!failed && holds?.(life.ref.getSnapshot()) === true) settle('holds')
        else if (exit !== undefined) settle('over')
      } catch (error) {
        life.watch = undefined
        cancel?.()
        reject(error)
      }
    }
    life.watch = look
    look()
    if (life.watch === look && ms !== undefined) cancel = timer(ms, () => settle('late'))
  })
}
