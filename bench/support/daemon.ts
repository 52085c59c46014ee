import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient, type OvermindClient } from '@overmind/client'
import { launchDaemon } from './launch-daemon.ts'

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
      daemon.pid = await launchDaemon(home)
      await client.status()
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
