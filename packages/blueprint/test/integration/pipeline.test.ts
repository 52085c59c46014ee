import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import {
  createMemoryStore,
  createRuntime,
  type Mission,
  OvermindError,
  type Provider,
  type Store,
} from '@overmind/core'
import { temporaryHome } from '../../../core/test/support/home.ts'
import { expect, test } from 'vitest'
import { eventually } from '../../../core/test/support/eventually.ts'
import { endGroup } from '../../../core/test/support/processes.ts'
import { applyBlueprint, blueprintController, scalePipeline } from '../../src/index.ts'
import { pipelineOf } from '../../src/pipeline/at-work.ts'
import { refusingStore, starts } from '../support/refusing-store.ts'
import { applyUntilMended, logOf, openStage, type Stage, textOf, until } from '../support/stage.ts'

/** A provider that takes one option, and wants it. */
const picky: Provider = {
  name: 'picky',
  checkOptions({ options }) {
    if (options['mood'] !== 'good') throw new OvermindError('invalid_spec', 'mood must be good')
  },
  invoke: ({ env }) => ({ argv: ['true'], streams: 'merged', env }),
}

test('agents run in their order, those that can at the same time, and results flow', async () => {
  await using stage = await openStage()
  const { mission, outcome } = await stage.apply({
    name: 'report',
    agents: {
      left: { command: `${until(stage.file('go'))}; echo "it's"; echo left` },
      right: { command: `${until(stage.file('go'))}; printf 'right; $HOME'` },
      both: { command: 'printf %s {{ left.result }}{{ right.result }}', depends_on: ['left', 'right'] },
      file: { command: 'cat {{ both.file }}', depends_on: ['both'] },
    },
  })
  expect(outcome).toBe('started')
  await eventually(
    () =>
      stage
        .runtime()
        .list()
        .filter(({ view }) => view().status === 'running').length === 3,
  )
  writeFileSync(stage.file('go'), '')
  expect(await mission.exited()).toMatchObject({ class: 'completed', code: 0 })
  expect(await textOf(stage.runtime().get('report.file'))).toBe("it's\nleftright; $HOME")
})

test('its log names each agent as it starts and ends, and its code says whether all went well', async () => {
  await using stage = await openStage()
  const { mission } = await stage.apply({
    name: 'p',
    agents: {
      good: { command: 'true' },
      bad: { command: 'exit 3', depends_on: ['good'] },
      never: { command: 'true', depends_on: ['bad'] },
      after: { command: 'true', depends_on: ['never'] },
    },
  })
  expect(await mission.exited()).toMatchObject({ class: 'crashed', code: 1 })
  expect(await logOf(mission)).toEqual([
    '[good] started as p.good',
    '[good] completed',
    '[bad] started as p.bad',
    '[bad] failed: failed with exit code 3',
    '[never] skipped: bad failed',
    '[after] skipped: never was skipped',
    'done: 1 completed, 1 failed, 2 skipped',
  ])
  const parentOf = (name: string): string | null => stage.runtime().get(name).view().spec.parent
  expect(parentOf('p.good')).toBe(mission.id)
  expect(parentOf('p.bad')).toBe(stage.runtime().get('p.good').id)
})

test('a clean-up runs when something failed, and is no failure when nothing did', async () => {
  await using stage = await openStage()
  const plan = (command: string, name: string): object => ({
    name,
    agents: {
      work: { command },
      clean: { command: 'true', depends_on: [{ agent: 'work', when: 'failed' }] },
      anyway: { command: 'true', depends_on: [{ agent: 'work', when: 'ended' }] },
      still: { command: 'true', depends_on: [{ agent: 'work', on_failure: 'run' }] },
    },
  })
  const bad = await stage.apply(plan('false', 'bad'))
  expect(await bad.mission.exited()).toMatchObject({ code: 1 })
  expect((await logOf(bad.mission)).at(-1)).toBe('done: 3 completed, 1 failed, 0 skipped')
  const good = await stage.apply(plan('true', 'good'))
  expect(await good.mission.exited()).toMatchObject({ code: 0 })
  expect(await logOf(good.mission)).toContain('[clean] skipped: work did not fail')
})

