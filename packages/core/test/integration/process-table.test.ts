import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createLinuxTable } from '../../src/process/linux-table.ts'
import { isSameProcess, type ProcessTable } from '../../src/process/process-table.ts'
import { createPsTable } from '../../src/process/ps-table.ts'
import { eventually } from '../support/eventually.ts'
import { node } from '../support/missions.ts'
import { end, isAlive } from '../support/processes.ts'

interface Child extends AsyncDisposable {
  readonly pid: number
  readonly child: ChildProcess
}

async function childProcess(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  detached = false,
): Promise<Child> {
  const child = spawn(args[0]!, args.slice(1), { env: { ...process.env, ...env }, detached, stdio: 'ignore' })
  await once(child, 'spawn')
  const gone = once(child, 'exit')
  return {
    pid: child.pid!,
    child,
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL')
        await gone
      }
    },
  }
}

function processTable(name: string, open: () => ProcessTable): void {
  describe(`${name}, as every table,`, () => {
    test('identifies a living process, always the same', async () => {
      const table = open()
      await using one = await childProcess(['sleep', '1000'])
      const identity = table.identify(one.pid)
      expect(identity).toMatchObject({ pid: one.pid, boot: table.boot })
      expect(isSameProcess(identity!, table.identify(one.pid))).toBe(true)
      expect(isSameProcess(identity!, open().identify(one.pid))).toBe(true)
      expect(isSameProcess(identity!, table.identify(process.pid))).toBe(false)
    })

    test('knows nothing of a process that is gone', async () => {
      const one = await childProcess(['sleep', '1000'])
      await one[Symbol.asyncDispose]()
      expect(open().identify(one.pid)).toBeNull()
      expect(open().marker(one.pid)).toBeNull()
      expect(open().environment(one.pid)).toBeNull()
      expect(open().commandLine(one.pid)).toBeNull()
    })

    test('does not count a process that is dead and not yet reaped', async () => {
      // The parent never reaps: it stopped itself.
      await using parent = await childProcess(['sh', '-c', 'sleep 0 & kill -STOP $$'], {}, true)
      const zombie = await eventually(() => zombieOf(parent.pid))
      expect(open().identify(zombie)).toBeNull()
      expect(
        open()
          .scan()
          .some(({ pid }) => pid === zombie),
      ).toBe(false)
    })

    test('scans parents and process groups', async () => {
      const table = open()
      await using one = await childProcess(['sleep', '1000'])
      await using leader = await childProcess(['sleep', '1000'], {}, true)
      const entries = new Map(table.scan().map((entry) => [entry.pid, entry]))
      const self = entries.get(process.pid)
      expect(entries.get(one.pid)).toMatchObject({ parent: process.pid, group: self?.group })
      expect(entries.get(leader.pid)).toMatchObject({ parent: process.pid, group: leader.pid })
      expect(entries.get(one.pid)?.start).toBe(table.identify(one.pid)?.start)
      const session = entries.get(leader.pid)?.session
      expect([null, leader.pid]).toContain(session)
    })

    test('lists those that lost their parent', async () => {
      const table = open()
      const out = execFileSync('sh', ['-c', 'sleep 1000 >/dev/null 2>&1 & echo $!'], { encoding: 'utf8' })
      const orphan = Number(out)
      try {
        const found = await eventually(() =>
          (table.orphans() ?? table.scan().map(({ pid }) => pid)).includes(orphan),
        )
        expect(found).toBe(true)
        expect(table.entry(orphan)?.start).toBe(table.identify(orphan)?.start)
      } finally {
        end(orphan)
      }
    })

    test('is not put off by a strange name', async () => {
      const strange = ') R 1 1 1 (\n'
      await using one = await childProcess([
        process.execPath,
        '-e',
        `process.title = ${JSON.stringify(strange)}; setInterval(() => {}, 1000)`,
      ])
      await eventually(() => readFileSync(`/proc/${one.pid}/comm`, 'utf8').startsWith(')'))
      expect(
        open()
          .scan()
          .find(({ pid }) => pid === one.pid),
      ).toMatchObject({ parent: process.pid })
    })

    test('looks at hundreds of processes while they come and go', async () => {
      const table = open()
      await using churn = await childProcess(
        ['sh', '-c', 'while :; do for i in 1 2 3 4 5 6 7 8; do true & done; wait; done'],
        {},
        true,
      )
      for (let round = 0; round < 40; round += 1)
        expect(table.scan().some(({ pid }) => pid === churn.pid)).toBe(true)
      process.kill(-churn.pid, 'SIGKILL')
      await once(churn.child, 'exit')
    })
  })
}

