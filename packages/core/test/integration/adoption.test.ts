import { readFileSync } from 'node:fs'
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  createMemoryStore,
  createRuntime,
  type Mission,
  type MissionInput,
  type MissionRecord,
  OvermindError,
  type Runtime,
  type RuntimeOptions,
  seq,
  type Store,
} from '../../src/index.ts'
import { eventually, soon } from '../support/eventually.ts'
import { temporaryHome } from '../support/home.ts'
import { hostProgram } from '../support/host-program.ts'
import { sh, storyOf, textOf, textSoFar } from '../support/missions.ts'
import { end, environmentOf, isAlive, keeperOf, processesWith } from '../support/processes.ts'
import { openSuccession } from '../support/succession.ts'

const quiet: Pick<RuntimeOptions, 'onFault'> = { onFault: () => {} }

/** Counts how often each entry occurs. */
function counts(entries: readonly string[]): Record<string, number> {
  const found: Record<string, number> = {}
  for (const entry of entries) found[entry] = (found[entry] ?? 0) + 1
  return found
}

/** A command that goes on until a file is there, and ends with a code. */
const until = (file: string, code = 0): string =>
  `echo up; while [ ! -e '${file}' ]; do sleep 0.02; done; echo done; exit ${code}`

describe('a supervisor that was killed and has lost its store', () => {
  test('is followed by one that adopts every mission as it was', async () => {
    await using home = await temporaryHome()
    const go = join(home.path, 'go')
    const inputs: readonly MissionInput[] = [
      { command: until(go, 3), name: 'shell', restart: 'never', stopTimeoutMs: 1234 },
      { command: ['/bin/sh', '-c', until(go, 4)], name: 'exec', successCodes: [4] },
      { command: until(go), name: 'third', cwd: '/tmp', outputLimitBytes: 2 ** 21 },
    ]
    await using host = hostProgram(home.path, inputs)
    await host.ready
    await host.kill()

    await using runtime = await createRuntime({ ...quiet, home: home.path })
    expect(runtime.recovery).toEqual({ adopted: 3, ended: 0, lost: 0 })
    expect(
      runtime
        .list()
        .map(({ id }) => id)
        .toSorted(),
    ).toEqual([...host.started].toSorted())
    for (const input of inputs) {
      const { spec, status, state, name } = runtime.get(input.name!).view()
      const { command: _, name: __, ...rest } = input
      expect({ name, status, run: state.run, spec }).toMatchObject({
        name: input.name,
        status: 'running',
        run: 1,
        spec: rest,
      })
    }
    await writeFile(go, '')
    expect(await runtime.get('shell').exited()).toMatchObject({ class: 'crashed', code: 3 })
    expect(await runtime.get('exec').exited()).toMatchObject({ class: 'completed', code: 4 })
    expect(await runtime.get('third').exited()).toMatchObject({ class: 'completed', code: 0 })
    expect(await textOf(runtime.get('shell'))).toBe('up\ndone\n')
  })

  test('loses no line and doubles none, whoever reads', async () => {
    await using home = await temporaryHome()
    const stop = join(home.path, 'stop')
    await using host = hostProgram(home.path, [
      { command: sh('ticking-lines.sh', stop, '1000000'), name: 'ticking' },
    ])
    await host.ready
    const before = await eventually(() => keeperOf(host.started[0]!))
    await host.kill()
    await using runtime = await createRuntime({ ...quiet, home: home.path })
    const mission = runtime.get('ticking')
    expect(mission.view().state.process?.pid).toBe(before)
    const reading = textOf(mission)
    await eventually(async () => (await textSoFar(mission)).length > 10_000)
    await writeFile(stop, '')
    await mission.exited()
    const lines = (await reading).split('\n')
    const count = lines.length - 2
    expect(lines).toEqual([
      ...Array.from({ length: count }, (_, index) => `line ${index}`),
      `end ${count}`,
      '',
    ])
    let to = 0
    for await (const event of mission.events({ follow: false })) {
      if (event.type !== 'run.output') continue
      expect(event.from).toBe(to)
      to = event.to
    }
    expect(to).toBe((await reading).length)
  })

  test('at any moment leaves nothing that is not found again', async () => {
    for (const afterStarts of [0, 1, 3, 7, 12]) {
      await using home = await temporaryHome()
      const inputs = Array.from({ length: 40 }, (_, index): MissionInput => ({
        command: 'sleep 1000; :',
        name: `mission-${index}`,
      }))
      await using host = hostProgram(home.path, inputs)
      await eventually(() => host.started.length >= afterStarts && home.processes().length > 0)
      await host.kill()
      await using runtime = await createRuntime({ ...quiet, home: home.path })
      const keepers = home.processes().filter((pid) => keeperOf(missionOf(pid) ?? '') === pid)
      expect(
        runtime
          .list()
          .map(({ id }) => id)
          .toSorted(),
      ).toEqual(keepers.map((pid) => missionOf(pid) ?? '').toSorted())
      expect(runtime.list().length).toBeGreaterThanOrEqual(host.started.length)
      await Promise.all(runtime.list().map((mission) => mission.kill()))
      expect(home.processes()).toEqual([])
    }
  }, 60_000)

  test('is followed by one that restarts a mission with the environment it had', async () => {
    await using home = await temporaryHome()
    const go = join(home.path, 'go')
    const env = { PATH: '/usr/bin:/bin', PLAIN: 'plain value', 'odd.name': 'odd value', EMPTY: '' }
    await using host = hostProgram(home.path, [
      {
        command: `[ $OVERMIND_RUN = 1 ] || { tr '\\0' '\\n' </proc/$$/environ; exit; }; ${until(go, 1)}`,
        restart: 'on-failure',
        backoffMs: 1,
        env,
        name: 'again',
      },
    ])
    await host.ready
    await host.kill()
    await using runtime = await createRuntime({ ...quiet, home: home.path })
    const mission = runtime.get('again')
    await writeFile(go, '')
    expect(await mission.exited()).toMatchObject({ class: 'completed', run: 2 })
    const seen = (await textOf(mission, { run: 2 })).split('\n')
    for (const [name, value] of Object.entries(env)) expect(seen).toContain(`${name}=${value}`)
  })

  test('is followed by one that keeps to the limits of time it was given', async () => {
    await using home = await temporaryHome()
    await using host = hostProgram(home.path, [
      { command: 'sleep 1000', name: 'limited', timeoutMs: 1500 },
      { command: 'sleep 1000', name: 'silent', activityTimeoutMs: 1500 },
    ])
    await host.ready
    await host.kill()
    await using runtime = await createRuntime({ ...quiet, home: home.path })
    expect(await soon(runtime.get('limited').exited(), 'the deadline', 5000)).toMatchObject({
      class: 'deadline',
    })
    expect(await soon(runtime.get('silent').exited(), 'the stall', 5000)).toMatchObject({ class: 'stalled' })
  })

  test.each([
    ['', {}],
    [' with a variable that no shell can spell', { 'odd.name': 'x' }],
  ])('is followed by one that knows even a command of 100 KB%s', async (_, odd) => {
    await using home = await temporaryHome()
    const argv = ['/bin/sh', '-c', 'echo up; sleep 1000; :', 'x'.repeat(90_000), 'ü'.repeat(40_000)]
    await using host = hostProgram(home.path, [
      { command: argv, name: 'long', env: { PATH: '/usr/bin:/bin', ...odd } },
    ])
    await host.ready
    await host.kill()
    await using runtime = await createRuntime({ ...quiet, home: home.path })
    const { command } = runtime.get('long').view().spec
    expect(command.kind === 'exec' ? command.argv.map((text) => text.slice(0, 30)) : command).toEqual(
      argv.map((text) => text.slice(0, 30)),
    )
  })

  test('is followed by one that can stop what it adopted, strays included', async () => {
    await using home = await temporaryHome()
    await using host = hostProgram(home.path, [
      { command: sh('escapes-session.sh', 'stay'), name: 'stray' },
      { command: sh('ignores-term.sh'), name: 'stubborn', stopTimeoutMs: 50 },
    ])
    await host.ready
    await host.kill()
    await using runtime = await createRuntime({ ...quiet, home: home.path })
    await eventually(
      async () =>
        (await textSoFar(runtime.get('stray'))) !== '' && (await textSoFar(runtime.get('stubborn'))) !== '',
    )
    expect(await runtime.get('stray').stop()).toMatchObject({
      class: 'stopped',
      code: 143,
      receipt: { strays: 1, left: [] },
    })
    expect(await runtime.get('stubborn').stop()).toMatchObject({
      class: 'stopped',
      code: 137,
      receipt: { left: [] },
    })
    expect(home.processes()).toEqual([])
  })

  test('is followed by one that notices when an adopted keeper is killed, and when its command ends', async () => {
    await using home = await temporaryHome()
    const go = join(home.path, 'go')
    await using host = hostProgram(home.path, [{ command: until(go), name: 'orphan' }])
    await host.ready
    await host.kill()
    await using runtime = await createRuntime({ ...quiet, home: home.path })
    const mission = runtime.get('orphan')
    end(mission.view().state.process!.pid)
    await eventually(async () => (await storyOf(mission)).includes('run.orphaned'))
    await writeFile(go, '')
    expect(await mission.exited()).toMatchObject({ class: 'lost', code: null })
  })

  test('is followed by one that ends what an adopted command leaves behind', async () => {
    await using home = await temporaryHome()
    const go = join(home.path, 'go')
    await using host = hostProgram(home.path, [
      {
        command: `while [ ! -e '${go}' ]; do sleep 0.02; done; sleep 1000 & setsid sleep 1000 & sleep 0.1; exit 2`,
        name: 'untidy',
      },
    ])
    await host.ready
    await host.kill()
    await using runtime = await createRuntime({ ...quiet, home: home.path })
    await writeFile(go, '')
    expect(await runtime.get('untidy').exited()).toMatchObject({
      class: 'crashed',
      code: 2,
      receipt: { strays: 1, left: [] },
    })
    expect(home.processes()).toEqual([])
  })
})

