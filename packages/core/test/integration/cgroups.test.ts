/** Whether groups can be made differs between machines: what is tested is that everything agrees with what is said of it. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  createMemoryStore,
  createRuntime,
  type LimitName,
  type Mission,
  type MissionInput,
} from '../../src/index.ts'
import { findMount, folderOf } from '../../src/process/cgroups/place.ts'
import { eventually } from '../support/eventually.ts'
import { temporaryHome } from '../support/home.ts'
import { hostProgram } from '../support/host-program.ts'
import { bench, sh, storyOf, textOf, textSoFar } from '../support/missions.ts'
import { end, isAlive, keeperOf, procFile } from '../support/processes.ts'

const LIMITS: Readonly<Record<LimitName, Partial<MissionInput>>> = {
  memory: { memoryBytes: 2 ** 26 },
  cpus: { cpus: 0.5 },
  pids: { pids: 20 },
}

const support = await (async () => {
  await using overmind = await bench()
  return overmind.runtime.cgroups()
})()

const settable: readonly LimitName[] = support.kind === 'cgroups' ? support.limits : []

/** For what there is only on some machines: there it is tested, elsewhere there is nothing to test. */
function only(here: boolean): readonly null[] {
  return here ? [null] : []
}

/** The folder of the control group of a process; null without such groups. */
function groupOf(pid: number): string | null {
  const mount = findMount(readFileSync('/proc/self/mountinfo', 'utf8'))
  return mount === null ? null : folderOf(procFile(pid, 'cgroup') ?? '', mount)
}

function keeperPid(mission: Mission): number {
  return mission.view().state.process?.pid ?? 0
}

/** The group of a mission's current run, by its keeper. */
function runGroupOf(mission: Mission): string {
  const group = groupOf(keeperPid(mission))
  if (group === null) throw new Error(`${mission.id} has no group`)
  return group
}

/** Leaves its session and its environment behind, and says its process id. */
const HIDES = `env -i /usr/bin/setsid -f /bin/sh -c 'trap "" TERM; echo $$; while :; do /bin/sleep 1000; done'; sleep 1000`

async function hidden(mission: Mission): Promise<number> {
  return eventually(async () => Number(/^(\d+)\n/.exec(await textSoFar(mission))?.[1] ?? 0) || undefined)
}

test('a mission that asks for nothing has no group of its own', async () => {
  await using overmind = await bench()
  const mission = await overmind.runtime.start({ command: 'sleep 1000' })
  expect(mission.view().spec.custody).toBe('marks')
  expect(groupOf(keeperPid(mission))).toBe(groupOf(process.pid))
})

describe.each(only(support.kind === 'none'))('where no groups can be made', () => {
  test('one that is asked for is refused, and nothing was started', async () => {
    await using overmind = await bench()
    await expect(overmind.runtime.start({ command: 'sleep 1000', custody: 'cgroup' })).rejects.toMatchObject({
      code: 'cgroup_not_supported',
      field: 'custody',
    })
    expect(overmind.runtime.list()).toEqual([])
    expect(overmind.home.processes()).toEqual([])
  })
})

