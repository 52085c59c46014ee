import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Mission, MissionExit } from '../../src/index.ts'
import { eventually, soon } from '../support/eventually.ts'
import { bench, sh, storyOf, textOf, textSoFar } from '../support/missions.ts'
import { end, isAlive, keeperOf, processesWith } from '../support/processes.ts'

/** The process id that a program wrote as its first line. */
async function pidWrittenBy(mission: Mission): Promise<number> {
  return eventually(async () => Number(/^(\d+)\n/.exec(await textSoFar(mission))?.[1] ?? 0) || undefined)
}

async function has(mission: Mission, text: string): Promise<void> {
  await eventually(async () => (await textSoFar(mission)).includes(text), {
    what: `output of ${mission.name}: ${text}`,
  })
}

const signalsOf = (exit: MissionExit): readonly string[] => exit.receipt.signals.map(({ signal }) => signal)

describe('the ladder', () => {
  test('a command that ends when asked is never killed', async () => {
    await using overmind = await bench()
    const mission = await overmind.runtime.start({ command: sh('ends-when-asked.sh', '5') })
    await has(mission, 'ready')
    const exit = await mission.stop()
    expect(exit).toMatchObject({
      class: 'stopped',
      outcome: 'stopped',
      code: 5,
      receipt: { strays: 0, left: [] },
    })
    expect(signalsOf(exit)).toEqual(['SIGTERM'])
    expect(await textOf(mission)).toBe('ready\nasked\n')
  })

  test('a command that ignores SIGTERM is killed when its time is over', async () => {
    await using overmind = await bench()
    const mission = await overmind.runtime.start({ command: sh('ignores-term.sh'), stopTimeoutMs: 100 })
    await has(mission, 'ready')
    const exit = await mission.stop()
    expect(exit).toMatchObject({ class: 'stopped', code: 137, signal: 'SIGKILL', receipt: { left: [] } })
    expect(signalsOf(exit)).toEqual(['SIGTERM', 'SIGKILL'])
    expect(overmind.home.processes()).toEqual([])
  })

  test('a second stop does not wait', async () => {
    await using overmind = await bench()
    const mission = await overmind.runtime.start({ command: sh('ignores-term.sh'), stopTimeoutMs: 3_600_000 })
    await has(mission, 'ready')
    const first = mission.stop()
    await eventually(() => mission.view().state.phase === 'running.stopping')
    const exits = await Promise.all([first, mission.stop()])
    expect(exits[0]).toEqual(exits[1])
    expect(exits[0]).toMatchObject({ class: 'stopped', code: 137 })
  })

  test('a kill during a stop makes it killed', async () => {
    await using overmind = await bench()
    const mission = await overmind.runtime.start({ command: sh('ignores-term.sh'), stopTimeoutMs: 3_600_000 })
    await has(mission, 'ready')
    const [stopped, killed] = await Promise.all([mission.stop(), mission.kill()])
    expect(stopped).toEqual(killed)
    expect(killed).toMatchObject({ class: 'killed', outcome: 'killed' })
  })

  test('a program that stopped itself is woken to be asked', async () => {
    await using overmind = await bench()
    const mission = await overmind.runtime.start({ command: sh('stops-itself.sh'), stopTimeoutMs: 60_000 })
    await has(mission, 'stopped')
    await eventually(() =>
      processesWith(`OVERMIND_MISSION_ID=${mission.id}`).some((pid) => / T /.test(statOf(pid))),
    )
    expect(await mission.stop()).toMatchObject({ class: 'stopped', code: 143, receipt: { left: [] } })
  })

  test.each(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGQUIT', 'SIGALRM', 'SIGPIPE'] as const)(
    'with %s as stop signal the exit code is learned',
    async (stopSignal) => {
      await using overmind = await bench()
      const mission = await overmind.runtime.start({ command: sh('ends-when-asked.sh', '6'), stopSignal })
      await has(mission, 'ready')
      expect(await mission.stop()).toMatchObject({ class: 'stopped', code: 6 })
      expect(await storyOf(mission)).not.toContain('run.orphaned')
    },
  )

  test('a command that ends while it is being stopped is stopped with its own code', async () => {
    await using overmind = await bench()
    const missions = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        overmind.runtime.start({ command: `sleep 0.0${index % 10}; exit 9` }),
      ),
    )
    const exits = await Promise.all(missions.map((mission) => mission.stop().catch(() => mission.exited())))
    for (const exit of exits) {
      expect(exit.receipt.left).toEqual([])
      expect([9, 143, 137, null]).toContain(exit.code)
      expect(['stopped', 'crashed']).toContain(exit.class)
    }
    expect(overmind.home.processes()).toEqual([])
  })

  test('a stop at once after the start reaches the command, whenever it begins', async () => {
    await using overmind = await bench()
    const slow: string[] = []
    for (let round = 0; round < 80; round += 1) {
      const mission = await overmind.runtime.start({ command: 'sleep 1000', stopTimeoutMs: 1500 })
      const exit = await mission.stop()
      if (signalsOf(exit).includes('SIGKILL')) slow.push(`${round}: ${JSON.stringify(exit.receipt)}`)
    }
    expect(slow).toEqual([])
  }, 60_000)
})