/** Two runtimes one after the other over the same home and store; the first leaves as if it had died. */
async function twoLives(
  first: (runtime: Runtime) => Promise<void>,
  between: (home: string) => Promise<void>,
  second: (runtime: Runtime, home: string) => Promise<void>,
): Promise<void> {
  await using home = await temporaryHome()
  const store: Store = { ...createMemoryStore(), close: () => {} }
  const one = await createRuntime({ ...quiet, home: home.path, store })
  await first(one)
  await one.close({ missions: 'keep' })
  await between(home.path)
  const two = await createRuntime({ ...quiet, home: home.path, store })
  try {
    await second(two, home.path)
  } finally {
    await two.close({ missions: 'keep' })
  }
}

const nothing = async (): Promise<void> => {}

describe('a supervisor that left and kept its store', () => {
  test('is followed by one that learns the exit codes of those that ended meanwhile', async () => {
    let missions: Mission[] = []
    await twoLives(
      async (runtime) => {
        missions = await Promise.all(
          [0, 1, 9].map((code) =>
            runtime.start({ command: until(join(runtime.home, 'go'), code), name: `code-${code}` }),
          ),
        )
      },
      async (home) => {
        await writeFile(join(home, 'go'), '')
        await eventually(() =>
          missions.every(({ id }) => processesWith(`OVERMIND_MISSION_ID=${id}`).length === 0),
        )
      },
      async (runtime) => {
        expect(runtime.recovery).toEqual({ adopted: 0, ended: 3, lost: 0 })
        for (const code of [0, 1, 9]) {
          const exit = await runtime.get(`code-${code}`).exited()
          expect(exit).toMatchObject({ class: code === 0 ? 'completed' : 'crashed', code, run: 1 })
          expect(counts(await storyOf(runtime.get(`code-${code}`)))).toMatchObject({
            'run.exited': 1,
            'mission.exited': 1,
            'run.started': 1,
          })
        }
      },
    )
  })

  test('is followed by one that calls lost what was killed meanwhile, and restarts it when the policy says so', async () => {
    await twoLives(
      async (runtime) => {
        await runtime.start({ command: 'sleep 1000', name: 'never' })
        await runtime.start({ command: 'sleep 1000', name: 'again', restart: 'on-failure', backoffMs: 1 })
      },
      async (home) => {
        await eventually(() => {
          const left = processesWith(`OVERMIND_HOME=${home}`)
          for (const pid of left) end(pid)
          return left.length === 0
        })
      },
      async (runtime) => {
        expect(runtime.recovery).toEqual({ adopted: 0, ended: 0, lost: 2 })
        expect(await runtime.get('never').exited()).toMatchObject({ class: 'lost', code: null })
        await eventually(() => runtime.get('again').view().state.phase === 'running.up')
        expect(runtime.get('again').view().state).toMatchObject({ run: 2, restarts: 1 })
      },
    )
  })

  test('is followed by one that carries on with a stop under way', async () => {
    await twoLives(
      async (runtime) => {
        const mission = await runtime.start({
          command: sh('ignores-term.sh'),
          name: 'stubborn',
          stopTimeoutMs: 1000,
        })
        await eventually(async () => (await textSoFar(mission)) === 'ready\n')
        void mission.stop().catch(() => {})
        await eventually(() => mission.view().state.phase === 'running.stopping')
      },
      nothing,
      async (runtime, home) => {
        expect(runtime.get('stubborn').view().state.phase).toBe('running.stopping')
        expect(await runtime.get('stubborn').exited()).toMatchObject({
          class: 'stopped',
          code: 137,
          receipt: { left: [] },
        })
        expect(processesWith(`OVERMIND_HOME=${home}`)).toEqual([])
      },
    )
  })

  test('is followed by one that goes on ending what a finished leader left, and tells its end once', async () => {
    await twoLives(
      async (runtime) => {
        const mission = await runtime.start({
          command: `sh -c 'trap "" TERM; echo up; while :; do sleep 0.05; done' & while [ ! -s "$OVERMIND_HOME/output/$OVERMIND_MISSION_ID.1.log" ]; do :; done; exit 5`,
          name: 'untidy',
          stopTimeoutMs: 1500,
        })
        await eventually(() => mission.view().state.ended !== null)
      },
      nothing,
      async (runtime) => {
        const mission = runtime.get('untidy')
        expect(await mission.exited()).toMatchObject({ class: 'crashed', code: 5, receipt: { left: [] } })
        expect(counts(await storyOf(mission))).toMatchObject({
          'run.exited': 1,
          'run.ended': 1,
          'mission.exited': 1,
        })
      },
    )
  })

  test('is followed by one that waits for the rest of a backoff, and knows the budget', async () => {
    let due: unknown
    await twoLives(
      async (runtime) => {
        const mission = await runtime.start({
          command: 'exit 1',
          name: 'waiting',
          restart: 'on-failure',
          backoffMs: 60_000,
        })
        await eventually(() => mission.view().state.phase === 'restarting.backoff')
        due = mission.view().state.timers.backoff
      },
      nothing,
      async (runtime) => {
        const mission = runtime.get('waiting')
        expect(mission.view().state).toMatchObject({
          phase: 'restarting.backoff',
          run: 1,
          timers: { backoff: due },
        })
        expect(mission.view().state.budget.charged).toHaveLength(1)
        await mission.restart()
        await eventually(() => mission.view().state.phase === 'restarting.backoff')
        expect(mission.view().state).toMatchObject({ run: 2, restarts: 2 })
        expect(await mission.stop()).toMatchObject({ class: 'stopped', run: 2 })
      },
    )
  })

  test('is followed by one that arms a limit of time for what is left of it', async () => {
    await twoLives(
      async (runtime) => {
        await runtime.start({ command: 'sleep 1000', name: 'limited', timeoutMs: 600 })
      },
      nothing,
      async (runtime) => {
        expect(await runtime.get('limited').exited()).toMatchObject({ class: 'deadline' })
      },
    )
  })

  test('is followed by one that numbers events on', async () => {
    let last = 0
    await twoLives(
      async (runtime) => {
        await runtime.start({ command: 'sleep 1000' })
        last = runtime.revision()
      },
      nothing,
      async (runtime) => {
        const seqs: number[] = []
        for await (const event of runtime.events({ since: seq(0), follow: false }))
          if (event.type !== 'gap') seqs.push(event.seq)
        expect(seqs).toEqual(Array.from({ length: seqs.length }, (_, index) => index + 1))
        expect(seqs.length).toBeGreaterThan(last)
      },
    )
  })
})