test('what must not fail ends all of it', async () => {
  await using stage = await openStage()
  const { mission } = await stage.apply({
    name: 'p',
    agents: {
      steady: { command: 'sleep 1000' },
      vital: { command: 'false' },
      next: { command: 'true', depends_on: [{ agent: 'vital', on_failure: 'stop' }] },
    },
  })
  expect(await mission.exited()).toMatchObject({ code: 1 })
  const log = await logOf(mission)
  expect(log).toContain('stopped: vital failed')
  expect(log.at(-1)).toMatch(/^\[steady\] stopped: stopped on request/)
  expect(stage.runtime().get('p.steady').view().state.exit).toMatchObject({ class: 'stopped' })
})

test('no more run at a time than there may', async () => {
  await using stage = await openStage()
  const agents = Object.fromEntries(
    Array.from({ length: 6 }, (_, n) => [`a${n}`, { command: until(stage.file(`go${n}`)) }]),
  )
  const { mission } = await stage.apply({ name: 'p', max_parallel: 2, agents })
  const running = (): number =>
    stage
      .runtime()
      .list()
      .filter(({ view }) => view().spec.type === 'task' && view().state.exit === null).length
  for (let n = 0; n < 6; n += 1) {
    await eventually(() =>
      stage
        .runtime()
        .list()
        .some(({ name }) => name === `p.a${n}`),
    )
    expect(running()).toBeLessThanOrEqual(2)
    writeFileSync(stage.file(`go${n}`), '')
  }
  expect(await mission.exited()).toMatchObject({ code: 0 })
})

test('who waits for a service waits until it is ready', async () => {
  await using stage = await openStage()
  const { mission } = await stage.apply({
    name: 'p',
    agents: {
      says: {
        command: `${until(stage.file('say'))}; echo listening; sleep 1000`,
        ready: { output: 'listening' },
      },
      probed: { command: 'sleep 1000', ready: { exec: ['test', '-e', stage.file('up')] } },
      user: {
        command: 'true',
        depends_on: [
          { agent: 'says', when: 'ready' },
          { agent: 'probed', when: 'ready' },
        ],
      },
      early: { command: 'true', depends_on: [{ agent: 'says', when: 'started' }] },
    },
  })
  await stage
    .runtime()
    .get(
      (
        await eventually(() =>
          stage
            .runtime()
            .list()
            .find(({ name }) => name === 'p.early'),
        )
      ).id,
    )
    .exited()
  writeFileSync(stage.file('say'), '')
  await eventually(async () => (await logOf(mission)).includes('[says] ready'))
  expect(
    stage
      .runtime()
      .list()
      .some(({ name }) => name === 'p.user'),
  ).toBe(false)
  expect(mission.doing()).toEqual(['At work: says and probed.', 'user waits for probed to be ready.'])
  writeFileSync(stage.file('up'), '')
  await eventually(() =>
    stage
      .runtime()
      .list()
      .some(({ name }) => name === 'p.user'),
  )
  expect(await mission.stop()).toMatchObject({ class: 'stopped' })
  expect(stage.home.processes()).toEqual([])
})

test('a run that is of no use any more is ended, and its restart policy decides', async () => {
  await using stage = await openStage()
  const { mission } = await stage.apply({
    name: 'p',
    agents: {
      kept: {
        command: 'touch up; sleep 1000',
        cwd: stage.home.path,
        restart: 'always',
        backoff: 0.01,
        ready: { exec: ['test', '-e', 'up'], interval: 0.02 },
        alive: { exec: ['test', '-e', 'up'], interval: 0.02, failures: 2 },
      },
      once: {
        command: 'sleep 1000',
        cwd: stage.home.path,
        alive: { exec: ['false'], interval: 0.02, failures: 3 },
      },
    },
  })
  const named = (name: string): Mission | undefined =>
    stage
      .runtime()
      .list()
      .find((one) => one.name === name)
  const once = await eventually(() => named('p.once'))
  expect(await once.exited()).toMatchObject({
    class: 'stalled',
    evidence: { reason: expect.stringContaining('found to be unhealthy') },
  })
  const kept = await eventually(() => named('p.kept'))
  await eventually(async () => (await logOf(mission)).includes('[kept] ready'))
  // What was well stays as it is.
  expect(kept.view().state).toMatchObject({ run: 1, phase: 'running.up' })
  await stage.takeOver()
  const after = stage.runtime().get(kept.id)
  rmSync(stage.file('up'))
  await eventually(() => after.view().state.run === 2)
  const log = await logOf(stage.runtime().get(mission.id))
  expect(log).toContain('[once] not alive, 3 times: its run is ended')
  expect(log).toContain('[kept] not alive, 2 times: its run is ended')
  await stage.runtime().get(mission.id).stop()
})

