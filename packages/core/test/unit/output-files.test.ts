import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { createMemoryStore, type EventDraft, type MissionState } from '../../src/index.ts'
import type { MissionActor } from '../../src/mission/mission.ts'
import { prepareHome } from '../../src/process/home.ts'
import { createOutputFiles } from '../../src/runtime/output-files.ts'
import { missionRecord } from '../fakes/records.ts'

const folder = mkdtempSync(join(tmpdir(), 'overmind-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** A mission whose run goes on, and how many wait for something of it. */
function actorThatRuns() {
  const base = missionRecord()
  const state: MissionState = { ...base.state, phase: 'running.up', run: 1 }
  const waiting = new Set<object>()
  const actor: Pick<MissionActor, 'record' | 'until'> = {
    record: () => ({ ...base, state }),
    until: (holds, signal) => {
      if (holds(state)) return Promise.resolve(state)
      const { promise, reject } = Promise.withResolvers<MissionState>()
      waiting.add(promise)
      signal?.addEventListener('abort', () => {
        waiting.delete(promise)
        reject(new Error('aborted'))
      })
      return promise
    },
  }
  return { actor: actor as MissionActor, id: base.id, waiting }
}

test('how far a stream has come is known however much another has written since', async () => {
  const home = await prepareHome(mkdtempSync(join(folder, 'home-')))
  const { id: mission } = missionRecord()
  const store = createMemoryStore()
  const of = { mission, run: 1, at: 0 }
  const noise = Array.from({ length: 20 }, (_, to) => to + 1).flatMap((to): EventDraft[] => [
    { ...of, type: 'run.output', stream: 'stderr', from: to - 1, to },
    { ...of, type: 'run.trimmed', stream: 'stderr', to },
  ])
  store.commit({
    events: [
      { ...of, type: 'run.output', stream: 'stdout', from: 0, to: 9000 },
      { ...of, type: 'run.trimmed', stream: 'stdout', to: 4096 },
      ...noise,
    ],
  })
  for (const stream of ['stdout', 'stderr'] as const) writeFileSync(home.outputFile(mission, 1, stream), 'x')
  const outputs = createOutputFiles(home, store)
  expect(outputs.seen(mission, 1)).toEqual({
    stdout: { to: 9000, trimmedTo: 4096 },
    stderr: { to: 20, trimmedTo: 20 },
  })
  const floor = outputs.floorOf({ mission, run: 1 }, 'stdout')
  expect(floor()).toBe(4096)
  outputs.trim({ mission, run: 1 }, 'stdout', 8192)
  expect(floor()).toBe(8192)
})

test.each(['by leaving', 'by their signal'])(
  'those who stop reading %s wait for nothing more',
  async (how) => {
    const home = await prepareHome(mkdtempSync(join(folder, 'home-')))
    const { actor, id, waiting } = actorThatRuns()
    writeFileSync(home.outputFile(id, 1, 'output'), 'so far')
    const outputs = createOutputFiles(home, createMemoryStore())
    const left = new AbortController()
    const reader = outputs.read(actor, 1, { stream: 'output', signal: left.signal })
    expect((await reader.next()).value?.bytes.toString()).toBe('so far')
    expect(waiting.size).toBe(1)
    if (how === 'by leaving') await reader.return(undefined)
    else {
      const next = reader.next()
      left.abort()
      expect((await next).done).toBe(true)
    }
    expect(waiting.size).toBe(0)
  },
)