describe.each(only(support.kind === 'cgroups'))('where groups can be made', () => {
  test('a run has one, which is gone with it', async () => {
    await using overmind = await bench()
    const mission = await overmind.runtime.start({ command: 'sleep 1000', custody: 'cgroup' })
    const group = runGroupOf(mission)
    expect(group).toMatch(new RegExp(String.raw`/overmind-[0-9a-f]{8}/${mission.id}\.1$`))
    await mission.kill()
    await eventually(() => !existsSync(group))
  })

  test('the command is in it, and sees nothing of it in its environment', async () => {
    await using overmind = await bench()
    const mission = await overmind.runtime.start({
      command: `cat /proc/self/cgroup; env | grep -c CGROUP; true`,
      custody: 'cgroup',
    })
    await mission.exited()
    expect(await textOf(mission)).toMatch(new RegExp(String.raw`/${mission.id}\.1\n0\n$`))
  })

  test('each run has its own', async () => {
    await using overmind = await bench()
    const mission = await overmind.runtime.start({ command: 'sleep 1000', custody: 'cgroup' })
    const first = runGroupOf(mission)
    await mission.restart()
    expect(runGroupOf(mission)).toBe(first.replace(/1$/, '2'))
    await eventually(() => !existsSync(first))
  })

  test('a process that has left session, parents and environment is asked to end, killed, and counted', async () => {
    await using overmind = await bench()
    const mission = await overmind.runtime.start({ command: HIDES, custody: 'cgroup', stopTimeoutMs: 100 })
    const pid = await hidden(mission)
    const { receipt } = await mission.stop()
    expect(isAlive(pid)).toBe(false)
    expect(receipt).toMatchObject({ left: [] })
    expect(receipt.strays).toBeGreaterThanOrEqual(1)
    expect(receipt.signals.map(({ signal }) => signal)).toEqual(['SIGTERM', 'SIGKILL'])
    for (const { processes } of receipt.signals) expect(processes).toBeGreaterThanOrEqual(1)
  })

  test('the same process is ended when the command has ended by itself', async () => {
    await using overmind = await bench()
    const file = join(overmind.home.path, 'pid')
    const mission = await overmind.runtime.start({ command: sh('detaches.sh', file), custody: 'cgroup' })
    const exit = await mission.exited()
    const pid = Number(readFileSync(file, 'utf8'))
    const lives = isAlive(pid)
    end(pid)
    expect(lives).toBe(false)
    expect(exit).toMatchObject({ class: 'completed', code: 0, receipt: { left: [] } })
  })

  test('a tree that forks faster than anyone can look is ended at once', async () => {
    await using overmind = await bench()
    const go = join(overmind.home.path, 'go')
    const mission = await overmind.runtime.start({
      command: `while [ ! -e ${go} ]; do sleep 0.01; done; n=0; trap '' TERM; while [ $((n += 1)) -lt 1000 ]; do env -i /usr/bin/setsid -f /bin/sleep 1000; done`,
      custody: 'cgroup',
    })
    const group = runGroupOf(mission)
    writeFileSync(go, '')
    await eventually(() => processesOf(group).length > 20)
    expect(await mission.kill()).toMatchObject({ class: 'killed', receipt: { left: [] } })
    await eventually(() => !existsSync(group))
  })

  test('what the run makes below its group goes with it', async () => {
    await using overmind = await bench()
    const mission = await overmind.runtime.start({
      command: 'sleep 1000',
      custody: 'cgroup',
    })
    const group = runGroupOf(mission)
    mkdirSync(join(group, 'below', 'deeper'), { recursive: true })
    const pid = keeperPid(mission)
    const child = await eventually(() => Number(procFile(pid, `task/${pid}/children`)?.trim()) || undefined)
    writeFileSync(join(group, 'below', 'deeper', 'cgroup.procs'), String(child))
    expect(await mission.kill()).toMatchObject({ class: 'killed', receipt: { left: [] } })
    await eventually(() => !existsSync(group))
  })

  test('a process that belongs to another mission is spared', async () => {
    await using overmind = await bench()
    const file = join(overmind.home.path, 'pid')
    const mission = await overmind.runtime.start({
      command: `OVERMIND_MISSION_ID=89abcdef setsid -f sh -c 'echo $$ >"$0"; exec sleep 1000' ${file}; sleep 1000`,
      custody: 'cgroup',
    })
    const pid = await eventually(() => (existsSync(file) && Number(readFileSync(file, 'utf8'))) || undefined)
    const group = runGroupOf(mission)
    expect(await mission.kill()).toMatchObject({ class: 'killed', receipt: { left: [] } })
    expect(isAlive(pid)).toBe(true)
    expect(groupOf(pid)).toBe(group)
  })

  test('a supervisor that finds the run of a dead one knows its group', async () => {
    await using home = await temporaryHome()
    await using host = hostProgram(home.path, [
      { command: HIDES, custody: 'cgroup', name: 'hides', stopTimeoutMs: 100 },
    ])
    await host.ready
    await host.kill()
    await using runtime = await createRuntime({ home: home.path, onFault: () => {} })
    const mission = runtime.get('hides')
    const pid = await hidden(mission)
    const group = runGroupOf(mission)
    expect(await storyOf(mission)).toContain('run.adopted')
    expect(await mission.stop()).toMatchObject({ receipt: { left: [] } })
    expect(isAlive(pid)).toBe(false)
    await eventually(() => !existsSync(group))
  })

  test('the empty groups that a dead supervisor left are removed', async () => {
    await using home = await temporaryHome()
    await using host = hostProgram(home.path, [{ command: 'sleep 1000', custody: 'cgroup' }])
    await host.ready
    const keeper = await eventually(() => keeperOf(host.started[0] ?? ''))
    const group = groupOf(keeper) ?? ''
    await host.kill()
    for (const pid of processesOf(group)) end(pid)
    await eventually(() => processesOf(group).length === 0)
    expect(existsSync(group)).toBe(true)
    const runtime = await createRuntime({ home: home.path, onFault: () => {} })
    await runtime.close()
    expect(existsSync(join(group, '..'))).toBe(false)
  })
})

