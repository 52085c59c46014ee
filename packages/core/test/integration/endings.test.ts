import { chmod, mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Mission, MissionInput } from '../../src/index.ts'
import { eventually } from '../support/eventually.ts'
import { bench, bytesOf, sh, storyOf, textOf, textSoFar } from '../support/missions.ts'
import { end, endGroup, keeperOf, missionProcesses, procFile } from '../support/processes.ts'

describe('a command that ends by itself', () => {
  test.each([
    ['exit 0', { class: 'completed', outcome: 'stopped', code: 0, signal: null }],
    ['exit 1', { class: 'crashed', outcome: 'crashed', code: 1, signal: null }],
    ['exit 128', { class: 'crashed', outcome: 'crashed', code: 128, signal: null }],
    ['exit 255', { class: 'crashed', outcome: 'crashed', code: 255, signal: null }],
    ['kill -SEGV $$', { class: 'signalled', outcome: 'crashed', code: 139, signal: 'SIGSEGV' }],
    ['kill -KILL $$', { class: 'signalled', outcome: 'crashed', code: 137, signal: 'SIGKILL' }],
    ['kill -TERM $$', { class: 'signalled', outcome: 'crashed', code: 143, signal: 'SIGTERM' }],
    ['no-such-command-anywhere', { class: 'failed-to-start', outcome: 'crashed', code: 127, signal: null }],
  ])('%s: its exit says how', async (command, expected) => {
    await using overmind = await bench()
    const mission = await overmind.runtime.start({ command })
    expect(await mission.exited()).toMatchObject({
      ...expected,
      run: 1,
      receipt: { signals: [], strays: 0, left: [] },
    })
    expect(overmind.faults).toEqual([])
  })

  test.each(['kill -KILL $$', 'kill -TERM $$', 'kill -SEGV $$', 'kill -QUIT $$', 'kill -HUP $$'])(
    '%s: nothing is added to its output',
    async (command) => {
      await using overmind = await bench()
      const mission = await overmind.runtime.start({ command: `printf said; ${command}` })
      await mission.exited()
      expect(await textOf(mission)).toBe('said')
    },
  )

  test('nothing is added to the output of a command that was asked to end', async () => {
    await using overmind = await bench()
    const mission = await overmind.runtime.start({ command: 'echo ready; exec sleep 1000' })
    await eventually(async () => (await textSoFar(mission)) === 'ready\n')
    await mission.stop()
    expect(await textOf(mission)).toBe('ready\n')
  })

  test('codes that count as success make it completed', async () => {
    await using overmind = await bench()
    const mission = await overmind.runtime.start({ command: 'exit 3', successCodes: [3] })
    expect(await mission.exited()).toMatchObject({ class: 'completed', code: 3 })
  })

  test('the last output is kept as evidence when it did not end well', async () => {
    await using overmind = await bench()
    const long = 'é'.repeat(5000)
    const mission = await overmind.runtime.start({
      command: ['/bin/sh', '-c', 'printf %s "$1"; exit 1', 'sh', long],
    })
    const { evidence } = await mission.exited()
    expect(evidence.tail).toBe('é'.repeat(2048))
    const clean = await overmind.runtime.start({ command: 'echo fine' })
    expect((await clean.exited()).evidence.tail).toBeUndefined()
  })

  test('a thousand that end at once are all known with their codes', async () => {
    await using overmind = await bench()
    const { runtime } = overmind
    const wrong: string[] = []
    let next = 0
    const startSome = async (): Promise<void> => {
      for (let index = next++; index < 1000; index = next++) {
        const code = index % 256
        const mission = await runtime.start({ command: `echo ${index}; exit ${code}` })
        const exit = await mission.exited()
        if (exit.code !== code || (await textOf(mission)) !== `${index}\n`)
          wrong.push(`${index}: ${JSON.stringify(exit)}`)
      }
    }
    await Promise.all(Array.from({ length: 24 }, startSome))
    expect(wrong).toEqual([])
    expect(runtime.list()).toHaveLength(1000)
    expect(overmind.home.processes()).toEqual([])
    expect(overmind.faults).toEqual([])
  }, 60_000)

  test('what happened to it is in the journal, in order', async () => {
    await using overmind = await bench()
    const mission = await overmind.runtime.start({ command: 'echo one; exit 2' })
    await mission.exited()
    expect(await storyOf(mission)).toEqual([
      'mission.created',
      'run.starting',
      'run.started',
      'run.output',
      'run.exited',
      'mission.exited',
    ])
  })
})

