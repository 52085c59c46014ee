import { execFile } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Mission } from '@overmind/core'
import { expect, test } from 'vitest'
import { eventually } from '../../../core/test/support/eventually.ts'
import { isAlive } from '../../../core/test/support/processes.ts'
import { logOf, openStage, type Stage } from '../support/stage.ts'

const isThere = (stage: Stage, name: string): Promise<Mission> => eventually(() => stage.find(name))

async function isSaid(pipeline: Mission, line: string): Promise<boolean> {
  return eventually(async () => (await logOf(pipeline)).includes(line))
}

test.each([
  ['', 0.01, async () => {}],
  [
    ', whoever supervises it by then',
    1,
    async (stage: Stage) => {
      const { until } = await isThere(stage, 'p.server')
      await until(({ phase }) => phase === 'restarting.backoff')
      await stage.takeOver()
    },
  ],
])('one that dies before it is ready is ready when a later run says so%s', async (_, backoff, meanwhile) => {
  await using stage = await openStage()
  await stage.apply({
    name: 'p',
    agents: {
      server: {
        command: 'if [ -e died ]; then echo listening; exec sleep 1000; fi; touch died; exit 1',
        cwd: stage.home.path,
        restart: 'on-failure',
        backoff,
        ready: { output: 'listening' },
      },
      user: { command: 'true', depends_on: [{ agent: 'server', when: 'ready' }] },
    },
  })
  await meanwhile(stage)
  await (await isThere(stage, 'p.user')).exited()
  expect((await isThere(stage, 'p.server')).view().state.run).toBe(2)
})

test('one that says nothing of it until it has ended for good was never ready', async () => {
  await using stage = await openStage()
  const { mission } = await stage.apply({
    name: 'p',
    agents: {
      server: { command: 'exit 1', retries: 2, backoff: 0.01, ready: { output: 'listening' } },
      user: { command: 'true', depends_on: [{ agent: 'server', when: 'ready' }] },
    },
  })
  expect(await mission.exited()).toMatchObject({ code: 1 })
  expect(await logOf(mission)).toContain('[user] skipped: server ended before it was ready')
})

test('each copy is looked at in its own folder and environment', async () => {
  await using stage = await openStage()
  const { mission } = await stage.apply({
    name: 'p',
    agents: {
      web: {
        command: 'sleep 1000',
        cwd: stage.home.path,
        env: { SIGN: 'up' },
        replicas: 2,
        ready: { exec: ['sh', '-c', 'test -e "$SIGN-$OVERMIND_REPLICA"'], interval: 0.02 },
      },
    },
  })
  await isThere(stage, 'p.web-1')
  writeFileSync(stage.file('up-2'), '')
  await expect(isSaid(mission, '[web-2] ready')).resolves.toBe(true)
  expect(await logOf(mission)).not.toContain('[web-1] ready')
  await stage.takeOver()
  writeFileSync(stage.file('up-1'), '')
  await expect(isSaid(stage.runtime().get(mission.id), '[web-1] ready')).resolves.toBe(true)
})

test('a look that takes too long leaves nothing behind', async () => {
  await using stage = await openStage()
  const look = 'sleep 1000 & echo $! >> children; wait'
  await stage.apply({
    name: 'p',
    agents: {
      server: {
        command: 'sleep 1000',
        cwd: stage.home.path,
        ready: { exec: ['sh', '-c', look], timeout: 0.2, interval: 0.02 },
      },
    },
  })
  const children = (): readonly number[] =>
    existsSync(stage.file('children'))
      ? readFileSync(stage.file('children'), 'utf8').trim().split('\n').map(Number)
      : []
  await eventually(() => children().length > 2)
  const [first = 0, second = 0] = children()
  await eventually(() => !isAlive(first) && !isAlive(second))
  expect(first).not.toBe(second)
})

test('a look by a program that says a lot is one that says whether it ended with 0', async () => {
  await using stage = await openStage()
  const exec = ['sh', '-c', 'head -c 3000000 /dev/zero; head -c 3000000 /dev/zero >&2']
  const { mission } = await stage.apply({
    name: 'p',
    agents: { server: { command: 'sleep 1000', ready: { exec, interval: 0.02 } } },
  })
  await expect(isSaid(mission, '[server] ready')).resolves.toBe(true)
})

test.each([
  ['is not there', ['no-such-program']],
  ['cannot be started at all', ['true', 'x'.repeat(200_000)]],
])('a look by a program that %s has failed, and nothing more', async (_, exec) => {
  await using stage = await openStage()
  const { mission } = await stage.apply({
    name: 'p',
    agents: { server: { command: 'sleep 1000', alive: { exec, interval: 0.02, failures: 2 } } },
  })
  expect(await mission.exited()).toMatchObject({ code: 1 })
  expect((await isThere(stage, 'p.server')).view().state.exit).toMatchObject({ class: 'stalled' })
})

test('what this machine is short of says nothing of an agent: it is looked at again when there is some', async () => {
  const program = fileURLToPath(new URL('../programs/short-of-files.ts', import.meta.url))
  const limited = ['-c', 'ulimit -n 100; exec "$@"', 'sh', process.execPath]
  const { stdout } = await promisify(execFile)('sh', [...limited, '--conditions=overmind-source', program])
  expect(JSON.parse(stdout)).toEqual({ early: false, later: [true, true, true], unhealthy: [] })
})
