/** One pipeline behind another, and behind one that is ending; and what becomes of agents when theirs breaks down. */
import { execFileSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { createMemoryStore, createRuntime, type Mission, type Store } from '@overmind/core'
import { expect, test } from 'vitest'
import { eventually } from '../../../core/test/support/eventually.ts'
import { temporaryHome } from '../../../core/test/support/home.ts'
import { applyBlueprint, blueprintController, scalePipeline } from '../../src/index.ts'
import { refusingStore, starts } from '../support/refusing-store.ts'
import { logOf, openStage, type Stage, textOf, until } from '../support/stage.ts'

/** A command that, asked to end, does so when a file is there. */
const slow = (path: string): string =>
  `trap '${until(path)}; exit 0' TERM; echo up; while :; do sleep 0.02; done`

const STUBBORN = `trap '' TERM; echo up; while :; do sleep 0.02; done`

/** An agent of the pipeline that can be asked to end, and will take its time; not one of before that has ended. */
const isUp = (stage: Stage, name: string): Promise<Mission> =>
  eventually(async () => {
    const mission = stage.find(name)
    if (mission === undefined || mission.view().state.exit !== null) return undefined
    return (await textOf(mission)) === 'up\n' ? mission : undefined
  })

const isBeingEnded = (mission: Mission): Promise<unknown> =>
  eventually(() => mission.view().state.ending !== null)

test.each([
  [
    'copies that are replaced',
    { replicas: 2, ready: { output: 'up' }, update: { max_unavailable: 2 } },
    ['p.web-1', 'p.web-2'],
  ],
  ['an agent that is no longer declared', {}, ['p.web']],
])('a kill has no patience with the polite end of %s', async (_, fields, names) => {
  await using stage = await openStage()
  const web = (command: string): object => ({ command, stop_timeout: 45, ...fields })
  await stage.apply({ name: 'p', agents: { web: web(STUBBORN) } })
  const old = await Promise.all(names.map((name) => isUp(stage, name)))
  const next = names.length > 1 ? { web: web(`: new; ${STUBBORN}`) } : { other: { command: 'sleep 1000' } }
  const { mission } = await stage.apply({ name: 'p', agents: next })
  await Promise.all(old.map(isBeingEnded))
  expect(await mission.kill()).toMatchObject({ class: 'killed' })
  expect(old.map(({ view }) => view().state.exit?.class)).toEqual(names.map(() => 'killed'))
  await eventually(() => stage.home.processes().length === 0)
})

test('applied while it is stopped, it is waited for and begins anew, as it is or changed', async () => {
  for (const change of [{}, { other: { command: 'sleep 1000' } }]) {
    await using stage = await openStage()
    const go = stage.file('go')
    const agents = { slow: { command: slow(go) } }
    const first = await stage.apply({ name: 'p', agents })
    const before = await isUp(stage, 'p.slow')
    const stopped = first.mission.stop()
    await isBeingEnded(before)
    await expect(scalePipeline(stage.runtime(), 'p', {})).rejects.toMatchObject({ code: 'not_running' })
    const applied = stage.apply({ name: 'p', agents: { ...agents, ...change } })
    writeFileSync(go, '')
    expect(await stopped).toMatchObject({ class: 'stopped' })
    const { mission, outcome } = await applied
    expect(outcome).toBe('other' in change ? 'changed' : 'retried')
    expect(mission.id).not.toBe(first.mission.id)
    expect(before.view().state.exit).not.toBeNull()
    const after = await isUp(stage, 'p.slow')
    expect(after.id).not.toBe(before.id)
    expect(after.view().status).toBe('running')
    expect((await logOf(first.mission)).join()).not.toContain('handed over')
    await mission.stop()
  }
})

interface Fields {
  readonly agents?: object
  readonly deadline?: number
  readonly max_parallel?: number
}

test.each<[string, Fields, Fields]>([
  [
    'what must not fail has failed',
    { agents: { vital: { command: 'false', depends_on: ['ready'] } } },
    { agents: { vital: { command: 'sleep 1000' } } },
  ],
  ['its deadline has come', { deadline: 0.5 }, {}],
  ['it is restarted', {}, { max_parallel: 7 }],
])('changed while it ends because %s, it is waited for', async (why, first, second) => {
  await using stage = await openStage()
  const go = stage.file('go')
  const plan = ({ agents = {}, ...rest }: Fields): object => ({
    name: 'p',
    ...rest,
    agents: {
      slow: { command: slow(go) },
      ready: { command: until(stage.file('ready')) },
      vital: { command: 'sleep 1000', depends_on: ['ready'] },
      next: { command: 'true', depends_on: [{ agent: 'vital', on_failure: 'stop' }] },
      ...agents,
    },
  })
  const { mission } = await stage.apply(plan(first))
  const before = await isUp(stage, 'p.slow')
  writeFileSync(stage.file('ready'), '')
  const again = why === 'it is restarted' ? mission.restart().catch(() => undefined) : undefined
  await isBeingEnded(before)
  const applied = stage.apply(plan(second))
  writeFileSync(go, '')
  const next = await applied
  await again
  expect(next.outcome).toBe('changed')
  expect(mission.view().state.exit).not.toBeNull()
  const after = await isUp(stage, 'p.slow')
  expect(after.id).not.toBe(before.id)
  expect(after.view().status).toBe('running')
  expect(next.mission.view().status).toBe('running')
  await next.mission.stop()
})

test('a pipeline that is stopped while it hands over is stopped', async () => {
  await using stage = await openStage()
  const go = stage.file('go')
  const plan = (version: number): object => ({
    name: 'p',
    agents: {
      web: { command: `: v${version}; ${slow(go)}`, replicas: 1, ready: { output: 'up' } },
      other: { command: 'sleep 1000' },
    },
  })
  await stage.apply(plan(1))
  const first = await isUp(stage, 'p.web-1')
  const { mission } = await stage.apply(plan(2))
  // It cannot hand over until what it replaces has ended.
  await isBeingEnded(first)
  const applied = stage.apply(plan(3))
  await eventually(() => stage.find('p')?.id !== mission.id)
  const other = stage.find('p.other')
  const stopped = mission.stop()
  writeFileSync(go, '')
  expect(await stopped).toMatchObject({ class: 'stopped' })
  expect(other?.view().status).toBe('stopped')
  const next = await applied
  const after = await isUp(stage, 'p.web-1')
  const { command } = after.view().spec
  expect(command.kind === 'shell' ? command.line : '').toContain(': v3;')
  await eventually(() => stage.find('p.other')?.view().status === 'running')
  await next.mission.stop()
})

test('applied by many at once it is one pipeline after the other, and the last of them leads', async () => {
  await using stage = await openStage()
  for (const round of [1, 2]) {
    const plans = [1, 2, 3, 4].map((version) => ({
      name: 'p',
      agents: { one: { command: `: ${round}.${version}; exec sleep 1000` } },
    }))
    const applied = await Promise.all(plans.map((plan) => stage.apply(plan)))
    const last = stage.find('p')
    expect(applied.map(({ mission }) => mission.id)).toContain(last?.id)
    await eventually(() => {
      const live = stage
        .runtime()
        .list()
        .filter(({ view }) => view().state.exit === null)
      return (
        live.length === 2 &&
        live.some(({ id }) => id === last?.id) &&
        live.some(({ name }) => name === 'p.one')
      )
    })
  }
  await stage.find('p')?.stop()
})

test('one that cannot be followed, as on a full disk, leads on', async () => {
  const store = refusingStore()
  await using stage = await openStage({ store })
  const plan = (more: object): object => ({
    name: 'p',
    agents: {
      first: { command: until(stage.file('go')) },
      second: { command: 'true', depends_on: ['first'] },
      ...more,
    },
  })
  const { mission } = await stage.apply(plan({}))
  await eventually(() => stage.find('p.first'))
  store.refuses = starts
  await expect(stage.apply(plan({ third: { command: 'true' } }))).rejects.toMatchObject({
    code: 'store_failed',
  })
  store.refuses = () => false
  expect(stage.runtime().get('p').id).toBe(mission.id)
  await expect(stage.runtime().start({ name: 'p', command: 'true' })).rejects.toMatchObject({
    code: 'name_taken',
  })
  writeFileSync(stage.file('go'), '')
  expect(await mission.exited()).toMatchObject({ code: 0 })
  expect(stage.find('p.second')?.view().state.exit?.class).toBe('completed')
})

test('one that is stopped on a full disk ends its agents when there is room', async () => {
  const store = refusingStore()
  await using stage = await openStage({ store })
  const { mission } = await stage.apply({ name: 'p', agents: { one: { command: slow(stage.file('go')) } } })
  const agent = await isUp(stage, 'p.one')
  let refused = 0
  store.refuses = ({ events }) => {
    const isEnd = events.some((event) => event.type === 'run.ending' && event.mission === agent.id)
    if (isEnd) refused += 1
    return isEnd
  }
  writeFileSync(stage.file('go'), '')
  const stopped = mission.stop()
  await eventually(() => refused > 0)
  store.refuses = () => false
  expect(await stopped).toMatchObject({ class: 'stopped' })
  expect(agent.view().state.exit).toMatchObject({ class: 'stopped' })
})

test('a supervisor that goes while one hands over is followed by one in which the next leads', async () => {
  await using stage = await openStage()
  const go = stage.file('go')
  const plan = (version: number): object => ({
    name: 'p',
    agents: {
      web: { command: `: v${version}; ${slow(go)}`, replicas: 1, ready: { output: 'up' } },
      bound: {
        command: 'sleep 1000',
        on_parent_exit: 'stop',
        depends_on: [{ agent: 'kept', when: 'started' }],
      },
      kept: { command: 'sleep 1000' },
    },
  })
  await stage.apply(plan(1))
  const first = await isUp(stage, 'p.web-1')
  const bound = await eventually(() => stage.find('p.bound'))
  const second = await stage.apply(plan(2))
  await isBeingEnded(first)
  const applied = stage.apply(plan(3))
  await eventually(() => stage.find('p')?.id !== second.mission.id)
  await stage.takeOver()
  const { mission } = await applied
  writeFileSync(go, '')
  expect(await stage.runtime().get(second.mission.id).exited()).toMatchObject({ code: 3 })
  await eventually(() => {
    const { command } = stage.find('p.web-1')?.view().spec ?? {}
    return command?.kind === 'shell' && command.line.includes(': v3;')
  })
  await eventually(() => stage.runtime().get(bound.id).view().spec.parent === mission.id)
  expect(stage.runtime().get(bound.id).view()).toMatchObject({ status: 'running', state: { run: 1 } })
  await stage.runtime().get(mission.id).stop()
})

const bindings = {
  name: 'p',
  agents: {
    kept: { command: 'sleep 1000' },
    bound: {
      command: 'sleep 1000',
      on_parent_exit: 'stop',
      depends_on: [{ agent: 'kept', when: 'started' }],
    },
  },
}

test('agents that are bound to a pipeline end when its log cannot be written any more', async () => {
  await using stage = await openStage()
  const { mission } = await stage.apply(bindings)
  const [kept, bound] = await eventually(() => {
    const found = ['p.kept', 'p.bound'].map(stage.find)
    return found.every((one) => one?.view().status === 'running') ? found : undefined
  })
  expect(bound?.view().spec.parent).toBe(mission.id)
  const [log] = mission.outputFiles(1)
  if (log === undefined || kept === undefined || bound === undefined) throw new TypeError('there are such')
  rmSync(log.path)
  execFileSync('mkfifo', [log.path])
  await stage.takeOver()
  expect(await stage.runtime().get(mission.id).exited()).toMatchObject({ code: 70 })
  expect(await stage.runtime().get(bound.id).exited()).toMatchObject({ class: 'stopped' })
  expect(stage.runtime().get(kept.id).view().status).toBe('running')
  await stage.runtime().get(kept.id).stop()
})

test('agents that are bound to a pipeline end when its document is refused by stricter rules', async () => {
  await using home = await temporaryHome()
  const store: Store = { ...createMemoryStore(), close: () => {} }
  const controllers = [blueprintController()]
  const onFault = (): void => {}
  const first = await createRuntime({ home: home.path, store, controllers, onFault })
  await applyBlueprint(first, bindings, { cwd: '/tmp' })
  const idOf = (name: string): Promise<string> =>
    eventually(() => first.list().find((one) => one.name === name && one.view().status === 'running')?.id)
  const [kept, bound] = [await idOf('p.kept'), await idOf('p.bound')]
  await first.close({ missions: 'keep' })
  const stricter: Store = {
    ...store,
    missions: () =>
      store
        .missions()
        .map((record) =>
          record.name === 'p'
            ? { ...record, spec: { ...record.spec, options: { document: { agents: {} } } } }
            : record,
        ),
  }
  await using second = await createRuntime({ home: home.path, store: stricter, controllers, onFault })
  expect(await second.get('p').exited()).toMatchObject({ code: 70 })
  expect(await second.get(bound).exited()).toMatchObject({ class: 'stopped' })
  expect(second.get(kept).view().status).toBe('running')
})