describe('a command that cannot be started', () => {
  const refusals: readonly (readonly [string, (folder: string) => MissionInput, string, string])[] = [
    [
      'a program that is not on PATH',
      () => ({ command: ['no-such-program'] }),
      'command_not_found',
      'command',
    ],
    [
      'a program that is not at its path',
      () => ({ command: ['/no/such/program'] }),
      'command_not_found',
      'command',
    ],
    ['a folder as program', () => ({ command: ['/tmp'] }), 'command_not_found', 'command'],
    [
      'a file that is not executable',
      (folder) => ({ command: [join(folder, 'plain')] }),
      'command_not_executable',
      'command',
    ],
    [
      'a working directory that is not there',
      () => ({ command: 'true', cwd: '/no/such/folder' }),
      'cwd_not_found',
      'cwd',
    ],
    [
      'a file as working directory',
      (folder) => ({ command: 'true', cwd: join(folder, 'plain') }),
      'cwd_not_a_directory',
      'cwd',
    ],
  ]
  test.each(refusals)('%s is an error at once, and no mission', async (_, inputOf, code, field) => {
    await using overmind = await bench()
    await writeFile(join(overmind.home.path, 'plain'), 'text')
    await expect(overmind.runtime.start(inputOf(overmind.home.path))).rejects.toMatchObject({ code, field })
    expect(overmind.runtime.list()).toEqual([])
  })

  test("a program found by a relative path is looked up in the mission's directory", async () => {
    await using overmind = await bench()
    const folder = join(overmind.home.path, 'work')
    await mkdir(folder)
    await writeFile(join(folder, 'tool'), '#!/bin/sh\npwd\n')
    await chmod(join(folder, 'tool'), 0o755)
    const mission = await overmind.runtime.start({ command: ['./tool'], cwd: folder })
    expect((await mission.exited()).code).toBe(0)
    expect(await textOf(mission)).toBe(`${folder}\n`)
  })

  test('a file the system cannot execute fails to start and is not retried', async () => {
    await using overmind = await bench()
    const broken = join(overmind.home.path, 'broken')
    await writeFile(broken, '#!/no/such/interpreter\n')
    await chmod(broken, 0o755)
    const mission = await overmind.runtime.start({ command: [broken], restart: 'always', backoffMs: 0 })
    expect(await mission.exited()).toMatchObject({ class: 'failed-to-start', run: 1 })
  })

  test('a directory that goes away between two runs ends the mission with a clear reason', async () => {
    await using overmind = await bench()
    const folder = join(overmind.home.path, 'work')
    await mkdir(folder)
    const mission = await overmind.runtime.start({
      command: 'rm -r "$PWD"; exit 1',
      cwd: folder,
      restart: 'always',
      backoffMs: 0,
    })
    expect(await mission.exited()).toMatchObject({
      class: 'failed-to-start',
      run: 2,
      evidence: { reason: `the working directory does not exist: ${folder}` },
    })
  })
})