describe('a limit', () => {
  const FILES: Readonly<Record<LimitName, string>> = {
    memory: 'memory.max',
    cpus: 'cpu.max',
    pids: 'pids.max',
  }
  const NAMES: readonly LimitName[] = ['memory', 'cpus', 'pids']

  test.each(NAMES.filter((name) => settable.includes(name)))('of %s is set, as was said', async (name) => {
    await using overmind = await bench()
    const mission = await overmind.runtime.start({ command: 'sleep 1000', ...LIMITS[name] })
    expect(readFileSync(join(runGroupOf(mission), FILES[name]), 'utf8')).toMatch(/^\d/)
  })

  test.each(NAMES.filter((name) => !settable.includes(name)))(
    'of %s is refused, as was said',
    async (name) => {
      await using overmind = await bench()
      await expect(overmind.runtime.start({ command: 'sleep 1000', ...LIMITS[name] })).rejects.toMatchObject({
        code: 'cgroup_not_supported',
      })
      expect(overmind.runtime.list()).toEqual([])
      expect(overmind.home.processes()).toEqual([])
    },
  )
})

describe.each(only(settable.includes('memory')))('where memory can be limited', () => {
  /** Takes memory until there is no more. */
  const EATS = 'exec tail /dev/zero'

  test('a run that needs more is out of memory', async () => {
    await using overmind = await bench()
    const mission = await overmind.runtime.start({ command: EATS, ...LIMITS.memory })
    expect(await mission.exited()).toMatchObject({ class: 'out-of-memory', code: 137, signal: 'SIGKILL' })
  })

  test('and is so for a supervisor that comes later', async () => {
    await using home = await temporaryHome()
    const go = join(home.path, 'go')
    const store = createMemoryStore()
    const first = await createRuntime({ home: home.path, store })
    const { id } = await first.start({
      command: `while [ ! -e ${go} ]; do sleep 0.02; done; ${EATS}`,
      ...LIMITS.memory,
    })
    const keeper = keeperPid(first.get(id))
    await first.close({ missions: 'keep' })
    writeFileSync(go, '')
    await eventually(() => !isAlive(keeper))
    await using next = await createRuntime({ home: home.path, store })
    expect(await next.get(id).exited()).toMatchObject({ class: 'out-of-memory', code: 137 })
  })
})

describe.each(only(settable.includes('pids')))('where processes can be limited', () => {
  test('a run has as many as it was given, and no more', async () => {
    await using overmind = await bench()
    const command = `sleep 0.5 & sleep 0.5 & sleep 0.5 & echo three; (sleep 0.1) & wait`
    const fits = await overmind.runtime.start({ command, pids: 5 })
    const tooFew = await overmind.runtime.start({ command, pids: 3 })
    await Promise.all([fits.exited(), tooFew.exited()])
    expect(await textOf(fits)).toBe('three\n')
    expect(await textOf(tooFew)).toMatch(/fork/)
  })
})

function processesOf(group: string): number[] {
  return readFileSync(join(group, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean).map(Number)
}
