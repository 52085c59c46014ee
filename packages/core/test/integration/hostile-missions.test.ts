/** A mission can do with the files of its home what its user can. Others must not have to wait for it. */
import { existsSync } from 'node:fs'
import { truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createRuntime } from '../../src/index.ts'
import { temporaryHome } from '../support/home.ts'
import { bench, textOf } from '../support/missions.ts'
import { eventually, soon } from '../support/eventually.ts'
import { openSuccession } from '../support/succession.ts'

const LOG = '"$OVERMIND_HOME/output/$OVERMIND_MISSION_ID'

describe('a mission that puts something else in the place of its output', () => {
  test.each([
    ['a pipe', `mkfifo ${LOG}.1.log"`],
    ['a link to a device', `ln -s /dev/zero ${LOG}.1.log"`],
    ['a folder', `mkdir ${LOG}.1.log"`],
    ['a link to itself', `ln -s ${LOG}.1.log" ${LOG}.1.log"`],
  ])('%s: its end is noted, its log is empty, and others go on', async (_, replace) => {
    await using overmind = await bench()
    const mission = await overmind.runtime.start({ command: `rm ${LOG}.1.log"; ${replace}; exit 3` })
    expect(await soon(mission.exited(), 'its end', 10_000)).toMatchObject({ class: 'crashed', code: 3 })
    expect(await soon(textOf(mission), 'its log', 5000)).toBe('')
    expect(mission.outputFiles()).toEqual([])
    const other = await overmind.runtime.start({ command: 'echo fine' })
    await soon(other.exited(), 'the end of another', 10_000)
    expect(await textOf(other)).toBe('fine\n')
  })

  test.each([
    ['a link to itself', `ln -s ${LOG}.1.log" ${LOG}.1.log"`],
    ['a folder', `mkdir ${LOG}.1.log"`],
  ])('%s: the next supervisor finds it alive', async (_, replace) => {
    await using stage = await openSuccession()
    const { id } = await stage.runtime().start({
      command: `rm ${LOG}.1.log"; ${replace}; touch "$OVERMIND_HOME/replaced"; exec sleep 1000`,
    })
    await eventually(() => existsSync(join(stage.home.path, 'replaced')))
    await stage.takeOver()
    expect(stage.runtime().recovery).toMatchObject({ adopted: 1, lost: 0 })
    const mission = stage.runtime().get(id)
    expect(mission.view()).toMatchObject({ status: 'running' })
    expect(
      await soon(
        mission.kill().then(() => mission.exited()),
        'its end',
      ),
    ).toMatchObject({ class: 'killed' })
    expect(stage.faults).toEqual([])
  })

  test('a folder in the place of what says who is at its terminal: the next supervisor begins', async () => {
    await using stage = await openSuccession()
    const mission = await stage
      .runtime()
      .start({ command: 'mkdir "$OVERMIND_HOME/tty/$OVERMIND_MISSION_ID.attached"' })
    await soon(mission.exited(), 'its end')
    await stage.takeOver()
    expect(stage.runtime().get(mission.id).view()).toMatchObject({ status: 'stopped' })
  })

  test('a folder in the place of what it is told by: its end is noted', async () => {
    await using overmind = await bench()
    const told = '"$OVERMIND_HOME/input/$OVERMIND_MISSION_ID.1.told"'
    const mission = await overmind.runtime.start({
      type: 'session',
      command: `rm -f ${told}; mkdir ${told}; exit 3`,
    })
    expect(await soon(mission.exited(), 'its end', 10_000)).toMatchObject({ class: 'crashed', code: 3 })
    expect(overmind.faults).toEqual([])
  })

  test('a pipe where its next run would write: that run is refused, and others start', async () => {
    await using overmind = await bench()
    const mission = await overmind.runtime.start({
      command: `mkfifo ${LOG}.2.log"; exit 3`,
      restart: 'on-failure',
      backoffMs: 0,
    })
    expect(await soon(mission.exited(), 'its end', 10_000)).toMatchObject({
      class: 'failed-to-start',
      evidence: { reason: expect.stringMatching(/ENXIO|not a file/) },
    })
    const other = await overmind.runtime.start({ command: 'true' })
    expect(await soon(other.exited(), 'the end of another', 10_000)).toMatchObject({ class: 'completed' })
  })
})

