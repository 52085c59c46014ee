/** Supervised actors: what many of them cost, and how fast they are restarted, beside what xstate itself needs. */
import {
  type DynamicSupervisor,
  startDynamicSupervisor,
  startSupervisor,
  type Supervisor,
} from '@overmind/core'
import { type Actor, createActor, fromTransition, type TransitionActorLogic } from 'xstate'
import { collectGarbage } from './support/garbage.ts'
import { atLeast, atMost, type Figure, median } from './support/report.ts'

const MANY = 10_000
const TENTH = 1000
const ROUNDS = 9

type Failing = TransitionActorLogic<undefined, { type: 'fail' }, undefined>

/** Being stopped is an event too, and no failure. */
const failing: Failing = fromTransition((_, { type }) => {
  if (type === 'fail') throw new Error('boom')
  return undefined
}, undefined)

/** Milliseconds of each way to start and stop actors, each on a heap without the garbage of the one before. */
interface Round {
  readonly one: number
  readonly ten: number
  readonly small: number
  readonly bare: number
  readonly smallBare: number
}

export async function supervisor(): Promise<readonly Figure[]> {
  await life(1, TENTH)
  const rounds: Round[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    rounds.push({
      one: await life(1, MANY),
      ten: await life(10, TENTH),
      small: await life(1, TENTH),
      bare: bareLife(MANY),
      smallBare: bareLife(TENTH),
    })
  }
  const of = (way: keyof Round): number => median(rounds.map((round) => round[way]))
  const restarted: number[] = []
  const bare: number[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    restarted.push(await restarts())
    bare.push(bareRestarts())
  }
  return [
    atMost(
      'start and stop: one supervisor of 10,000 children ÷ ten of 1,000',
      of('one') / of('ten'),
      1.2,
      `${of('one').toFixed(0)} against ${of('ten').toFixed(0)} ms`,
    ),
    atMost(
      'start and stop: 10,000 children ÷ 1,000 children',
      of('one') / of('small'),
      12,
      `${of('one').toFixed(0)} against ${of('small').toFixed(1)} ms; bare actors ${(of('bare') / of('smallBare')).toFixed(1)}`,
    ),
    atMost(
      'start and stop: 10,000 supervised ÷ 10,000 bare actors',
      of('one') / of('bare'),
      4,
      `${of('bare').toFixed(0)} ms bare`,
    ),
    atLeast(
      'restarts of 10,000 children ÷ bare ends and starts',
      Math.max(...restarted) / Math.max(...bare),
      0.2,
      `${Math.round(Math.max(...restarted))} against ${Math.round(Math.max(...bare))} a second`,
    ),
    atMost('heap for each of 10,000 children', (await memory()) / 1024, 8, 'the actor itself included', 'KB'),
  ]
}

/** Milliseconds from the first start to the last end, of so many supervisors with so many children each. */
async function life(supervisors: number, many: number): Promise<number> {
  const children = Array.from({ length: many }, (_, each) => ({ id: String(each), start: failing }))
  collectGarbage()
  const began = performance.now()
  const started: Supervisor[] = []
  for (let each = 0; each < supervisors; each += 1) {
    started.push(await startSupervisor({ strategy: 'one_for_one', children }))
  }
  for (const each of started) await each.stop()
  return performance.now() - began
}

/** The same many actors, observed and without a supervisor. */
function bareLife(many: number): number {
  collectGarbage()
  const began = performance.now()
  const actors = Array.from({ length: many }, bareActor)
  for (const actor of actors) actor.stop()
  return performance.now() - began
}

function bareActor(): Actor<Failing> {
  const actor = createActor(failing)
  actor.subscribe({ error: () => undefined, complete: () => undefined })
  return actor.start()
}

async function fill(many: number): Promise<DynamicSupervisor> {
  const started = await startDynamicSupervisor({ maxRestarts: 1e9 })
  for (let each = 0; each < many; each += 1) await started.startChild({ start: failing })
  return started
}

/** Each of 10,000 children fails once. Restarts for each second. */
async function restarts(): Promise<number> {
  const started = await fill(MANY)
  const refs = started.whichChildren().map(({ ref }) => ref)
  const began = performance.now()
  for (const ref of refs) ref?.send({ type: 'fail' })
  // Answered when all that came before is done.
  await started.reconfigure({})
  const took = performance.now() - began
  await started.stop()
  return (MANY / took) * 1000
}

/** The same of actors that nobody supervises. */
function bareRestarts(): number {
  const actors = Array.from({ length: MANY }, bareActor)
  const began = performance.now()
  for (const actor of actors) actor.send({ type: 'fail' })
  const next = Array.from({ length: MANY }, bareActor)
  const took = performance.now() - began
  for (const actor of next) actor.stop()
  return (MANY / took) * 1000
}

/** Bytes of heap for each child. */
async function memory(): Promise<number> {
  const used = (): number => {
    collectGarbage()
    return process.memoryUsage().heapUsed
  }
  const before = used()
  const started = await fill(MANY)
  const each = (used() - before) / MANY
  await started.stop()
  return each
}
