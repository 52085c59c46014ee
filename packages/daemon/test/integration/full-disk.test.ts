/**
 * A disk that fills up under a running daemon, and homes that cannot be written to. The file systems are
 * mounted for the purpose, which takes root.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { chown, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Problem } from '../../src/index.ts'
import { openLog } from '../../src/log.ts'
import { ApiFailure } from '../support/api.ts'
import {
  type Daemon,
  list,
  mission,
  show,
  start,
  startDaemon,
  tryDaemon,
  waitFor,
} from '../support/daemon.ts'
import { eventually } from '../support/eventually.ts'
import { type TemporaryHome, temporaryHome } from '../support/home.ts'
import { isAlive, missionProcesses } from '../support/processes.ts'
import { fill, free, isRoot, mountHome } from '../support/small-disk.ts'

/** Starts missions until the store refuses one; tells which were accepted. */
async function startUntilRefused(
  home: TemporaryHome,
  daemon: Daemon,
): Promise<{ accepted: string[]; problem: Problem }> {
  const accepted: string[] = []
  for (let attempt = 0; attempt < 400; attempt += 1) {
    // A full environment of its own, so that each takes room.
    const env = {
      PATH: process.env['PATH'] ?? '',
      N: String(attempt),
      PAD: String(attempt % 10).repeat(60_000),
    }
    const command = `echo ${attempt} >>${home.file('began')}; sleep 1000`
    try {
      accepted.push((await start(daemon, { command, env })).id)
    } catch (error) {
      if (error instanceof ApiFailure) return { accepted, problem: error.problem }
      throw error
    }
    fill(home)
  }
  throw new Error('the disk never got full')
}

test.runIf(isRoot)(
  'on a full disk a mission is refused whole, and what runs can still be ended',
  async () => {
    await using home = await temporaryHome()
    mountHome(home)
    const daemon = await startDaemon(home.path)
    const ids: string[] = []
    for (let index = 0; index < 4; index += 1) ids.push((await start(daemon, { command: 'sleep 1000' })).id)
    fill(home)
    // The reserve: what runs can be ended.
    expect(await daemon.post(`/v1/missions/${ids[0]}/kill`)).toMatchObject({ exit_class: 'killed' })
    expect(await daemon.post(`/v1/missions/${ids[1]}/stop`)).toMatchObject({ exit_class: 'stopped' })
    expect(missionProcesses(ids[0] ?? '')).toEqual([])
    const { accepted, problem } = await startUntilRefused(home, daemon)
    expect(problem).toMatchObject({
      code: 'store_failed',
      status: 507,
      detail: expect.stringContaining('disk is full'),
    })
    expect((await list(daemon)).map(({ id }) => id)).toEqual([...ids, ...accepted])
    await eventually('each accepted mission began', () => home.lines('began').length >= accepted.length)
    expect(home.lines('began')).toEqual(accepted.map((_, index) => String(index)))
    expect(isAlive(daemon.pid)).toBe(true)

    free(home)
    expect(await daemon.post(`/v1/missions/${ids[2]}/kill`)).toMatchObject({ exit_class: 'killed' })
    const { id } = await start(daemon, { command: 'exit 2' })
    expect(await waitFor(daemon, id)).toMatchObject({ exit_code: 2 })
    await daemon.kill()
    const next = await startDaemon(home.path)
    expect((await list(next)).map(({ id: each }) => each)).toEqual([...ids, ...accepted, id])
  },
  60_000,
)

test.runIf(isRoot)(
  'an exit on a full disk is noted when there is room again, also by the next daemon',
  async () => {
    await using home = await temporaryHome()
    mountHome(home)
    const daemon = await startDaemon(home.path)
    const command = (go: string): string => `while [ ! -e ${home.file(go)} ]; do sleep 0.02; done; exit 21`
    const one = await start(daemon, { command: command('one') })
    const two = await start(daemon, { command: command('two') })
    const { accepted } = await startUntilRefused(home, daemon)
    fill(home)
    await writeFile(home.file('one'), '')
    // Nothing fits, so that nobody can have noted it; the keeper goes on trying.
    await eventually('the program has ended', () => missionProcesses(one.id).length <= 2)
    expect(isAlive(daemon.pid)).toBe(true)
    free(home)
    expect(await waitFor(daemon, one.id)).toMatchObject({ exit_code: 21, exit_class: 'crashed' })

    fill(home)
    await daemon.kill()
    await writeFile(home.file('two'), '')
    free(home)
    await eventually('its keeper has noted it', () => missionProcesses(two.id).length === 0)
    const next = await startDaemon(home.path)
    expect(await waitFor(next, two.id)).toMatchObject({ exit_code: 21 })
    for (const id of accepted) expect(await show(next, id)).toMatchObject({ status: 'running', run: 1 })
  },
  60_000,
)