describe('a mission that writes into the runs journal', () => {
  test('what it likes: others are not ended, and not misunderstood', async () => {
    await using overmind = await bench()
    const other = await overmind.runtime.start({ command: 'while sleep 0.05; do :; done' })
    const lines = [
      `start ${other.id} 2 1 1`,
      `start ${other.id} 1 99999999999999999999 -`,
      `start ${other.id} 1 -1 -`,
      `exit ${other.id} 1 99999999999999999999 1e999`,
      `exit ${other.id} 1 256 5`,
      `exit ${other.id} 99999999999999999999 0 0`,
      `exit ${other.id} 1 0 x\u001b]0;title\u0007`,
      'exit deadbeef 1 0 5',
    ]
    await writeFile(join(overmind.home.path, 'lines'), `${lines.join('\n')}\n`)
    const mission = await overmind.runtime.start({
      command:
        'cat "$OVERMIND_HOME/lines" >>"$OVERMIND_HOME/runs"; head -c 1000000 /dev/zero >>"$OVERMIND_HOME/runs"; echo >>"$OVERMIND_HOME/runs"',
    })
    await soon(mission.exited(), 'its end', 10_000)
    const last = await overmind.runtime.start({ command: 'exit 7' })
    expect(await soon(last.exited(), 'the end of another', 10_000)).toMatchObject({ code: 7 })
    expect(other.view()).toMatchObject({ status: 'running', state: { run: 1 } })
  })

  test('more than anybody can read: what comes behind is read, also by the next supervisor', async () => {
    await using home = await temporaryHome()
    const first = await createRuntime({ home: home.path })
    const runs = join(home.path, 'runs')
    await truncate(runs, 2 ** 41)
    const before = await first.start({ command: 'exit 5' })
    expect(await soon(before.exited(), 'its end', 10_000)).toMatchObject({ code: 5 })
    await first.close()
    await using next = await createRuntime({ home: home.path })
    const after = await next.start({ command: 'exit 6' })
    expect(await soon(after.exited(), 'the end of the next', 10_000)).toMatchObject({ code: 6 })
  })
})

describe('a process that says it were a keeper', () => {
  /** Its environment and its name are those of a keeper; it leads a session. */
  function forge(home: string, id: string, copy: string): string {
    const marks = `OVERMIND_MISSION_ID=${id} OVERMIND_RUN=1 OVERMIND_HOME='${home}' OVERMIND_KEEPER='${copy}'`
    return `${marks} setsid -f sh -c 'sleep 1000; :' overmind-keeper sleep 1000`
  }
  const whole = { conversation: null, createdAt: 0, restarts: 0, env: {} }

  test.each([
    ['without a description', { ...whole, name: 'forged', spec: {}, env: 5 }],
    ['of a name that is none', { ...whole, name: '\u001b]0;title\u0007', spec: {} }],
    ['of a team that is none', { ...whole, name: 'forged', spec: { team: { team: 5 } } }],
    ['of a time that is none', { ...whole, name: 'forged', spec: { timeoutMs: 'soon' } }],
    ['of a folder that is none', { ...whole, name: 'forged', spec: { cwd: 5 } }],
    ['with nothing at all', null],
  ])('%s: the next supervisor starts, and does not know it', async (_, copy) => {
    await using home = await temporaryHome()
    const first = await createRuntime({ home: home.path })
    const mission = await first.start({ command: forge(home.path, 'aaaaaaaa', JSON.stringify(copy)) })
    await mission.exited()
    await eventually(() => home.processes().length > 0)
    await first.close()
    await using next = await createRuntime({ home: home.path })
    expect(next.list().map(({ id }) => id)).toEqual([])
  })
})
