/**
 * The daemon dies by SIGKILL right before or right after it has written down what it is about to do, at
 * every kind of event there is. Whatever the moment, the next daemon finds each run done once and not
 * twice, every request that was written carried out, and no trace of one that was not.
 */
import { existsSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { StartRequest } from '../../src/index.ts'
import type { Api } from '../support/api.ts'
import {
  type Daemon,
  events,
  list,
  mission,
  program,
  show,
  start,
  startDaemon,
  tryDaemon,
  waitFor,
} from '../support/daemon.ts'
import { eventually, soon } from '../support/eventually.ts'
import { type TemporaryHome, temporaryHome } from '../support/home.ts'
import { missionProcesses } from '../support/processes.ts'

type When = 'before' | 'after'
const BOTH: readonly When[] = ['before', 'after']
const CRASHING = program('crashing-daemon.ts')

function crashing(
  home: TemporaryHome,
  type: string,
  when: When,
  more: Record<string, string> = {},
): Promise<Daemon> {
  return startDaemon(home.path, { main: CRASHING, env: { CRASH_EVENT: type, CRASH_WHEN: when, ...more } })
}

/** Notes that it began, waits until it may go on, and ends as told. */
function counted(home: TemporaryHome, then: string): string {
  return `echo "run $OVERMIND_RUN" >>${home.file('began')}; echo begin; while [ ! -e ${home.file('go')} ]; do sleep 0.02; done; echo end; ${then}`
}

async function go(home: TemporaryHome): Promise<void> {
  await writeFile(home.file('go'), '')
}

/** What must hold of a mission's journal, whatever happened. */
async function expectSoundStory(api: Api, id: string, runs: number): Promise<void> {
  const journal = await events(api, id)
  const numbers = journal.map(({ seq }) => seq)
  expect(numbers).toEqual([...new Set(numbers)].toSorted((a, b) => a - b))
  const count = (type: string, run?: number): number =>
    journal.filter((event) => event.type === type && (run === undefined || event.run === run)).length
  expect(count('mission.created')).toBe(1)
  expect(count('mission.exited')).toBe(1)
  for (let run = 1; run <= runs; run += 1) {
    expect(count('run.starting', run)).toBe(1)
    expect(count('run.started', run)).toBeLessThanOrEqual(1)
    expect(count('run.exited', run)).toBe(1)
  }
  let end = 0
  for (const event of journal.filter(({ type, run }) => type === 'run.output' && run === runs)) {
    expect(event['from']).toBe(end)
    end = Number(event['to'])
  }
  expect(journal.at(-1)?.type).toBe('mission.exited')
}

function expectNothingLeft(id: string): Promise<unknown> {
  return eventually('no process of the mission is left', () => missionProcesses(id).length === 0)
}

async function only(api: Api): Promise<string> {
  const [first, ...others] = await list(api)
  expect(others).toEqual([])
  return first?.id ?? ''
}

/** Starts a mission on a daemon that dies of it; tells whether it had got an answer. */
async function startAndDie(daemon: Daemon, request: StartRequest): Promise<void> {
  await start(daemon, request).catch(() => undefined)
  expect(await soon('the daemon has died', daemon.ended)).toEqual({ code: null, signal: 'SIGKILL' })
}

describe.concurrent('a daemon that dies while it starts a mission', () => {
  test.each(['mission.created', 'run.starting'])('before %s: nothing of it is left', async (type) => {
    await using home = await temporaryHome()
    await startAndDie(await crashing(home, type, 'before'), { command: counted(home, 'exit 3') })
    const next = await startDaemon(home.path)
    expect(await list(next)).toEqual([])
    expect(home.lines('began')).toEqual([])
    await home.isLeftWith(next.pid)
  })

  test.each([
    ['after', 'mission.created'],
    ['after', 'run.starting'],
    ['before', 'run.started'],
    ['after', 'run.started'],
  ] as const)('%s %s: it is run by the next daemon, once', async (when, type) => {
    await using home = await temporaryHome()
    await startAndDie(await crashing(home, type, when), { command: counted(home, 'exit 3') })
    const next = await startDaemon(home.path)
    const id = await only(next)
    await mission(next, id, 'runs', ({ phase }) => phase === 'running.up')
    await go(home)
    expect(await waitFor(next, id)).toMatchObject({
      status: 'crashed',
      exit_code: 3,
      exit_class: 'crashed',
      run: 1,
    })
    expect(home.lines('began')).toEqual(['run 1'])
    expect(await next.text(`/v1/missions/${id}/logs`)).toBe('begin\nend\n')
    await expectSoundStory(next, id, 1)
    await expectNothingLeft(id)
  })

  test.each(BOTH)(
    '%s run.started, and the program ends before the next daemon: its code is found',
    async (when) => {
      await using home = await temporaryHome()
      await go(home)
      await startAndDie(await crashing(home, 'run.started', when), { command: counted(home, 'exit 9') })
      await eventually('the program has ended', () => home.processes().length === 0)
      const next = await startDaemon(home.path)
      const id = await only(next)
      expect(await waitFor(next, id)).toMatchObject({ exit_code: 9, run: 1 })
      expect(home.lines('began')).toEqual(['run 1'])
      await expectSoundStory(next, id, 1)
    },
  )
})

describe.concurrent('a daemon that dies while it ends a mission', () => {
  const ENDINGS = [
    ['stop', 'stopped', 7],
    ['kill', 'killed', 137],
  ] as const

  const program = (home: TemporaryHome): string =>
    `trap 'echo asked; exit 7' TERM; echo "run $OVERMIND_RUN" >>${home.file('began')}; echo begin; while :; do sleep 0.02; done`

  test.each(ENDINGS)('before the %s is on record: the mission goes on undisturbed', async (verb) => {
    await using home = await temporaryHome()
    const daemon = await crashing(home, 'run.ending', 'before', { CRASH_REASON: verb })
    const { id } = await start(daemon, { command: program(home), restart: 'always' })
    await eventually('it runs', () => home.lines('began').length === 1)
    await daemon.call('POST', `/v1/missions/${id}/${verb}`).catch(() => undefined)
    await soon('the daemon has died', daemon.ended)
    const next = await startDaemon(home.path)
    expect(await show(next, id)).toMatchObject({ phase: 'running.up', run: 1 })
    expect(await next.text(`/v1/missions/${id}/logs`)).toBe('begin\n')
    expect(await next.post(`/v1/missions/${id}/stop`)).toMatchObject({ exit_class: 'stopped', exit_code: 7 })
    await expectSoundStory(next, id, 1)
  })

  test.each(ENDINGS)('after the %s is on record: it is carried out', async (verb, exitClass, code) => {
    await using home = await temporaryHome()
    const daemon = await crashing(home, 'run.ending', 'after', { CRASH_REASON: verb })
    const { id } = await start(daemon, { command: program(home), restart: 'always' })
    await eventually('it runs', () => home.lines('began').length === 1)
    await daemon.call('POST', `/v1/missions/${id}/${verb}`).catch(() => undefined)
    await soon('the daemon has died', daemon.ended)
    const next = await startDaemon(home.path)
    expect(await waitFor(next, id)).toMatchObject({ exit_class: exitClass, exit_code: code, run: 1 })
    expect(home.lines('began')).toEqual(['run 1'])
    expect(await next.text(`/v1/missions/${id}/logs`)).toMatch(
      verb === 'stop' ? /^begin\n(Terminated\n)?asked\n$/ : /^begin\n$/,
    )
    await expectSoundStory(next, id, 1)
    await expectNothingLeft(id)
  })

  test('after a stop is on record that the program ignores: the ladder goes on to SIGKILL', async () => {
    await using home = await temporaryHome()
    const daemon = await crashing(home, 'run.ending', 'after', { CRASH_REASON: 'stop' })
    const { id } = await start(daemon, {
      command: `trap '' TERM; echo >>${home.file('began')}x; echo r >>${home.file('began')}; while :; do sleep 0.05; done`,
    })
    await eventually('it runs', () => home.lines('began').length === 1)
    await daemon.call('POST', `/v1/missions/${id}/stop`, { body: { timeout_ms: 300 } }).catch(() => undefined)
    await soon('the daemon has died', daemon.ended)
    const next = await startDaemon(home.path)
    expect(await waitFor(next, id)).toMatchObject({ exit_class: 'stopped', exit_signal: 'SIGKILL' })
    await expectNothingLeft(id)
  })
})

describe.concurrent('a daemon that dies while it notes the end of a mission', () => {
  test.each([
    ['before', 'run.exited'],
    ['after', 'run.exited'],
    ['before', 'mission.exited'],
    ['after', 'mission.exited'],
  ] as const)('%s %s: the exit code is found', async (when, type) => {
    await using home = await temporaryHome()
    const daemon = await crashing(home, type, when)
    const { id } = await start(daemon, { command: counted(home, 'exit 41') })
    await go(home)
    await soon('the daemon has died', daemon.ended)
    const next = await startDaemon(home.path)
    expect(await waitFor(next, id)).toMatchObject({ status: 'crashed', exit_code: 41, run: 1 })
    expect(home.lines('began')).toEqual(['run 1'])
    expect(await next.text(`/v1/missions/${id}/logs`)).toBe('begin\nend\n')
    await expectSoundStory(next, id, 1)
    await expectNothingLeft(id)
  })

  test.each(BOTH)('%s mission.restarting: the next run comes, once, and is charged once', async (when) => {
    await using home = await temporaryHome()
    const daemon = await crashing(home, 'mission.restarting', when)
    const { id } = await start(daemon, {
      command: counted(home, '[ $OVERMIND_RUN = 2 ]'),
      restart: 'on-failure',
      backoff_ms: 200,
    })
    await go(home)
    await soon('the daemon has died', daemon.ended)
    const next = await startDaemon(home.path)
    expect(await waitFor(next, id)).toMatchObject({ exit_class: 'completed', run: 2, restart_count: 1 })
    expect(home.lines('began')).toEqual(['run 1', 'run 2'])
    const charged = (await events(next, id)).filter((event) => event['charged'] === true)
    expect(charged).toHaveLength(1)
    await expectSoundStory(next, id, 2)
  })

  test.each(BOTH)('%s the second run.starting: that run happens once', async (when) => {
    await using home = await temporaryHome()
    await go(home)
    const daemon = await crashing(home, 'run.starting', when, { CRASH_RUN: '2' })
    const { id } = await start(daemon, {
      command: counted(home, '[ $OVERMIND_RUN = 3 ]'),
      restart: 'on-failure',
      backoff_ms: 20,
    })
    await soon('the daemon has died', daemon.ended)
    const next = await startDaemon(home.path)
    expect(await waitFor(next, id)).toMatchObject({ exit_class: 'completed', run: 3, restart_count: 2 })
    expect(home.lines('began')).toEqual(['run 1', 'run 2', 'run 3'])
    await expectSoundStory(next, id, 3)
  })

  test.each(BOTH)('%s run.output: every byte is accounted for once', async (when) => {
    await using home = await temporaryHome()
    const daemon = await crashing(home, 'run.output', when)
    const { id } = await start(daemon, { command: counted(home, 'exit 0') })
    await soon('the daemon has died', daemon.ended)
    const next = await startDaemon(home.path)
    await go(home)
    expect(await waitFor(next, id)).toMatchObject({ exit_class: 'completed', run: 1 })
    expect(await next.text(`/v1/missions/${id}/logs`)).toBe('begin\nend\n')
    await expectSoundStory(next, id, 1)
    const outputs = (await events(next, id)).filter(({ type }) => type === 'run.output')
    expect(outputs.at(-1)).toMatchObject({ to: 'begin\nend\n'.length })
  })
})

describe.concurrent('a daemon that dies while it forgets a mission', () => {
  async function diesWhileRemoving(
    home: TemporaryHome,
    when: When,
  ): Promise<{ next: Daemon; id: string; output: string }> {
    const daemon = await crashing(home, 'mission.removed', when)
    const { id } = await start(daemon, { command: 'echo something' })
    await waitFor(daemon, id)
    const output = join(home.path, 'output', `${id}.1.log`)
    expect(readFileSync(output, 'utf8')).toBe('something\n')
    await daemon.call('DELETE', `/v1/missions/${id}`).catch(() => undefined)
    await soon('the daemon has died', daemon.ended)
    return { next: await startDaemon(home.path), id, output }
  }

  test('before it is on record: the mission is there with its log, and can be forgotten', async () => {
    await using home = await temporaryHome()
    const { next, id, output } = await diesWhileRemoving(home, 'before')
    expect(await next.text(`/v1/missions/${id}/logs`)).toBe('something\n')
    expect(await next.call('DELETE', `/v1/missions/${id}`)).toMatchObject({ status: 204 })
    expect(existsSync(output)).toBe(false)
  })

  test('after it is on record: the mission is gone, its events and its output too', async () => {
    await using home = await temporaryHome()
    const { next, id, output } = await diesWhileRemoving(home, 'after')
    expect(await list(next)).toEqual([])
    expect((await events(next)).filter((event) => event.mission === id).map(({ type }) => type)).toEqual([
      'mission.removed',
    ])
    expect(existsSync(output)).toBe(false)
  })
})

describe.concurrent('a daemon that dies while it takes over', () => {
  test.each(BOTH)('%s runtime.started: the one after it takes over in its place', async (when) => {
    await using home = await temporaryHome()
    const first = await startDaemon(home.path)
    const living = await start(first, { command: counted(home, 'exit 5') })
    const stopped = await start(first, { command: 'sleep 0.2; exit 6' })
    await first.kill()
    await eventually('one has ended in the meantime', () => missionProcesses(stopped.id).length === 0)
    const news = await tryDaemon(home.path, {
      main: CRASHING,
      env: { CRASH_EVENT: 'runtime.started', CRASH_WHEN: when },
    })
    expect(news).toMatchObject({ died: 'SIGKILL' })
    const next = await startDaemon(home.path)
    expect(await show(next, living.id)).toMatchObject({ phase: 'running.up', run: 1 })
    await go(home)
    expect(await waitFor(next, living.id)).toMatchObject({ exit_code: 5, run: 1 })
    expect(await waitFor(next, stopped.id)).toMatchObject({ exit_code: 6, run: 1 })
    await expectSoundStory(next, living.id, 1)
    await expectSoundStory(next, stopped.id, 1)
    expect(home.lines('began')).toEqual(['run 1'])
  })
})
