import { type ActorRef, fromCallback, fromPromise, type PromiseSnapshot, setup } from 'xstate'
import { expect, expectTypeOf, test } from 'vitest'
import {
  child,
  type ChildInput,
  type DynamicSupervisor,
  ignore,
  type Ignore,
  startDynamicSupervisor,
  startPartitionSupervisor,
  startSupervisor,
  type Supervisor,
  supervisorLogic,
} from '../../../src/index.ts'

interface Job {
  readonly path: string
}

const job = fromPromise<number, Job>(async ({ input }) => input.path.length)
const idle = fromCallback<{ type: 'drain' }>(() => undefined)
const machine = setup({
  types: { input: {} as Job, events: {} as { type: 'go' }, context: {} as { open: boolean } },
}).createMachine({ context: { open: true } })

test('what fits its logic compiles, and what does not does not', async () => {
  const supervisor = await startSupervisor({
    strategy: 'one_for_one',
    autoShutdown: 'any_significant',
    children: [
      { id: 'job', start: job, input: { path: 'a' }, restart: 'temporary', significant: true },
      { id: 'idle', start: idle, stopEvent: { type: 'drain' }, shutdown: 1 },
      { id: 'machine', start: machine, input: { path: 'a' }, ready: ({ context }) => context.open },
      {
        id: 'function',
        start: ({ path }: Job) => ({ logic: job, info: path }),
        input: { path: 'a' },
        restart: 'transient',
      },
      child({ id: 'apart', start: job, input: { path: 'a' }, restart: 'transient' }),
    ],
  })
  expectTypeOf(supervisor).toEqualTypeOf<Supervisor>()
  await supervisor.stop()

  // Never called: what counts is what the compiler says of it.
  const mistakes = (): void => {
    void startSupervisor({
      strategy: 'one_for_one',
      children: [
        // @ts-expect-error its input is missing
        { id: 'a', start: job },
      ],
    })
    void startSupervisor({
      strategy: 'one_for_one',
      children: [
        { id: 'fine', start: idle },
        // @ts-expect-error its input is wrong
        { id: 'a', start: job, input: { path: 7 } },
      ],
    })
    // @ts-expect-error there is no such strategy
    void startSupervisor({ strategy: 'simple_one_for_one' })
    // @ts-expect-error a supervisor needs a strategy
    void startSupervisor({ children: [] })
    // @ts-expect-error its input is missing
    child({ id: 'a', start: machine })
    // @ts-expect-error the input of what the function returns is missing
    child({ id: 'a', start: () => job })
    child({
      id: 'a',
      start: idle,
      // @ts-expect-error it has no such event
      stopEvent: { type: 'stop' },
    })
    child({
      id: 'a',
      start: machine,
      input: { path: 'a' },
      // @ts-expect-error there is no such context
      ready: ({ context }) => context.closed,
    })
    // @ts-expect-error a permanent child cannot be significant
    child({ id: 'a', start: idle, restart: 'permanent', significant: true })
    // @ts-expect-error nor one that is permanent by default
    child({ id: 'a', start: idle, significant: true })
    // @ts-expect-error a dynamic supervisor never shuts down by itself
    void startDynamicSupervisor({ autoShutdown: 'any_significant' })
    // @ts-expect-error nor has it another strategy
    void startDynamicSupervisor({ strategy: 'one_for_all' })
    void startDynamicSupervisor().then((dynamic) =>
      // @ts-expect-error so its children cannot be significant
      dynamic.startChild({ start: idle, restart: 'temporary', significant: true }),
    )
    // @ts-expect-error partitions have no input by themselves
    void startPartitionSupervisor({ child: () => ({ start: job }) })
  }
  expect(mistakes).toBeTypeOf('function')
})

test('a started child is typed by its logic', async () => {
  const supervisor = await startSupervisor({ strategy: 'one_for_one' })
  const { ref } = await supervisor.startChild({
    id: 'job',
    start: job,
    input: { path: 'abc' },
    restart: 'transient',
  })
  expectTypeOf(ref).toExtend<ActorRef<PromiseSnapshot<number, Job>, never> | undefined>()
  expectTypeOf(ref!.getSnapshot().output).toEqualTypeOf<number | undefined>()
  const team = supervisorLogic((size: number) => (size === 0 ? ignore : { strategy: 'one_for_one' }))
  const nested = await supervisor.startChild({ id: 'team', start: team, input: 1 })
  expectTypeOf(nested.ref!.getSnapshot().phase).toEqualTypeOf<'starting' | 'running' | 'stopping' | 'ended'>()
  // @ts-expect-error a team has a size
  const wrong: ChildInput<typeof team> = { id: 'team', start: team }
  expect(wrong.id).toBe('team')
})

test('handles have the methods of their kind', async () => {
  const dynamic = await startDynamicSupervisor()
  expectTypeOf(dynamic).toEqualTypeOf<DynamicSupervisor>()
  expectTypeOf(dynamic).not.toHaveProperty('restartChild')
  expectTypeOf(dynamic).not.toHaveProperty('deleteChild')
  const jobs = await startDynamicSupervisor({ template: { start: job } })
  expectTypeOf(jobs.startChild).parameters.toEqualTypeOf<[input: Job]>()
  const idles = await startDynamicSupervisor({ template: { start: idle } })
  expectTypeOf(idles.startChild).toBeCallableWith()
  expectTypeOf(await startSupervisor(() => ignore)).toEqualTypeOf<Supervisor | Ignore>()
  const caches = await startPartitionSupervisor({ partitions: 1, child: () => ({ start: idle }) })
  expectTypeOf(caches.at).parameter(0).toEqualTypeOf<string | number>()
  expectTypeOf(caches.at(1).send).parameter(0).toEqualTypeOf<{ type: 'drain' }>()
  for (const each of [dynamic, jobs, idles, caches]) await each.stop()
})
