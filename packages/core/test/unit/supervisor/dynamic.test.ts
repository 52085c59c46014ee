import { describe, expect, test } from 'vitest'
import {
  type DynamicSupervisor,
  dynamicSupervisorLogic,
  dynamicSupervisorOf,
  type DynamicSupervisorOptions,
  type RestartType,
  startDynamicSupervisor,
  startSupervisor,
  type TemplateSupervisor,
  type TemplateSupervisorOptions,
} from '../../../src/index.ts'
import {
  counts,
  crash,
  finish,
  leave,
  leaveFor,
  type PuppetLogic,
  type Pull,
  settle,
  stage,
  type Stage,
} from '../../support/puppet.ts'

const GAVE_UP = { kind: 'shutdown', reason: 'reached_max_restart_intensity' }
const ask: Pull = { type: 'ask' }

/** A supervisor whose children are all alike, as OTP's simple_one_for_one. */
function simple(
  on: Stage,
  more: Partial<TemplateSupervisorOptions<PuppetLogic>['template']> = {},
  limits: DynamicSupervisorOptions = {},
): Promise<TemplateSupervisor<PuppetLogic>> {
  const { start } = on.puppet('')
  return startDynamicSupervisor({ ...limits, template: { start, ...more } }, on.options)
}

async function send(ref: { send(event: Pull): void } | undefined, event: Pull): Promise<void> {
  ref?.send(event)
  await settle()
}