test.runIf(isRoot)(
  'a daemon can be ended on a full disk, and no mission outlives it',
  async () => {
    await using home = await temporaryHome()
    mountHome(home)
    const daemon = await startDaemon(home.path)
    await startUntilRefused(home, daemon)
    fill(home)
    await daemon.call('POST', '/v1/shutdown', { body: { keep: true } }).catch(() => undefined)
    const { code } = await daemon.ended
    expect(code).toBe(0)
    free(home)
    const next = await startDaemon(home.path)
    expect((await list(next)).every(({ status }) => status === 'running')).toBe(true)
    await next.shutdown(false)
    expect(home.processes()).toEqual([])
  },
  60_000,
)

test.runIf(isRoot)('a log that cannot be written costs lines, and not the daemon', async () => {
  await using home = await temporaryHome()
  mountHome(home)
  const path = join(home.path, 'daemon.log')
  const { logger, close } = openLog(path)
  logger.info('before')
  await eventually('it is written', () => existsSync(path) && readFileSync(path, 'utf8').includes('before'))
  fill(home)
  for (let line = 0; line < 200; line += 1) {
    logger.info({ line, pad: 'x'.repeat(200) }, 'meanwhile')
    await new Promise((resolve) => setImmediate(resolve))
  }
  free(home)
  await eventually('it goes on', () => {
    logger.info('afterwards')
    return readFileSync(path, 'utf8').endsWith('afterwards"}\n')
  })
  await close()
  expect(readFileSync(path, 'utf8')).toContain('before')
})

test.runIf(isRoot)('a daemon starts on a full disk and adopts what runs', async () => {
  await using home = await temporaryHome()
  mountHome(home)
  const daemon = await startDaemon(home.path)
  const { id } = await start(daemon, { command: 'sleep 1000' })
  await daemon.kill()
  fill(home)
  rmSync(join(home.path, 'overmind.db.reserve'), { force: true })
  fill(home)
  const news = await tryDaemon(home.path)
  // Either it starts, or it says what is wrong; it never leaves the mission in a worse state.
  if ('error' in news)
    expect(news.error).toMatchObject({ code: 'store_failed', message: expect.stringContaining('full') })
  else expect(news).toMatchObject({ ready: true })
  expect(missionProcesses(id).length).toBeGreaterThan(0)
  for (const pid of home.processes().filter((each) => !missionProcesses(id).includes(each)))
    process.kill(pid, 'SIGKILL')
  free(home)
  await eventually('the home is free', async () => {
    const next = await startDaemon(home.path).catch(() => undefined)
    if (next === undefined) return false
    await mission(next, id, 'is adopted', ({ status, run }) => status === 'running' && run === 1)
    return true
  })
})

test.runIf(isRoot)('a home on a file system that is read-only cannot be used, and that is said', async () => {
  await using home = await temporaryHome()
  mountHome(home)
  const daemon = await startDaemon(home.path)
  await daemon.shutdown(true)
  execFileSync('mount', ['-o', 'remount,ro', home.path])
  expect(await tryDaemon(home.path)).toMatchObject({
    error: { code: 'home_not_writable', message: expect.stringContaining(home.path) },
  })
})

test.runIf(isRoot)('a home of another user is refused, and left as it was', async () => {
  await using home = await temporaryHome()
  await mkdir(home.path, { mode: 0o755 })
  await chown(home.path, 12_345, 12_345)
  expect(await tryDaemon(home.path)).toMatchObject({ error: { code: 'home_not_private' } })
  expect(existsSync(join(home.path, 'overmind.db'))).toBe(false)
  expect(existsSync(join(home.path, 'output'))).toBe(false)
})