describe('a supervisor that died between two steps', () => {
  /** A store as it was just after a mission's first event of this type. */
  async function storeAsOf(
    type: string,
    input: MissionInput,
    home: string,
  ): Promise<{ readonly store: Store; readonly id: string }> {
    const real = createMemoryStore()
    const frozen = createMemoryStore()
    let taken = false
    const store: Store = {
      ...real,
      commit(change) {
        if (!taken) frozen.commit(change)
        taken ||= change.events.some((event) => event.type === type)
        return real.commit(change)
      },
    }
    const runtime = await createRuntime({ ...quiet, home, store })
    const { id } = await runtime.start(input)
    await runtime.close({ missions: 'keep' })
    return { store: frozen, id }
  }

  test('with a process that is not on record is followed by one that finds it by its marks', async () => {
    await using home = await temporaryHome()
    const go = join(home.path, 'go')
    const { store, id } = await storeAsOf('run.starting', { command: until(go, 6) }, home.path)
    const [record] = store.missions() as [MissionRecord]
    expect(record.state).toMatchObject({ phase: 'running.starting', process: null })
    await using runtime = await createRuntime({ ...quiet, home: home.path, store })
    expect(runtime.recovery).toMatchObject({ adopted: 1 })
    expect(runtime.get(id).view().state).toMatchObject({
      phase: 'running.up',
      run: 1,
      process: { pid: keeperOf(id) },
    })
    await writeFile(go, '')
    expect(await runtime.get(id).exited()).toMatchObject({ code: 6, run: 1 })
    expect(await textOf(runtime.get(id))).toBe('up\ndone\n')
  })

  test('with a process that is not on record and has ended is followed by one that knows its code', async () => {
    await using home = await temporaryHome()
    const { store, id } = await storeAsOf('run.starting', { command: 'echo once; exit 6' }, home.path)
    await eventually(() => home.processes().length === 0)
    await using runtime = await createRuntime({ ...quiet, home: home.path, store })
    expect(await runtime.get(id).exited()).toMatchObject({ class: 'crashed', code: 6, run: 1 })
    expect(await textOf(runtime.get(id))).toBe('once\n')
  })

  test('before the process began is followed by one that begins it, once', async () => {
    await using home = await temporaryHome()
    await using elsewhere = await temporaryHome()
    const { store, id } = await storeAsOf(
      'run.starting',
      { command: 'echo once; exec sleep 1000' },
      elsewhere.path,
    )
    await using runtime = await createRuntime({ ...quiet, home: home.path, store })
    const mission = runtime.get(id)
    await eventually(async () => (await textSoFar(mission)) === 'once\n')
    expect(mission.view().state).toMatchObject({ run: 1, phase: 'running.up' })
    expect(home.processes().filter((pid) => keeperOf(id) === pid || isAlive(pid)).length).toBeGreaterThan(0)
    expect(counts(await storyOf(mission))).toMatchObject({ 'run.starting': 1, 'run.started': 1 })
  })

  test('before the launch is followed by one that launches it', async () => {
    await using home = await temporaryHome()
    await using elsewhere = await temporaryHome()
    const { store, id } = await storeAsOf('mission.created', { command: 'exit 8' }, elsewhere.path)
    await using runtime = await createRuntime({ ...quiet, home: home.path, store })
    expect(await runtime.get(id).exited()).toMatchObject({ code: 8, run: 1 })
  })

  test('is not confused by half a line in the runs journal', async () => {
    await using home = await temporaryHome()
    await using elsewhere = await temporaryHome()
    const { store, id } = await storeAsOf('run.starting', { command: 'exit 8' }, elsewhere.path)
    await mkdir(join(home.path, 'output'))
    await writeFile(
      join(home.path, 'runs'),
      `garbage\nexit ${id} 1 1\nexit ${id} 1 13exit ${id} 1 137 5.00\nexit ${id} 2 0 6.0`,
    )
    await using runtime = await createRuntime({ ...quiet, home: home.path, store })
    expect(await runtime.get(id).exited()).toMatchObject({ class: 'signalled', code: 137, run: 1 })
    expect(await readFile(join(home.path, 'runs'), 'utf8')).toContain('garbage')
  })
})