describe('what a finished command leaves', () => {
  test('a child it forked is ended and counted', async () => {
    await using overmind = await bench()
    const mission = await overmind.runtime.start({ command: sh('forks-and-exits.sh', '4') })
    const exit = await mission.exited()
    const pid = await pidWrittenBy(mission)
    expect(isAlive(pid)).toBe(false)
    expect(exit).toMatchObject({ class: 'crashed', code: 4, receipt: { left: [] } })
    expect(signalsOf(exit)).toEqual(['SIGTERM'])
  })

  test('a child that ignores SIGTERM is killed', async () => {
    await using overmind = await bench()
    const mission = await overmind.runtime.start({
      command: `sh -c 'trap "" TERM; echo $$; while :; do sleep 1000; done' & while [ ! -s "$OVERMIND_HOME/output/$OVERMIND_MISSION_ID.1.log" ]; do :; done`,
      stopTimeoutMs: 50,
    })
    const exit = await mission.exited()
    expect(isAlive(await pidWrittenBy(mission))).toBe(false)
    expect(exit).toMatchObject({ class: 'completed', code: 0 })
    expect(signalsOf(exit)).toEqual(['SIGTERM', 'SIGKILL'])
  })

  test('a child that moved to its own session is found, counted as a stray and ended', async () => {
    await using overmind = await bench()
    const mission = await overmind.runtime.start({ command: sh('escapes-session.sh') })
    const exit = await mission.exited()
    expect(isAlive(await pidWrittenBy(mission))).toBe(false)
    expect(exit).toMatchObject({ class: 'completed', receipt: { strays: 1, left: [] } })
  })

  test('many at once leave nothing', async () => {
    await using overmind = await bench()
    const missions = await Promise.all(
      Array.from({ length: 60 }, (_, index) =>
        overmind.runtime.start({
          command: index % 2 === 0 ? sh('forks-and-exits.sh') : sh('escapes-session.sh'),
        }),
      ),
    )
    const exits = await Promise.all(missions.map((mission) => mission.exited()))
    expect(overmind.home.processes()).toEqual([])
    expect(exits.filter(({ receipt }) => receipt.signals.length === 0)).toEqual([])
  })

  test('a child without our marks in its environment but in our session is ended', async () => {
    await using overmind = await bench()
    const mission = await overmind.runtime.start({
      command: `env -i sh -c 'echo $$; exec sleep 1000' & while [ ! -s "$OVERMIND_HOME/output/$OVERMIND_MISSION_ID.1.log" ]; do :; done`,
    })
    await mission.exited()
    const pid = await pidWrittenBy(mission)
    const lives = isAlive(pid)
    end(pid)
    expect(lives).toBe(false)
  })

  test('a daemon that cleared its environment and left the session is no part of the mission', async () => {
    await using overmind = await bench()
    const file = join(overmind.home.path, 'pid')
    const mission = await overmind.runtime.start({ command: sh('detaches.sh', file) })
    expect(await mission.exited()).toMatchObject({
      class: 'completed',
      receipt: { signals: [], strays: 0, left: [] },
    })
    const pid = Number(readFileSync(file, 'utf8'))
    const lives = isAlive(pid)
    end(pid)
    expect(lives).toBe(true)
  })

  test('the end of the leader is noticed while a child still holds the output', async () => {
    await using overmind = await bench()
    const mission = await overmind.runtime.start({
      command: sh('holds-output.sh', overmind.home.path),
      stopTimeoutMs: 100,
    })
    const exit = await soon(mission.exited(), 'the exit')
    expect(exit).toMatchObject({ class: 'crashed', code: 3, receipt: { left: [] } })
    expect(exit.receipt.strays).toBeGreaterThanOrEqual(1)
    expect(overmind.home.processes()).toEqual([])
  })
})

describe('what a stop finds', () => {
  test('children in other sessions and process groups are ended with the leader', async () => {
    await using overmind = await bench()
    const mission = await overmind.runtime.start({ command: sh('escapes-session.sh', 'stay') })
    const pid = await pidWrittenBy(mission)
    const exit = await mission.stop()
    expect(isAlive(pid)).toBe(false)
    expect(exit).toMatchObject({ class: 'stopped', receipt: { strays: 1, left: [] } })
    expect(overmind.home.processes()).toEqual([])
  })

  test('a kill leaves nothing, however deep the tree', async () => {
    await using overmind = await bench()
    const mission = await overmind.runtime.start({
      command: `for i in 1 2 3; do setsid sh -c 'trap "" TERM; (sleep 1000 & wait) & sleep 1000 & wait' & done; sleep 0.1; echo ready; wait`,
    })
    await has(mission, 'ready')
    const exit = await mission.kill()
    expect(exit).toMatchObject({ class: 'killed', outcome: 'killed', code: 137, receipt: { left: [] } })
    expect(exit.receipt.strays).toBeGreaterThanOrEqual(3)
    expect(overmind.home.processes()).toEqual([])
  })

  test('children that appear while the tree is being killed are killed too', async () => {
    await using overmind = await bench()
    const mission = await overmind.runtime.start({
      command: `trap '' TERM; echo ready; while :; do setsid sleep 1000 & sleep 0.005; done`,
      stopTimeoutMs: 50,
    })
    await has(mission, 'ready')
    expect(await mission.stop()).toMatchObject({ class: 'stopped', receipt: { left: [] } })
    expect(overmind.home.processes()).toEqual([])
  })

  test('another mission is not touched', async () => {
    await using overmind = await bench()
    const [one, other] = await Promise.all([
      overmind.runtime.start({ command: 'sleep 1000' }),
      overmind.runtime.start({ command: 'sleep 1000' }),
    ])
    await one.kill()
    expect(other.view().status).toBe('running')
    expect(isAlive(keeperOf(other.id)!)).toBe(true)
  })
})

function statOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'latin1')
  } catch {
    return ''
  }
}
