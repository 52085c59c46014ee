import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Mission, MissionInput } from '../../src/index.ts'
import { eventually, soon } from '../support/eventually.ts'
import { bench, textOf, textSoFar } from '../support/missions.ts'
import { openSuccession } from '../support/succession.ts'

const phaseOf = (mission: Mission): string => mission.view().state.phase
const SLEEP: MissionInput = { command: 'exec sleep 1000' }

test('missions beyond the limit wait, as pending, and start as others end', async () => {
  await using one = await bench({ concurrency: { missions: 2 } })
  const { runtime } = one
  const [a, b] = [await runtime.start(SLEEP), await runtime.start(SLEEP)]
  const c = await soon(runtime.start({ command: 'echo ran' }), 'the start of one that waits')
  expect(c.view()).toMatchObject({ status: 'pending', state: { phase: 'pending.queued', run: 0 } })
  expect(await textSoFar(c)).toBe('')
  expect(runtime.queue()).toEqual({
    limits: [{ scope: 'missions', most: 2, taken: 2 }],
    waiting: [{ id: c.id, full: ['missions'], since: c.view().state.queuedAt }],
  })
  await a.kill()
  expect(await c.exited()).toMatchObject({ class: 'completed' })
  expect(await textOf(c)).toBe('ran\n')
  expect(c.history({ types: ['mission.queued'], limit: 9 })).toMatchObject([{ run: 1, full: ['missions'] }])
  await b.kill()
  expect(runtime.queue()).toEqual({
    limits: [{ scope: 'missions', most: 2, taken: 0 }],
    waiting: [],
  })
})

test('one that waits is stopped at once, and starts at once when a person restarts it', async () => {
  await using one = await bench({ concurrency: { colonies: { blog: 1 } } })
  const { runtime } = one
  await runtime.start({ ...SLEEP, colony: 'blog' })
  const [b, c, other] = [
    await runtime.start({ ...SLEEP, colony: 'blog' }),
    await runtime.start({ ...SLEEP, colony: 'blog' }),
    await runtime.start({ ...SLEEP, colony: 'shop' }),
  ]
  expect([b, c, other].map(phaseOf)).toEqual(['pending.queued', 'pending.queued', 'running.up'])
  expect(await soon(b.stop(), 'the stop')).toMatchObject({ class: 'stopped', code: null })
  await soon(c.restart(), 'the restart')
  expect(phaseOf(c)).toBe('running.up')
  const again = b.restart()
  await soon(again, 'the restart of an exited one that has to wait')
  expect(b.view()).toMatchObject({ status: 'restarting', state: { phase: 'restarting.queued' } })
})

test('children are of the colony and priority of their parent unless they say otherwise', async () => {
  await using one = await bench({})
  const { runtime } = one
  const lead = await runtime.start({ ...SLEEP, colony: 'blog', priority: 7 })
  const child = await runtime.start({ ...SLEEP, parent: lead.id })
  const free = await runtime.start({ ...SLEEP, parent: lead.id, colony: 'shop', priority: -1 })
  expect([child, free].map((each) => each.view().spec)).toMatchObject([
    { colony: 'blog', priority: 7 },
    { colony: 'shop', priority: -1 },
  ])
})

test('a crash gives nobody else the slot, as the restart is part of the work', async () => {
  await using one = await bench({ concurrency: { missions: 1 } })
  const { runtime } = one
  const go = join(one.home.path, 'go')
  const crashes = await runtime.start({
    command: `[ $OVERMIND_RUN -eq 2 ] && exec sleep 1000; while [ ! -e '${go}' ]; do sleep 0.02; done; exit 3`,
    restart: 'on-failure',
    backoffMs: 50,
  })
  const waits = await runtime.start(SLEEP)
  await writeFile(go, '')
  await eventually(() => crashes.view().state.run === 2 && phaseOf(crashes) === 'running.up')
  expect(phaseOf(waits)).toBe('pending.queued')
  await crashes.kill()
  await eventually(() => phaseOf(waits) === 'running.up')
})

test('the queue outlives its supervisor: who runs keeps the slot, who waits the place', async () => {
  await using line = await openSuccession({ concurrency: { missions: 1 } })
  const start = async (name: string, input: MissionInput): Promise<string> => {
    const { id } = await line.runtime().start({ ...input, name })
    return id
  }
  const busy = await start('busy', SLEEP)
  const second = await start('second', { command: 'echo second' })
  const third = await start('third', { command: 'echo third' })
  const urgent = await start('urgent', { command: 'echo urgent', priority: 3 })
  const since = line.runtime().get(second).view().state.queuedAt
  await line.takeOver()
  const runtime = line.runtime()
  expect(phaseOf(runtime.get(busy))).toBe('running.up')
  expect(runtime.queue().waiting.map(({ id }) => id)).toEqual([urgent, second, third])
  expect(runtime.get(second).view().state.queuedAt).toBe(since)
  await runtime.get(busy).kill()
  await Promise.all([urgent, second, third].map((id) => runtime.get(id).exited()))
  const starts = [urgent, second, third].map((id) =>
    runtime
      .get(id)
      .history({ types: ['run.starting'], limit: 9 })
      .map(({ seq }) => seq),
  )
  expect(starts.flat()).toEqual(starts.flat().toSorted((a, b) => a - b))
  expect(starts.map((each) => each.length)).toEqual([1, 1, 1])
  expect(line.faults).toEqual([])
})

test('a team starts a member that waits for a slot when there is one', async () => {
  await using one = await bench({ concurrency: { missions: 1 } })
  const { runtime } = one
  const busy = await runtime.start(SLEEP)
  const team = await soon(
    runtime.supervisor({ strategy: 'one_for_one', members: [{ id: 'only', mission: SLEEP }] }),
    'the start of the team',
  )
  expect(phaseOf(team.mission('only'))).toBe('pending.queued')
  await busy.kill()
  await eventually(() => phaseOf(team.mission('only')) === 'running.up')
  await team.stop()
})

test('a session that waits for a slot takes messages, and answers them once it works', async () => {
  await using one = await bench({ concurrency: { missions: 1 } })
  const { runtime } = one
  const busy = await runtime.start(SLEEP)
  const session = await runtime.start({ type: 'session', command: 'cat' })
  const message = session.send('hello')
  await busy.kill()
  expect(await soon(session.answer(message), 'the answer')).toMatchObject({ ok: true, text: 'hello' })
})

test('those that wait start nothing any more when the runtime ends', async () => {
  await using one = await bench({ concurrency: { missions: 1 } })
  const { runtime } = one
  const team = await runtime.supervisor({
    strategy: 'one_for_one',
    members: [{ id: 'only', mission: SLEEP }],
  })
  const waits = await runtime.start(SLEEP)
  await soon(runtime.close(), 'the end')
  expect(team.mission('only').view().status).toBe('stopped')
  expect(waits.view()).toMatchObject({ status: 'stopped', state: { run: 0 } })
})
