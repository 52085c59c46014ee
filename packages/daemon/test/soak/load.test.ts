import { readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { DaemonStatus } from '../../src/index.ts'
import { type Daemon, list, startDaemon } from '../support/daemon.ts'
import { temporaryHome } from '../support/home.ts'
import { adoptMany, running, runMany } from '../support/load.ts'
import { missionProcesses } from '../support/processes.ts'

async function memoryOf(daemon: Daemon): Promise<number> {
  return (await daemon.get<DaemonStatus>('/v1/status')).memory_bytes / 2 ** 20
}

test('ten thousand runs of `true` all complete, and what they cost in memory stays small', async () => {
  await using home = await temporaryHome()
  const daemon = await startDaemon(home.path)
  const descriptors = (): number => readdirSync(`/proc/${daemon.pid}/fd`).length
  await runMany(daemon, 1000)
  const [memory, open] = [await memoryOf(daemon), descriptors()]
  const codes = await runMany(daemon, 9000)
  expect(codes.filter((code) => code !== 0)).toEqual([])
  expect(codes).toHaveLength(9000)
  const all = await list(daemon, 'all=true&fields=id,exit_class,run')
  expect(all).toHaveLength(10_000)
  expect(all.filter(({ exit_class: exitClass, run }) => exitClass !== 'completed' || run !== 1)).toEqual([])
  // Each mission that is remembered costs a few kilobytes.
  expect((await memoryOf(daemon)) - memory).toBeLessThan(200)
  expect(descriptors()).toBeLessThanOrEqual(open + 4)
  const { removed } = await daemon.post<{ removed: string[] }>('/v1/prune', {})
  expect(removed).toHaveLength(10_000)
  expect(readdirSync(`${home.path}/output`)).toEqual([])
})

test('a thousand live missions are adopted, and all are ended', async () => {
  await using home = await temporaryHome()
  const { next, ids } = await adoptMany(home, 1000)
  expect([...(await running(next))].toSorted()).toEqual([...ids].toSorted())
  expect(await memoryOf(next)).toBeLessThan(400)
  await next.shutdown(false)
  expect(ids.filter((id, index) => index % 100 === 0 && missionProcesses(id).length > 0)).toEqual([])
  expect(home.processes()).toEqual([])
})
