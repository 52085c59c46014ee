import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { createMemoryStore, type MissionState } from '../../src/index.ts'
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

test.each(['by leaving', 'by their signal'])(
  'those who stop reading %s wait for nothing more',
  async (how) => {
    const home = await prepareHome(mkdtempSync(join(folder, 'home-')))
    const { actor, id, waiting } = actorThatRuns()
    writeFileSync(home.outputFile(id, 1, 'output'), 'so far')
    const outputs = createOutputFiles(home, createMemoryStore())
    const left = new AbortController()
    const reader = outputs.read(actor, 1, { stream: 'output', signal: left.signal })
    expect((await reader.next()).value?.toString()).toBe('so far')
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
