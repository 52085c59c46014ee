import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createMemoryStore, createRuntime, type Mission, type Provider } from '../../src/index.ts'
import { rawProvider } from '../../src/provider/raw.ts'
import { eventually, soon } from '../support/eventually.ts'
import { temporaryHome } from '../support/home.ts'
import { bench, storyOf, textOf } from '../support/missions.ts'

/** Reads `limit of <account>, resets in <ms> ms` or `no such model` off the last output. */
const agent: Provider = {
  name: 'agent',
  invoke: rawProvider.invoke,
  account: (_, env) => env['ACCOUNT'] ?? 'default',
  judge: ({ tail, at }) => {
    if (tail.includes('no such model')) return { kind: 'permanent', reason: 'the model does not exist' }
    const [, account, ms] = /limit of (\w+), resets in (\d+) ms/.exec(tail) ?? []
    if (account === undefined) return undefined
    return { kind: 'rate-limited', reason: 'out of tokens', until: at + Number(ms), account }
  },
}

/** Meets a limit as long as a file is not there. */
const limited = (file: string, ms: number, account = 'acme'): string =>
  `if [ -e '${file}' ]; then echo fine; else echo 'limit of ${account}, resets in ${ms} ms' >&2; exit 1; fi`

const env = { PATH: process.env['PATH'] ?? '', ACCOUNT: 'acme' }
const phaseOf = (mission: Mission): string => mission.view().state.phase

