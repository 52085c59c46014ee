import { describe, expect, test } from 'vitest'
import {
  type AutoShutdown,
  type ChildInput,
  type RestartType,
  startSupervisor,
  type Supervisor,
} from '../../../src/index.ts'
import {
  crash,
  finish,
  leave,
  type Pull,
  pull,
  refOf,
  settle,
  stage,
  type Stage,
  states,
} from '../../support/puppet.ts'

const SHUTDOWN = { kind: 'shutdown', reason: undefined }

type Wish = readonly [id: string, restart: Exclude<RestartType, 'permanent'>, significant: boolean]

function start(
  { puppet, options }: Stage,
  autoShutdown: AutoShutdown,
  ...wishes: Wish[]
): Promise<Supervisor> {
  const children = wishes.map(
    ([id, restart, significant]) => ({ ...puppet(id), restart, significant }) as ChildInput,
  )
  return startSupervisor({ strategy: 'one_for_one', autoShutdown, maxRestarts: 9, children }, options)
}

const killed: Pull = { type: 'xstate.stop' } as unknown as Pull

/** However such a child ends: the supervisor and the other one stay. */
async function expectNoEnd(restart: 'temporary' | 'transient'): Promise<void> {
  for (const mode of ['never', 'any_significant', 'all_significant'] as const) {
    for (const event of [finish, leave, crash, killed]) {
      const supervisor = await start(stage(), mode, ['a', restart, false], ['b', restart, false])
      await pull(supervisor, 'a', event)
      expect(states(supervisor)).toMatchObject({ b: 'running' })
    }
  }
}

describe('children that are not significant', () => {
  test('75 nonsignificant_temporary: no exit shuts the supervisor down, in any mode', () =>
    expectNoEnd('temporary'))
  test('76 nonsignificant_transient: no exit shuts the supervisor down, in any mode', () =>
    expectNoEnd('transient'))
})

describe('77 significant_temporary', () => {
  test.each([
    ['normal', finish],
    ['shutdown', leave],
    ['error', crash],
    ['killed', killed],
  ])('77 significant_temporary: under any_significant an end with %s ends everything', async (_, event) => {
    const on = stage()
    const supervisor = await start(on, 'any_significant', ['a', 'temporary', true], ['b', 'temporary', true])
    await pull(supervisor, 'a', event)
    expect(await supervisor.exited()).toEqual(SHUTDOWN)
    expect(on.log.at(-1)).toBe('-b')
  })

  test('77 significant_temporary: a child that is terminated by hand ends nothing', async () => {
    const supervisor = await start(stage(), 'any_significant', ['a', 'temporary', true])
    await supervisor.terminateChild('a')
    await settle()
    expect(states(supervisor)).toEqual({})
  })

  test('77 significant_temporary: all_significant waits for the last one, whether others run or not', async () => {
    const supervisor = await start(
      stage(),
      'all_significant',
      ['a', 'temporary', true],
      ['b', 'temporary', true],
      ['c', 'temporary', true],
      ['other', 'transient', false],
    )
    await pull(supervisor, 'a', crash)
    await supervisor.terminateChild('b')
    await settle()
    expect(states(supervisor)).toEqual({ c: 'running', other: 'running' })
    await pull(supervisor, 'c', finish)
    expect(await supervisor.exited()).toEqual(SHUTDOWN)
  })
})

describe('78 significant_transient', () => {
  test('78 significant_transient: an abnormal end restarts it, a clean one ends everything', async () => {
    const supervisor = await start(stage(), 'any_significant', ['a', 'transient', true])
    const before = refOf(supervisor, 'a')
    await pull(supervisor, 'a', crash)
    expect(refOf(supervisor, 'a')).not.toBe(before)
    await pull(supervisor, 'a', finish)
    expect(await supervisor.exited()).toEqual(SHUTDOWN)
  })

  test('78 significant_transient: all_significant waits for the last one, a restarting one included', async () => {
    const on = stage()
    const supervisor = await start(on, 'all_significant', ['a', 'transient', true], ['b', 'transient', true])
    on.fails.set('a', 1)
    await pull(supervisor, 'a', crash)
    await pull(supervisor, 'b', leave)
    expect(states(supervisor)).toEqual({ a: 'restarting', b: 'stopped' })
    on.clock.advance(0)
    await settle()
    await pull(supervisor, 'a', leave)
    expect(await supervisor.exited()).toEqual(SHUTDOWN)
  })
})
