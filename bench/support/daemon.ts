import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient, type OvermindClient } from '@overmind/client'
import { NODE_FLAGS } from '@overmind/daemon/node-flags'

const MAIN = createRequire(import.meta.url).resolve('@overmind/daemon/main')

export interface BenchDaemon extends AsyncDisposable {
  readonly home: string
  readonly client: OvermindClient
  pid: number
  /** Starts another daemon on the same home, as after a crash; settles with the milliseconds until its API answers. */
  start(): Promise<number>
}

/** A daemon as users have it, the bundled one, on a home of its own. */
export async function benchDaemon(): Promise<BenchDaemon> {
  const home = await mkdtemp(join(tmpdir(), 'ovm-bench-'))
  const client = createClient({ home })
  const daemon: BenchDaemon = {
    home,
    client,
    pid: 0,
    async start() {
      const began = performance.now()
      const child = spawn(process.execPath, [...NODE_FLAGS, MAIN], {
        env: { ...process.env, OVERMIND_HOME: home },
        stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
        detached: true,
      })
      const pipe = child.stdio[3]
      if (pipe === null || pipe === undefined || !('on' in pipe)) throw new TypeError('no pipe to the daemon')
      await new Promise((resolve) => pipe.once('data', resolve))
      await client.status()
      daemon.pid = child.pid ?? 0
      child.unref()
      return performance.now() - began
    },
    async [Symbol.asyncDispose]() {
      const list = await client.list({ all: true })
      await Promise.all(
        list.missions.filter(({ exited_at: at }) => at === null).map(({ id }) => client.kill(id)),
      )
      await client.shutdown({ keep: false })
      await rm(home, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
    },
  }
  await daemon.start()
  return daemon
}
