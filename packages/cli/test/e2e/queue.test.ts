import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { eventually } from '../../../core/test/support/eventually.ts'
import type { MissionView, QueueView } from '@overmind/client'
import { expect, test } from 'vitest'
import { overmind } from './overmind.ts'

test('limits of config.toml hold through kill -9, and are shown with who waits', async () => {
  await using o = await overmind()
  await mkdir(o.home, { mode: 0o700 })
  const configure = (text: string): Promise<void> =>
    writeFile(join(o.home, 'config.toml'), text, { mode: 0o600 })
  await configure('[limits]\nmissions = 2\n\n[limits.colonies]\nnightly = 1\n')
  await o.ok('start')
  expect((await o('queue')).stdout).toMatch(/^LIMIT +TAKEN +OF *\ncolony nightly +0 +1 *\n|missions +0 +2/m)

  const run = (...args: string[]): Promise<string> => o.ok('run', ...args)
  await run('--colony', 'nightly', '--name', 'first', 'sleep 1000')
  expect(await run('--colony', 'nightly', '--name', 'second', 'sleep 1000')).toMatch(/^Started mission/)
  await run('--name', 'third', 'sleep 1000')
  await run('--name', 'fourth', '--priority', '7', 'sleep 1000')
  const status = async (name: string): Promise<string> =>
    (JSON.parse(await o.ok('info', name)) as MissionView).status
  expect(await Promise.all(['first', 'second', 'third', 'fourth'].map(status))).toEqual([
    'running',
    'pending',
    'running',
    'pending',
  ])
  const shown = await o.ok('queue')
  expect(shown).toMatch(/missions +2 +2/)
  expect(shown).toMatch(/[\da-f]{8} +fourth +default +raw +7 +\ds +missions\n/)
  expect(shown).toMatch(/[\da-f]{8} +second +nightly +raw +0 +\ds +missions, colony nightly\n$/)
  expect(await o.ok('describe', 'second')).toContain(
    'It waits for a slot: 2 of 2 missions and 1 of 1 missions of the colony nightly are at work, and 1 mission is before it.',
  )
  expect(await o.ok('ps', '--filter', 'colony=nightly')).toMatch(/first[^]*second/)

  const { pid } = JSON.parse(await o.ok('status', '--json')) as { readonly pid: number }
  process.kill(pid, 'SIGKILL')
  await o.ok('start')
  const queue = JSON.parse(await o.ok('queue', '--json')) as QueueView
  expect(queue.waiting.map(({ name, full }) => [name, full])).toEqual([
    ['fourth', ['missions']],
    ['second', ['missions', 'colony nightly']],
  ])
  await o.ok('kill', 'first')
  await eventually(async () => (await status('fourth')) === 'running')
  expect(await status('second')).toBe('pending')
  await configure('[limits]\nmissions = 3\n')
  await o.ok('reload')
  await eventually(async () => (await status('second')) === 'running')
  await configure('')
  await o.ok('reload')
  expect(await o('queue')).toEqual({ code: 0, stdout: '', stderr: 'There are no limits, and nobody waits\n' })
})