test('a supervisor that takes over knows who has been ready, also of those that have ended since', async () => {
  await using stage = await openStage()
  const { mission } = await stage.apply({
    name: 'p',
    agents: {
      service: {
        command: until(stage.file('enough')),
        ready: { exec: ['test', '-e', stage.file('up')] },
      },
      gate: { command: until(stage.file('go')) },
      user: { command: 'true', depends_on: [{ agent: 'service', when: 'ready' }, 'gate'] },
    },
  })
  writeFileSync(stage.file('up'), '')
  await eventually(async () => (await logOf(mission)).includes('[service] ready'))
  writeFileSync(stage.file('enough'), '')
  await eventually(async () => (await logOf(mission)).includes('[service] completed'))
  await stage.takeOver()
  writeFileSync(stage.file('go'), '')
  const after = stage.runtime().get(mission.id)
  expect(await after.exited()).toMatchObject({ code: 0 })
  expect(await logOf(after)).toContain('[user] completed')
})

test('a secret that is in a pipe or a device is a failure that says so, and nobody waits for it', async () => {
  await using stage = await openStage()
  execFileSync('mkfifo', [stage.file('pipe')])
  for (const [index, file] of [stage.file('pipe'), '/dev/zero', '/'].entries()) {
    const { mission } = await stage.apply({
      name: `hostile-${index}`,
      agents: { a: { command: 'true', env: { A: { from_file: file } } } },
    })
    expect(await mission.exited()).toMatchObject({ code: 1 })
    expect(await textOf(mission)).toContain('env.A: the file cannot be read: it is not a file')
  }
})

test('secrets come from where they are, and one that is missing is a failure that says so', async () => {
  await using stage = await openStage()
  writeFileSync(stage.file('token'), 'from a file\n')
  const { mission } = await stage.apply(
    {
      name: 'p',
      agents: {
        good: {
          command: 'echo "$A $B $C"',
          env: { A: { from_env: 'SECRET' }, B: { from_file: stage.file('token') }, C: 'plain' },
        },
        bad: { command: 'true', env: { A: { from_file: stage.file('not-there') } } },
      },
    },
    { SECRET: 'from me' },
  )
  await mission.exited()
  expect(await textOf(stage.runtime().get('p.good'))).toBe('from me from a file plain\n')
  expect(await logOf(mission)).toContainEqual(
    expect.stringMatching(/^\[bad\] failed: env\.A: the file cannot be read: ENOENT/),
  )
  expect(
    JSON.stringify(
      stage
        .runtime()
        .list()
        .map(({ view }) => view()),
    ),
  ).not.toContain('from me')
})

test.each([
  [
    'a provider that is not there',
    { provider: 'cloude' },
    'unknown_provider',
    /^agents\.b: provider must be one of raw, blueprint, picky: got "cloude"/,
  ],
  [
    'options that the provider does not take',
    { provider: 'picky' },
    'invalid_spec',
    /^agents\.b: mood must be good/,
  ],
  [
    'a variable that is not set',
    { env: { A: { from_env: 'NOT_SET' } } },
    'invalid_spec',
    /^agents\.b: env\.A: the variable NOT_SET was not set/,
  ],
])('%s is found before anything is started, and what is at work goes on', async (_, fields, code, says) => {
  await using stage = await openStage({ providers: [picky] })
  const plan = (b: object): object => ({
    name: 'p',
    agents: { a: { command: 'sleep 1000' }, b: { command: 'true', ...b } },
  })
  const refused = expect.objectContaining({ code, message: expect.stringMatching(says) })
  await expect(stage.apply(plan(fields))).rejects.toEqual(refused)
  expect(stage.runtime().list()).toEqual([])
  const { mission } = await stage.apply(plan({}))
  await eventually(() => stage.find('p.b')?.view().status === 'stopped')
  await expect(stage.apply(plan(fields))).rejects.toEqual(refused)
  expect(mission.view().status).toBe('running')
  expect(stage.find('p.a')?.view().status).toBe('running')
})

test('a kill of the pipeline leaves nothing', async () => {
  await using stage = await openStage()
  const { mission } = await stage.apply({
    name: 'p',
    agents: { a: { command: 'sleep 1000' }, b: { command: "trap '' TERM; sleep 1000 & wait; wait" } },
  })
  await eventually(() => stage.runtime().list().length === 3)
  expect(await mission.kill()).toMatchObject({ class: 'killed' })
  await eventually(() => stage.home.processes().length === 0)
})

