/** What may happen to a machine and to those who use it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { expect } from 'vitest'
import { program } from '../support/daemon.ts'
import { eventually } from '../support/eventually.ts'
import { end, endGroup, isAlive } from '../support/processes.ts'
import { fill, free, isRoot, mountHome } from '../support/small-disk.ts'
import { editState, editStore } from '../support/store-file.ts'
import type { Subject } from './kinds.ts'
import { openStage, type Stage } from './stage.ts'

export interface Fault {
  readonly name: string
  /** How many runs the struck agent has had afterwards. */
  readonly runs: 1 | 2 | null
  /** Of which kinds. Default: all. */
  readonly kinds?: readonly string[]
  open?(): Promise<Stage>
  strike(stage: Stage, subject: Subject): Promise<void>
}

async function pidsOf(stage: Stage, subject: Subject): Promise<readonly number[]> {
  const missions = await Promise.all((await subject.agents()).map((id) => stage.get(id)))
  return missions.flatMap(({ os_pid: pid }) => (pid === null ? [] : [pid]))
}

/** SIGKILL to all processes of its agents; settles when they are gone. */
async function killAgents(pids: readonly number[]): Promise<void> {
  for (const pid of pids) endGroup(pid)
  await eventually('they are gone', () => pids.every((pid) => !isAlive(pid)))
}

/** The daemon first, so that it sees nothing of it. */
async function killBoth(stage: Stage, subject: Subject): Promise<void> {
  const pids = await pidsOf(stage, subject)
  await stage.kill()
  await killAgents(pids)
}

const store = (stage: Stage): string => join(stage.home.path, 'overmind.db')

/** Takes the store away under the next daemon, and does what people have to do then. */
async function loseStore(
  stage: Stage,
  subject: Subject,
  lose: (path: string) => Promise<void>,
): Promise<void> {
  // Of a killed one the newest part stands beside the store, which heals with it.
  await stage.leave()
  await lose(store(stage))
  await stage.start()
  await subject.repair?.()
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // Some live for milliseconds, and have ended since they were seen.
  }
}

const HOUR = 3_600_000
const JUMPING = (jump: number): Promise<Stage> =>
  openStage({ node: ['--import', program('jumping-clock.ts')], env: { CLOCK_JUMPS: String(jump) } })

async function jump(stage: Stage): Promise<void> {
  stage.daemon().signal('SIGUSR2')
}

export const FAULTS: readonly Fault[] = [
  {
    name: 'the daemon is killed',
    runs: 1,
    async strike(stage) {
      await stage.kill()
      await stage.start()
    },
  },
  {
    name: 'the daemon is upgraded',
    runs: 1,
    async strike(stage) {
      await stage.leave()
      await stage.start()
    },
  },
  {
    name: 'the agent is killed',
    runs: 2,
    strike: async (stage, subject) => killAgents(await pidsOf(stage, subject)),
  },
  {
    name: 'the terminal is closed',
    runs: 1,
    async strike(stage) {
      await stage.leave()
      await stage.startFromTerminal()
    },
  },
  {
    name: 'somebody logs out',
    runs: 1,
    async strike(stage) {
      stage.daemon().signal('SIGHUP')
      await pause(100)
    },
  },
  {
    name: 'the machine is restarted',
    runs: 2,
    async strike(stage, subject) {
      await killBoth(stage, subject)
      for (const pid of stage.home.processes()) end(pid)
      editStore(
        stage.home.path,
        `UPDATE missions SET state = json_set(state, '$.process.boot', 'another-boot')
         WHERE json_extract(state, '$.process.boot') IS NOT NULL`,
      )
      await stage.start()
    },
  },
  {
    name: 'the machine sleeps',
    runs: 1,
    async strike(stage) {
      const all = stage.home.processes()
      for (const pid of all) signal(pid, 'SIGSTOP')
      await pause(1500)
      for (const pid of all) signal(pid, 'SIGCONT')
    },
  },
  {
    name: 'there is no memory left, and daemon and agent are killed',
    runs: 2,
    async strike(stage, subject) {
      await killBoth(stage, subject)
      await stage.start()
    },
  },
  {
    name: 'the clock jumps ahead',
    runs: 1,
    open: () => JUMPING(HOUR),
    strike: jump,
  },
  {
    name: 'the clock jumps back',
    runs: 1,
    open: () => JUMPING(-HOUR),
    strike: jump,
  },
  ...(isRoot
    ? [
        {
          name: 'the disk is full',
          runs: 1,
          // What a program could not write is its own.
          kinds: ['Claude session', 'blueprint', 'ritual'],
          open: () => openStage({ prepare: mountHome }),
          async strike(stage, subject) {
            for (let times = 0; times < 10; times += 1) {
              fill(stage.home)
              if (times === 5) await subject.comesDue?.()
              await pause(100)
            }
            free(stage.home)
          },
        } satisfies Fault,
      ]
    : []),
  {
    name: 'the store is deleted',
    runs: 1,
    strike: (stage, subject) => loseStore(stage, subject, (path) => rm(path)),
  },
  {
    name: 'the store is damaged',
    runs: 1,
    strike: (stage, subject) =>
      loseStore(stage, subject, (path) => writeFile(path, Buffer.alloc(50_000, 'garbage '))),
  },
  {
    name: 'the provider is overloaded',
    runs: null,
    kinds: ['Claude session'],
    strike: async (_, subject) => subject.meetsOverload?.(),
  },
  {
    name: "the agent's number is a stranger's",
    runs: 2,
    async strike(stage, subject) {
      const agents = await subject.agents()
      await killBoth(stage, subject)
      const child = spawn('sleep', ['1000'], { env: {}, stdio: 'ignore', detached: true })
      await once(child, 'spawn')
      const stranger = child.pid ?? 0
      stage.home.defer(() => end(stranger))
      for (const id of agents) editState(stage.home.path, id, '$.process.pid', stranger)
      await stage.start()
      expect(isAlive(stranger)).toBe(true)
    },
  },
]
