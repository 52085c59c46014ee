/** The kinds of missions whose survival is shown: how each is begun, and how it is seen that it goes on and has lost nothing. */
import { writeFile } from 'node:fs/promises'
import { expect } from 'vitest'
import { openLab } from '../../../claude/test/support/cli.ts'
import { standIn } from '../../../claude/test/support/stand-in-program.ts'
import { eventually } from '../support/eventually.ts'
import type { Stage } from './stage.ts'

export interface Subject {
  /** Missions with a process to be struck; a ritual's come and go. */
  agents(): Promise<readonly string[]>
  /** Settles once it has shown that it works after this moment. */
  goesOn(): Promise<void>
  /** Nothing is lost and nothing was done twice, over so many runs of its agent; null: over some. */
  isWhole(runs: number | null): Promise<void>
  /** What people have to do when the store is lost, to go on. */
  repair?(): Promise<void>
  /** Has something come due: what is behind it is to be started in this moment. */
  comesDue?(): Promise<void>
  /** Is told something while the service is overloaded, which is over some time later. */
  meetsOverload?(): Promise<void>
}

export interface Kind {
  readonly name: string
  begin(stage: Stage): Promise<Subject>
}

const PATH = { PATH: process.env['PATH'] ?? '' }

/** A number a line, for ever. */
const COUNTS = 'n=0; while :; do n=$((n+1)); echo "line $n"; sleep 0.02; done'

async function begunCounter(stage: Stage, terminal: { readonly terminal?: object }): Promise<Subject> {
  const { id } = await stage.client.start({
    command: COUNTS,
    cwd: stage.home.folder,
    env: PATH,
    restart: 'on-failure',
    backoff_ms: 10,
    ...terminal,
  })
  const numbers = async (run?: number): Promise<readonly number[]> => {
    const logs = await Array.fromAsync(stage.client.logs(id, run === undefined ? {} : { run }))
    return [
      ...Buffer.concat(logs)
        .toString('utf8')
        .matchAll(/^line (\d+)\r?$/gm),
    ].map(([, n]) => Number(n))
  }
  const subject: Subject = {
    agents: async () => [id],
    async goesOn() {
      const { length } = await numbers()
      await eventually('it goes on', async () => (await numbers()).length > length + 3)
    },
    async isWhole(runs) {
      const { run: newest, status } = await stage.get(id)
      expect({ run: newest, status }).toEqual({ run: runs ?? newest, status: 'running' })
      for (let run = 1; run <= newest; run += 1) {
        const written = await numbers(run)
        expect(written).toEqual(written.map((_, index) => index + 1))
      }
    },
  }
  await subject.goesOn()
  return subject
}

/** An agent that answers; what it was told and has said must still be known. */
async function begunSession(stage: Stage): Promise<Subject> {
  const lab = openLab({ program: standIn, apiUrl: 'http://127.0.0.1:9' })
  stage.home.defer(() => void lab[Symbol.asyncDispose]())
  const { id } = await stage.client.start({
    provider: 'claude',
    type: 'session',
    cwd: lab.cwd,
    env: { ...lab.env, OVERMIND_CLAUDE: standIn.path },
    restart: 'on-failure',
    backoff_ms: 10,
  })
  let said = 0
  const subject: Subject = {
    agents: async () => [id],
    async goesOn() {
      said += 1
      const { message } = await stage.client.send(id, `message ${said}`)
      const answer = await stage.client.answer(id, message, { timeoutMs: 20_000 })
      // It counts what it was told: the conversation is the same.
      expect(answer).toMatchObject({ ok: true, text: `reply ${said}: message ${said}` })
    },
    async isWhole(runs) {
      const { run, session_id: conversation } = await stage.get(id)
      expect(run).toBe(runs ?? run)
      const told = lab.transcript(conversation ?? '').filter(({ type, isMeta }) => type === 'user' && !isMeta)
      expect(told).toHaveLength(said)
    },
  }
  await subject.goesOn()
  return {
    ...subject,
    async meetsOverload() {
      said += 1
      const mended = stage.home.file('mended')
      const { message } = await stage.client.send(id, `::error 529 until ${mended}\n::text at last`)
      await eventually('it has met it', async () => (await stage.get(id)).run > 1)
      await writeFile(mended, '')
      const answer = await stage.client.answer(id, message, { timeoutMs: 20_000 })
      expect(answer).toMatchObject({ ok: true, text: 'at last' })
    },
  }
}