describe('one home by two names', () => {
  test.each([
    ['with a slash at its end', async (path: string) => `${path}/`],
    [
      'through a link',
      async (path: string) => {
        await symlink(path, `${path}-link`)
        return `${path}-link`
      },
    ],
  ])('%s is the same home', async (_, otherName) => {
    await using home = await temporaryHome()
    const path = join(home.path, 'home')
    await mkdir(path)
    const other = await otherName(path)
    const one = await createRuntime({ ...quiet, home: path })
    const { id } = await one.start({ command: 'sleep 1000; :' })
    await one.close({ missions: 'keep' })
    const two = await createRuntime({ ...quiet, home: other })
    const found = two.list().map((mission) => mission.id)
    await two.close()
    for (const pid of processesWith(`OVERMIND_HOME=${path}`)) end(pid)
    expect(found).toEqual([id])
  })
})

/** Which mission a process says it belongs to. */
function missionOf(pid: number): string | undefined {
  const name = 'OVERMIND_MISSION_ID='
  return environmentOf(pid)
    .find((entry) => entry.startsWith(name))
    ?.slice(name.length)
}

test('what a run has left in a session of its own is ended, though nobody had noted that the run began', async () => {
  await using home = await temporaryHome()
  const store = createMemoryStore()
  const deaf: Store = {
    ...store,
    commit(change) {
      if (change.events.some(({ type }) => type === 'run.started'))
        throw new OvermindError('store_failed', 'nothing is noted of its start')
      return store.commit(change)
    },
  }
  const strays = (): readonly number[] => processesWith(`STRAY=${home.path}`)
  const first = await createRuntime({ ...quiet, home: home.path, store: deaf })
  const started = first.start({
    command: `STRAY='${home.path}' setsid sleep 1000 & sleep 0.1; exit 3`,
    name: 'strays',
    stopTimeoutMs: 200,
  })
  await eventually(
    () => strays().length === 1 && /^exit /m.test(readFileSync(join(home.path, 'runs'), 'utf8')),
  )
  await first.close({ missions: 'keep' })
  expect((await started).name).toBe('strays')

  await using next = await createRuntime({ ...quiet, home: home.path, store })
  const exit = await soon(next.get('strays').exited(), 'the end')
  expect(strays()).toEqual([])
  expect(exit).toMatchObject({ code: 3, class: 'crashed', receipt: { strays: 1, left: [] } })
})