test('a deadline ends all of it', async () => {
  await using stage = await openStage()
  const { mission } = await stage.apply({
    name: 'p',
    deadline: 0.3,
    agents: { a: { command: 'sleep 1000' } },
  })
  expect(await mission.exited()).toMatchObject({ class: 'deadline' })
  expect(stage.home.processes()).toEqual([])
})

test('applied again it does nothing; changed, it starts what is different and what depends on that', async () => {
  await using stage = await openStage()
  const plan = (b: string, more: object = {}): object => ({
    name: 'p',
    agents: {
      a: { command: 'true' },
      b: { command: b },
      c: { command: 'true', depends_on: ['b'] },
      service: { command: 'sleep 1000' },
      ...more,
    },
  })
  const first = await stage.apply(plan('true'))
  await eventually(async () => (await logOf(first.mission)).includes('[c] completed'))
  const again = await stage.apply(plan('true'))
  expect(again).toMatchObject({ outcome: 'unchanged' })
  expect(again.mission.id).toBe(first.mission.id)
  const service = stage.runtime().get('p.service').id
  const changed = await stage.apply(plan('true; true', { d: { command: 'true' } }))
  expect(changed.outcome).toBe('changed')
  expect(changed.changes).toEqual([
    { agent: 'a', change: 'unchanged' },
    { agent: 'b', change: 'changed' },
    { agent: 'c', change: 'changed' },
    { agent: 'service', change: 'unchanged' },
    { agent: 'd', change: 'added' },
  ])
  expect(await first.mission.exited()).toMatchObject({ class: 'completed' })
  await eventually(async () => {
    const log = await logOf(changed.mission)
    return log.includes('[c] completed') && log.includes('[d] completed')
  })
  const names = stage
    .runtime()
    .list()
    .map(({ name }) => name)
  expect(names.filter((name) => name === 'p.a')).toHaveLength(1)
  expect(names.filter((name) => name === 'p.b')).toHaveLength(2)
  expect(names.filter((name) => name === 'p.c')).toHaveLength(2)
  expect(stage.runtime().get(service).view().state).toMatchObject({ run: 1, exit: null })
  const fewer = await stage.apply({ name: 'p', agents: { a: { command: 'true' } } })
  expect(await fewer.mission.exited()).toMatchObject({ code: 0 })
  expect(stage.runtime().get(service).view().state.exit).toMatchObject({ class: 'stopped' })
})

test('what had failed is tried again when it is applied again, and nothing else', async () => {
  await using stage = await openStage()
  const plan = {
    name: 'p',
    agents: {
      good: { command: 'true' },
      flaky: { command: `test -e ${stage.file('fixed')}`, depends_on: ['good'] },
      last: { command: 'true', depends_on: ['flaky'] },
    },
  }
  expect(await applyUntilMended(stage, plan)).toEqual(['p', 'p', 'p.flaky', 'p.flaky', 'p.good', 'p.last'])
})

test('what is tried again is what is applied now: its limits, its folder and its environment', async () => {
  await using stage = await openStage()
  const plan = { name: 'p', agents: { a: { command: 'echo "$PWD $WORD"; exit $CODE' } } }
  const first = await stage.apply({ ...plan, deadline: '1h' }, { CODE: '1', WORD: 'old' })
  expect(await first.mission.exited()).toMatchObject({ code: 1 })
  const second = await stage.apply({ ...plan, deadline: '2h', max_cost: 7 }, { CODE: '0', WORD: 'new' })
  expect(second.outcome).toBe('retried')
  expect(await second.mission.exited()).toMatchObject({ code: 0 })
  expect(second.mission.view().spec).toMatchObject({ timeoutMs: 7_200_000, maxCostUsd: 7 })
  expect(await textOf(stage.runtime().get('p.a'))).toBe('/tmp new\n')
})