describe('simple_one_for_one', () => {
  test('6 sup_start_ignore_temporary_child_start_child_simple: a child that ignores its start is not kept', async () => {
    const on = stage()
    const supervisor = await simple(on, { restart: 'temporary' })
    on.ignores.add('a')
    expect(await supervisor.startChild({ name: 'a', stage: on })).toEqual({ ref: undefined, info: undefined })
    expect(counts(supervisor)).toEqual([1, 0, 0, 0])
  })

  test('7 sup_start_ignore_permanent_child_start_child_simple: not even a permanent one, and stopping is clean', async () => {
    const on = stage()
    const supervisor = await simple(on)
    on.ignores.add('a')
    await supervisor.startChild({ name: 'a', stage: on })
    await supervisor.startChild({ name: 'b', stage: on })
    expect(counts(supervisor)).toEqual([1, 1, 0, 1])
    expect(await supervisor.stop()).toEqual({ kind: 'shutdown', reason: undefined })
    expect(on.reports.map(({ type }) => type)).toEqual(['progress'])
  })

  test('12 sup_start_child_returns_error_simple: a child that cannot start is not kept', async () => {
    const on = stage()
    const supervisor = await simple(on)
    on.fails.set('a', 1)
    await expect(supervisor.startChild({ name: 'a', stage: on })).rejects.toMatchObject({
      code: 'child_start_failed',
      cause: { message: 'a cannot start' },
    })
    expect(counts(supervisor)).toEqual([1, 0, 0, 0])
  })

  test('14 sup_start_map_simple: a description is found by the actor, and strangers have none', async () => {
    const on = stage()
    const [supervisor, other] = [await simple(on, { shutdown: 7 }), await simple(on)]
    const { ref } = await supervisor.startChild({ name: 'a', stage: on })
    expect(supervisor.childSpec(ref!)).toMatchObject({ restart: 'permanent', shutdown: 7, type: 'worker' })
    expect(() => other.childSpec(ref!)).toThrow(expect.objectContaining({ code: 'child_not_found' }))
  })

  test('18 sup_stop_timeout_dynamic: those that do not end in time are killed, the others have ended by then', async () => {
    const on = stage()
    const supervisor = await simple(on, { stopEvent: ask, shutdown: 200 })
    on.whenAsked.set('quick', finish)
    for (const name of ['slow', 'quick', 'late']) await supervisor.startChild({ name, stage: on })
    const stopped = supervisor.stop()
    await settle()
    expect(on.log.slice(3)).toEqual(['?slow', '?quick', '?late'])
    on.clock.advance(200)
    await stopped
    expect(on.log.slice(6)).toEqual(['-slow', '-late'])
    expect(on.reports.filter(({ type }) => type === 'shutdown_error')).toMatchObject([
      { reason: { kind: 'killed' }, count: 2 },
    ])
  })

  test('20 sup_stop_brutal_kill_dynamic: all are killed without being asked', async () => {
    const on = stage()
    const supervisor = await simple(on, { stopEvent: ask, shutdown: 'brutal_kill' })
    for (let each = 0; each < 10; each += 1) await supervisor.startChild({ name: `${each}`, stage: on })
    on.news()
    await supervisor.stop()
    expect(on.news()).toEqual(Array.from({ length: 10 }, (_, each) => `-${each}`))
    expect(on.reports.some(({ type }) => type === 'shutdown_error')).toBe(false)
  })

  test('22 sup_stop_non_shutdown_exit_dynamic: whoever ends meanwhile is not started again, and keeps its reason', async () => {
    for (const restart of ['permanent', 'transient', 'temporary'] satisfies RestartType[]) {
      for (const event of [finish, leave, leaveFor, crash]) {
        const on = stage()
        const supervisor = await simple(on, { restart, stopEvent: ask, shutdown: 'infinity' })
        const { ref } = await supervisor.startChild({ name: 'a', stage: on })
        const { ref: slow } = await supervisor.startChild({ name: 'slow', stage: on })
        const stopped = supervisor.stop()
        await settle()
        await send(ref, event)
        await send(slow, leave)
        await stopped
        expect(on.log).toEqual(['+a', '+slow', '?a', '?slow'])
        const failed = event === crash || (event === leaveFor && restart === 'permanent')
        expect(on.reports.filter(({ type }) => type === 'shutdown_error')).toHaveLength(failed ? 1 : 0)
      }
    }
  })

  test('24 child_adm_simple: children are known by their actors alone', async () => {
    const on = stage()
    const [supervisor, other] = [await simple(on), await simple(on)]
    expect(counts(supervisor)).toEqual([1, 0, 0, 0])
    const { ref } = await supervisor.startChild({ name: 'a', stage: on })
    const { ref: stranger } = await other.startChild({ name: 'b', stage: on })
    expect(counts(supervisor)).toEqual([1, 1, 0, 1])
    await supervisor.terminateChild(ref!)
    expect(counts(supervisor)).toEqual([1, 0, 0, 0])
    await expect(supervisor.terminateChild(stranger!)).rejects.toMatchObject({ code: 'child_not_found' })
    expect(stranger!.getSnapshot().status).toBe('active')
  })

  test('35 simple_one_for_one: each is restarted alone, and too many restarts end all', async () => {
    const on = stage()
    const supervisor = await simple(on, {}, { maxRestarts: 1 })
    const { ref: a } = await supervisor.startChild({ name: 'a', stage: on })
    const { ref: b } = await supervisor.startChild({ name: 'b', stage: on })
    on.news()
    await send(a, crash)
    expect(on.news()).toEqual(['+a'])
    expect(supervisor.whichChildren().map(({ ref }) => ref === a || ref === b)).toEqual([false, true])
    await send(b, finish)
    expect(await supervisor.exited()).toEqual(GAVE_UP)
    expect(on.news()).toEqual(['-a'])
  })

  test('36 simple_one_for_one_shutdown: stopping takes as long as the slowest, not as all together', async () => {
    const on = stage()
    const supervisor = await simple(on, { stopEvent: ask, shutdown: 1000 })
    for (let each = 0; each < 5; each += 1) await supervisor.startChild({ name: `${each}`, stage: on })
    const before = on.clock.now().monotonic
    const stopped = supervisor.stop()
    await settle()
    on.clock.advance(1000)
    await stopped
    expect(on.clock.now().monotonic - before).toBe(1000)
  })

  test('37 simple_one_for_one_extra: what the start tells is passed on, and restarts need nobody to ask', async () => {
    const on = stage()
    const { start } = on.puppet('')
    if (typeof start !== 'function') throw new TypeError('a puppet starts by a function')
    const supervisor = await startDynamicSupervisor(
      {
        template: {
          start: (input) => {
            const made = start(input)
            return 'transition' in made ? { logic: made, info: input.name } : made
          },
        },
      },
      on.options,
    )
    const { ref, info } = await supervisor.startChild({ name: 'a', stage: on })
    expect(info).toBe('a')
    await send(ref, crash)
    expect(counts(supervisor)).toEqual([1, 1, 0, 1])
  })

  test('38 simple_one_for_one_escalation: a restart that keeps failing ends the supervisor and the others', async () => {
    const on = stage()
    const supervisor = await simple(on, {}, { maxRestarts: 2 })
    const { ref } = await supervisor.startChild({ name: 'a', stage: on })
    await supervisor.startChild({ name: 'b', stage: on })
    on.fails.set('a', Infinity)
    await send(ref, crash)
    on.clock.advance(0)
    await settle()
    on.clock.advance(0)
    expect(await supervisor.exited()).toEqual(GAVE_UP)
    expect(on.log).toEqual(['+a', '+b', '!a', '!a', '-b'])
  })

  test('66 hanging_restart_loop_simple: a child that is being restarted is known by its last actor', async () => {
    const on = stage()
    const supervisor = await simple(on, {}, { maxRestarts: 1000 })
    const { ref } = await supervisor.startChild({ name: 'a', stage: on })
    on.fails.set('a', Infinity)
    await send(ref, crash)
    for (let round = 0; round < 3; round += 1) {
      expect(supervisor.whichChildren()).toMatchObject([{ state: 'restarting', ref }])
      on.clock.advance(0)
      await settle()
    }
    await supervisor.terminateChild(ref!)
    expect(supervisor.whichChildren()).toEqual([])
    expect(on.clock.armed).toBe(0)
  })

  test('69 code_change_simple: limits and the template can change; there is no way to add or remove one', async () => {
    const on = stage()
    const supervisor = await simple(on, { restart: 'temporary' })
    const { ref } = await supervisor.startChild({ name: 'a', stage: on })
    const { start } = on.puppet('')
    await expect(
      supervisor.reconfigure({ maxRestarts: 9, template: { start, restart: 'odd' as RestartType } }),
    ).rejects.toMatchObject({ code: 'invalid_child_spec', field: 'restart' })
    await supervisor.reconfigure({ maxChildren: 2, template: { start, restart: 'transient' } })
    const { ref: next } = await supervisor.startChild({ name: 'b', stage: on })
    await expect(supervisor.startChild({ name: 'c', stage: on })).rejects.toMatchObject({
      code: 'max_children',
    })
    expect(supervisor.childSpec(ref!).restart).toBe('temporary')
    expect(supervisor.childSpec(next!).restart).toBe('transient')
    const plain = await startDynamicSupervisor({}, on.options)
    // @ts-expect-error a supervisor without a template cannot be given one
    await plain.reconfigure({ template: { start } })
    expect(counts(plain)).toEqual([0, 0, 0, 0])
  })

  test('70 code_change_simple_map: what is not given stays as it was', async () => {
    const on = stage()
    const supervisor = await simple(on, { restart: 'transient', shutdown: 7 }, { maxChildren: 1 })
    await supervisor.reconfigure({ maxChildren: 2 })
    const { ref } = await supervisor.startChild({ name: 'a', stage: on })
    await supervisor.startChild({ name: 'b', stage: on })
    expect(supervisor.childSpec(ref!)).toMatchObject({ restart: 'transient', shutdown: 7 })
    expect(supervisor.print()).toContain('3 restarts in 5 s, 2 children at most')
  })

  test('100 extra_arguments: a template is called with what its children were started with, at each restart too', async () => {
    const on = stage()
    const supervisor = await simple(on)
    const { ref } = await supervisor.startChild({ name: 'a', stage: on })
    await supervisor.startChild({ name: 'b', stage: on })
    await send(ref, crash)
    expect(on.log).toEqual(['+a', '+b', '+a'])
  })
})

