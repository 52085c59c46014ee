import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createMemoryStore, createRuntime, type Mission, type MissionInput } from '../../src/index.ts'
import { eventually, soon } from '../support/eventually.ts'
import { temporaryHome } from '../support/home.ts'
import { bench, node, storyOf } from '../support/missions.ts'
import { openSuccession } from '../support/succession.ts'
import { environmentOf, isAlive, missionProcesses } from '../support/processes.ts'

const echo = { type: 'session' } as const satisfies MissionInput
const said = async (session: Mission, text: string): Promise<string> =>
  (await soon(session.answer(session.send(text)), `the answer to ${text.slice(0, 20)}`)).text

describe('a line-based session', () => {
  test('answers each message with a line, just as it was said', async () => {
    await using overmind = await bench()
    const session = await overmind.runtime.start(echo)
    for (const text of [
      'hello',
      '  two  spaces ',
      String.raw`back\slash "quotes" 'and' $HOME %s`,
      '@file',
      '=x.',
      '?',
      'ü€😀',
    ])
      expect(await said(session, text)).toBe(text)
  })

  test('takes messages of any length, in order', async () => {
    await using overmind = await bench()
    const session = await overmind.runtime.start(echo)
    const texts = Array.from({ length: 60 }, (_, n) => `${n} ${'x'.repeat(n ** 3 % 20_000)}`)
    const messages = texts.map((text) => session.send(text))
    const answers = await Promise.all(messages.map((message) => soon(session.answer(message), 'an answer')))
    expect(answers.map(({ text }) => text)).toEqual(texts)
    expect(await said(session, 'y'.repeat(1_000_000))).toHaveLength(1_000_000)
  })

  test('tells a program that does not block all of a long message', async () => {
    await using overmind = await bench()
    const session = await overmind.runtime.start({ type: 'session', command: node('measures-lines.ts') })
    expect(await said(session, 'y'.repeat(1_000_000))).toBe('1000000')
  })

  test('ends with all that belongs to it, and leaves no file of what it was told', async () => {
    await using overmind = await bench()
    const session = await overmind.runtime.start(echo)
    await said(session, 'x'.repeat(10_000))
    expect(await session.stop()).toMatchObject({ class: 'stopped', receipt: { left: [] } })
    expect(missionProcesses(session.id)).toEqual([])
    expect(await readdir(join(overmind.home.path, 'input'))).toEqual([])
  })

  test('leaves no file of what an earlier supervisor told it', async () => {
    await using stage = await openSuccession()
    const { id } = await stage.runtime().start({ type: 'session', command: 'exec sleep 1000' })
    const input = join(stage.home.path, 'input')
    const message = stage.runtime().get(id).send('x'.repeat(10_000))
    await eventually(async () => (await readdir(input)).includes(`${id}.1.${message}`))
    await stage.takeOver()
    expect(await stage.runtime().get(id).stop()).toMatchObject({ class: 'stopped' })
    expect(await readdir(input)).toEqual([])
  })

  test.each([
    ['its keeper is there', false],
    ['its keeper is gone as well', true],
  ])(
    'whose input nobody copies any more is ended, and the next run is told what it had not been: %s',
    async (_, alone) => {
      await using overmind = await bench()
      const session = await overmind.runtime.start({ ...echo, restart: 'on-failure', backoffMs: 0 })
      expect(await said(session, 'before')).toBe('before')
      const keeper = session.view().state.process?.pid
      const loop = missionProcesses(session.id).find(
        (pid) => pid !== keeper && environmentOf(pid).some((entry) => entry.startsWith('OVERMIND_KEEPER=')),
      )
      if (alone) {
        process.kill(keeper!, 'SIGKILL')
        await eventually(() => session.history({ run: 1, types: ['run.orphaned'], limit: 1 }).length > 0)
      }
      process.kill(loop!, 'SIGKILL')
      await eventually(() => !isAlive(loop!))
      expect(await said(session, 'after')).toBe('after')
      expect(session.view().state.run).toBe(2)
      const [ending] = session.history({ run: 1, types: ['run.ending'], limit: 1 })
      expect(ending).toMatchObject({ reason: 'unhealthy' })
    },
  )

  test('whose program reads nothing for long is left alone', async () => {
    await using overmind = await bench()
    const go = join(overmind.home.path, 'go')
    const session = await overmind.runtime.start({
      type: 'session',
      command: `while [ ! -e '${go}' ]; do sleep 0.05; done; exec cat`,
    })
    // More than a pipe holds, so that the loop waits as well.
    const answer = session.answer(session.send('x'.repeat(200_000)))
    await new Promise((resolve) => setTimeout(resolve, 6000))
    await writeFile(go, '')
    expect((await soon(answer, 'the answer')).text).toHaveLength(200_000)
    expect(session.view().state.run).toBe(1)
  })

  test('that is told something its command does not read ends all the same', async () => {
    await using overmind = await bench()
    const session = await overmind.runtime.start({ type: 'session', command: ['sleep', '1000'] })
    const message = session.send('x'.repeat(500_000))
    const answer = session.answer(message)
    expect(await session.stop()).toMatchObject({ class: 'stopped', receipt: { left: [] } })
    await expect(answer).rejects.toMatchObject({ code: 'not_running' })
    expect(missionProcesses(session.id)).toEqual([])
  })

  test('that ends by itself ends, though messages wait', async () => {
    await using overmind = await bench()
    const session = await overmind.runtime.start({ type: 'session', command: 'read line; exit 3' })
    session.send('go')
    expect(await soon(session.exited(), 'its end')).toMatchObject({ code: 3 })
  })

  test('is told what was said while it was between two runs', async () => {
    await using overmind = await bench()
    const session = await overmind.runtime.start({
      type: 'session',
      command: 'read line; case $line in crash) exit 1;; esac; echo "$line"; exec cat',
      restart: 'on-failure',
      backoffMs: 200,
    })
    session.send('crash')
    await eventually(() => session.view().state.phase === 'restarting.backoff')
    expect(await said(session, 'after')).toBe('after')
    expect(session.view().state.run).toBe(2)
  })

  test('says what it cannot do', async () => {
    await using overmind = await bench()
    const task = await overmind.runtime.start({ command: 'sleep 1000' })
    expect(() => task.send('hello')).toThrow(expect.objectContaining({ code: 'not_session' }))
    const session = await overmind.runtime.start(echo)
    expect(() => session.send('  ')).toThrow(expect.objectContaining({ code: 'empty_message' }))
    expect(() => session.send('a\0b')).toThrow(expect.objectContaining({ code: 'message_too_long' }))
    expect(() => session.send('x'.repeat(2 ** 20 + 1))).toThrow(
      expect.objectContaining({ code: 'message_too_long' }),
    )
    expect(() => session.interrupt()).toThrow(expect.objectContaining({ code: 'not_session' }))
    expect(() => session.decide('x', { decision: 'allow', rule: null })).toThrow(
      expect.objectContaining({ code: 'ask_not_found' }),
    )
    await session.kill()
    expect(() => session.send('hello')).toThrow(expect.objectContaining({ code: 'not_running' }))
  })
})