test('agents that are kept belong to the pipeline that leads them now, and what was bound to the first is not ended with it', async () => {
  await using stage = await openStage()
  const plan = (extra: object): object => ({
    name: 'p',
    agents: {
      base: { command: 'sleep 1000', on_parent_exit: 'stop' },
      user: { command: 'sleep 1000', depends_on: [{ agent: 'base', when: 'started' }] },
      ...extra,
    },
  })
  const first = await stage.apply(plan({}))
  const [base, user] = await eventually(() => {
    const found = [stage.find('p.base'), stage.find('p.user')]
    return found.every((one) => one?.view().status === 'running') ? found : undefined
  })
  const second = await stage.apply(plan({ other: { command: 'sleep 1000' } }))
  await eventually(() => stage.find('p.other')?.view().status === 'running')
  expect(await first.mission.exited()).toMatchObject({ class: 'completed', code: 3 })
  expect(base?.view()).toMatchObject({ status: 'running', spec: { parent: second.mission.id } })
  expect(user?.view()).toMatchObject({ status: 'running', spec: { parent: base?.id } })
  expect(second.mission.view().children).toEqual([base?.id, stage.find('p.other')?.id])
  expect(first.mission.view().children).toEqual([])
  await stage.takeOver()
  expect(stage.find('p.base')?.view().spec.parent).toBe(second.mission.id)
  await stage.runtime().get(second.mission.id).stop()
})

test('one that was declared by rules that are stricter now is followed by what is applied, and its agents are kept', async () => {
  await using home = await temporaryHome()
  const store: Store = { ...createMemoryStore(), close: () => {} }
  const controllers = [blueprintController()]
  const onFault = (): void => {}
  const first = await createRuntime({ home: home.path, store, controllers, onFault })
  const plan = { name: 'p', agents: { a: { command: 'sleep 1000' } } }
  await applyBlueprint(first, plan, { cwd: '/tmp' })
  const { id } = await eventually(() => first.list().find(({ name }) => name === 'p.a'))
  await eventually(() => first.get(id).view().status === 'running')
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
  const { mission, outcome } = await applyBlueprint(second, plan, { cwd: '/tmp' })
  expect(outcome).toBe('changed')
  await eventually(() => second.get(id).view().spec.parent === mission.id)
  expect(second.get(id).view()).toMatchObject({ status: 'running', state: { run: 1 } })
  await mission.stop()
})

test('a pipeline that was handed over to none is led again by the next that is applied', async () => {
  await using stage = await openStage()
  const plan = { name: 'p', agents: { a: { command: 'sleep 1000' } } }
  const first = await stage.apply(plan)
  const a = await eventually(() => stage.find('p.a'))
  await eventually(() => a.view().status === 'running')
  // As it is when the supervisor is killed before the next is on record.
  pipelineOf(stage.runtime(), first.mission.id)?.handOver()
  await first.mission.exited()
  await stage.takeOver()
  const second = await stage.apply(plan)
  expect(second.outcome).toBe('retried')
  await eventually(() => stage.runtime().get(a.id).view().spec.parent === second.mission.id)
  await second.mission.stop()
  expect(stage.runtime().get(a.id).view()).toMatchObject({ status: 'stopped', state: { run: 1 } })
})

test('a pipeline that is stopped waits for its agents, however long each may take', async () => {
  await using stage = await openStage()
  const { mission } = await stage.apply({
    name: 'p',
    agents: { slow: { command: 'exec sleep 1000', stop_timeout: '90s' } },
  })
  await eventually(() => stage.find('p.slow')?.view().status === 'running')
  expect(mission.view().spec.stopTimeoutMs).toBeGreaterThan(90_000)
  expect(await mission.stop()).toMatchObject({ class: 'stopped' })
})

test('a supervisor that dies at any edge is followed by one that goes on: each agent runs once', async () => {
  await using stage = await openStage()
  const count = stage.file('count')
  const agents: Record<string, object> = {}
  for (let n = 0; n < 10; n += 1) {
    agents[`a${n}`] = {
      command: `${until(stage.file(`go${n}`))}; echo ${n} >> ${count}`,
      depends_on: [n - 1, n - 2].filter((each) => each >= 0).map((each) => `a${each}`),
    }
  }
  const { mission } = await stage.apply({ name: 'p', agents })
  for (let n = 0; n < 10; n += 1) {
    await eventually(() =>
      stage
        .runtime()
        .list()
        .some(({ name }) => name === `p.a${n}`),
    )
    await stage.takeOver()
    writeFileSync(stage.file(`go${n}`), '')
    if (n % 2 === 0) {
      await eventually(() => existsSync(count) && readFileSync(count, 'utf8').split('\n').length > n + 1)
      await stage.takeOver()
    }
  }
  const pipeline = stage.runtime().get(mission.id)
  expect(await pipeline.exited()).toMatchObject({ code: 0, run: 1 })
  expect(readFileSync(count, 'utf8')).toBe('0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n')
  expect(stage.runtime().list()).toHaveLength(11)
  const log = await logOf(pipeline)
  expect(log.filter((line) => line.includes('started'))).toHaveLength(10)
  expect(log.filter((line) => line.includes('completed'))).toHaveLength(11)
  expect(stage.faults).toEqual([])
})

