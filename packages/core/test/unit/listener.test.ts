import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { MissionActor } from '../../src/mission/mission.ts'
import { newConversation } from '../../src/mission/conversation.ts'
import type { HeardLine, Signal, TalkSignal } from '../../src/mission/signal.ts'
import { prepareHome } from '../../src/process/home.ts'
import { rawProvider } from '../../src/provider/raw.ts'
import type { Talk } from '../../src/provider/talk.ts'
import { createListener } from '../../src/runtime/listener.ts'
import { missionRecord, missionSpec } from '../fakes/records.ts'

const folder = mkdtempSync(join(tmpdir(), 'overmind-test-'))
afterAll(() => rmSync(folder, { recursive: true }))
const home = await prepareHome(folder)

const raw = rawProvider.talk?.(missionSpec({ type: 'session' })) ?? expect.unreachable()
/** Every line says something. */
const talk: Talk = { ...raw, hear: () => [{ type: 'ready' }] }

/** Listens to what a run has written, from `heard` on; of that what is before `floors` is gone, one after the other. */
async function heardOf(
  text: string,
  heard: number,
  floors: readonly number[],
): Promise<readonly HeardLine[]> {
  const base = missionRecord()
  const ref = { mission: base.id, run: 1 }
  writeFileSync(home.outputFile(base.id, 1, 'stdout'), text)
  const state = { ...base.state, run: 1, conversation: { ...newConversation(null), heard } }
  const lines: HeardLine[] = []
  const actor: Pick<MissionActor, 'record' | 'talk' | 'tell'> = {
    talk,
    record: () => ({ ...base, state }),
    tell: (signal: Signal | TalkSignal) => {
      if (signal.type === 'heard') lines.push(...signal.lines)
    },
  }
  let asked = 0
  const listener = createListener({
    home,
    find: () => actor as MissionActor,
    floorOf: () => () => floors[Math.min(asked++, floors.length - 1)] ?? 0,
    onFault: (error) => expect.unreachable(String(error)),
  })
  listener.listen(ref)
  await new Promise<void>((resolve) => listener.afterAll(ref, resolve))
  listener.close()
  return lines
}

test('what the machine was too short of something to hear is heard later', async () => {
  const base = missionRecord()
  const ref = { mission: base.id, run: 1 }
  writeFileSync(home.outputFile(base.id, 1, 'stdout'), 'one\ntwo\n')
  const state = { ...base.state, run: 1, conversation: newConversation(null) }
  const heard: HeardLine[] = []
  const actor: Pick<MissionActor, 'record' | 'talk' | 'tell'> = {
    talk,
    record: () => ({ ...base, state }),
    tell: (signal: Signal | TalkSignal) => {
      if (signal.type === 'heard') heard.push(...signal.lines)
    },
  }
  const short = Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' })
  const faults: unknown[] = []
  const listener = createListener({
    home,
    find: () => actor as MissionActor,
    floorOf: () => () => {
      if (faults.length === 0) throw short
      return 0
    },
    onFault: (error) => faults.push(error),
  })
  listener.listen(ref)
  await new Promise<void>((resolve) => listener.afterAll(ref, resolve))
  listener.close()
  expect(faults).toEqual([short])
  expect(heard).toHaveLength(2)
})

const LINE = `${'x'.repeat(99)}\n`
const TEXT = LINE.repeat(4000)

test.each([
  ['before it listens', 0, [150]],
  ['between what it heard and what it hears', 300, [1050]],
  ['while it listens', 0, [0, 0, 150_050]],
  ['while it reads', 0, [0, 30_050]],
])('what is given back to the disk %s moves no line that comes behind', async (_, heard, floors) => {
  const lines = await heardOf(TEXT, heard, floors)
  const last = Math.max(...floors)
  expect(lines.every(({ from, to }) => TEXT.slice(from, to) === LINE && from % 100 === 0)).toBe(true)
  expect(lines.at(-1)?.to).toBe(TEXT.length)
  expect(lines.filter(({ from }) => from >= last)).toHaveLength(
    (TEXT.length - Math.ceil(last / 100) * 100) / 100,
  )
})