/** Three agents, one behind the other, the second at work. */
async function begunPipeline(stage: Stage): Promise<Subject> {
  const { home, client } = stage
  const done = (name: string): string => `echo ${name} >> ${home.file('done')}`
  const document = {
    name: 'p',
    agents: {
      a: { command: done('a') },
      b: {
        command: `until [ -e ${home.file('go')} ]; do sleep 0.02; done; ${done('b')}`,
        depends_on: ['a'],
        retries: 3,
        backoff: '10ms',
      },
      c: { command: done('c'), depends_on: ['b'] },
    },
  }
  const apply = async (): Promise<string> =>
    (await client.applyPipeline({ document, cwd: home.folder, env: PATH })).mission.id
  let pipeline = await apply()
  let begun = ['a']
  const idOf = async (name: string): Promise<string> => (await stage.get(name)).id
  await eventually('b runs', async () => {
    const mission = await stage.get('p.b').catch(() => null)
    return mission !== null && mission.os_pid !== null
  })
  const b = await idOf('p.b')
  const comesDue = (): Promise<void> => writeFile(home.file('go'), '')
  return {
    agents: async () => [b],
    comesDue,
    async goesOn() {
      await comesDue()
      expect(await client.wait(pipeline, { timeoutMs: 20_000 })).toMatchObject({ exit_code: 0 })
    },
    async isWhole(runs) {
      expect(home.lines('done')).toEqual([...begun, 'b', 'c'])
      expect(await stage.get(b)).toMatchObject({ run: runs ?? 1, exit_class: 'completed' })
      expect((await client.list({ all: true })).missions).toHaveLength(4)
    },
    async repair() {
      // What had ended is forgotten, and done again; what is at work is found.
      pipeline = await apply()
      begun = ['a', 'a']
      await eventually('a is done again', () => home.lines('done').length === 2)
    },
  }
}

/** Starts something each second. */
async function begunRitual(stage: Stage): Promise<Subject> {
  const { home, client } = stage
  const begin = async (): Promise<string> => {
    const mission = await client.start({
      provider: 'ritual',
      type: 'ritual',
      name: 'r',
      cwd: home.folder,
      env: PATH,
      options: {
        schedule: '* * * * * *',
        timezone: 'UTC',
        keep: 1000,
        mission: { command: `echo "$OVERMIND_MISSION_ID" >> ${home.file('times')}; sleep 0.3` },
      },
    })
    return mission.id
  }
  let id = await begin()
  const subject: Subject = {
    agents: async () =>
      (await client.list({ filter: [`parent=${id}`, 'status=running'] })).missions.map(
        (mission) => mission.id,
      ),
    async goesOn() {
      const { length } = home.lines('times')
      await eventually('it goes on', () => home.lines('times').length > length)
    },
    async isWhole() {
      expect(await stage.get(id)).toMatchObject({ status: 'running', run: 1 })
      const times = home.lines('times')
      expect(new Set(times).size).toBe(times.length)
    },
    async repair() {
      id = await begin()
    },
  }
  await subject.goesOn()
  return subject
}

export const KINDS: readonly Kind[] = [
  { name: 'plain mission', begin: (stage) => begunCounter(stage, {}) },
  { name: 'terminal mission', begin: (stage) => begunCounter(stage, { terminal: {} }) },
  { name: 'Claude session', begin: begunSession },
  { name: 'blueprint', begin: begunPipeline },
  { name: 'ritual', begin: begunRitual },
]
