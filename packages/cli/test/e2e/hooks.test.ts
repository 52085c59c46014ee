import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { eventually } from '../../../core/test/support/eventually.ts'
import type { DeadDeliveryView, HookView, Reloaded } from '@overmind/client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { overmind, type Overmind } from './overmind.ts'

const HOOK = `[[hooks]]
name = "good"
events = ["mission.exited"]
command = ["sh", "-c", "cat >> told"]

[[hooks]]
name = "bad"
events = ["mission.exited"]
command = ["sh", "-c", "echo not today >&2; exit 3"]
retries = 0
`

describe('hooks from the command line', () => {
  let o: Overmind
  const configure = (text: string): Promise<void> =>
    writeFile(join(o.home, 'config.toml'), text, { mode: 0o600 })

  /** The page once it has what is waited for. */
  function page(wanted: RegExp, ...args: string[]): Promise<string> {
    return eventually(async () => {
      const shown = await o.ok(...args)
      return wanted.test(shown) && shown
    })
  }

  beforeAll(async () => {
    o = await overmind()
    await mkdir(o.home, { mode: 0o700 })
  })
  afterAll(() => o[Symbol.asyncDispose]())

  test('settings that are wrong are said line by line, and keep a daemon from starting', async () => {
    await configure(`${HOOK}\n[limits]\nmisions = 8\nproviders = 3`)
    const path = join(o.home, 'config.toml')
    const said = `${path}:13:1: limits.misions: no such field\ndid you mean "missions"?\n${path}:14:13: limits.providers must be a table of numbers: got 3\nError: The settings of the daemon are not valid (invalid_config)\n`
    for (const args of [['start'], ['run', 'true']]) {
      expect(await o(...args)).toEqual({ code: 1, stdout: '', stderr: said })
    }
    const doctor = await o('doctor')
    expect(doctor.code).toBe(1)
    expect(doctor.stdout).toContain(
      `problem  config        ${path}:13:1: limits.misions: no such field; did you mean`,
    )
  })

  test('settings that are right are read at the start and again on request', async () => {
    await configure(HOOK)
    await o.ok('start')
    const path = join(o.home, 'config.toml')
    expect(await o.ok('doctor')).toContain(`ok       config        ${path}: 2 hooks\n`)
    await configure(`[limits]\nmissions = 8\nproviders = { claude = 4 }\n${HOOK}`)
    expect(await o.ok('reload')).toBe(`Reloaded ${path}: 2 hooks, limits: missions 8, claude 4\n`)
    await configure(`${HOOK}\nretires = 5`)
    expect(await o('reload')).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(
        /hooks\.1\.retires: no such field\ndid you mean "retries"\?\nError: The settings/,
      ),
    })
    await configure(HOOK)
    expect((await o.json<Reloaded>('reload')).hooks.map(({ change }) => change)).toEqual([
      'unchanged',
      'unchanged',
    ])
  })

  test('are listed, tested, tried again and dropped', async () => {
    expect((await o.ok('hooks')).split('\n')[0]?.split(/ {2,}/)).toEqual(
      'NAME,EVENTS,TO,DELIVERED,WAITING,DEAD,LAST ERROR'.split(','),
    )
    const id = await o.start('exit 1')
    expect(await page(/bad .* 1 +.*ago: ended with exit code 3: not today/, 'hooks')).toMatch(
      /^good .* sh -c 'cat >> told' /m,
    )
    await page(/^good .* 1 +0 +0 +-$/m, 'hooks')
    const told: unknown = JSON.parse(await readFile(join(o.home, 'told'), 'utf8'))
    expect(told).toMatchObject({ hook: 'good', event: { type: 'mission.exited' }, mission: { id } })
    expect(await o.ok('hooks', 'dead', 'bad')).toMatch(
      new RegExp(
        String.raw`^bad-\d+ +mission\.exited +${id} +1 +\d+s ago +ended with exit code 3: not today$`,
        'm',
      ),
    )
    expect(await o('hooks', 'dead', 'good')).toEqual({
      code: 0,
      stdout: '',
      stderr: 'Everything has arrived, or is on its way\n',
    })
    expect((await o.json<{ hooks: HookView[] }>('hooks')).hooks.map(({ dead }) => dead)).toEqual([0, 1])
    expect((await o.json<{ deliveries: DeadDeliveryView[] }>('hooks', 'dead')).deliveries).toHaveLength(1)

    expect(await o.ok('hooks', 'test', 'good')).toMatch(/^Delivered to good in \d+ ms\n$/)
    expect(await o('hooks', 'test', 'bad')).toEqual({
      code: 1,
      stdout: '',
      stderr: 'Not delivered to bad: ended with exit code 3: not today\n',
    })
    expect(await o.ok('hooks', 'retry')).toBe('Trying 1 event again\n')
    await page(/^bad-/m, 'hooks', 'dead')
    expect(await o.ok('hooks', 'drop', 'bad')).toBe('Dropped 1 event\n')
    expect(await o.ok('hooks', 'drop')).toBe('Nothing to drop\n')
    expect(await o.ok('hooks', 'retry', 'bad')).toBe('Nothing to try again\n')
  })

  test('that are taken out of the file are gone', async () => {
    await configure('')
    expect(await o.ok('reload')).toMatch(/: 0 hooks \(2 removed\), no limits\n$/)
    expect(await o('hooks')).toMatchObject({ code: 0, stderr: 'There are no hooks: see docs/hooks.md\n' })
  })

  test('are completed', async () => {
    for (const shell of ['bash', 'zsh', 'fish']) {
      expect(await o.ok('completion', shell)).toContain('test dead retry drop')
    }
  })
})