test('copies are kept alive, and there are as many as wanted', async () => {
  await using stage = await openStage()
  const { mission } = await stage.apply({
    name: 'p',
    agents: {
      web: { command: 'echo "I am $OVERMIND_REPLICA"; sleep 1000', replicas: 2, backoff: '10ms' },
      user: { command: 'sleep 1000', depends_on: [{ agent: 'web', when: 'started' }] },
    },
  })
  const live = (): readonly string[] =>
    stage
      .runtime()
      .list()
      .filter(({ view }) => view().spec.type === 'task' && view().state.exit === null)
      .map(({ name }) => name)
      .toSorted()
  await eventually(() => live().length === 3)
  expect(live()).toEqual(['p.user', 'p.web-1', 'p.web-2'])
  await eventually(async () => (await textOf(stage.runtime().get('p.web-2'))) === 'I am 2\n')
  endGroup(stage.runtime().get('p.web-1').view().state.process?.pid)
  await eventually(() => stage.runtime().get('p.web-1').view().state.run === 2)
  const user = stage.runtime().get('p.user').id
  const more = await scalePipeline(stage.runtime(), 'p', { web: 4 })
  expect(more.changes.filter(({ change }) => change !== 'unchanged')).toEqual([
    { agent: 'web-3', change: 'added' },
    { agent: 'web-4', change: 'added' },
  ])
  await eventually(() => live().length === 5)
  await stage.takeOver()
  await scalePipeline(stage.runtime(), 'p', { web: 1 })
  await eventually(() => live().join() === 'p.user,p.web-1')
  expect(stage.runtime().get('p.user').id).toBe(user)
  expect(stage.runtime().get('p.web-1').view().state.run).toBe(2)
  expect((await mission.exited()).class).toBe('completed')
  for (const [agent, code] of [
    ['user', 'invalid_spec'],
    ['nobody', 'invalid_spec'],
  ] as const)
    await expect(scalePipeline(stage.runtime(), 'p', { [agent]: 1 })).rejects.toMatchObject({ code })
  await expect(scalePipeline(stage.runtime(), 'q', { web: 1 })).rejects.toMatchObject({ code: 'not_found' })
  await stage.runtime().get('p').stop()
  await expect(scalePipeline(stage.runtime(), 'p', { web: 1 })).rejects.toMatchObject({ code: 'not_running' })
})

const behind = (stage: Stage): object => ({
  name: 'p',
  teams: { crew: { strategy: 'one_for_all' } },
  agents: {
    first: { command: until(stage.file('go')) },
    alone: { command: 'echo {{ first.file }}', depends_on: ['first'] },
    one: { command: 'true', team: 'crew', depends_on: ['first'] },
    two: { command: 'true', team: 'crew' },
    rescue: { command: 'true', depends_on: [{ agent: 'alone', when: 'failed' }] },
  },
})

test('an agent whose turn comes while the disk is full is started when there is room', async () => {
  const store = refusingStore()
  await using stage = await openStage({ store })
  const { mission } = await stage.apply(behind(stage))
  await eventually(() => stage.find('p.first'))
  store.refuses = starts
  writeFileSync(stage.file('go'), '')
  await eventually(async () => (await logOf(mission)).includes('[two] waits: the disk is full'))
  expect(await logOf(mission)).toContain('[alone] waits: the disk is full')
  store.refuses = () => false
  expect(await mission.exited()).toMatchObject({ code: 0 })
  expect((await logOf(mission)).at(-1)).toBe('done: 4 completed, 0 failed, 1 skipped')
})

test('a pipeline that waits for room can be stopped', async () => {
  const store = refusingStore()
  await using stage = await openStage({ store })
  const { mission } = await stage.apply(behind(stage))
  await eventually(() => stage.find('p.first'))
  store.refuses = starts
  writeFileSync(stage.file('go'), '')
  await eventually(async () => (await logOf(mission)).includes('[alone] waits: the disk is full'))
  expect(await mission.stop()).toMatchObject({ class: 'stopped' })
  expect(stage.find('p.alone')).toBeUndefined()
})
