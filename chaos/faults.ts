/** What goes wrong, at random: with the daemon, with agents, with those who use it. */
import { connect } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { type Action, disturb } from './actions/action.ts'
import { processesOf, type Seen } from './processes.ts'
import type { Chance } from './random.ts'
import { aWhile, type World } from './world.ts'

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It went by itself.
  }
}

async function replaceDaemon(world: World, of: Chance, signal: NodeJS.Signals): Promise<void> {
  await world.end(signal)
  if (of.percent(60)) await aWhile(of, 1500)
  await world.start()
}

/** Sends a signal to one of those that pass the test, and notes whose it was before. */
function strike(
  world: World,
  of: Chance,
  { signal, test }: { readonly signal: NodeJS.Signals; readonly test: (seen: Seen) => boolean },
): Seen | null {
  const found = processesOf(world.home).filter(test)
  if (found.length === 0) return null
  const victim = of.of(found)
  const entry = victim.mission === null ? undefined : world.ledger.entryOf(victim.mission)
  // Not of a mission whose acceptance is still on its way: nobody could tell what was done to it.
  if (victim.mission !== null && entry === undefined) return null
  if (entry !== undefined) disturb(entry)
  kill(victim.pid, signal)
  return victim
}

/** Opens a connection to the daemon and does something odd with it. */
async function odd(world: World, does: (write: (text: string) => void) => Promise<void>): Promise<void> {
  const socket = connect(world.client.socket)
  socket.on('error', () => {
    // That is what it is about.
  })
  await does((text) => void socket.write(text))
  socket.destroy()
}

export const FAULTS: readonly Action[] = [
  { name: 'SIGKILL to the daemon', weight: 8, perform: (world, of) => replaceDaemon(world, of, 'SIGKILL') },
  { name: 'SIGTERM to the daemon', weight: 2, perform: (world, of) => replaceDaemon(world, of, 'SIGTERM') },
  {
    name: 'the daemon is asked to leave',
    weight: 2,
    async perform(world, of) {
      await world.leave()
      await aWhile(of, 500)
      await world.start()
    },
  },
  {
    name: 'the daemon stands still',
    weight: 2,
    async perform(world, of) {
      const pid = world.daemon()
      if (pid === null) return
      kill(pid, 'SIGSTOP')
      await aWhile(of, 3000)
      kill(pid, 'SIGCONT')
    },
  },
  {
    name: 'SIGKILL to a process of a mission',
    weight: 6,
    perform: async (world, of) => {
      strike(world, of, { signal: 'SIGKILL', test: ({ mission, isKeeper }) => mission !== null && !isKeeper })
    },
  },
  {
    name: 'SIGKILL to a keeper',
    weight: 3,
    perform: async (world, of) => {
      strike(world, of, { signal: 'SIGKILL', test: ({ isKeeper }) => isKeeper })
    },
  },
  {
    name: 'SIGKILL to the launcher',
    weight: 2,
    perform: async (world, of) => {
      strike(world, of, { signal: 'SIGKILL', test: ({ mission }) => mission === null })
    },
  },
  {
    name: 'SIGSTOP to a process of a mission, for a while',
    weight: 2,
    perform: async (world, of) => {
      const victim = strike(world, of, { signal: 'SIGSTOP', test: ({ mission }) => mission !== null })
      if (victim === null) return
      await aWhile(of, 1000)
      kill(victim.pid, 'SIGCONT')
    },
  },
  {
    name: 'a reader that never reads',
    weight: 2,
    perform: (world) =>
      odd(world, async (write) => {
        write(
          'GET /v1/events?since=0&follow=true HTTP/1.1\r\nHost: x\r\nAccept: application/x-ndjson\r\n\r\n',
        )
        await pause(2000)
      }),
  },
  {
    name: 'a request that is cut off',
    weight: 3,
    perform: (world, of) =>
      odd(world, async (write) => {
        write(
          'POST /v1/missions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{"comm',
        )
        await aWhile(of, 100)
      }),
  },
  {
    name: 'noise on the socket',
    weight: 1,
    perform: (world, of) =>
      odd(world, async (write) => {
        write(Array.from({ length: 300 }, () => String.fromCharCode(of.between(0, 255))).join(''))
        await pause(20)
      }),
  },
  {
    name: 'both the daemon and a keeper',
    weight: 2,
    async perform(world, of) {
      const daemon = world.daemon()
      if (daemon === null) return
      kill(daemon, 'SIGSTOP')
      strike(world, of, { signal: 'SIGKILL', test: ({ isKeeper }) => isKeeper })
      await replaceDaemon(world, of, 'SIGKILL')
    },
  },
]