processTable('the table that /proc shows', createLinuxTable)
processTable('the table that ps prints', () => createPsTable('this boot'))

describe('the table that /proc shows, beyond that', () => {
  test('reads the marks, the environment and the arguments of a process', async () => {
    const table = createLinuxTable()
    const marks = { OVERMIND_MISSION_ID: '0123abcd', OVERMIND_RUN: '7', OVERMIND_HOME: '/some where' }
    await using one = await childProcess(['sleep', '1000'], {
      ...marks,
      LONG: 'x'.repeat(100_000),
      EMPTY: '',
      EQUALS: 'a=b',
    })
    expect(table.marker(one.pid)).toEqual({
      kind: 'mission',
      mission: '0123abcd',
      run: 7,
      home: '/some where',
    })
    expect(table.environment(one.pid)).toMatchObject({
      ...marks,
      EMPTY: '',
      EQUALS: 'a=b',
      LONG: 'x'.repeat(100_000),
    })
    expect(table.commandLine(one.pid)).toEqual(['sleep', '1000'])
  })

  test('reads an environment of more than a megabyte', async () => {
    const big = Object.fromEntries(
      Array.from({ length: 12 }, (_, index) => [`BIG_${index}`, String(index % 10).repeat(100_000)]),
    )
    await using one = await childProcess(['sleep', '1000'], big)
    expect(createLinuxTable().environment(one.pid)).toMatchObject(big)
  })

  test.each([
    [{ OVERMIND_MISSION_ID: 'not an id', OVERMIND_RUN: '1', OVERMIND_HOME: '/h' }, null],
    [{ OVERMIND_MISSION_ID: '0123abcd', OVERMIND_RUN: 'x', OVERMIND_HOME: '/h' }, null],
    [{ OVERMIND_MISSION_ID: '0123abcd', OVERMIND_RUN: '1' }, null],
    [
      { OVERMIND_SUPERVISOR: '1', OVERMIND_MISSION_ID: '0123abcd', OVERMIND_RUN: '1', OVERMIND_HOME: '/h' },
      { kind: 'supervisor' },
    ],
  ])('%o marks %o', async (env, expected) => {
    await using one = await childProcess(['sleep', '1000'], env)
    expect(createLinuxTable().marker(one.pid)).toEqual(expected)
  })

  test('says how old a process is', async () => {
    const table = createLinuxTable()
    await using one = await childProcess(['sleep', '1000'])
    const age = table.uptime()! - table.bornAt(table.identify(one.pid)!)!
    expect(age).toBeGreaterThanOrEqual(0)
    expect(age).toBeLessThan(5000)
  })

  test('sees what an ancestor of many threads has adopted', () => {
    const table = join(import.meta.dirname, '..', '..', 'src', 'process', 'linux-table.ts')
    const [file, ...args] = node('many-threads.ts', table)
    const { children, seen } = JSON.parse(execFileSync(file!, args, { encoding: 'utf8' })) as Record<
      'children' | 'seen',
      number[]
    >
    expect(children).toHaveLength(5)
    expect(seen).toEqual(expect.arrayContaining(children))
  })

  test('sees children of this process: in a container where it is the first, orphans come to it', async () => {
    await using one = await childProcess(['sleep', '1000'])
    expect(createLinuxTable().orphans()).toContain(one.pid)
  })
})

function zombieOf(parent: number): number | undefined {
  return execFileSync('ps', ['-A', '-o', 'pid=,ppid=,stat='], { encoding: 'utf8' })
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(
      ([pid, ppid, state]) =>
        Number(ppid) === parent && state?.startsWith('Z') === true && !isAlive(Number(pid)),
    )
    .map(([pid]) => Number(pid))[0]
}
