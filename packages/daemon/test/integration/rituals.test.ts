import type { MissionView } from '../../src/index.ts'
import { expect, test } from 'vitest'
import { list, startDaemon } from '../support/daemon.ts'
import { eventually } from '../support/eventually.ts'
import { temporaryHome } from '../support/home.ts'

test('the last that a ritual has started is not forgotten while it is at work, and so no time is met twice', async () => {
  await using home = await temporaryHome()
  let daemon = await startDaemon(home.path)
  const { id } = await daemon.post<MissionView>('/v1/missions', {
    provider: 'ritual',
    type: 'ritual',
    name: 'r',
    cwd: '/tmp',
    env: { PATH: process.env['PATH'] ?? '' },
    options: {
      schedule: '* * * * * *',
      timezone: 'UTC',
      mission: { command: `echo "$OVERMIND_MISSION_NAME" >> ${home.file('met')}` },
    },
  })
  // Another may have come meanwhile: then this one is forgotten, and that one is the last.
  await eventually('the last is in use', async () => {
    const last = (await list(daemon)).findLast(({ parent }) => parent === id)
    if (last === undefined || last.exited_at === null) return false
    const { body } = await daemon.call('DELETE', `/v1/missions/${last.id}`)
    return (body as { readonly code?: string } | undefined)?.code === 'in_use'
  })
  await daemon.post('/v1/prune', {})
  await daemon.kill()
  const { length } = home.lines('met')
  daemon = await startDaemon(home.path)
  await eventually('it goes on', () => home.lines('met').length > length + 1)
  await daemon.post(`/v1/missions/${id}/stop`, {})
  const met = home.lines('met')
  expect(met).toEqual([...new Set(met)])
  await eventually('all of it is forgotten', async () => {
    await daemon.post('/v1/prune', {})
    return (await list(daemon)).length === 0
  })
  await daemon.shutdown(false)
})

test('what the daemon does itself is counted as a mission, and as no process', async () => {
  await using home = await temporaryHome()
  const daemon = await startDaemon(home.path)
  const common = { cwd: '/tmp', env: { PATH: process.env['PATH'] ?? '' } }
  const { id } = await daemon.post<MissionView>('/v1/missions', {
    ...common,
    provider: 'ritual',
    type: 'ritual',
    options: { schedule: '0 0 1 1 *', timezone: 'UTC', mission: { command: 'true' } },
  })
  await daemon.post('/v1/missions', { ...common, command: 'sleep 600' })
  await eventually('both are up', async () =>
    (await list(daemon)).every(({ phase }) => phase === 'running.up'),
  )
  expect(await daemon.get('/v1/status')).toMatchObject({ processes: 1, missions: { running: 2 } })
  expect(await daemon.get(`/v1/missions/${id}`)).toMatchObject({ os_pid: null })
  await daemon.shutdown(false)
})