describe('restarts', () => {
  test('a crash loop is ended when the budget is used up', async () => {
    await using overmind = await bench()
    const mission = await overmind.runtime.start({
      command: 'echo run $OVERMIND_RUN; exit 1',
      restart: 'on-failure',
      backoffMs: 1,
    })
    expect(await mission.exited()).toMatchObject({ class: 'crashed', run: 6, code: 1 })
    expect(mission.view().state.restarts).toBe(5)
    for (let run = 1; run <= 6; run += 1) expect(await textOf(mission, { run })).toBe(`run ${run}\n`)
  })

  test('success ends an on-failure mission, and never an always mission', async () => {
    await using overmind = await bench()
    const tried = await overmind.runtime.start({
      command: '[ $OVERMIND_RUN = 3 ]',
      restart: 'on-failure',
      backoffMs: 1,
    })
    expect(await tried.exited()).toMatchObject({ class: 'completed', run: 3 })
    const always = await overmind.runtime.start({
      command: 'true',
      restart: 'always',
      backoffMs: 1,
      maxRestarts: 2,
    })
    expect(await always.exited()).toMatchObject({ class: 'completed', run: 3 })
  })

  test('a restart on request begins a new run and charges nothing', async () => {
    await using overmind = await bench()
    const mission = await overmind.runtime.start({ command: sh('ends-when-asked.sh'), restart: 'never' })
    await eventually(async () => (await textSoFar(mission)) === 'ready\n')
    await mission.restart()
    expect(mission.view().state).toMatchObject({ run: 2, phase: 'running.up', budget: { charged: [] } })
    expect(await textOf(mission, { run: 1 })).toBe('ready\nasked\n')
    await mission.kill()
    await mission.restart()
    expect(mission.view().state).toMatchObject({ run: 3, phase: 'running.up' })
    expect(await mission.kill()).toMatchObject({ class: 'killed', run: 3 })
  })

  test('a run that is longer than its limit is ended and counts as a failure', async () => {
    await using overmind = await bench()
    const mission = await overmind.runtime.start({
      command: 'sleep 1000',
      timeoutMs: 100,
      restart: 'on-failure',
      maxRestarts: 1,
      backoffMs: 1,
    })
    expect(await mission.exited()).toMatchObject({ class: 'deadline', run: 2, code: 143, signal: 'SIGTERM' })
  })

  test('a silent run is ended as stalled, a talking one is not', async () => {
    await using overmind = await bench()
    const [silent, talking] = await Promise.all([
      overmind.runtime.start({ command: 'echo once; sleep 1000', activityTimeoutMs: 400 }),
      overmind.runtime.start({
        command: 'i=0; while [ $i -lt 30 ]; do echo $i; i=$((i+1)); sleep 0.05; done',
        activityTimeoutMs: 400,
      }),
    ])
    expect(await silent.exited()).toMatchObject({
      class: 'stalled',
      outcome: 'crashed',
      receipt: { signals: [{ signal: 'SIGTERM' }] },
    })
    expect(await talking.exited()).toMatchObject({ class: 'completed' })
    expect(await storyOf(silent)).toContain('run.stalled')
    expect(await storyOf(talking)).not.toContain('run.stalled')
  })

  test('a silent run that works is not stalled where that is a sign of life, one that waits is', async () => {
    await using overmind = await bench()
    const go = join(overmind.home.path, 'go')
    // Longer than a busy machine leaves a process without a processor.
    const watched = { activityTimeoutMs: 2500, activity: 'cpu' } as const
    const [looping, forking, waiting] = await Promise.all([
      overmind.runtime.start({ command: `while [ ! -e ${go} ]; do :; done`, ...watched }),
      // No process of it lives long: what each has used is seen when it is gone.
      overmind.runtime.start({ command: `while [ ! -e ${go} ]; do sh -c :; done`, ...watched }),
      overmind.runtime.start({ command: 'sleep 1000', ...watched }),
    ])
    expect(await waiting.exited()).toMatchObject({ class: 'stalled' })
    await writeFile(go, '')
    expect(await looping.exited()).toMatchObject({ class: 'completed' })
    expect(await forking.exited()).toMatchObject({ class: 'completed' })
  })

  test('leftovers are gone before the next run begins', async () => {
    await using overmind = await bench()
    const mission = await overmind.runtime.start({
      command: sh('forks-and-exits.sh', '1'),
      restart: 'on-failure',
      maxRestarts: 2,
      backoffMs: 1,
    })
    expect(await mission.exited()).toMatchObject({ class: 'crashed', run: 3 })
    expect(overmind.home.processes()).toEqual([])
    const story = await storyOf(mission)
    expect(story.filter((type) => type === 'run.ended')).toHaveLength(3)
    expect(story.indexOf('run.ended')).toBeLessThan(story.indexOf('mission.restarting'))
  })
})