describe('DynamicSupervisor', () => {
  const start = (on: Stage, options: DynamicSupervisorOptions = {}): Promise<DynamicSupervisor> =>
    startDynamicSupervisor(options, on.options)

  test('97 DynamicSupervisor defaults: one_for_one, three restarts in five seconds, no significant children', async () => {
    const on = stage()
    const supervisor = await start(on)
    await supervisor.startChild(on.puppet('a'))
    for (let round = 0; round < 3; round += 1) {
      const [child] = supervisor.whichChildren()
      child?.ref?.send(crash)
      await settle()
    }
    expect(counts(supervisor)).toEqual([1, 1, 0, 1])
    supervisor.whichChildren()[0]?.ref?.send(crash)
    expect(await supervisor.exited()).toEqual(GAVE_UP)

    for (const [field, value] of [
      ['strategy', 'one_for_all'],
      ['autoShutdown', 'any_significant'],
      ['maxRestarts', -1],
      ['maxSeconds', 0],
      ['maxChildren', -1],
      ['maxChildren', 'many'],
    ] as const) {
      const options = { [field]: value } as DynamicSupervisorOptions
      await expect(startDynamicSupervisor(options)).rejects.toMatchObject({
        code: 'invalid_supervisor',
        field,
        value,
      })
    }
    const significant = { ...on.puppet('a'), restart: 'transient' as const, significant: true }
    await expect((await start(on)).startChild(significant)).rejects.toMatchObject({
      code: 'significant_not_allowed',
    })
  })

  test('79 significant_simple: a significant child of a dynamic supervisor is refused', async () => {
    const on = stage()
    const template = { start: on.puppet('').start, restart: 'temporary' as const, significant: true }
    await expect(startDynamicSupervisor({ template })).rejects.toMatchObject({
      code: 'significant_not_allowed',
    })
  })

  test('98 max_children: no more than that, those being restarted included; a lower limit keeps what is there', async () => {
    const on = stage()
    const supervisor = await start(on, { maxChildren: 2, maxRestarts: 100 })
    const { ref } = await supervisor.startChild(on.puppet('a'))
    await supervisor.startChild(on.puppet('b'))
    const full = { code: 'max_children', value: 2 }
    await expect(supervisor.startChild(on.puppet('c'))).rejects.toMatchObject(full)
    on.fails.set('a', 1)
    await send(ref, crash)
    expect(supervisor.whichChildren().map(({ state }) => state)).toEqual(['running', 'restarting'])
    await expect(supervisor.startChild(on.puppet('c'))).rejects.toMatchObject(full)
    on.clock.advance(0)
    await settle()
    await supervisor.reconfigure({ maxChildren: 1 })
    expect(counts(supervisor)).toEqual([2, 2, 0, 2])
    await expect(supervisor.startChild(on.puppet('c'))).rejects.toMatchObject({ value: 1 })
    const none = await start(on, { maxChildren: 0 })
    await expect(none.startChild(on.puppet('c'))).rejects.toMatchObject({ value: 0 })
  })

  test('99 child ids: they are for people: they may be left out, and be the same', async () => {
    const on = stage()
    const supervisor = await start(on)
    const { start: begin, input } = on.puppet('a')
    for (let round = 0; round < 2; round += 1) await supervisor.startChild({ start: begin, input })
    await supervisor.startChild(on.puppet('child'))
    expect(supervisor.whichChildren().map(({ id }) => id)).toEqual(['child', 'child', 'child'])
  })

  test('102 start that throws: what it throws, of whatever kind, is what it failed with', async () => {
    const on = stage()
    const supervisor = await start(on)
    const error = new Error('raised')
    for (const thrown of [error, 'thrown', undefined]) {
      const failed = supervisor.startChild({
        start: (): PuppetLogic => {
          // oxlint-disable-next-line typescript/only-throw-error -- whatever it is
          throw thrown
        },
        input: { name: 'a', stage: on },
      })
      await expect(failed).rejects.toMatchObject({ code: 'child_start_failed' })
      expect(((await failed.catch((caught: unknown) => caught)) as Error).cause).toBe(thrown)
    }
  })

  test('103 try again: a restart that fails may succeed on the next try', async () => {
    const on = stage()
    const supervisor = await start(on)
    const { ref } = await supervisor.startChild(on.puppet('a'))
    on.fails.set('a', 1)
    await send(ref, crash)
    on.clock.advance(0)
    await settle()
    expect(on.log).toEqual(['+a', '!a', '+a'])
    await expect(supervisor.terminateChild(ref!)).rejects.toMatchObject({ code: 'child_not_found' })
  })

  test('105 terminate_child: one that is being restarted is forgotten; a second time there is none', async () => {
    const on = stage()
    const supervisor = await start(on)
    const { ref } = await supervisor.startChild(on.puppet('a'))
    on.fails.set('a', 9)
    await send(ref, crash)
    await supervisor.terminateChild(ref!)
    await expect(supervisor.terminateChild(ref!)).rejects.toMatchObject({ code: 'child_not_found' })
    expect(on.clock.armed).toBe(0)
  })

  test('106 invalid shutdown: it is rejected, and nothing was started', async () => {
    const on = stage()
    const supervisor = await start(on)
    await expect(supervisor.startChild({ ...on.puppet('a'), shutdown: -1 })).rejects.toMatchObject({
      code: 'invalid_child_spec',
      field: 'shutdown',
    })
    const nothing = undefined as unknown as Parameters<typeof supervisor.startChild>[0]
    await expect(supervisor.startChild(nothing)).rejects.toMatchObject({
      code: 'invalid_child_spec',
      field: 'start',
    })
    expect(on.log).toEqual([])
  })

  test('a dynamic supervisor is a child like any other, and its handle is found by its actor', async () => {
    const on = stage()
    const { puppet, log, options } = on
    const above = await startSupervisor(
      {
        strategy: 'one_for_one',
        children: [{ id: 'pool', start: dynamicSupervisorLogic({ maxRestarts: 0 }) }],
      },
      options,
    )
    const pool = (): DynamicSupervisor => dynamicSupervisorOf(above.whichChildren()[0]?.ref)
    const { ref } = await pool().startChild(puppet('a'))
    await pool().startChild(puppet('b'))
    expect(above.print()).toContain('a permanent worker, running')
    await send(ref, crash)
    // It gave up, so the one above started a new one, without children.
    expect(log).toEqual(['+a', '+b', '-b'])
    expect(counts(pool())).toEqual([0, 0, 0, 0])
    expect(counts(above)).toEqual([1, 1, 1, 0])
    expect(() => dynamicSupervisorOf(above.ref)).toThrow(
      expect.objectContaining({ code: 'not_a_supervisor' }),
    )
    await above.stop()
    expect(pool).toThrow(expect.objectContaining({ code: 'supervisor_ended' }))
  })
})