describe('an account that is limited', () => {
  test('does not keep a team from being stopped while it waits to start a member again', async () => {
    await using one = await bench({ providers: [agent] })
    const go = join(one.home.path, 'go')
    const team = await one.runtime.supervisor({
      strategy: 'rest_for_one',
      members: [
        {
          id: 'fails',
          mission: {
            command: `[ $OVERMIND_RUN -eq 1 ] || exec sleep 1000; while [ ! -e '${go}' ]; do sleep 0.02; done; exit 3`,
          },
        },
        { id: 'waits', mission: { command: 'exec sleep 1000', provider: 'agent', env } },
      ],
    })
    const limit = await one.runtime.start({
      command: limited('/nowhere', 3_600_000),
      provider: 'agent',
      restart: 'on-failure',
      env,
    })
    await eventually(() => phaseOf(limit) === 'restarting.limited')
    await writeFile(go, '')
    await eventually(() => phaseOf(team.mission('waits')) === 'restarting.limited')
    await soon(team.stop(), 'the stop of the team')
    expect(await team.mission('waits').exited()).toMatchObject({ class: 'stopped' })
  })

  test('holds back its missions, lets them through one by one when it is over, and charges nothing', async () => {
    await using one = await bench({ providers: [agent] })
    const go = join(one.home.path, 'go')
    const first = await one.runtime.start({
      command: limited(go, 1200),
      provider: 'agent',
      restart: 'on-failure',
      maxRestarts: 1,
      env,
    })
    await eventually(() => phaseOf(first) === 'restarting.limited')
    const reset = first.view().state.limit!.until.wall
    const second = await one.runtime.start({ command: 'echo second', provider: 'agent', env })
    expect(second.view()).toMatchObject({
      status: 'pending',
      state: { phase: 'pending.limited', account: 'acme' },
    })
    const words = textOf(second)
    const other = await one.runtime.start({
      command: 'true',
      provider: 'agent',
      env: { ...env, ACCOUNT: 'b' },
    })
    expect(await other.exited()).toMatchObject({ class: 'completed' })

    await writeFile(go, '')
    expect(await first.exited()).toMatchObject({ class: 'completed', run: 2 })
    expect(first.view().state.budget.charged).toEqual([])
    expect(await second.exited()).toMatchObject({ class: 'completed', run: 1 })
    expect(await words).toBe('second\n')
    const starts = [first, second].map((mission) => mission.view().state.startedAt!.wall)
    expect(starts[0]).toBeGreaterThanOrEqual(reset)
    expect(starts[1]! - starts[0]!).toBeGreaterThan(1500)
    expect(await storyOf(first)).toEqual([
      'mission.created',
      'run.starting',
      'run.started',
      'run.output',
      'run.exited',
      'mission.restarting',
      'mission.limited',
      'run.starting',
      'run.started',
      'run.output',
      'run.exited',
      'mission.exited',
    ])
    expect(one.faults).toEqual([])
  })

  test('does not hold back a person: restart begins at once, stop and kill end at once', async () => {
    await using one = await bench({ providers: [agent] })
    const go = join(one.home.path, 'go')
    const input = { provider: 'agent', restart: 'on-failure', env } as const
    const met = await one.runtime.start({ ...input, command: limited(go, 3_600_000) })
    await eventually(() => phaseOf(met) === 'restarting.limited')
    const [again, stopped, killed] = await Promise.all([
      one.runtime.start({ ...input, command: 'sleep 1000' }),
      one.runtime.start({ ...input, command: 'true' }),
      one.runtime.start({ ...input, command: 'true' }),
    ])
    await again.restart()
    expect(again.view()).toMatchObject({ status: 'running', state: { run: 1 } })
    await again.restart()
    expect(again.view()).toMatchObject({ status: 'running', state: { run: 2 } })
    expect(await stopped.stop()).toMatchObject({ class: 'stopped', run: 0, code: null })
    expect(await killed.kill()).toMatchObject({ class: 'killed', run: 0 })
    await writeFile(go, '')
    await met.restart()
    expect(await met.exited()).toMatchObject({ class: 'completed', run: 2 })
  })

  test('is still limited for the next runtime, which waits for what is left', async () => {
    await using home = await temporaryHome()
    const store = createMemoryStore()
    const go = join(home.path, 'go')
    const options = { home: home.path, store, providers: [agent] }
    const first = await createRuntime(options)
    const input = { provider: 'agent', restart: 'on-failure', env } as const
    const one = await first.start({ ...input, name: 'met', command: limited(go, 2500) })
    await eventually(() => phaseOf(one) === 'restarting.limited')
    await first.start({ ...input, name: 'new', command: 'true' })
    const { limit, timers } = one.view().state
    await first.close({ missions: 'keep' })

    await using second = await createRuntime(options)
    const met = second.get('met')
    expect(met.view().state).toMatchObject({ phase: 'restarting.limited', run: 1, limit, timers })
    expect(phaseOf(second.get('new'))).toBe('pending.limited')
    const later = await second.start({ ...input, name: 'later', command: 'true' })
    expect(phaseOf(later)).toBe('pending.limited')
    await writeFile(go, '')
    expect(await met.exited()).toMatchObject({ class: 'completed', run: 2 })
    expect(met.view().state.startedAt!.wall).toBeGreaterThanOrEqual(limit!.until.wall)
    await later.exited()
    const starts = ['met', 'new', 'later'].map((name) => second.get(name).view().state.startedAt!.monotonic)
    expect(starts[1]! - starts[0]!).toBeGreaterThan(1500)
    expect(starts[2]! - starts[1]!).toBeGreaterThan(1500)
  })
})

test('what a provider calls permanent is not run again', async () => {
  await using one = await bench({ providers: [agent] })
  const mission = await one.runtime.start({
    command: 'echo no such model; exit 2',
    provider: 'agent',
    restart: 'always',
  })
  expect(await mission.exited()).toMatchObject({
    class: 'permanent',
    run: 1,
    evidence: { reason: 'the model does not exist (exit code 2)' },
  })
})

test('a provider that throws is a fault, and the end is noted all the same', async () => {
  const broken: Provider = {
    ...agent,
    judge: () => {
      throw new Error('not today')
    },
  }
  await using one = await bench({ providers: [broken] })
  const mission = await one.runtime.start({ command: 'exit 3', provider: 'agent' })
  expect(await mission.exited()).toMatchObject({ class: 'crashed', code: 3 })
  expect(one.faults).toEqual([expect.objectContaining({ message: 'not today' })])
})