describe('an exit that comes from outside', () => {
  test('a command killed from outside under its keeper is signalled', async () => {
    await using overmind = await bench()
    const mission = await overmind.runtime.start({ command: 'echo $$; exec sleep 1000' })
    const pid = Number(await eventually(async () => (await textSoFar(mission)).trim() || undefined))
    end(pid)
    expect(await mission.exited()).toMatchObject({ class: 'signalled', code: 137, signal: 'SIGKILL' })
  })

  test('a whole group killed from outside is lost, and restarted when the policy says so', async () => {
    await using overmind = await bench()
    const mission = await overmind.runtime.start({
      command: 'sleep 1000',
      restart: 'on-failure',
      backoffMs: 1,
      maxRestarts: 1,
    })
    for (const run of [1, 2]) {
      await eventually(() => mission.view().state.phase === 'running.up' && mission.view().state.run === run)
      endGroup(mission.view().state.process?.pid)
    }
    expect(await mission.exited()).toMatchObject({ class: 'lost', outcome: 'crashed', run: 2, code: null })
    expect(overmind.home.processes()).toEqual([])
  })

  test('a command whose keeper was killed goes on, is supervised, and its end is noticed', async () => {
    await using overmind = await bench()
    const flag = join(overmind.home.path, 'go')
    const mission = await overmind.runtime.start({
      command: `echo up; while [ ! -e ${flag} ]; do sleep 0.02; done; echo done`,
    })
    await eventually(async () => (await textSoFar(mission)) === 'up\n')
    end(keeperOf(mission.id)!)
    await eventually(async () => (await storyOf(mission)).includes('run.orphaned'))
    expect(mission.view().status).toBe('running')
    await writeFile(flag, '')
    expect(await mission.exited()).toMatchObject({ class: 'lost', code: null })
    expect(await textOf(mission)).toBe('up\ndone\n')
  })

  test('a command whose keeper was killed can still be stopped', async () => {
    await using overmind = await bench()
    const mission = await overmind.runtime.start({ command: 'echo up; sleep 1000; :' })
    await eventually(async () => (await textSoFar(mission)) === 'up\n')
    end(keeperOf(mission.id)!)
    await eventually(async () => (await storyOf(mission)).includes('run.orphaned'))
    expect(await mission.stop()).toMatchObject({
      class: 'stopped',
      receipt: { signals: [{ signal: 'SIGTERM', processes: 2 }], left: [] },
    })
    expect(overmind.home.processes()).toEqual([])
  })

  test('an exit that cannot be written down is delayed and not lost', async () => {
    await using overmind = await bench()
    const mission = await overmind.runtime.start({ command: 'sleep 0.2; exit 7' })
    const runs = join(overmind.home.path, 'runs')
    await rename(runs, `${runs}.aside`)
    await mkdir(runs)
    // Its keeper has tried, and waits to try again.
    await eventually(() =>
      missionProcesses(mission.id).some((pid) => procFile(pid, 'cmdline') === 'sleep\u00001\u0000'),
    )
    await rename(runs, `${runs}.folder`)
    await rename(`${runs}.aside`, runs)
    expect(await mission.exited()).toMatchObject({ class: 'crashed', code: 7 })
  })
})

test('bytes on disk are what the command wrote, whatever they are', async () => {
  await using overmind = await bench()
  const bytes = Buffer.concat([
    Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)),
    Buffer.from([0, 0, 0xff, 0xfe, 0xc3]),
  ])
  const file = join(overmind.home.path, 'bytes')
  await writeFile(file, bytes)
  const mission = await overmind.runtime.start({ command: ['cat', file] })
  await mission.exited()
  expect(Buffer.compare(await bytesOf(mission), bytes)).toBe(0)
})

test('half a line before the end is kept', async () => {
  await using overmind = await bench()
  const mission: Mission = await overmind.runtime.start({ command: 'printf "whole\\nhal"; exit 4' })
  expect(await mission.exited()).toMatchObject({ code: 4, evidence: { tail: 'whole\nhal' } })
  expect(await textOf(mission)).toBe('whole\nhal')
})

describe('a run that is said to be unhealthy', () => {
  test('ends as one that stalled, by the ladder', async () => {
    await using overmind = await bench()
    const mission = await overmind.runtime.start({ command: ['/bin/sleep', '1000'] })
    mission.unhealthy()
    expect(await mission.exited()).toMatchObject({
      class: 'stalled',
      outcome: 'crashed',
      signal: 'SIGTERM',
      evidence: { reason: 'found to be unhealthy (SIGTERM, exit code 143)' },
    })
    mission.unhealthy()
    expect(mission.view().state.phase).toBe('exited')
  })

  test('is followed by another when its policy says so, and a person may still stop it', async () => {
    await using overmind = await bench()
    const mission = await overmind.runtime.start({
      command: ['/bin/sleep', '1000'],
      restart: 'on-failure',
      backoffMs: 1,
    })
    mission.unhealthy()
    await eventually(() => mission.view().state.run === 2 && mission.view().state.phase === 'running.up')
    expect(mission.view().state.budget.charged).toHaveLength(1)
    mission.unhealthy()
    expect(await mission.stop()).toMatchObject({ class: 'stopped' })
  })

  test('does not end a mission that waits to run again', async () => {
    await using overmind = await bench()
    const mission = await overmind.runtime.start({
      command: 'exit 1',
      restart: 'on-failure',
      backoffMs: 60_000,
    })
    await eventually(() => mission.view().state.phase === 'restarting.backoff')
    mission.unhealthy()
    expect(mission.view().state.phase).toBe('restarting.backoff')
    await mission.stop()
  })
})