test('what is on record is accepted, though the supervisor ends before it has begun', async () => {
  await using succession = await openSuccession()
  const first = succession.runtime()
  const events = first.events({ since: seq(0) })
  const starting = first.start({ command: 'sleep 1000' })
  for await (const { type } of events) if (type === 'run.starting') break
  const [{ id }] = await Promise.all([starting, succession.takeOver()])
  await eventually(() => succession.runtime().get(id).view().state.phase === 'running.up')
  expect(succession.runtime().list()).toHaveLength(1)
})

test('a stop that was noted and not sent has its whole time with the next supervisor', async () => {
  await using home = await temporaryHome()
  const store = createMemoryStore()
  const first = await createRuntime({ home: home.path, store })
  const mission = await first.start({
    command: 'trap "sleep 0.3; echo graceful; exit 0" TERM; echo up; while :; do sleep 0.05; done',
    stopTimeoutMs: 5000,
  })
  await eventually(async () => (await textSoFar(mission)).includes('up'))
  await first.close({ missions: 'keep' })
  // It died between both, and the time is over by now.
  const [record = expect.unreachable()] = store.missions()
  const boot = record.state.process?.boot ?? expect.unreachable()
  store.commit({
    events: [],
    put: [
      {
        ...record,
        state: {
          ...record.state,
          phase: 'running.stopping',
          ending: { reason: 'stop', rung: 'ask', timeoutMs: 5000 },
          timers: { rung: { boot, wall: 0, monotonic: 0 } },
        },
      },
    ],
  })
  const next = await createRuntime({ home: home.path, store })
  const adopted = next.get(mission.id)
  await adopted.exited()
  expect(await textOf(adopted)).toContain('graceful')
  await next.close()
})
