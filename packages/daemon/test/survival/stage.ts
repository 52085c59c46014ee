/** A home with a daemon that may be ended and followed by another in every way there is. */
import { join } from 'node:path'
import { createClient, type MissionView, type OvermindClient } from '../../../client/src/index.ts'
import { person } from '../../../core/test/support/person.ts'
import { type Daemon, type DaemonOptions, startDaemon } from '../support/daemon.ts'
import { eventually } from '../support/eventually.ts'
import { type TemporaryHome, temporaryHome } from '../support/home.ts'

const CLI = join(import.meta.dirname, '../../../cli/src/main.ts')

export interface Stage extends AsyncDisposable {
  readonly home: TemporaryHome
  readonly client: OvermindClient
  /** The one at work. */
  daemon(): Daemon
  start(options?: DaemonOptions): Promise<void>
  kill(): Promise<void>
  /** It goes and leaves its missions. */
  leave(): Promise<void>
  /** Another is started from a terminal, which is closed at once. */
  startFromTerminal(): Promise<void>
  get(id: string): Promise<MissionView>
}

export async function openStage({
  prepare = () => {},
  ...options
}: DaemonOptions & { readonly prepare?: (home: TemporaryHome) => void } = {}): Promise<Stage> {
  const home = await temporaryHome()
  prepare(home)
  let daemon = await startDaemon(home.path, options)
  const client = createClient({ home: home.path })
  return {
    home,
    client,
    daemon: () => daemon,
    async start(next) {
      daemon = await startDaemon(home.path, next)
    },
    kill: () => daemon.kill(),
    leave: () => daemon.shutdown(true),
    async startFromTerminal() {
      const env = { ...process.env, OVERMIND_HOME: home.path }
      const command = [process.execPath, '--conditions=overmind-source', CLI, 'start'] as const
      const terminal = person(command, { cwd: home.folder, env })
      await terminal.shows('Daemon started')
      await terminal[Symbol.asyncDispose]()
      await eventually('it answers', async () => (await client.status()).pid > 0)
    },
    get: (id) => client.get(id),
    [Symbol.asyncDispose]: () => home[Symbol.asyncDispose](),
  }
}