describe('a session whose supervisor ends', () => {
  test('goes on, and the next one says and hears the rest, each once', async () => {
    await using home = await temporaryHome()
    const store = createMemoryStore()
    const first = await createRuntime({ home: home.path, store })
    const { id } = await first.start({
      type: 'session',
      command: 'while read -r line; do sleep 0.05; echo "$line"; done',
    })
    const sent = Array.from({ length: 10 }, (_, n) => first.get(id).send(`message ${n}`))
    await eventually(async () => (await storyOf(first.get(id))).includes('message.answered'))
    await first.close({ missions: 'keep' })
    const second = await createRuntime({ home: home.path, store })
    const session = second.get(id)
    const answers = await Promise.all(sent.map((message) => soon(session.answer(message), 'an answer')))
    expect(answers.map(({ text }) => text)).toEqual(sent.map((_, n) => `message ${n}`))
    expect(await said(session, 'and now')).toBe('and now')
    const output = await readFile(join(home.path, 'output', `${id}.1.out`), 'utf8')
    expect(output.split('\n').filter(Boolean)).toEqual([...sent.map((_, n) => `message ${n}`), 'and now'])
    await second.close()
  })

  test('and that ended meanwhile is heard to its end first', async () => {
    await using home = await temporaryHome()
    const store = createMemoryStore()
    const first = await createRuntime({ home: home.path, store })
    const { id } = await first.start({ type: 'session', command: 'read -r line; sleep 0.3; echo "$line"' })
    const message = first.get(id).send('last words')
    await eventually(async () => (await storyOf(first.get(id))).includes('message.taken'))
    await first.close({ missions: 'keep' })
    await eventually(() => missionProcesses(id).length === 0)
    const second = await createRuntime({ home: home.path, store })
    const session = second.get(id)
    expect(await session.exited()).toMatchObject({ class: 'completed' })
    expect(await session.answer(message)).toMatchObject({ ok: true, text: 'last words' })
    await second.close()
  })

  test('and whose store is lost goes on with the same conversation', async () => {
    await using home = await temporaryHome()
    const first = await createRuntime({ home: home.path })
    const session = await first.start({ ...echo, name: 'echo' })
    expect(await said(session, 'one')).toBe('one')
    await first.close({ missions: 'keep' })
    const second = await createRuntime({ home: home.path })
    expect(await said(second.get('echo'), 'two')).toBe('two')
    expect(second.get('echo').view().state.conversation?.heard).toBe(8)
    await second.close()
  })

  test('whose keeper was killed is still told, and its end is noticed', async () => {
    await using overmind = await bench()
    const session = await overmind.runtime.start(echo)
    await said(session, 'begun')
    process.kill(session.view().state.process?.pid ?? 0, 'SIGKILL')
    expect(await said(session, 'still there')).toBe('still there')
    await eventually(async () => (await storyOf(session)).includes('run.orphaned'))
    const cat = missionProcesses(session.id)
    expect(cat.length).toBeGreaterThan(0)
    await session.stop()
    expect(missionProcesses(session.id)).toEqual([])
  })
})
