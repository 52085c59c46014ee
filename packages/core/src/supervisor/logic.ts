/** A supervisor as actor logic of xstate, whatever its kind. */
import type { ActorLogic, ActorRefFromLogic, AnyActorRef, InspectionEvent, Snapshot } from 'xstate'
import { createActor } from 'xstate'
import { OvermindError } from '../model/errors.ts'
import { type Clock, systemClock } from '../model/time.ts'
import type { Crew } from './crew.ts'
import { type ExitReason, exitOf, Shutdown } from './exit.ts'
import { STOP, type SupervisorPhase, supervises } from './kinship.ts'
import type { Report } from './report.ts'
import type { Environment, Scope } from './scope.ts'
import { type Ignore, ignore, isIgnore } from './spec.ts'
import type { TreeNode } from './tree.ts'

/**
 * What a supervisor's actor shows. It is `done` when it was told to stop or had no more to do, with a
 * `Shutdown` as output; `error`, with a `Shutdown`, when it could not start or has restarted too often.
 */
export type SupervisorSnapshot = Snapshot<Shutdown | Ignore> & { readonly phase: SupervisorPhase }

/** Asks a supervisor to stop its children in order, and end. */
export interface SupervisorEvent {
  readonly type: typeof STOP
}

/** The logic of a supervisor, for `startChild`, `createActor`, `invoke` and `spawn` alike. */
export type SupervisorLogic<Input = unknown> = ActorLogic<SupervisorSnapshot, SupervisorEvent, Input>

/** What every supervisor's handle has. */
export interface SupervisorHandle extends AsyncDisposable {
  /** Its actor, the parent of its children. */
  readonly ref: AnyActorRef
  /** Ends all children in order, then the supervisor. Settles when it has ended; never rejects. */
  stop(): Promise<ExitReason>
  /** Settles when it has ended, however that came; never rejects. */
  exited(): Promise<ExitReason>
  /** It and all below it, as text. */
  print(): string
  toString(): string
}

/** What the root of a tree is started with. */
export interface StartOptions {
  /** Its id in inspection and the beginning of paths in reports. Default: `root`. */
  readonly id?: string
  /** Default: the machine's. It drives the delays of all actors below, too. */
  readonly clock?: Clock
  /** Sees every actor of the tree, each with its parent, and every event. */
  readonly inspect?: (event: InspectionEvent) => void
  /** Told of what happens to children. It must not throw. */
  readonly onReport?: (report: Report) => void
}

export interface Setting {
  readonly scope: Scope
  readonly environment: Environment
  readonly path: string
}

/** One kind of supervisor at work. */
export interface Working<Handle> {
  readonly crew: Crew
  readonly handle: Handle
  begin(): void
  tree(): TreeNode
}

export interface Kind<Plan, Handle> {
  readonly name: string
  create(plan: Plan, setting: Setting): Working<Handle>
  readonly handles: WeakMap<object, Handle>
}

interface Known {
  readonly environment: Environment
  readonly working: Working<SupervisorHandle>
}

const known = new WeakMap<object, Known>()

/** Reports and the clock are the root's; where there is no supervisor above, nobody listens. */
function environmentAbove(ref: AnyActorRef | undefined): Environment {
  if (ref === undefined) return { clock: systemClock, onReport: () => undefined }
  return known.get(ref)?.environment ?? environmentAbove(ref._parent)
}

function pathOf(ref: AnyActorRef): string {
  const above = ref._parent
  return above === undefined ? ref.id : `${pathOf(above)}/${ref.id}`
}

export function treeOf(ref: AnyActorRef): TreeNode | undefined {
  return known.get(ref)?.working.tree()
}

