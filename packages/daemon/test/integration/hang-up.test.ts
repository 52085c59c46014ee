import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import type { MissionView } from '../../src/index.ts'
import { expect, test } from 'vitest'
import { startDaemon } from '../support/daemon.ts'
import { temporaryHome } from '../support/home.ts'

test('a client that hangs up while it waits is no error of the daemon', async () => {
  await using home = await temporaryHome()
  const daemon = await startDaemon(home.path)
  const { id } = await daemon.post<MissionView>('/v1/missions', {
    command: 'sleep 1000',
    cwd: '/tmp',
    env: { PATH: process.env['PATH'] ?? '' },
  })
  const waits = request({ socketPath: daemon.socket, path: `/v1/missions/${id}/wait`, agent: false })
  waits.on('error', () => {
    // That is what it is about.
  })
  waits.end()
  await once(waits, 'finish')
  // What was asked before is under way when this is answered.
  await daemon.get('/v1/status')
  waits.destroy()
  await daemon.get('/v1/status')
  await daemon.shutdown(false)
  const levels = readFileSync(join(home.path, 'daemon.log'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { readonly level: number }).level)
  expect(levels.filter((level) => level >= 50)).toEqual([])
})
