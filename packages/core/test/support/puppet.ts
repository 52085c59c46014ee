import type { ActorLogic, Snapshot } from 'xstate'
import {
  type ChildInput,
  type ChildRef,
  ignore,
  type Report,
  Shutdown,
  type StartOptions,
  type Supervisor,
} from '../../src/index.ts'
import { type SteppingClock, steppingClock } from '../fakes/stepping-clock.ts'

export type Pull =
  | { readonly type: 'finish'; readonly output?: unknown }
  | { readonly type: 'crash'; readonly error: unknown }
  | { readonly type: 'leave'; readonly reason?: unknown }
  | { readonly type: 'ask' }

interface Role {
  readonly name: string
  readonly stage: Stage
}

type PuppetSnapshot = Snapshot<unknown> & { readonly role: Role }
export type PuppetLogic = ActorLogic<PuppetSnapshot, Pull, Role>

/** What puppets did, and what they are to do. */
export interface Stage {
  readonly clock: SteppingClock
  readonly reports: Report[]
  /** `+a` a start, `-a` an end by force, `?a` asked to end, in order. */
  readonly log: string[]
  /** How many of its next starts fail, or with which outcome they come. */
  readonly fails: Map<string, number>
  readonly ignores: Set<string>
  /** What is done when asked to end. Default: nothing, for ever. */
  readonly whenAsked: Map<string, Pull>
  readonly options: StartOptions
  /** A child that is run by hand. */
  puppet(name: string, more?: Partial<PuppetSpec>): ChildInput<PuppetLogic>
  /** The names of log entries since the last look. */
  news(): string[]
}

type PuppetSpec = Omit<ChildInput<PuppetLogic>, 'id' | 'start' | 'input' | 'restart' | 'significant'> &
  Pick<ChildInput, 'restart' | 'significant'>

const puppetLogic: PuppetLogic = {
  getInitialSnapshot(_, role) {
    const { name, stage } = role
    const failures = stage.fails.get(name) ?? 0
    if (failures > 0) {
      stage.fails.set(name, failures - 1)
      stage.log.push(`!${name}`)
      throw new Error(`${name} cannot start`)
    }
    stage.log.push(`+${name}`)
    return { status: 'active', output: undefined, error: undefined, role }
  },
  transition(snapshot, event: Pull | { readonly type: 'xstate.stop' }) {
    const { role } = snapshot
    const { name, stage } = role
    switch (event.type) {
      case 'finish':
        return { status: 'done', output: event.output, error: undefined, role }
      case 'crash':
        throw event.error
      case 'leave':
        throw new Shutdown(event.reason)
      case 'xstate.stop':
        stage.log.push(`-${name}`)
        return { status: 'stopped', output: undefined, error: undefined, role }
      case 'ask': {
        stage.log.push(`?${name}`)
        const answer = stage.whenAsked.get(name)
        return answer === undefined ? snapshot : puppetLogic.transition(snapshot, answer, undefined as never)
      }
    }
  },
  getPersistedSnapshot: (snapshot) => snapshot,
}

export function stage(): Stage {
  const clock = steppingClock()
  const reports: Report[] = []
  const log: string[] = []
  const self: Stage = {
    clock,
    reports,
    log,
    fails: new Map(),
    ignores: new Set(),
    whenAsked: new Map(),
    options: { clock, onReport: (report) => void reports.push(report) },
    puppet: (name, more = {}) =>
      ({
        id: name,
        start: (role: Role) => (self.ignores.has(role.name) ? ignore : puppetLogic),
        input: { name, stage: self },
        ...more,
      }) as ChildInput<PuppetLogic>,
    news: () => log.splice(0),
  }
  return self
}

/** Lets everything happen that needs no time to pass. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}

export function refOf(supervisor: Pick<Supervisor, 'whichChildren'>, id: string): ChildRef {
  const ref = supervisor.whichChildren().find((child) => child.id === id)?.ref
  if (ref === undefined) throw new Error(`${id} does not run`)
  return ref
}

/** Lets a child do something, and what follows from it. */
export async function pull(
  supervisor: Pick<Supervisor, 'whichChildren'>,
  id: string,
  event: Pull,
): Promise<void> {
  refOf(supervisor, id).send(event)
  await settle()
}

export const crash: Pull = { type: 'crash', error: new Error('boom') }
export const finish: Pull = { type: 'finish' }
export const leave: Pull = { type: 'leave' }
export const leaveFor: Pull = { type: 'leave', reason: 'a reason' }

/** Four numbers, as OTP counts: descriptions, running, supervisors, workers. */
export function counts(supervisor: Pick<Supervisor, 'countChildren'>): readonly number[] {
  const { specs, active, supervisors, workers } = supervisor.countChildren()
  return [specs, active, supervisors, workers]
}

/** `{ a: 'running' }`, the youngest first. */
export function states(supervisor: Pick<Supervisor, 'whichChildren'>): Record<string, string> {
  return Object.fromEntries(supervisor.whichChildren().map(({ id, state }) => [id, state]))
}
