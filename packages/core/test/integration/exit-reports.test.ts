import { rm } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { createMemoryStore, createRuntime, type Mission, OvermindError, type Store } from '../../src/index.ts'
import { eventually } from '../support/eventually.ts'
import { temporaryHome } from '../support/home.ts'
import { bench, textSoFar } from '../support/missions.ts'
import { endGroup } from '../support/processes.ts'

const told = (session: Mission): readonly string[] =>
  session
    .history({ types: ['message.queued'], limit: 100 })
    .toReversed()
    .flatMap((event) => (event.type === 'message.queued' ? [event.text] : []))

test('a session is told that what belongs to it has exited, and can answer to that', async () => {
  await using overmind = await bench()
  const { runtime } = overmind
  const lead = await runtime.start({ type: 'session', name: 'lead' })
  const asks = { parent: 'lead', onExit: 'tell-parent' } as const
  const good = await runtime.start({ command: 'true', name: 'good', ...asks })
  await eventually(() => told(lead).length === 1)
  const bad = await runtime.start({
    command: 'exit 3',
    name: 'bad',
    restart: 'on-failure',
    maxRestarts: 1,
    backoffMs: 1,
    ...asks,
  })
  await eventually(() => told(lead).length === 2)
  expect(told(lead)).toEqual([
    `Mission good (${good.id}), which belongs to you, has exited: completed. finished with exit code 0.`,
    expect.stringMatching(
      new RegExp(
        `^Mission bad \\(${bad.id}\\).* has exited: crashed. failed with exit code 3; not restarted`,
      ),
    ),
  ])
  // It repeats what it is told.
  await eventually(async () => (await textSoFar(lead)).includes(`Mission bad (${bad.id})`))
})

test('with the last answer of an agent', async () => {
  await using overmind = await bench()
  const lead = await overmind.runtime.start({ type: 'session', name: 'lead' })
  const worker = await overmind.runtime.start({ type: 'session', parent: 'lead', onExit: 'tell-parent' })
  await worker.answer(worker.send('forty-two'))
  await worker.stop()
  await eventually(() => told(lead).length === 1)
  expect(told(lead)[0]).toMatch(/\n\nIts last answer:\nforty-two$/)
})

test('though its answer cannot be read any more', async () => {
  await using overmind = await bench()
  const lead = await overmind.runtime.start({ type: 'session', name: 'lead' })
  const worker = await overmind.runtime.start({ type: 'session', parent: 'lead', onExit: 'tell-parent' })
  await worker.answer(worker.send('forty-two'))
  for (const { path } of worker.outputFiles()) await rm(path)
  await worker.stop()
  await eventually(() => told(lead).length === 1)
  expect(told(lead)[0]).not.toContain('forty-two')
})

test('when there is room again, if the disk was full', async () => {
  const memory = createMemoryStore()
  let refused = 0
  const store: Store = {
    ...memory,
    commit(change) {
      if (refused < 2 && change.events.some(({ type }) => type === 'message.queued')) {
        refused += 1
        throw new OvermindError('store_failed', 'the disk is full')
      }
      return memory.commit(change)
    },
  }
  await using overmind = await bench({ store })
  const lead = await overmind.runtime.start({ type: 'session', name: 'lead' })
  await overmind.runtime.start({ command: 'true', parent: 'lead', onExit: 'tell-parent' })
  await eventually(() => told(lead).length === 1)
  expect(refused).toBe(2)
})

test('nobody is told who did not ask, is no session, or has gone', async () => {
  await using overmind = await bench()
  const { runtime } = overmind
  const lead = await runtime.start({ type: 'session', name: 'lead' })
  const task = await runtime.start({ command: 'sleep 1000', name: 'task' })
  await (await runtime.start({ command: 'true', parent: 'lead' })).exited()
  await (await runtime.start({ command: 'true', parent: 'task', onExit: 'tell-parent' })).exited()
  await (await runtime.start({ command: 'true', onExit: 'tell-parent' })).exited()
  const last = await runtime.start({ command: 'sleep 1000', parent: 'lead', onExit: 'tell-parent' })
  await lead.stop()
  await last.kill()
  expect([...told(lead), ...told(task)]).toEqual([])
  expect(overmind.faults).toEqual([])
})

test('an exit that no supervisor saw is told by the next one, and none is told twice', async () => {
  await using home = await temporaryHome()
  const store = createMemoryStore()
  let runtime = await createRuntime({ home: home.path, store })
  const { id } = await runtime.start({ type: 'session', name: 'lead' })
  const seen = await runtime.start({ command: 'true', parent: id, onExit: 'tell-parent' })
  await seen.exited()
  await eventually(() => told(runtime.get(id)).length === 1)
  const unseen = await runtime.start({ command: 'sleep 1000', parent: id, onExit: 'tell-parent' })
  const keeper = unseen.view().state.process?.pid
  for (let n = 0; n < 3; n += 1) {
    await runtime.close({ missions: 'keep' })
    if (n === 0) endGroup(keeper)
    runtime = await createRuntime({ home: home.path, store })
  }
  await eventually(() => told(runtime.get(id)).length === 2)
  expect(told(runtime.get(id)).map((text) => text.slice(8, text.indexOf(' has')))).toEqual([
    `${seen.name} (${seen.id}), which belongs to you,`,
    `${unseen.name} (${unseen.id}), which belongs to you,`,
  ])
  await runtime.close()
})

test('it is not told again to who it belongs to since its parent was forgotten', async () => {
  await using home = await temporaryHome()
  const store = createMemoryStore()
  const first = await createRuntime({ home: home.path, store })
  const lead = await first.start({ type: 'session', name: 'lead' })
  const mid = await first.start({ type: 'session', name: 'mid', parent: 'lead' })
  const asks = { parent: mid.id, onExit: 'tell-parent' } as const
  const work = await first.start({ command: 'true', ...asks })
  await work.exited()
  await eventually(() => told(mid).length === 1)
  await mid.stop()
  await first.remove(mid.id)
  await first.close({ missions: 'keep' })
  const next = await createRuntime({ home: home.path, store })
  // What is told behind it shows that it would have been told by now.
  await next.start({ command: 'true', name: 'later', parent: 'lead', onExit: 'tell-parent' })
  await eventually(() => told(next.get(lead.id)).length > 0)
  expect(told(next.get(lead.id))).toEqual([expect.stringMatching(/^Mission later /)])
  await next.close()
})