export function logicOf<Plan, Handle extends SupervisorHandle, Input>(
  kind: Kind<Plan, Handle>,
  plan: (input: Input) => Plan | Ignore,
  own?: Environment,
): SupervisorLogic<Input> {
  const crewOf = (ref: object): Crew => {
    const found = known.get(ref)
    if (found === undefined) throw new TypeError('a supervisor is not restored from a snapshot')
    return found.working.crew
  }

  return supervises({
    getInitialSnapshot({ self, stopChild }, input) {
      const made = plan(input)
      if (isIgnore(made)) return { status: 'done', output: ignore, error: undefined, phase: 'ended' }
      const environment = own ?? environmentAbove(self._parent)
      const working = kind.create(made, { scope: { self, stopChild }, environment, path: pathOf(self) })
      known.set(self, { environment, working })
      kind.handles.set(self, working.handle)
      return snapshotOf(working.crew)
    },

    start: (_, { self }) => known.get(self)?.working.begin(),

    transition(snapshot, event, { self }) {
      const crew = crewOf(self)
      // More comes than what others are meant to send.
      const { type }: { readonly type: string } = event
      switch (type) {
        case 'xstate.stop':
          crew.halt()
          return { status: 'stopped', output: undefined, error: undefined, phase: 'ended' }
        case STOP:
          crew.stop()
          return snapshot
        case 'supervisor.changed':
          return snapshotOf(crew)
        default:
          // Children are watched themselves, not by what they tell their parent.
          if (/^xstate\.(?:done|error)\.actor\./.test(type)) return snapshot
          crew.report({ type: 'unexpected_event', supervisor: crew.path, event })
          return snapshot
      }
    },

    getPersistedSnapshot: (snapshot) => snapshot,
  } satisfies SupervisorLogic<Input>)
}

function snapshotOf(crew: Crew): SupervisorSnapshot {
  const phase = crew.phase()
  const end = crew.end()
  switch (end?.kind) {
    case undefined:
      return { status: 'active', output: undefined, error: undefined, phase }
    case 'done':
      return { status: 'done', output: end.output, error: undefined, phase }
    case 'error':
      return { status: 'error', output: undefined, error: end.error, phase }
  }
}

/** Settles when the actor has ended; its final snapshot decides. An error that is observed here is not thrown at the process. */
export function whenExited(ref: AnyActorRef): Promise<ExitReason> {
  return new Promise((resolve) => {
    const over = (): void => resolve(exitOf(ref.getSnapshot() as Snapshot<unknown>))
    ref.subscribe({ error: over, complete: over })
  })
}

export function environmentOf({ clock = systemClock, onReport }: StartOptions): Environment {
  return { clock, onReport: onReport ?? (() => undefined) }
}

/**
 * Starts a supervisor as the root of a tree, and waits for its children.
 *
 * @returns its actor; one that is done already was not needed
 */
export async function startRoot(
  logic: SupervisorLogic,
  { id = 'root', clock = systemClock, inspect }: StartOptions,
): Promise<ActorRefFromLogic<SupervisorLogic>> {
  const ref = createActor(logic, {
    id,
    clock: {
      setTimeout: (fire, ms) => clock.timer(ms, fire),
      clearTimeout: (cancel: () => void) => cancel(),
    },
    ...(inspect === undefined ? {} : { inspect }),
  })
  await new Promise<void>((resolve) => {
    const look = ({ phase }: SupervisorSnapshot): void => {
      if (phase === 'running') resolve()
    }
    ref.subscribe({ next: look, error: () => resolve(), complete: () => resolve() })
    ref.start()
  })
  const { status, error } = ref.getSnapshot()
  if (status !== 'error') return ref
  throw error instanceof Shutdown && error.reason instanceof OvermindError ? error.reason : error
}

/** @throws OvermindError `not_a_supervisor` */
export function handleOf<Handle>({ handles, name }: Kind<never, Handle>, ref: object | undefined): Handle {
  const handle = ref === undefined ? undefined : handles.get(ref)
  if (handle !== undefined) return handle
  throw new OvermindError('not_a_supervisor', `this actor is not a ${name}`)
}
